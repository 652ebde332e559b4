"""The messages of mails as they were handed over: of the parts kept, or of parts made again where those were swept."""

import asyncio
from uuid import UUID

import structlog

from services.mailer.application.book import Book
from services.mailer.application.ports import Renderer, Writer
from services.mailer.domain.delivery import Delivery
from shared.blobs import BlobDamaged, BlobMissing
from shared.contracts.asks import MessageKept, MessageWanted
from shared.contracts.message import Parts
from shared.messaging import Refusal

_log = structlog.get_logger()


class Messages:
    """Puts messages together again, and compares them with what was recorded of them."""

    def __init__(self, book: Book, writer: Writer, renderer: Renderer) -> None:
        self._book = book
        self._writer = writer
        self._renderer = renderer

    async def message(self, wanted: MessageWanted) -> MessageKept:
        """Return the message of the last attempt, compared with the hash recorded then; raise `Refusal`."""
        delivery = await self._attempted(wanted.mail_id)
        kept = await asyncio.to_thread(self._writer.keeps, delivery)
        parts = None if kept else await self._remade(delivery)
        try:
            message = await asyncio.to_thread(self._writer.rebuild, delivery, parts)
        except (BlobMissing, BlobDamaged) as error:
            raise Refusal("parts_gone", "what this mail was made of is no longer kept") from error
        sha256 = await asyncio.to_thread(self._writer.hold, message)
        equal = sha256 == delivery.wire_sha256
        return MessageKept(
            sha256=sha256,
            size=len(message),
            remade="remade-different" if not equal else "kept" if kept else "remade-equal",
        )

    async def restore(self, delivery: Delivery) -> bool:
        """Have the parts of a mail that waits made again, since they are gone; return whether they are there again."""
        try:
            await self._remade(delivery)
        except Refusal as no:
            _log.error("parts that are gone can't be made again", mail=str(delivery.id), why=no.code)
        return await asyncio.to_thread(self._writer.keeps, delivery)

    async def _attempted(self, mail_id: UUID) -> Delivery:
        delivery = await self._book.find(mail_id)
        if delivery is None:
            raise Refusal("unknown_mail", "the mailer does not know this mail")
        if not delivery.attempts:
            raise Refusal("never_attempted", "no attempt was made to send this mail")
        if delivery.head is None:
            raise Refusal("erased", "what was known of the recipient is erased")
        return delivery

    async def _remade(self, delivery: Delivery) -> Parts:
        row = delivery.of_row["processing_id"]
        if not isinstance(row, UUID):
            raise Refusal("parts_gone", "what a preview was made of is not kept")
        return await self._renderer.parts_of(row, delivery.id)
