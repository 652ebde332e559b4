"""Lists of contacts over HTTP: filtered, searched and sorted as asked or as a view says, page by page, and counted."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from services.dossier.application import Dossier
from services.dossier.domain.contact_facts import Consent, Language
from services.dossier.domain.destinations import DESTINATIONS
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from services.dossier.domain.refusal import Refused
from services.dossier.domain.view import EMAIL_CHECK, View
from services.dossier.web.body import answering
from services.dossier.web.contact_shown import address_said, shown
from shared.access import Caller
from shared.pages import language, reads

Reads = Annotated[Caller, Depends(reads)]
Limit = Annotated[int, Query(ge=1, le=500)]
_SORT = "number, name, email, function or changed; with - the last first"


@dataclass(frozen=True)
class Asked:
    """What is asked of a list: a filter and an order, which go before those of the view."""

    filter: ContactFilter
    sort: str | None
    view_id: str | None

    async def read(self, dossier: Dossier, caller: Caller, spoken: str) -> tuple[ContactFilter, Order, View | None]:
        """Return the filter, the order and the view; raise `Refused` for what is none."""
        view = await dossier.address_book.views.one(caller.name, self.view_id, spoken) if self.view_id else None
        wanted = self.filter.within(view.facts.filter) if view else self.filter
        if wrongs := wanted.wrongs():
            raise Refused(wrongs)
        return wanted, Order.read(self.sort or (view.facts.sort if view else "number")), view


def asked(
    q: Annotated[str | None, Query(max_length=200, description="Words of a number, name or address")] = None,
    kind: str | None = None,
    blocked: bool | None = None,
    consent: Consent | None = None,
    address: Literal["missing", "invalid", "bounced", "valid", "not_valid"] | None = None,
    spoken: Annotated[Language | None, Query(alias="language")] = None,
    correspondence: bool | None = None,
    of: Annotated[str | None, Query(max_length=140, description="Contact persons of this kind/number")] = None,
    sort: Annotated[str | None, Query(description=_SORT)] = None,
    view: Annotated[str | None, Query(description="A view, by its id")] = None,
) -> Asked:
    """Return what the query of a request asks."""
    wanted = ContactFilter(
        q=q or None,
        kind=kind,
        blocked=blocked,
        consent=consent,
        address=address,
        language=spoken,
        correspondence=correspondence,
        of=of,
    )
    return Asked(wanted, sort, view)


Asks = Annotated[Asked, Depends(asked)]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of lists of contacts."""
    router = APIRouter(tags=["contacts"])

    @router.get("/api/v1/contacts")
    async def list_contacts(
        request: Request, caller: Reads, asks: Asks, cursor: str | None = None, limit: Limit = 50
    ) -> dict[str, Any]:
        """List contacts, page by page; in a view only its columns are shown."""
        with answering(dossier.refusals, request):
            return await _page(dossier, asks, caller, language(request), limit, cursor)

    @router.get("/api/v1/contacts/count")
    async def count_contacts(request: Request, caller: Reads, asks: Asks) -> dict[str, Any]:
        """Count the contacts of a list; `more` where they are more than one request may be for."""
        with answering(dossier.refusals, request):
            wanted, _, _ = await asks.read(dossier, caller, language(request))
            count = await dossier.contacts.count(wanted)
            return {"count": min(count, DESTINATIONS), "more": count > DESTINATIONS}

    @router.get("/api/v1/contacts/{kind}/{number}/contacts")
    async def list_contact_persons(
        request: Request,
        caller: Reads,
        kind: str,
        number: str,
        sort: Annotated[str | None, Query(description=_SORT)] = None,
        view: Annotated[str, Query(description="A view, by its id; empty shows all columns")] = EMAIL_CHECK,
        cursor: str | None = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        """List the contact persons of an organisation, in a view."""
        with answering(dossier.refusals, request):
            base = address_said(kind, number, None)
            return await _page(dossier, _at(base, sort, view), caller, language(request), limit, cursor)

    return router


def _at(base: Address, sort: str | None, view: str) -> Asked:
    return Asked(ContactFilter(of=f"{base.kind}/{base.number}"), sort, view or None)


async def _page(
    dossier: Dossier, asks: Asked, caller: Caller, spoken: str, limit: int, cursor: str | None
) -> dict[str, Any]:
    wanted, order, view = await asks.read(dossier, caller, spoken)
    after = Cursor.read(cursor, order) if cursor is not None else None
    page = await dossier.contacts.page(wanted, order, limit, after)
    items = [shown(contact) for contact in page.items]
    answer = {"items": [view.shown(item) for item in items] if view else items}
    return {**answer, "next": str(page.next) if page.next else None}
