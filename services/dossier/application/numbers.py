"""The numbers that KnSubject clients know items by: given at recording, and found again (requirements §5.1)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.dossier.application.shelf import Shelf
from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused, Wrong
from shared.store import Row

AGAIN = 900.0  # seconds in which the same body of the same token is the same wish: as long as AFAS itself may take
_SERIES = "dossier item"


@dataclass(frozen=True, slots=True)
class Numbered:
    """An item and its number."""

    number: int
    item_id: UUID
    run_id: UUID


class SubjectTable(Protocol):
    """The items by number, and the wishes told lately."""

    def numbered(self, item: Numbered) -> Row:
        """Return the row that gives an item its number."""
        ...

    async def by_number(self, number: int) -> Numbered | None:
        """Return the item of a number, None where there is none."""
        ...

    async def of_run(self, run_id: UUID) -> Numbered | None:
        """Return the numbered item that a request became, None where it became none."""
        ...

    async def wish(self, asker: str, digest: str, now: datetime) -> UUID:
        """Return the id of a wish, that of the same one no longer than `AGAIN` ago."""
        ...


class Counter(Protocol):
    """Series of numbers."""

    async def take_numbers(self, series: str, count: int) -> int:
        """Take the next numbers of a series, durably, and return the first; nobody else gets them."""
        ...


class Numbers:
    """Items by number."""

    def __init__(
        self, table: SubjectTable, counter: Counter, shelf: Shelf, settle: Callable[[UUID], Awaitable[None]]
    ) -> None:
        """Take what it needs; `settle` records a run to its end."""
        self._table = table
        self._counter = counter
        self._shelf = shelf
        self._settle = settle

    async def give(self, item_id: UUID, run_id: UUID) -> Numbered:
        """Return an item that is to be recorded with the next number."""
        return Numbered(await self._counter.take_numbers(_SERIES, 1), item_id, run_id)

    def row(self, numbered: Numbered) -> Row:
        """Return the row that keeps a number, to be written with the item's request."""
        return self._table.numbered(numbered)

    async def of_run(self, run_id: UUID) -> Numbered | None:
        """Return the item that a request became, None where it became none."""
        return await self._table.of_run(run_id)

    async def numbered(self, number: int, field: str = "SbId") -> Numbered:
        """Return an item by its number; raise `Refused` where there is none, by the field that names it."""
        numbered = await self._table.by_number(number)
        if numbered is None:
            raise _unknown(number, field)
        return numbered

    async def item(self, number: int) -> DossierItem:
        """Return an item that stands; raise `Refused` for an unknown or deleted one."""
        item = await self.recorded(await self.numbered(number))
        if item.is_deleted:
            raise _unknown(number)
        return item

    async def recorded(self, numbered: Numbered) -> DossierItem:
        """Return an item, a deleted one too; one that is only accepted yet is recorded now."""
        item = await self._shelf.find(numbered.item_id)
        if item is None:
            await self._settle(numbered.run_id)
            item = await self._shelf.find(numbered.item_id)
        if item is None:
            raise _unknown(numbered.number)
        return item


def _unknown(number: int, field: str = "SbId") -> Refused:
    return Refused([Wrong(field, "afas_unknown_item", {"number": number})], status=404)
