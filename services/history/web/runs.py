"""Runs over HTTP: how far each is, how fast it goes, and what operators said of it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from services.history.application import History
from services.history.domain.run import RunState, Sought
from services.history.web.answers import Listed, RunInFull, RunShown
from services.history.web.processing import Text
from services.history.web.refusals import Worded, cursor_of
from shared.access import Caller
from shared.pages import reads


class Looking(BaseModel):
    """Which runs are looked for, and which page of them; `q` is part of a subject, `mine` the caller's own."""

    state: RunState | None = None
    q: Text | None = None
    mine: bool = False
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = None


def routes(history: History) -> APIRouter:
    """Return the routes of runs."""
    router = APIRouter(prefix="/api/v1/runs", tags=["runs"], route_class=Worded)

    @router.get("")
    async def list_runs(
        request: Request, looking: Annotated[Looking, Query()], caller: Annotated[Caller, Depends(reads)]
    ) -> Listed[RunShown]:
        """List runs, newest first."""
        sought = Sought(looking.state, (looking.q or "").strip() or None, caller.name if looking.mine else None)
        page = await history.runs(sought, looking.limit, cursor_of(request, looking.cursor))
        return Listed[RunShown].of(page, RunShown)

    @router.get("/{id}", dependencies=[Depends(reads)])
    async def show_run(id: UUID) -> RunInFull:  # noqa: A002 -- the name in the URL
        """Show one run: how far it is, how fast it goes, and what was said of it."""
        return RunInFull.of(await history.run(id), datetime.now(UTC))

    return router
