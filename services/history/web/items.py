"""Items and dossiers over HTTP, the counters, and the messages that were given up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.requests import Request

from services.history.application import History
from services.history.web.answers import DeadLetterShown, ItemInDossier, ItemInFull, Listed
from services.history.web.refusals import Worded, cursor_of
from shared.pages import reads

Limit = Annotated[int, Query(ge=1, le=500)]


class Counters(BaseModel):
    """Rows per status over all runs."""

    total: int
    counts: dict[str, int]


class DeadLetters(BaseModel):
    """The messages given up last."""

    items: list[DeadLetterShown]


def routes(history: History) -> APIRouter:
    """Return the routes of items and dossiers."""
    router = APIRouter(prefix="/api/v1", tags=["history"], route_class=Worded, dependencies=[Depends(reads)])

    @router.get("/dossier-items/{id}")
    async def show_item(request: Request, id: UUID, limit: Limit = 50, cursor: str | None = None) -> ItemInFull:  # noqa: A002
        """Show one item with its destinations, its files, and a page of its rows."""
        item, page = await history.item(id, limit, cursor_of(request, cursor))
        return ItemInFull.model_validate({**item, "rows": page.items, "next": str(page.next) if page.next else None})

    @router.get("/contacts/{kind}/{number}/dossier")
    async def show_dossier(
        request: Request, kind: str, number: str, limit: Limit = 50, cursor: str | None = None
    ) -> Listed[ItemInDossier]:
        """List the items of a destination, newest first, each with its rows there."""
        page = await history.dossier(kind, number, limit, cursor_of(request, cursor))
        return Listed[ItemInDossier].of(page, ItemInDossier)

    @router.get("/status")
    async def show_counters() -> Counters:
        """Count the rows per status over all runs."""
        counts = await history.counts()
        return Counters(total=sum(counts.values()), counts=counts)

    @router.get("/dead-letters")
    async def list_dead_letters(limit: Limit = 50) -> DeadLetters:
        """List the messages that a service gave up, the latest first."""
        return DeadLetters(items=[DeadLetterShown.model_validate(one) for one in await history.dead_letters(limit)])

    return router
