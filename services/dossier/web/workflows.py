"""Workflows over HTTP: listed, shown, set up and copied."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.workflow import Name, WorkflowFacts
from services.dossier.web.body import answering, takes, whole
from shared.access import Caller
from shared.pages import administers, reads

_WORKFLOW = "/api/v1/workflows/{workflow_id}"
_COPY = f"{_WORKFLOW}/copy"
_Reads = Annotated[Caller, Depends(reads)]
_Administers = Annotated[Caller, Depends(administers)]


class Copy(BaseModel):
    """Under which id a copy is set up, and what it is called (null: as the original, marked as a copy)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(max_length=40)
    name: Annotated[Name, Field(min_length=1)] | None = None


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of workflows."""
    router = APIRouter(tags=["set-up"])

    @router.get("/api/v1/workflows")
    async def list_workflows(_: _Reads) -> dict[str, Any]:
        """List the workflows, each in its latest version."""
        return {"items": [{"id": name, **facts} for name, facts in (await dossier.workflows.all()).items()]}

    @router.get(_WORKFLOW)
    async def get_workflow(request: Request, _: _Reads, workflow_id: str) -> dict[str, Any]:
        """Show the latest version of a workflow."""
        with answering(dossier.refusals, request):
            facts = await dossier.workflows.one(workflow_id)
            if facts is None:
                raise Refused([Wrong("", "unknown_workflow", {"workflow": workflow_id[:80]})], status=404)
            return {"id": workflow_id, **facts}

    @router.put(_WORKFLOW, openapi_extra=takes(WorkflowFacts, "put", _WORKFLOW))
    async def put_workflow(request: Request, _: _Administers, workflow_id: str) -> dict[str, Any]:
        """Set up a workflow: other content is its next version, and items stay in the version they entered."""
        with answering(dossier.refusals, request):
            facts = as_said(WorkflowFacts, parse(await whole(request)))
            return {"id": workflow_id, **await dossier.workflows.put(workflow_id, facts)}

    @router.post(_COPY, status_code=201, openapi_extra=takes(Copy, "post", _COPY))
    async def copy_workflow(request: Request, _: _Administers, workflow_id: str) -> dict[str, Any]:
        """Set up a copy of a workflow, which can be changed; the same copy again changes nothing."""
        with answering(dossier.refusals, request):
            copy = as_said(Copy, parse(await whole(request)))
            return {"id": copy.id, **await dossier.workflows.copy(workflow_id, copy.id, copy.name)}

    return router
