"""Contacts are entered and changed: one by one, by thousands, and from what a request says of an addressee."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.dossier.application.contact_tables import ContactPages, ContactTables, Page
from services.dossier.domain.contact import Contact, Known, Stand, is_news
from services.dossier.domain.destinations import DESTINATIONS
from services.dossier.domain.identity import Address, contact_id_of
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from services.dossier.domain.processing import Processing
from services.dossier.domain.refusal import Refused, Wrong
from shared.store import Conflict, Row, Store

COUNTED = DESTINATIONS + 1  # more contacts than that are not counted one by one
_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody says of a contact: these facts hold as of that moment, None being now whatever was said before."""

    address: Address
    facts: dict[str, Any]
    as_of: datetime | None = None


@dataclass(slots=True)
class Count:
    """How many contacts were recorded anew, changed, or stood as they were said to be."""

    recorded: int = 0
    changed: int = 0
    unchanged: int = 0


class Contacts:
    """The contacts of the dossier."""

    def __init__(self, store: Store, tables: ContactTables, pages: ContactPages) -> None:
        self._store = store
        self._tables = tables
        self._pages = pages

    async def enter(
        self,
        stated: Sequence[Stated],
        noted: Callable[[Count], Sequence[Row]] | None = None,
        known: dict[str, Known] | None = None,
    ) -> Count:
        """Record what is said of contacts, in one transaction; raise `Refused` where a number is of the other kind.

        `noted` are rows that go with it, for whoever keeps count; `known` is what stands, where somebody just looked.
        """
        while True:
            known = known if known is not None else await self._tables.known(_with_bases(stated))
            if wrongs := [wrong for one in stated if (wrong := taken(known, one.address))]:
                raise Refused(wrongs, status=409)
            count, contacts = await self.decide(stated, known)
            rows = [*self._tables.rows(contacts), *(noted(count) if noted else ())]
            try:
                await self._store.record(*contacts, rows=rows)
            except Conflict:
                known = None
                continue
            return count

    async def decide(self, stated: Sequence[Stated], known: dict[str, Known]) -> tuple[Count, list[Contact]]:
        """Return what recording this takes, nothing recorded yet: an unknown organisation comes with its number."""
        count = Count()
        touched: dict[Address, Contact] = {}
        for one in stated:
            as_of = one.as_of or datetime.now(UTC)
            if one.address.base.place not in known and one.address.base not in touched and one.address.contact_id:
                touched[one.address.base] = Contact.record(one.address.base, as_of, {})
            contact, standing = touched.get(one.address), known.get(one.address.place)
            if contact is None and standing and not is_news(standing, one.as_of, one.facts):
                count.unchanged += 1
                continue
            if contact is None and standing:
                contact = await self._store.load(Contact, contact_id_of(one.address))
            if contact is None:
                touched[one.address] = Contact.record(one.address, as_of, one.facts)
                count.recorded += 1
                continue
            before = len(contact.pending_events)
            contact.change(one.as_of or max(as_of, contact.as_of + _NEXT), one.facts)
            if len(contact.pending_events) > before:
                touched[one.address] = contact
                count.changed += 1
            else:
                count.unchanged += 1
        return count, list(touched.values())

    def rows(self, contacts: Sequence[Contact]) -> list[Row]:
        """Return the rows that keep these contacts."""
        return self._tables.rows(contacts)

    async def known(self, addresses: Collection[Address]) -> dict[str, Known]:
        """Return the contacts at these addresses, by place."""
        return await self._tables.known(addresses)

    async def find(self, address: Address) -> Known | None:
        """Return the contact at an address, None where there is none."""
        found = (await self._tables.known([address])).get(address.place)
        return found if found and found.address.kind == address.kind else None

    async def consents(self, address: Address) -> list[Stand]:
        """Return what a contact said of mailings, from the first time on, each with its proof (R-29)."""
        contact = await self._store.load(Contact, contact_id_of(address))
        return contact.stands if contact else []

    async def note_bounce(self, processing_id: UUID, email: str) -> bool:
        """Note that mail of a row to this address was refused after sending; return whether it was news (A10).

        The address is the contact's of the row, or that of its destination; one that neither has any more is let be.
        """
        row = await self._store.load(Processing, processing_id)
        address = Address(**row.destination) if row else None
        while address:
            loaded = [await self._store.load(Contact, contact_id_of(one)) for one in {address, address.base}]
            for contact in filter(None, loaded):
                contact.note_bounce(email)
            changed = [contact for contact in loaded if contact and contact.pending_events]
            try:
                await self._store.record(*changed, rows=self._tables.rows(changed))
            except Conflict:
                continue
            return bool(changed)
        return False

    async def page(self, wanted: ContactFilter, order: Order, limit: int, after: Cursor | None = None) -> Page:
        """Return the next contacts of a list."""
        return await self._pages.page(wanted, order, limit, after)

    async def own_fields(self, wanted: ContactFilter) -> list[str]:
        """Return the names of the fields of their own that the contacts of a list have, in order."""
        return await self._pages.own_fields(wanted)

    async def count(self, wanted: ContactFilter, most: int = COUNTED) -> int:
        """Return how many contacts a filter lets through, or `most` where there are no fewer."""
        return await self._pages.count(wanted, most)

    async def addresses_of(self, wanted: ContactFilter, order: Order | None = None) -> list[Address]:
        """Return where all the contacts stand that a filter lets through, as they are at this moment (A3).

        Raises `Refused` for a filter that can't be, and where they are more than one request may be for.
        """
        if wrongs := wanted.wrongs():
            raise Refused([Wrong(f"filter.{wrong.field}", wrong.code, wrong.values) for wrong in wrongs])
        found = await self._pages.addresses(wanted, order or Order(), DESTINATIONS + 1)
        if len(found) > DESTINATIONS:
            raise Refused([Wrong("filter", "too_many", {"most": DESTINATIONS})])
        return found


def taken(known: dict[str, Known], address: Address, field: str = "number") -> Wrong | None:
    """Return that the number is of the other kind, since organisations and persons share one number space."""
    standing = known.get(address.base.place) or known.get(address.place)
    if standing is None or standing.address.kind == address.kind:
        return None
    return Wrong(field, "number_taken", {"number": address.number, "kind": standing.address.kind})


def _with_bases(stated: Sequence[Stated]) -> set[Address]:
    return {address for one in stated for address in (one.address, one.address.base)}
