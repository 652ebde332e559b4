"""Contacts in any order, filtered and searched, page by page; all of a list counted, or named at one moment."""

import orjson
from sqlalchemy import Connection, func, select

from services.dossier.adapters.tables.contact_filters import found_of, matching, narrowed
from services.dossier.adapters.tables.contact_search import Listing, keys_of
from services.dossier.adapters.tables.contacts import BRIEFS, CONTACTS, COUNTS, SORTS, known_of
from services.dossier.application.contact_tables import Page
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from shared.store import Store

_PLACE = (CONTACTS.c.kind, CONTACTS.c.number, CONTACTS.c.contact_id)


class SqlContactPages:
    """The lists of contacts, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, wanted: ContactFilter, order: Order, limit: int, after: Cursor | None = None) -> Page:
        """Return the next contacts, and where the page after them goes on."""

        def read(connection: Connection) -> Page:
            rows = Listing(connection, found_of(connection, wanted), order, limit + 1, after).rows()
            more = Cursor(order, rows[limit - 1]["key"], rows[limit - 1]["sequence"]) if len(rows) > limit else None
            return Page([known_of(row) for row in rows[:limit]], more)

        return await self._store.read(read)

    async def count(self, wanted: ContactFilter, most: int) -> int:
        """Return how many contacts there are, or `most` where there are no fewer."""

        def read(connection: Connection) -> int:
            found = found_of(connection, wanted)
            if not wanted.terms and not wanted.base:
                return min(found.n, most)
            if found.is_short or not found.is_sqlite:
                query = narrowed(found, select(CONTACTS.c.sequence))
            else:
                query = matching(found, BRIEFS["name"], found.terms)
            return connection.execute(select(func.count()).select_from(query.limit(most).subquery())).scalar_one()

        return await self._store.read(read)

    async def addresses(self, wanted: ContactFilter, order: Order, most: int) -> list[Address]:
        """Return where all of them stand, as they are at one moment; at most `most` of them."""

        def read(connection: Connection) -> list[Address]:
            key = SORTS[order.by]
            query = narrowed(found_of(connection, wanted), select(*_PLACE))
            query = query.order_by(key == "", *keys_of(key, order)).limit(most)
            return [Address(*row) for row in connection.execute(query)]

        return await self._store.read(read)

    async def own_fields(self, wanted: ContactFilter) -> list[str]:
        """Return the names of the fields of their own that they have, in order."""

        def read(connection: Connection) -> list[str]:
            has_any = CONTACTS.c.facts.like('%"fields":{%')
            query = narrowed(found_of(connection, wanted), select(CONTACTS.c.facts)).where(has_any)
            rows = connection.execution_options(yield_per=1_000).execute(query).scalars()
            return sorted({name for facts in rows for name in orjson.loads(facts).get("fields", ())})

        return await self._store.read(read)

    async def facets(self, wanted: ContactFilter) -> dict[Facet, int]:
        """Return how many contacts there are of each facet that a filter without words lets through."""

        def read(connection: Connection) -> dict[Facet, int]:
            counted = connection.execute(select(COUNTS.c.facet, COUNTS.c.n).where(COUNTS.c.n > 0))
            return {Facet.of(number): n for number, n in counted if wanted.lets(Facet.of(number))}

        return await self._store.read(read)
