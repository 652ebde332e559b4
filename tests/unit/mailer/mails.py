"""Mails to be sent, servers to send them to, and a whole mailer but for NATS: what its tests stand on."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid5

from services.mailer.adapters.exchange import SmtpExchange
from services.mailer.adapters.tables import TABLES, DueTable, PartTable, RunTable, ServerTable
from services.mailer.adapters.writer import PartsWriter
from services.mailer.application import Book, Deliveries, Dispatch, Messages, Runs, Sweep, Tools
from services.mailer.domain.delivery import Delivery
from services.mailer.outbox import told, worded
from shared.blobs import Blob, Lasts, SqliteBlobs
from shared.contracts import Message
from shared.contracts.dossier import MailServerSet
from shared.contracts.message import Attachment, Parts, Recipient, Sender
from shared.contracts.renderer import MailRendered
from shared.messaging import Refusal
from shared.relay import topics_of
from shared.store import Store
from tests.faults import FaultyServer

RUN = UUID("6c0e5b0e-7a53-4b0e-9f0e-0d6f1f6f9a01")
KEPT = timedelta(days=7)
PDF = b"%PDF-1.7 a letter of ten lines\n" * 200


def ids_of(number: int = 1, ordinal: int = 1) -> dict[str, Any]:
    """The ids of the mail to the contact with this number."""
    row = uuid5(RUN, str(number))
    return {
        "run_id": RUN,
        "item_id": uuid5(RUN, f"item {number}"),
        "processing_id": row,
        "mail_id": uuid5(row, str(ordinal)),
        "ordinal": ordinal,
        "person": f"person|{number}|#1",
    }


def a_mail(blobs: SqliteBlobs, number: int = 1, lasts: Lasts = "for_good", **others: Any) -> MailRendered:
    """A rendered mail to Anna, with a letter of her own and a file that many get; its parts are kept."""
    text, html, letter, route = blobs.put_many(
        [
            Blob(f"Beste Anna {number}\r\n.\r\n".encode(), lasts),
            Blob(b"<p>Beste Anna</p>", lasts),
            Blob(PDF, lasts),
            Blob(b"route" * 999),
        ]
    )
    facts: dict[str, Any] = {
        **ids_of(number),
        "recipient": Recipient(name=f"Anna {number} de Vries", email=f"anna{number}@home.example"),
        "sender": Sender(name="De Bakkerij", address="post@bakery.example"),
        "subject": "Uitnodiging één",
        "parts": Parts(
            text=text,
            html=html,
            attachment=Attachment(**letter.model_dump(), filename="brief.pdf", content_type="application/pdf"),
        ),
        "attachments": (Attachment(**route.model_dump(), filename="route.pdf", content_type="application/pdf"),),
        "record_separately": lasts == "for_good",
        "requested_at": datetime.now(UTC),
        "rendered_at": datetime.now(UTC),
    }
    return MailRendered(**facts | others)


def a_server(port: int, **others: Any) -> MailServerSet:
    """A mail server on this machine, over which two mails go at once."""
    facts: dict[str, Any] = {
        "mail_server_id": "default",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "max_connections": 2,
        "set_at": datetime.now(UTC),
    }
    return MailServerSet(**facts | others)


class Later:
    """A clock a minute ahead, at which every lease given by now has run out."""

    @staticmethod
    def time() -> float:
        """Return the time then, in seconds."""
        return time.time() + 61


class SaidRenderer:
    """A renderer that makes of a mail what it is told to make, or refuses."""

    def __init__(self) -> None:
        self.makes: dict[UUID, Callable[[], Parts]] = {}

    async def parts_of(self, processing_id: UUID, mail_id: UUID) -> Parts:
        """Make the parts of a mail."""
        if mail_id not in self.makes:
            raise Refusal("unknown_mail", f"there is no mail {mail_id} of {processing_id}")
        return self.makes[mail_id]()


class Mailer:
    """The mailer wired as its `__main__` does, on a store and blobs in files; it dispatches inside the block."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.store = Store(url or f"sqlite:///{folder / 'mailer.db'}", "mailer", TABLES)
        self.blobs = SqliteBlobs.create(folder / "blobs.db")
        self.due = DueTable(self.store, alone=url is None)
        self.servers = ServerTable(self.store, alone=url is None)
        self.writer = PartsWriter(self.blobs)
        self.parts = PartTable(self.store, alone=url is None)
        self.sweep = Sweep(self.parts, self.blobs, KEPT)
        self.book = Book(self.store, self.parts)
        self.runs = Runs(self.book, self.due, RunTable(self.store, alone=url is None))
        self.renderer = SaidRenderer()
        self.messages = Messages(self.book, self.writer, self.renderer)
        self.dispatch = Dispatch(
            Tools(self.book, self.due, self.servers, self.writer, SmtpExchange(), self.runs, self.messages)
        )
        self.deliveries = Deliveries(self.book, self.due, self.servers, self.writer, self.runs)
        self.deliveries.wake = self.runs.wake = self.dispatch.wake
        self.deliveries.serve, self.deliveries.leave = self.dispatch.serve, self.dispatch.leave
        self.running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.dispatch.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.running is not None
        self.running.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await self.running
        finally:
            await self.store.close()

    async def send(self, server: FaultyServer | int, *mails: MailRendered, **set_up: Any) -> None:
        """Take on these mails, and let them go to this server."""
        port = server if isinstance(server, int) else server.port
        for mail in mails:
            await self.deliveries.take_on(mail)
        await self.deliveries.set_server(a_server(port, **set_up))

    async def delivery(self, mail: MailRendered) -> Delivery:
        """Return what is recorded of a mail."""
        delivery = await self.store.load(Delivery, mail.mail_id)
        assert delivery is not None
        return delivery

    async def until(self, status: str, *mails: MailRendered) -> None:
        """Wait until all of these mails have this status."""
        async with asyncio.timeout(30):
            while {(await self.delivery(mail)).status for mail in mails} != {status}:
                assert self.running is None or not self.running.done(), self.running
                await asyncio.sleep(0.01)

    async def told(self, *mails: MailRendered) -> list[Message]:
        """Return what was told of these mails, of all if none is named, in order."""
        stored = await self.store.notifications(0, 10_000, topics_of(worded))
        events = [self.store.mapper.to_domain_event(one) for one in stored]
        wanted = {mail.mail_id for mail in mails}
        told_ = [told(event) for event in events if not wanted or event.originator_id in wanted]
        return [message for message in told_ if message is not None]

    async def kinds(self, *mails: MailRendered) -> list[str]:
        """Return the kinds of message that were told of these mails."""
        return [type(message).__name__ for message in await self.told(*mails)]

    async def waiting(self) -> Sequence[UUID]:
        """Return the mails in the queue that nobody has claimed, due or not."""
        return await queued(self.store)


async def queued(store: Store, *, claimed: bool = False) -> Sequence[UUID]:
    """Return the mails in the queue, those that a mailer has claimed or those that none has."""
    table = TABLES.tables["due"]
    owner = table.c.owner.is_not(None) if claimed else table.c.owner.is_(None)
    query = table.select().where(owner).order_by(table.c.not_before)
    return await store.read(lambda connection: [row.mail_id for row in connection.execute(query)])
