"""Items and dossiers over HTTP, the counters, and the messages that were given up."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.history.application import History
from services.history.domain.looking import ItemFilter
from services.history.web.answers import DeadLetterShown, Item, ItemInDossier, Listed
from services.history.web.item import ItemInFull, item_in_full
from services.history.web.look import ZONE
from services.history.web.processing import Text
from services.history.web.refusals import Worded, cursor_of, wrong
from shared.pages import reads

Limit = Annotated[int, Query(ge=1, le=500)]


class LookedForItems(BaseModel):
    """Which items are looked for: `q` in the subject; and which page of them."""

    q: Text | None = None
    type: Text | None = None
    run_id: UUID | None = None
    without_destination: bool = False
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = None


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

    @router.get("/dossier-items")
    async def list_items(request: Request, looked: Annotated[LookedForItems, Query()]) -> Listed[Item]:
        """List items, newest first, those without a destination too."""
        wanted = ItemFilter((looked.q or "").strip() or None, looked.type, looked.run_id, looked.without_destination)
        page = await history.items(wanted, looked.limit, cursor_of(request, looked.cursor))
        return Listed[Item].of(page, Item)

    @router.get("/dossier-items/{id}")
    async def show_item(
        request: Request,
        response: Response,
        id: UUID,  # noqa: A002 -- the name in the URL
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> ItemInFull:
        """Show an item as it stands: its fields, destinations and files, what became of it, and a page of its rows."""
        item, page = await history.item(id, limit, cursor_of(request, cursor))
        response.headers["ETag"] = f'"{item["version"]}"'
        return item_in_full(item, page, datetime.now(ZONE).date())

    @router.get("/contacts/{kind}/{number}/dossier")
    async def show_dossier(
        request: Request,
        kind: Text,
        number: Text,
        contact_id: Annotated[Text | None, Query(description="The contact person chosen there")] = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Listed[ItemInDossier]:
        """List the items of a contact person, or of a destination with all its roles, newest first, with their rows.

        What is confidential shows where it was recorded, and nowhere else.
        """
        if kind == "contact_person":
            kind = "organisation"
            if not contact_id:
                raise wrong(request, "contact_id", "required", "contact_id_missing")
        page = await history.dossier(kind, number, contact_id, limit, cursor_of(request, cursor))
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
