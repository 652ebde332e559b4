"""The book of deliveries: what happens to a mail is written down together with which parts are still needed for it."""

from uuid import UUID

from services.mailer.application.ports import NeededParts
from services.mailer.domain.delivery import Delivery
from shared.store import Row, Store


class Book:
    """Keeps the deliveries; every change of one goes through it."""

    def __init__(self, store: Store, needed: NeededParts) -> None:
        self._store = store
        self._needed = needed

    async def find(self, mail_id: UUID) -> Delivery | None:
        """Return the delivery of a mail, None where nothing is known of it."""
        return await self._store.load(Delivery, mail_id)

    async def begin(self, delivery: Delivery, *rows: Row) -> None:
        """Write down a new delivery that is to be sent: its parts are needed; raise `Conflict` where it is known."""
        needed = self._needed.needed(delivery.id, delivery.swept_parts) if delivery.swept_parts else []
        await self._store.record(delivery, rows=[*rows, *needed])

    async def record(self, delivery: Delivery, *rows: Row) -> None:
        """Write down what happened; once the mail is final its parts are no longer needed for it.

        Raises `Conflict` where something else happened meanwhile.
        """
        is_over = delivery.is_final and delivery.swept_parts
        await self._store.record(delivery, rows=[*rows, *([self._needed.released(delivery.id)] if is_over else [])])

    async def note(self, *rows: Row) -> None:
        """Write down what is no delivery's: of the queue, or of the servers."""
        await self._store.record(rows=rows)
