"""What the use cases of contacts need of the tables: contacts as they stand, and lists of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.dossier.domain.contact import Contact, Known
from services.dossier.domain.email_check import Pair, Problem
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from shared.store import Row


@dataclass(frozen=True, slots=True)
class Page:
    """Contacts of a list, and where the next page goes on, None at the end."""

    items: Sequence[Known]
    next: Cursor | None


class ContactTables(Protocol):
    """The contacts as they stand; what returns a `Row` is written with the events that it follows from."""

    async def known(self, addresses: Collection[Address]) -> dict[str, Known]:
        """Return the contacts that stand at these addresses, by `Address.place`: one query per 500."""
        ...

    def rows(self, contacts: Sequence[Contact]) -> list[Row]:
        """Return what keeps contacts as they now are, in this order."""
        ...


class ContactPages(Protocol):
    """Lists of contacts; going from page to page, each comes once that is not entered or changed meanwhile."""

    async def page(self, wanted: ContactFilter, order: Order, limit: int, after: Cursor | None = None) -> Page:
        """Return the next contacts that a filter lets through."""
        ...

    async def count(self, wanted: ContactFilter, most: int) -> int:
        """Return how many there are, or `most` where there are no fewer."""
        ...

    async def addresses(self, wanted: ContactFilter, order: Order, most: int) -> list[Address]:
        """Return where all of them stand at one moment; at most `most` of them."""
        ...

    async def own_fields(self, wanted: ContactFilter) -> list[str]:
        """Return the names of the fields of their own that they have, in order."""
        ...

    async def facets(self, wanted: ContactFilter) -> dict[Facet, int]:
        """Return how many there are of each facet; what the filter says of words and of a destination is left out."""
        ...


class ContactChecks(Protocol):
    """Which contacts cannot be mailed."""

    async def pairs(self, wanted: ContactFilter) -> list[tuple[Pair, int]]:
        """Return how many contacts there are of each facet, with that of their destination where it matters."""
        ...

    async def page(self, wanted: ContactFilter, problem: Problem | None, limit: int, after: Cursor | None) -> Page:
        """Return the next contacts that have a problem, any if None, by number."""
        ...
