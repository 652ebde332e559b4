"""Contacts in any order, filtered and searched, page by page: how each page is found without reading all of them.

The counts say how many contacts a filter lets through. A few are all looked at and sorted. Of many, the next ones come
soon by walking in the order wanted, and the indexes of the orders hold what is filtered by. Words are found by their
trigrams: contacts with rare ones are sorted, those with common ones are met soon in the contacts that come next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    tuple_,
)

from services.dossier.adapters.tables.contacts import CONTACTS, COUNTS, SORTS, known_of
from services.dossier.application.contact_tables import Page
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from shared.store import Store

_FEW = 5_000  # contacts that are sorted rather than walked to
_NEXT = 2_000  # contacts that come next, in which words are looked for first
_RARE = 10_000  # contacts found by words that are sorted at once
_COMMON = 60_000  # contacts found by words that are walked to, where they are not among the next
_WORDS = table("contact_words", column("rowid"), column("contact_words"))
_PLACE = (CONTACTS.c.kind, CONTACTS.c.number, CONTACTS.c.contact_id)


@dataclass(frozen=True)
class Found:
    """What a filter comes to, over the contacts there are: the facets it lets through (None is all), and how many."""

    filter: ContactFilter
    facets: tuple[int, ...] | None
    n: int
    is_sqlite: bool

    def conditions(self, *, by_facet: bool = False) -> list[ColumnElement[bool]]:
        """Return what the row of a wanted contact fulfils, words apart."""
        found: list[ColumnElement[bool]] = []
        if self.filter.base:
            behind, before = _persons_of(self.filter.base)
            found += [CONTACTS.c.place > behind, CONTACTS.c.place < before]
        if self.facets is not None:
            facet = CONTACTS.c.facet if by_facet else self.unindexed(CONTACTS.c.facet)
            found.append(facet.in_(self.facets))
        return found

    def unindexed(self, of: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a column that SQLite, which knows nothing of how many there are, chooses no index for."""
        return literal_column(f"+{of}".replace("++", "+"), of.type) if self.is_sqlite else of


class SqlContactPages:
    """The lists of contacts, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, wanted: ContactFilter, order: Order, limit: int, after: Cursor | None = None) -> Page:
        """Return the next contacts, and where the page after them goes on."""

        def read(connection: Connection) -> Page:
            rows = _rows(connection, wanted, order, limit + 1, after)
            more = Cursor(order, rows[limit - 1]["key"], rows[limit - 1]["sequence"]) if len(rows) > limit else None
            return Page([known_of(row) for row in rows[:limit]], more)

        return await self._store.read(read)

    async def count(self, wanted: ContactFilter, most: int) -> int:
        """Return how many contacts there are, or `most` where there are no fewer."""

        def read(connection: Connection) -> int:
            found = found_of(connection, wanted)
            if not wanted.terms and not wanted.base:
                return min(found.n, most)
            query = narrowed(found, select(CONTACTS.c.sequence)).limit(most).subquery()
            return connection.execute(select(func.count()).select_from(query)).scalar_one()

        return await self._store.read(read)

    async def addresses(self, wanted: ContactFilter, order: Order, most: int) -> list[Address]:
        """Return where all of them stand, as they are at one moment; at most `most` of them."""

        def read(connection: Connection) -> list[Address]:
            query = narrowed(found_of(connection, wanted), select(*_PLACE))
            query = query.order_by(*keys_of(SORTS[order.by], order)).limit(most)
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


def found_of(connection: Connection, wanted: ContactFilter) -> Found:
    """Return what a filter comes to over the contacts there are."""
    counted = connection.execute(select(COUNTS.c.facet, COUNTS.c.n).where(COUNTS.c.n > 0)).all()
    through = {facet: n for facet, n in counted if wanted.lets(Facet.of(facet))}
    facets = None if len(through) == len(counted) else tuple(sorted(through))
    return Found(wanted, facets, sum(through.values()), connection.dialect.name == "sqlite")


def _rows(
    connection: Connection, wanted: ContactFilter, order: Order, limit: int, after: Cursor | None
) -> Sequence[RowMapping]:
    found = found_of(connection, wanted)
    if found.n == 0:
        return []
    if not wanted.terms:
        is_short = found.n <= _FEW or wanted.base is not None
        return _run(connection, (_sorted if is_short else _walked)(found, order, limit, after))
    if not found.is_sqlite:
        return _run(connection, _walked(found, order, limit, after, *_said(wanted)))
    if found.n <= _FEW or wanted.base is not None:
        return _run(connection, _sorted(found, order, limit, after, *_said(wanted)))
    return _searched(connection, found, order, limit, after)


def _searched(
    connection: Connection, found: Found, order: Order, limit: int, after: Cursor | None
) -> Sequence[RowMapping]:
    """Sort what has rare words; of common ones find some in what comes next, else sort all, or walk to the next."""
    matching = _matching(found.filter)
    some = connection.execute(matching.limit(_RARE + 1)).scalars().all()
    if len(some) <= _RARE:
        these = CONTACTS.c.sequence.in_(_listed(some))
        return _run(connection, _sorted(found, order, limit, after, these, by_facet=False))
    rows = _run(connection, _in_the_next(found, order, limit, after))
    if len(rows) == limit:
        return rows
    those = matching.limit(_COMMON).subquery()
    if connection.execute(select(func.count()).select_from(those)).scalar_one() < _COMMON:
        these = CONTACTS.c.sequence.in_(matching)
        return _run(connection, _sorted(found, order, limit, after, these, by_facet=False))
    return _run(connection, _walked(found, order, limit, after, found.unindexed(CONTACTS.c.sequence).in_(matching)))


def _walked(
    found: Found, order: Order, limit: int, after: Cursor | None, *of_these: ColumnElement[bool]
) -> Select[Any]:
    """Go through the contacts in the order wanted, which an index has with all that this asks of each."""
    key = SORTS[order.by]
    return _picked(key, [*of_these, *found.conditions(), *beyond(key, after)], found, order, limit)


def _sorted(
    found: Found, order: Order, limit: int, after: Cursor | None, *of_these: ColumnElement[bool], by_facet: bool = True
) -> Select[Any]:
    """Look at every contact wanted, at no more of it than it is sorted by, and take those that come next."""
    key = found.unindexed(SORTS[order.by])
    conditions = found.conditions(by_facet=by_facet and found.filter.base is None)
    return _picked(key, [*of_these, *conditions, *beyond(key, after)], found, order, limit)


def _picked(
    key: ColumnElement[Any], conditions: Sequence[ColumnElement[bool]], found: Found, order: Order, limit: int
) -> Select[Any]:
    following = select(CONTACTS.c.sequence).where(*conditions).order_by(*keys_of(key, order)).limit(limit)
    key = found.unindexed(key)
    return selected(key).where(CONTACTS.c.sequence.in_(following)).order_by(*keys_of(key, order))


def _in_the_next(found: Found, order: Order, limit: int, after: Cursor | None) -> Select[Any]:
    """Look for words in the contacts that come next."""
    key = SORTS[order.by]
    following = select(CONTACTS.c.sequence).where(*found.conditions(), *beyond(key, after))
    of_these = following.order_by(*keys_of(key, order)).limit(_NEXT).subquery()
    query = selected(found.unindexed(key)).join(of_these, of_these.c.sequence == CONTACTS.c.sequence)
    return query.where(*_said(found.filter)).order_by(*keys_of(found.unindexed(key), order)).limit(limit)


def _listed(sequences: Sequence[int]) -> Select[Any]:
    return select(column("value")).select_from(func.json_each(orjson.dumps(list(sequences)).decode()))


def narrowed(found: Found, query: Select[Any]) -> Select[Any]:
    """Return a query narrowed to all that a filter lets through."""
    query = query.where(*found.conditions(by_facet=found.n <= _FEW))
    if found.filter.terms and found.is_sqlite and found.filter.base is None:
        return query.where(CONTACTS.c.sequence.in_(_matching(found.filter)))
    return query.where(*_said(found.filter))


def _matching(wanted: ContactFilter) -> Select[Any]:
    phrases = " AND ".join('"' + term.replace('"', '""') + '"' for term in wanted.terms)
    return select(_WORDS.c.rowid).where(_WORDS.c.contact_words.op("MATCH")(phrases))


def _said(wanted: ContactFilter) -> list[ColumnElement[bool]]:
    return [CONTACTS.c.words.contains(term, autoescape=True) for term in wanted.terms]


def selected(key: ColumnElement[Any]) -> Select[Any]:
    """Return a query of contacts, each with what it is sorted by."""
    return select(CONTACTS, key.label("key"))


def beyond(key: ColumnElement[Any], after: Cursor | None) -> list[ColumnElement[bool]]:
    """Return the condition to come after a cursor."""
    if after is None:
        return []
    here = tuple_(key, CONTACTS.c.sequence)
    there = tuple_(bindparam(None, after.value, type_=key.type), bindparam(None, after.sequence))
    return [here < there if after.order.descending else here > there]


def keys_of(key: ColumnElement[Any], order: Order) -> list[ColumnElement[Any]]:
    """Return what contacts are sorted by."""
    sequence = CONTACTS.c.sequence
    return [key.desc(), sequence.desc()] if order.descending else [key, sequence]


def _persons_of(base: Address) -> tuple[str, str]:
    """Return between which places the contact persons of a destination stand: its own place, and what is next to it."""
    return base.place, f"{base.place[:-1]}}}"


def _run(connection: Connection, query: Select[Any]) -> Sequence[RowMapping]:
    return connection.execute(query).mappings().all()
