"""Runs under way over HTTP: paused, resumed or cancelled by an operator. What became of a run, the history tells."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.dossier.application import Dossier
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import as_said
from services.dossier.domain.run import Run, State
from services.dossier.web.body import answering, takes, whole
from shared.access import Caller
from shared.pages import sends

_RUN = "/api/v1/runs/{run_id}"
_REASON = 1000  # characters
_Sends = Annotated[Caller, Depends(sends)]
_Say = Callable[[UUID, str, str], Awaitable[Run]]


class Why(BaseModel):
    """Why an operator says so; it stands in the history."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(max_length=_REASON, pattern=r"^[^\x00]*$")] = ""


class Standing(BaseModel):
    """How a run stands, by whose word and since when; nobody's while it was only started."""

    run_id: UUID
    state: State
    operator: str | None
    reason: str
    at: datetime

    @classmethod
    def of(cls, run: Run) -> "Standing":
        """Return how a run stands."""
        said = run.said
        return cls(
            run_id=run.id,
            state=run.state,
            operator=said.operator if said else None,
            reason=said.reason if said else "",
            at=said.timestamp if said else run.created_on,
        )


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of runs under way."""
    router = APIRouter(tags=["runs"])
    runs = dossier.runs

    @router.post(f"{_RUN}/pause", openapi_extra=_takes("pause"))
    async def pause_run(request: Request, caller: _Sends, run_id: UUID) -> Standing:
        """Pause a run: nothing more of it is recorded or sent until it is resumed."""
        return await _said(dossier, request, runs.pause, run_id, caller)

    @router.post(f"{_RUN}/resume", openapi_extra=_takes("resume"))
    async def resume_run(request: Request, caller: _Sends, run_id: UUID) -> Standing:
        """Resume a paused run."""
        return await _said(dossier, request, runs.resume, run_id, caller)

    @router.post(f"{_RUN}/cancel", openapi_extra=_takes("cancel"))
    async def cancel_run(request: Request, caller: _Sends, run_id: UUID) -> Standing:
        """Cancel a run: what is not on its way gets the status `cancelled`, and may be sent again row by row."""
        return await _said(dossier, request, runs.cancel, run_id, caller)

    return router


async def _said(dossier: Dossier, request: Request, say: _Say, run_id: UUID, caller: Caller) -> Standing:
    with answering(dossier.refusals, request):
        body = await whole(request)
        why = as_said(Why, parse(body)) if body else Why()
        return Standing.of(await say(run_id, caller.name, why.reason))


def _takes(verb: str) -> dict[str, object]:
    taken = takes(Why, "post", f"{_RUN}/{verb}")
    return {"requestBody": taken["requestBody"] | {"required": False}}
