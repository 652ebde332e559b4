"""Whether contacts can be mailed, over HTTP: of a list with its filter or view, of contacts named, and as a file."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.domain.contact_facts import address_wrongs
from services.dossier.domain.destinations import DESTINATIONS
from services.dossier.domain.email_check import Checked, Problem, Tally
from services.dossier.domain.identity import Address
from services.dossier.domain.intake import parse
from services.dossier.domain.looking import Cursor, Order
from services.dossier.domain.refusal import TOLD, Refused, Wrong, as_said
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.contact_lists import Asks, Limit, Reads
from services.dossier.web.contact_shown import checked_shown
from services.dossier.web.csv_file import download
from shared.pages import Language, language

_CHECK = "/api/v1/contacts/check-email"
_COLUMNS = (
    *("kind", "number", "contact_id", "name", "email", "email_used", "address_of", "destination_email"),
    *("problems", "detail", "consent", "correspondence", "preferred_medium"),
)
_Problem = Annotated[Problem | None, Query(description="Only contacts with this problem")]


class NamedContact(BaseModel):
    """A contact by where it stands."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str
    number: str = Field(max_length=80)
    contact_id: str | None = Field(None, max_length=80)


class NamedContacts(BaseModel):
    """The contacts that are to be checked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contacts: list[NamedContact] = Field(max_length=DESTINATIONS)

    def addresses(self) -> list[Address]:
        """Return where they stand; raise `Refused` where one can't be."""
        wrongs: list[Wrong] = []
        for number, one in enumerate(self.contacts):
            wrongs += address_wrongs(one.kind, one.number, one.contact_id, f"contacts[{number}].")
            if len(wrongs) >= TOLD:
                break
        if wrongs:
            raise Refused(wrongs)
        return [Address.of(one.kind, one.number, one.contact_id) for one in self.contacts]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of checks of addresses."""
    router = APIRouter(tags=["contacts"])
    checks = dossier.address_book.email_checks

    @router.get(_CHECK)
    async def check_email(
        request: Request,
        caller: Reads,
        asks: Asks,
        problem: _Problem = None,
        cursor: str | None = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        """Check which contacts of a list can be mailed: counts on the first page, and whoever has a problem."""
        with answering(dossier.refusals, request):
            wanted, _, _ = await asks.read(dossier, caller, language(request))
            after = Cursor.read(cursor, Order()) if cursor is not None else None
            page = await checks.page(wanted, problem, limit, after)
            counts = _counts(await checks.tally(wanted)) if after is None else None
            items = [_shown(dossier, one, language(request)) for one in page.items]
            return {"counts": counts, "items": items, "next": str(page.next) if page.next else None}

    @router.get(f"{_CHECK}.csv", response_class=Response)
    async def check_email_csv(request: Request, caller: Reads, asks: Asks, problem: _Problem = None) -> Response:
        """Download the contacts of a list that have a problem, by number, for a spreadsheet."""
        with answering(dossier.refusals, request):
            wanted, _, _ = await asks.read(dossier, caller, language(request))
            rows = _rows(dossier, checks.all(wanted, problem), language(request))
            return download("check-email.csv", _COLUMNS, rows)

    @router.post(_CHECK, openapi_extra=takes(NamedContacts, "post", _CHECK))
    async def check_named(
        request: Request,
        _: Reads,
        offset: Annotated[int, Query(ge=0, le=DESTINATIONS)] = 0,
        limit: Annotated[int, Query(ge=1, le=5_000)] = 500,
    ) -> dict[str, Any]:
        """Check the contacts that are named: counts, those with a problem, unknown ones, and shared addresses."""
        with answering(dossier.refusals, request):
            named = as_said(NamedContacts, parse(await whole(request))).addresses()
            found = await checks.ticked(named)
            items = found.items[offset : offset + limit]
            return {
                "counts": {**_counts(found.tally), "unknown": len(found.unknown)},
                "items": [_shown(dossier, one, language(request)) for one in items],
                "more": len(found.items) > offset + limit,
                "unknown": [address._asdict() for address in found.unknown[:limit]],
                "same_address": [address._asdict() for address in found.same_address[:limit]],
            }

    return router


def _counts(tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "problems": dict(sorted(tally.problems.items()))}


def _shown(dossier: Dossier, checked: Checked, spoken: Language) -> dict[str, Any]:
    contact = checked.contact
    return {
        **contact.address._asdict(),
        "name": contact.name,
        "email": contact.email,
        **checked_shown(dossier.refusals, checked, spoken),
        "consent": contact.consent,
        "correspondence": contact.correspondence,
        "preferred_medium": contact.preferred_medium,
    }


async def _rows(dossier: Dossier, found: AsyncIterator[Checked], spoken: Language) -> AsyncIterator[tuple[str, ...]]:
    async for one in found:
        shown = _shown(dossier, one, spoken)
        said = shown["problems"]
        shown |= {
            "problems": ", ".join(problem["code"] for problem in said),
            "detail": " ".join(problem["detail"] for problem in said),
        }
        yield tuple(_cell(shown[column]) for column in _COLUMNS)


def _cell(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value or "")
