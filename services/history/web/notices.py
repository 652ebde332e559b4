"""Notices over HTTP: each caller is told which of his own runs ended (R-30)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from services.history.application import Notices
from services.history.web.answers import NoticeShown, NoticesListed
from services.history.web.refusals import Worded, cursor_of
from shared.access import Caller
from shared.pages import reads

_Reads = Annotated[Caller, Depends(reads)]


def routes(notices: Notices) -> APIRouter:
    """Return the routes of notices."""
    router = APIRouter(prefix="/api/v1/notices", tags=["runs"], route_class=Worded)

    @router.get("")
    async def list_notices(
        request: Request,
        caller: _Reads,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: str | None = None,
        unread: bool = False,
    ) -> NoticesListed:
        """List which of the caller's own runs ended, the latest first."""
        page = await notices.of(caller.name, limit, cursor_of(request, cursor), unread=unread)
        shown = [NoticeShown.model_validate(notice) for notice in page.items]
        left = str(page.next) if page.next else None
        return NoticesListed(items=shown, next=left, unread=await notices.unread(caller.name))

    @router.post("/{run_id}/read", status_code=204)
    async def read_notice(run_id: UUID, caller: _Reads) -> None:
        """Mark the notice of a run as read."""
        await notices.read(caller.name, run_id)

    @router.post("/read", status_code=204)
    async def read_notices(caller: _Reads) -> None:
        """Mark all of the caller's notices as read."""
        await notices.read_all(caller.name)

    return router
