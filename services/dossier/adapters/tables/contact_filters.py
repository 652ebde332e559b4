"""What a filter of contacts comes to: the facets that it lets through, how many there are of them, and conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, literal_column, select

from services.dossier.adapters.tables.contact_terms import said, terms_of, with_words
from services.dossier.adapters.tables.contacts import CONTACTS, COUNTS
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter

_FEW = 10_000  # contacts that are sorted rather than walked to


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
        most = _FEW * 3 // 2 if self.terms else _FEW
        return self.n <= most or self.filter.base is not None

    @property
    def terms(self) -> tuple[str, ...]:
        """What is looked for in the words of a contact."""
        return terms_of(self.filter, is_sqlite=self.is_sqlite)

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


def found_of(connection: Connection, wanted: ContactFilter) -> Found:
    """Return what a filter comes to over the contacts there are."""
    counted = connection.execute(select(COUNTS.c.facet, COUNTS.c.n).where(COUNTS.c.n > 0)).all()
    through = {facet: n for facet, n in counted if wanted.lets(Facet.of(facet))}
    facets = None if len(through) == len(counted) else tuple(sorted(through))
    return Found(wanted, facets, sum(through.values()), sum(n for _, n in counted), connection.dialect.name == "sqlite")


def narrowed(found: Found, query: Select[Any]) -> Select[Any]:
    """Return a query narrowed to all that a filter lets through."""
    query = query.where(*found.conditions(by_facet=found.is_short and found.filter.base is None))
    if found.terms and found.is_sqlite and not found.is_short:
        return query.where(CONTACTS.c.sequence.in_(with_words(found.terms)))
    return query.where(*said(found.terms))


def matching(found: Found, of: FromClause, terms: Sequence[str]) -> Select[Any]:
    """Return the contacts that have all these words, on SQLite; `of` has what else is asked of them."""
    words = with_words(terms).subquery()
    facets = [] if found.facets is None else [found.unindexed(of.c.facet).in_(found.facets)]
    return select(of.c.sequence).join_from(words, of, of.c.sequence == words.c.rowid).where(*facets)


def _persons_of(base: Address) -> tuple[str, str]:
    """Return between which places the contact persons of a destination stand: its own place, and what is next to it."""
    return base.place, f"{base.place[:-1]}}}"
