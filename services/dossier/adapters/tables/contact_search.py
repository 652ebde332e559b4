"""How the next contacts of a list are found without reading all of them, however many they are.

The counts say how many contacts a filter lets through. A few are all looked at and sorted. Of many, the next ones come
soon by walking in the order wanted, and the indexes of the orders hold what is filtered by. Words are found by their
trigrams: contacts with a rare one are sorted at once; common ones are met soon in the contacts that come next, and
where they are not, all that have them are sorted. Whatever has nothing to be sorted by comes last, in either direction:
else whoever sorts by address and looks for a domain would have to walk past all contacts that have no address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    RowMapping,
    Select,
    Subquery,
    Tuple,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    tuple_,
)

from services.dossier.adapters.tables.contacts import BRIEFS, CONTACTS, COUNTS, SORTS
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor, Order

_FEW = 10_000  # contacts that are sorted rather than walked to
_RARE = 3_000  # contacts with a word that are sorted at once
_NEXT = (300, 3_000)  # contacts that come next, in which words are looked for first
_AHEAD = 100_000  # contacts that come next, in which those let through are looked for first
_WORDS = table("contact_words", column("rowid"), column("contact_words"))


@dataclass(frozen=True)
class Found:
    """What a filter comes to, over the contacts there are: the facets it lets through (None is all), and how many."""

    filter: ContactFilter
    facets: tuple[int, ...] | None
    n: int
    of: int  # contacts that there are
    is_sqlite: bool

    @property
    def is_short(self) -> bool:
        """Whether they are so few that all of them can be looked at: more of them where else words are looked for."""
        most = _FEW * 3 // 2 if self.filter.terms else _FEW
        return self.n <= most or self.filter.base is not None

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


@dataclass(frozen=True)
class Listing:
    """The next contacts that a filter lets through, in an order, from behind a cursor on."""

    connection: Connection
    found: Found
    order: Order
    limit: int
    after: Cursor | None

    def rows(self) -> Sequence[RowMapping]:
        """Return their rows, each with the `key` that it is sorted by."""
        if self.found.n == 0:
            return []
        if self.found.is_short:
            return self._all_looked_at()
        if self.found.filter.terms:
            return self._searched()
        return self._filtered() if self.found.facets else self._walked()

    def _all_looked_at(self) -> Sequence[RowMapping]:
        """Sort all that are let through."""
        conditions = self.found.conditions(by_facet=self.found.filter.base is None)
        of = BRIEFS.get(self.order.by)
        if of is None or self.found.filter.terms or not self.found.is_sqlite:
            return self._sorted(*conditions, *said(self.found))
        these = select(CONTACTS.c.sequence).where(*conditions)
        return self._briefly(select(of.c.sequence).where(of.c.sequence.in_(these)), of)

    def _filtered(self) -> Sequence[RowMapping]:
        """Find those let through in what comes next; else merge what each facet has next, or walk on to them."""
        near = self._near(self.limit)
        rows = self._run(select(near.c.sequence))
        if len(rows) == self.limit:
            return rows
        return self._merged() if self.order.by == "number" else self._walked()

    def _merged(self) -> Sequence[RowMapping]:
        """Take the first of what each facet has next: there is an index of the numbers of each."""
        key = SORTS[self.order.by]
        next_of_all: list[tuple[str, int]] = []
        for facet in self.found.facets or ():
            of_this = select(key, CONTACTS.c.sequence).where(CONTACTS.c.facet == facet, *beyond(key, self.after))
            of_this = of_this.order_by(*keys_of(key, self.order)).limit(self.limit)
            next_of_all += [(place, sequence) for place, sequence in self.connection.execute(of_this)]
        first = sorted(next_of_all, reverse=self.order.descending)[: self.limit]
        return self._run(select(CONTACTS.c.sequence).where(CONTACTS.c.sequence.in_([row[1] for row in first])))

    def _searched(self) -> Sequence[RowMapping]:
        """Sort those with a rare word; of common ones find some in what comes next, else sort all."""
        rare = self._with_a_rare_word() if self.found.is_sqlite else None
        if rare is not None:
            return self._sorted(CONTACTS.c.sequence.in_(rare), *self.found.conditions(), *said(self.found))
        for most in _NEXT:
            rows = self._in_the_next(most)
            if len(rows) == self.limit:
                return rows
        return self._matched()

    def _matched(self) -> Sequence[RowMapping]:
        """Sort all that have the words."""
        if not self.found.is_sqlite:
            return self._sorted(*self.found.conditions(), *said(self.found))
        of = BRIEFS.get(self.order.by, CONTACTS)
        return self._briefly(matching(self.found, of), of)

    def _briefly(self, following: Select[Any], of: FromClause) -> Sequence[RowMapping]:
        """Sort contacts by an index that holds what they are sorted by in the order in which they are found."""
        key = self.found.unindexed(of.c[SORTS[self.order.by].name])
        following = following.where(*self._left(key, of.c.sequence))
        return self._run(following.order_by(key == "", *keys_of(key, self.order, of.c.sequence)).limit(self.limit))

    def _with_a_rare_word(self) -> Select[Any] | None:
        """Return what finds the contacts with that of the words that few have, None where there is none."""
        for term in self.found.filter.terms:
            some = select(_WORDS.c.rowid).where(_match(term))
            counted = select(func.count()).select_from(some.limit(_RARE + 1).subquery())
            if self.connection.execute(counted).scalar_one() <= _RARE:
                return some
        return None

    def _in_the_next(self, most: int) -> Sequence[RowMapping]:
        """Look for words in so many contacts that come next."""
        near = self._near(most)
        those = select(near.c.sequence).join_from(near, CONTACTS, CONTACTS.c.sequence == near.c.sequence)
        those = those.where(*said(self.found)).order_by(*keys_of(near.c.key, self.order, near.c.sequence))
        return self._run(those.limit(self.limit))

    def _near(self, most: int) -> Subquery:
        """Return so many contacts let through that come next, of as many as there should be to have twice of them.

        They are among those that have something to be sorted by, or among those that have not.
        """
        key = SORTS[self.order.by]
        ahead = select(CONTACTS.c.sequence, key.label("key"), CONTACTS.c.facet).where(*self._ahead())
        ahead = ahead.order_by(*keys_of(key, self.order))
        if self.found.facets is None:
            return ahead.limit(most).subquery()
        next_of_all = ahead.limit(min(_AHEAD, 2 * most * self.found.of // self.found.n)).subquery()
        near = select(next_of_all).where(next_of_all.c.facet.in_(self.found.facets))
        return near.order_by(*keys_of(next_of_all.c.key, self.order, next_of_all.c.sequence)).limit(most).subquery()

    def _walked(self) -> Sequence[RowMapping]:
        """Go through the contacts in the order wanted, which an index has with all that this asks of each."""
        conditions = self.found.conditions()
        rows = self._picked(*self._ahead(), *conditions)
        missing = self.limit - len(rows)
        if self._is_at_blanks or not missing:
            return rows
        return [*rows, *self._picked(SORTS[self.order.by] == "", *conditions, limit=missing)]

    def _ahead(self) -> list[ColumnElement[bool]]:
        """Return the condition to come next, as one range of an index of the order."""
        key = SORTS[self.order.by]
        if self._is_at_blanks:
            return [key == "", *beyond(key, self.after)]
        is_filled = self.after is not None and not self.order.descending  # SQLite knows one bound on either side
        return [*([] if is_filled else [key > ""]), *beyond(key, self.after)]

    def _picked(self, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[RowMapping]:
        following = select(CONTACTS.c.sequence).where(*conditions)
        return self._run(following.order_by(*keys_of(SORTS[self.order.by], self.order)).limit(limit or self.limit))

    def _sorted(self, *conditions: ColumnElement[bool]) -> Sequence[RowMapping]:
        """Look at every contact wanted, at no more of it than it is sorted by, and take those that come next."""
        key = self.found.unindexed(SORTS[self.order.by])
        following = select(CONTACTS.c.sequence).where(*conditions, *self._left(key, CONTACTS.c.sequence))
        return self._run(following.order_by(key == "", *keys_of(key, self.order)).limit(self.limit))

    def _left(self, key: ColumnElement[Any], sequence: ColumnElement[int]) -> list[ColumnElement[bool]]:
        """Return the condition to come next, whatever there is to be sorted by."""
        left = beyond(key, self.after, sequence)
        if not left:
            return []
        return [and_(key == "", *left)] if self._is_at_blanks else [or_(key == "", *left)]

    def _run(self, following: Select[Any]) -> Sequence[RowMapping]:
        """Return the rows of those found, in order."""
        key = self.found.unindexed(SORTS[self.order.by])
        query = select(CONTACTS, key.label("key")).where(CONTACTS.c.sequence.in_(following))
        query = query.order_by(key == "", *keys_of(key, self.order))
        return self.connection.execute(query).mappings().all()

    @property
    def _is_at_blanks(self) -> bool:
        """Whether all that have something to be sorted by came on pages before."""
        return self.after is not None and not self.after.value


def found_of(connection: Connection, wanted: ContactFilter) -> Found:
    """Return what a filter comes to over the contacts there are."""
    counted = connection.execute(select(COUNTS.c.facet, COUNTS.c.n).where(COUNTS.c.n > 0)).all()
    through = {facet: n for facet, n in counted if wanted.lets(Facet.of(facet))}
    facets = None if len(through) == len(counted) else tuple(sorted(through))
    return Found(wanted, facets, sum(through.values()), sum(n for _, n in counted), connection.dialect.name == "sqlite")


def narrowed(found: Found, query: Select[Any]) -> Select[Any]:
    """Return a query narrowed to all that a filter lets through."""
    query = query.where(*found.conditions(by_facet=found.is_short and found.filter.base is None))
    if found.filter.terms and found.is_sqlite and not found.is_short:
        return query.where(CONTACTS.c.sequence.in_(select(_WORDS.c.rowid).where(_match(*found.filter.terms))))
    return query.where(*said(found))


def matching(found: Found, of: FromClause) -> Select[Any]:
    """Return the contacts that have all words, on SQLite; `of` has what else is asked of them."""
    words = select(of.c.sequence).join_from(_WORDS, of, of.c.sequence == _WORDS.c.rowid)
    facets = [] if found.facets is None else [found.unindexed(of.c.facet).in_(found.facets)]
    return words.where(_match(*found.filter.terms), *facets)


def said(found: Found, words: ColumnElement[str] = CONTACTS.c.words) -> list[ColumnElement[bool]]:
    """Return the condition to have all words, for contacts that are looked at one by one."""
    return [words.contains(term, autoescape=True) for term in found.filter.terms]


def beyond(
    key: ColumnElement[Any], after: Cursor | None, sequence: ColumnElement[int] = CONTACTS.c.sequence
) -> list[ColumnElement[bool]]:
    """Return the condition to come after a cursor."""
    return [] if after is None else [_beyond(tuple_(key, sequence), key, after)]


def keys_of(
    key: ColumnElement[Any], order: Order, sequence: ColumnElement[int] = CONTACTS.c.sequence
) -> list[ColumnElement[Any]]:
    """Return what contacts are sorted by."""
    return [key.desc(), sequence.desc()] if order.descending else [key, sequence]


def _beyond(here: Tuple, key: ColumnElement[Any], after: Cursor) -> ColumnElement[bool]:
    there = tuple_(bindparam(None, after.value, type_=key.type), bindparam(None, after.sequence))
    return here < there if after.order.descending else here > there


def _match(*terms: str) -> ColumnElement[bool]:
    phrases = " AND ".join('"' + term.replace('"', '""') + '"' for term in terms)
    return _WORDS.c.contact_words.op("MATCH", is_comparison=True)(phrases)


def _persons_of(base: Address) -> tuple[str, str]:
    """Return between which places the contact persons of a destination stand: its own place, and what is next to it."""
    return base.place, f"{base.place[:-1]}}}"
