"""The book of deliveries: what happens to a mail is written down together with what is still needed for it."""

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

    async def record(self, delivery: Delivery, *rows: Row) -> None:
        """Write down what happened, with its rows in the queue; until the mail is final what it is made of is needed.

        Raises `Conflict` where something else happened meanwhile.
        """
        await self._store.record(delivery, rows=[*rows, *self._beside_the_queue(delivery)])

    async def note(self, *rows: Row) -> None:
        """Write down what is no delivery's: of the queue, or of the servers."""
        await self._store.record(rows=rows)

    def _beside_the_queue(self, delivery: Delivery) -> list[Row]:
        """Return what changes of what is needed, but for what the queue names: that costs most mails nothing."""
        files = delivery.swept_files
        if delivery.status == "in_doubt":
            return self._needed.needed(delivery.id, [*delivery.swept_parts, *files])
        let_go = delivery.is_resolved_now or (delivery.is_final and files)
        still = [] if delivery.is_final else self._needed.needed(delivery.id, files)
        return [*([self._needed.released(delivery.id)] if let_go else []), *still]
