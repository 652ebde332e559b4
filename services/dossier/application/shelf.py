"""Where recorded items are taken from and put back, each with the row of what is to be done of it."""

from datetime import date
from typing import Protocol
from uuid import UUID, uuid5

from services.dossier.application.contacts import Contacts
from services.dossier.domain.identity import Address
from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.task import OpenTask
from shared.store import Conflict, Row, Store

After = tuple[str, UUID]  # what stands before a page: the last day as it is sorted, and the item


class TaskTable(Protocol):
    """The open tasks, one for an item; what returns a `Row` is written with the events that it follows from."""

    def row(self, item_id: UUID, task: OpenTask | None) -> Row:
        """Return the row that keeps the task of an item, or takes it away where there is none."""
        ...

    async def page(
        self, limit: int, after: After | None, assigned_to: str | None, overdue_on: date | None, *, unassigned: bool
    ) -> list[OpenTask]:
        """Return the next tasks by their last day, those without one at the end; `overdue_on` wants those overdue."""
        ...


class Shelf:
    """The recorded items."""

    def __init__(self, store: Store, contacts: Contacts, tasks: TaskTable) -> None:
        self._store = store
        self._contacts = contacts
        self._tasks = tasks

    async def take(self, item_id: UUID, edition: int | None = None) -> DossierItem:
        """Return an item; raise `Refused` for an unknown one, and (412) for one that is no longer at `edition`."""
        item = await self.find(item_id)
        if item is None or item.is_deleted:
            raise Refused([Wrong("", "unknown_item")], status=404)
        if edition is not None and item.edition != edition:
            raise Refused([Wrong("", "changed_meanwhile", {"version": edition, "now": item.edition})], status=412)
        return item

    async def find(self, item_id: UUID) -> DossierItem | None:
        """Return an item, a deleted one too, None where there is none."""
        return await self._store.load(DossierItem, item_id)

    async def put(self, item: DossierItem) -> bool:
        """Record what happened to an item, and return whether it was: else somebody was faster, take it anew."""
        if not item.pending_events:
            return True
        rows = [self._tasks.row(item.id, item.open_task)] if item.workflow_id else []
        try:
            await self._store.record(item, rows=rows)
        except Conflict:
            return False
        return True

    async def knows(self, item_id: UUID) -> bool:
        """Return whether there is such an item."""
        return await self._store.knows(item_id)

    async def person_at(self, address: Address | None, field: str = "") -> str | None:
        """Return the key that seals what is said of an item's one contact, None where it has several or none.

        With the `field` of a text to be sealed, raise `Refused` where the contact was erased.
        """
        if address is None:
            return None
        known = (await self._contacts.known([address])).get(address.place)
        person = known.person if known else address.person()
        if field and self._store.keyring.is_erased(person):
            raise Refused([Wrong(field, "erased")], status=409)
        return person

    async def is_contact(self, address: Address) -> bool:
        """Return whether a contact stands there."""
        return address.place in await self._contacts.known([address])


def token_of(item_id: UUID, wish: str, by: str, key: str | None) -> UUID | None:
    """Return what makes a wish known again where it is asked twice, None for one without a key."""
    return uuid5(item_id, f"{wish}|{by}|{key}") if key else None
