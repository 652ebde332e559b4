"""What is to be done of items, over HTTP: the tasks, an action at the step of one, and whom it is for."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.application.shelf import After
from services.dossier.application.tasks import Wish, today
from services.dossier.domain.intake import parse
from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.task import OpenTask
from services.dossier.domain.text import not_text
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.changes import Key
from shared.access import Caller
from shared.pages import reads, sends

_WORKFLOW = "/api/v1/dossier-items/{item_id}/workflow"
_ASSIGN = f"{_WORKFLOW}/assign"
_Name = Annotated[str | None, Query(description="Whom it is for", min_length=1, max_length=80, pattern=r"^[^\x00]*$")]


class GivenAction(BaseModel):
    """What is done at the step an item is at; with `step`, only if it is at that one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: str = Field(max_length=80)
    text: str = Field("", max_length=100_000)
    step: str | None = Field(None, max_length=80)


class GivenAssignee(BaseModel):
    """Whom a task is for from now on, null being whoever is responsible for the item."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str | None = Field(max_length=80)


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of tasks."""
    router = APIRouter(tags=["dossier items"])
    _add_list(router, dossier)
    _add_deeds(router, dossier)
    return router


def _add_list(router: APIRouter, dossier: Dossier) -> None:
    @router.get("/api/v1/tasks")
    async def list_tasks(
        request: Request,
        _: Annotated[Caller, Depends(reads)],
        assigned_to: _Name = None,
        overdue: Annotated[bool, Query(description="Only those whose last day is over")] = False,
        unassigned: Annotated[bool, Query(description="Only those that are for nobody")] = False,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, Any]:
        """List the tasks of items in a workflow, the one to be done first before the others."""
        with answering(dossier.refusals, request):
            wish = Wish(assigned_to, overdue, unassigned)
            found = await dossier.tasks.page(wish, limit + 1, _after(cursor))
            shown = [task_shown(task) for task in found[:limit]]
            return {"items": shown, "next": _cursor(found[limit - 1]) if len(found) > limit else None}


def _add_deeds(router: APIRouter, dossier: Dossier) -> None:
    @router.get(_WORKFLOW)
    async def show_task(request: Request, _: Annotated[Caller, Depends(reads)], item_id: UUID) -> dict[str, Any]:
        """Show at which step an item is, and what can be done there."""
        with answering(dossier.refusals, request):
            return await _state(dossier, await dossier.tasks.item(item_id))

    @router.post(_WORKFLOW, openapi_extra=takes(GivenAction, "post", _WORKFLOW))
    async def act(
        request: Request, item_id: UUID, caller: Annotated[Caller, Depends(sends)], idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Do an action at the step that an item is at; it goes on to the next step, or is completed at the end."""
        with answering(dossier.refusals, request):
            given = as_said(GivenAction, parse(await whole(request)))
            if wrongs := [*not_text(given.text, ("text",))]:
                raise Refused(wrongs)
            item = await dossier.tasks.act(item_id, given.action, given.text, caller.name, idempotency_key, given.step)
            return await _state(dossier, item)

    @router.post(_ASSIGN, openapi_extra=takes(GivenAssignee, "post", _ASSIGN))
    async def assign(request: Request, item_id: UUID, caller: Annotated[Caller, Depends(sends)]) -> dict[str, Any]:
        """Let somebody else do the task of an item."""
        with answering(dossier.refusals, request):
            given = as_said(GivenAssignee, parse(await whole(request)))
            return await _state(dossier, await dossier.tasks.assign(item_id, given.to, caller.name))


async def _state(dossier: Dossier, item: DossierItem) -> dict[str, Any]:
    task = item.open_task
    return {
        "item_id": str(item.id),
        "workflow_id": item.workflow_id,
        "workflow_version": item.workflow_version,
        "ended": item.workflow_id is not None and item.task is None,
        "completed": bool(item.fields.get("completed")),
        "task": task_shown(task) if task else None,
        "actions": [*await dossier.tasks.possible(task)] if task else [],
    }


def task_shown(task: OpenTask) -> dict[str, Any]:
    """Return a task as it is shown."""
    return {
        "item_id": str(task.item_id),
        "run_id": str(task.run_id),
        "type": task.type,
        "subject": task.subject,
        "destination": task.destination,
        "workflow_id": task.workflow_id,
        "workflow_version": task.workflow_version,
        "step": task.step,
        "name": task.name,
        "assigned_to": task.assigned_to,
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "overdue": task.is_overdue(today()),
        "since": task.since.isoformat(),
    }


def _cursor(task: OpenTask) -> str:
    return urlsafe_b64encode(f"{task.last_day}|{task.item_id}".encode()).decode().rstrip("=")


def _after(cursor: str | None) -> After | None:
    if cursor is None:
        return None
    try:
        last_day, _, item_id = (
            b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().partition("|")
        )
        return last_day, UUID(item_id)
    except (NotBase64, ValueError):
        raise Refused([Wrong("cursor", "wrong_value", {"expected": "next"})]) from None
