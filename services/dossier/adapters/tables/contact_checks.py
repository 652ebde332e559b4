"""Which contacts cannot be mailed: counted by what decides it, and listed page by page."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from services.dossier.adapters.tables.contact_filters import Found, found_of, narrowed
from services.dossier.adapters.tables.contact_search import beyond, keys_of
from services.dossier.adapters.tables.contacts import CONTACTS, COUNTS, known_of
from services.dossier.application.contact_tables import Page
from services.dossier.domain.email_check import UNKNOWN, Pair, Problem, needs_base, with_problem
from services.dossier.domain.facet import Facet
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from shared.store import Store

_FEW = 5_000  # contacts that are sorted rather than walked to
_BY_NUMBER = Order("number")
_BASE = CONTACTS.alias("base")
_OF_BASE = func.coalesce(_BASE.c.facet, UNKNOWN.number)


class SqlContactChecks:
    """The checks of contacts, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def pairs(self, wanted: ContactFilter) -> list[tuple[Pair, int]]:
        """Return how many contacts there are of each facet, with that of their destination where it matters."""

        def read(connection: Connection) -> list[tuple[Pair, int]]:
            present = _present(connection)
            needing = [facet.number for facet in present if needs_base(facet)]
            facet, base = CONTACTS.c.facet, _OF_BASE
            joined = select(facet, base, func.count()).outerjoin(_BASE, _BASE.c.place == CONTACTS.c.base)
            joined = narrowed(found_of(connection, wanted), joined.where(facet.in_(needing))).group_by(facet, base)
            alone = select(facet, func.count()).where(facet.not_in(needing))
            if wanted.terms or wanted.base:
                counted = connection.execute(narrowed(found_of(connection, wanted), alone).group_by(facet)).all()
                own = [(Facet.of(number), n) for number, n in counted]
            else:
                own = [(one, n) for one, n in present.items() if wanted.lets(one) and not needs_base(one)]
            through = connection.execute(joined).all() if needing else []
            pairs: list[tuple[Pair, int]] = [((one, None), n) for one, n in own]
            return pairs + [((Facet.of(number), Facet.of(of)), n) for number, of, n in through]

        return await self._store.read(read)

    async def page(self, wanted: ContactFilter, problem: Problem | None, limit: int, after: Cursor | None) -> Page:
        """Return the next contacts that have a problem, any if None, by number."""

        def read(connection: Connection) -> Page:
            present = _present(connection)
            through = with_problem((one for one in present if wanted.lets(one)), present, problem)
            found = found_of(connection, wanted)
            few = sum(present[facet] for group in through.values() for facet in group) <= _FEW
            key = found.unindexed(CONTACTS.c.place) if few else CONTACTS.c.place
            query = select(CONTACTS, key.label("key")).outerjoin(_BASE, _BASE.c.place == CONTACTS.c.base)
            query = narrowed(found, query).where(*_having(found, through, few=few), *beyond(key, after))
            rows = connection.execute(query.order_by(*keys_of(key, _BY_NUMBER)).limit(limit + 1)).mappings().all()
            last = rows[limit - 1] if len(rows) > limit else None
            more = Cursor(_BY_NUMBER, last["key"], last["sequence"]) if last else None
            return Page([known_of(row) for row in rows[:limit]], more)

        return await self._store.read(read)


def _present(connection: Connection) -> dict[Facet, int]:
    counted = connection.execute(select(COUNTS.c.facet, COUNTS.c.n).where(COUNTS.c.n > 0))
    return {Facet.of(number): n for number, n in counted}


def _having(
    found: Found, through: Mapping[frozenset[Facet] | None, Collection[Facet]], *, few: bool
) -> list[ColumnElement[bool]]:
    """Return what the row of a contact fulfils that has the problem: by itself, or with its destination."""
    facet: ColumnElement[Any] = CONTACTS.c.facet if few else found.unindexed(CONTACTS.c.facet)
    whole = {one.number for group in through.values() for one in group}
    ways = [
        and_(
            found.unindexed(CONTACTS.c.facet).in_([one.number for one in group]),
            *([] if bases is None else [_OF_BASE.in_([base.number for base in bases])]),
        )
        for bases, group in through.items()
    ]
    return [facet.in_(sorted(whole)), or_(*ways)] if ways else [false()]
