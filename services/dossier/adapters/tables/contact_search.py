"""How the next contacts of a list are found without reading all of them, however many they are.

The counts say how many contacts a filter lets through. A few are all looked at and sorted. Of many, the next ones come
soon by walking in the order wanted, and the indexes of the orders hold what is filtered by. Words are found by their
trigrams: contacts with a rare one are sorted at once; common ones are met soon in the contacts that come next, and
where they are not, all that have them are sorted. To sort a contact takes four times as long as to read on past one in
the index of names or that of addresses, which hold the words: it is read on first in as many as would be sorted.
Whatever has nothing to be sorted by comes last, in either direction: else whoever sorts by address and looks for a
domain would have to walk past all contacts that have no address.
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
    or_,
    select,
    tuple_,
)

from services.dossier.adapters.tables.contact_filters import Found, matching
from services.dossier.adapters.tables.contact_terms import (
    RARE,
    VERY_COMMON,
    how_common,
    said,
    said_besides,
    with_words,
)
from services.dossier.adapters.tables.contacts import BRIEFS, CONTACTS, READ, SORTS
from services.dossier.domain.looking import Cursor, Order

_NEXT = (300, 3_000)  # contacts that come next, in which words are looked for first
_SOON = 40_000  # contacts with a word that are sorted soon enough
_PERHAPS = 8  # times as many as are wanted are looked at of those that most probably have a very common word too
_AHEAD = 100_000  # contacts that come next, in which those let through are looked for first


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
        if self.found.terms:
            return self._searched()
        return self._filtered() if self.found.facets else self._walked()

    def _all_looked_at(self) -> Sequence[RowMapping]:
        """Sort all that are let through."""
        conditions = self.found.conditions(by_facet=self.found.filter.base is None)
        of = BRIEFS.get(self.order.by)
        if of is None or self.found.terms or not self.found.is_sqlite:
            return self._sorted(*conditions, *self._said())
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
        common = how_common(self.connection, self.found.terms, self.found.of)
        rarest = min(common, key=common.__getitem__)
        if self.found.is_sqlite and common[rarest] <= RARE:
            rare = with_words([rarest])
            return self._sorted(CONTACTS.c.sequence.in_(rare), *self.found.conditions(), *self._said())
        for most in self._aheads(common[rarest]):
            rows = self._in_the_next(most)
            if rows is not None:
                return rows
        return self._matched([term for term, n in common.items() if n * VERY_COMMON < self.found.of] or [rarest])

    def _aheads(self, n: int) -> list[int]:
        """Return how far to look ahead for words that so many have: at a fraction of what it takes to sort them."""
        if self.order.by in READ:
            return [_NEXT[-1], min(_AHEAD, n)] if n > _SOON else [_NEXT[-1]]
        return [min(_AHEAD, most * self.found.of // self.found.n) for most in _NEXT]

    def _in_the_next(self, most: int) -> Sequence[RowMapping] | None:
        """Look for words in so many contacts that come next; return None where too few have them and more come."""
        key = SORTS[self.order.by]
        ranges = [self._ahead()] if self._is_at_blanks else [self._ahead(), [key == ""]]
        rows: list[RowMapping] = []
        for conditions in ranges:
            rows += self._looked_at(conditions, most, self.limit - len(rows))
            if len(rows) == self.limit:
                return rows
            further = select(CONTACTS.c.sequence).where(*conditions).order_by(*keys_of(key, self.order))
            if self.connection.execute(further.offset(most).limit(1)).first():
                return None
        return rows

    def _looked_at(self, conditions: Sequence[ColumnElement[bool]], most: int, limit: int) -> Sequence[RowMapping]:
        """Look for words in so many contacts of one range of the order, whose index may have their words at hand."""
        key, is_read = SORTS[self.order.by], self.order.by in READ
        asked = [CONTACTS.c.sequence, CONTACTS.c.facet, key.label("key"), *([CONTACTS.c.words] if is_read else ())]
        near = select(*asked).where(*conditions).order_by(*keys_of(key, self.order)).limit(most).subquery()
        facets = [] if self.found.facets is None else [near.c.facet.in_(self.found.facets)]
        those = select(near.c.sequence).where(*facets, *self._said(near.c.words if is_read else CONTACTS.c.words))
        if not is_read:
            those = those.join_from(near, CONTACTS, CONTACTS.c.sequence == near.c.sequence)
        return self._run(those.order_by(*keys_of(near.c.key, self.order, near.c.sequence)).limit(limit))

    def _matched(self, terms: Sequence[str]) -> Sequence[RowMapping]:
        """Sort all that have the words, of which these are not very common."""
        others = [term for term in self.found.terms if term not in terms]
        if not self.found.is_sqlite:
            return self._sorted(*self.found.conditions(), *said(terms), *said_besides(others))
        of = BRIEFS.get(self.order.by, CONTACTS)
        if others:
            most = _PERHAPS * self.limit
            some = (
                self.connection.execute(self._next_of(matching(self.found, of, terms), of).limit(most)).scalars().all()
            )
            rows = self._sorted(CONTACTS.c.sequence.in_(some), *said(others))
            if len(rows) == self.limit or len(some) < most:
                return rows
        return self._briefly(matching(self.found, of, self.found.terms), of)

    def _briefly(self, following: Select[Any], of: FromClause) -> Sequence[RowMapping]:
        """Sort contacts by an index that holds what they are sorted by in the order in which they are found."""
        return self._run(self._next_of(following, of).limit(self.limit))

    def _next_of(self, following: Select[Any], of: FromClause) -> Select[Any]:
        key = self.found.unindexed(of.c[SORTS[self.order.by].name])
        following = following.where(*self._left(key, of.c.sequence))
        return following.order_by(key == "", *keys_of(key, self.order, of.c.sequence))

    def _said(self, words: ColumnElement[str] = CONTACTS.c.words) -> list[ColumnElement[bool]]:
        return said(self.found.terms, words)

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
