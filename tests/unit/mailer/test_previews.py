"""A preview goes to the sender and to nobody else, by the way of every mail, and nothing is told of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.mailer.domain.delivery import Delivery
from shared.contracts.asks import OutcomeWanted
from shared.contracts.dossier import PreviewRequested
from shared.contracts.message import Destination
from shared.contracts.renderer import MailRendered
from tests.faults import FaultyServer
from tests.unit.mailer.mails import Mailer, a_mail, a_server

HEADER = re.compile(rb"^([A-Za-z-]+):.*\r\n(?:[ \t].*\r\n)*", re.MULTILINE)
ITS_OWN = {b"To", b"Message-ID", b"Date", b"X-Preview"}


@pytest.fixture
async def mailer(tmp_path: Path) -> AsyncIterator[Mailer]:
    """A mailer that takes on and answers, but does not dispatch."""
    mailer = Mailer(tmp_path)
    yield mailer
    await mailer.store.close()


def a_preview(mail: MailRendered, **others: Any) -> PreviewRequested:
    """A sample of this mail."""
    facts: dict[str, Any] = {
        "preview_id": uuid4(),
        "mail_id": uuid4(),
        "person": mail.person,
        "destination": Destination(kind="person", number="1"),
        "subject": mail.subject,
        "sender": mail.sender,
        "parts": mail.parts,
        "attachments": mail.attachments,
        "requested_at": mail.requested_at,
    }
    return PreviewRequested(**facts | others)


def without(names: set[bytes], message: bytes) -> bytes:
    """Return a message without these fields of its header block, the rest of it as it is."""
    head, _, body = message.partition(b"\r\n\r\n")
    kept = b"".join(field[0] for field in HEADER.finditer(head + b"\r\n") if field[1] not in names)
    return kept + b"\r\n" + body


async def until(mailer: Mailer, mail_id: UUID, status: str) -> None:
    """Wait until a mail has this status."""
    async with asyncio.timeout(30):
        while (await mailer.deliveries.outcome(OutcomeWanted(mail_id=mail_id))).status != status:
            await asyncio.sleep(0.01)


async def test_a_preview_goes_to_its_sender_alone_and_is_the_real_mail_but_for_four_header_fields(
    tmp_path: Path,
) -> None:
    """A7: RCPT TO is the sender; the rest is equal byte for byte, since boundaries follow from the parts."""
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        real = a_mail(mailer.blobs)
        preview = a_preview(real)
        await mailer.send(server, real, max_connections=1)
        await mailer.until("sent", real)

        await mailer.deliveries.take_on_preview(preview)
        await until(mailer, preview.mail_id, "sent")

        first, second = server.mails
        envelope = [line.partition(":")[2] for line in server.heard if line.startswith(("MAIL", "RCPT"))]
        assert [address.partition(">")[0] + ">" for address in envelope] == [
            "<post@bakery.example>",
            "<anna1@home.example>",
            "<post@bakery.example>",
            "<post@bakery.example>",
        ]
        assert without(ITS_OWN, second) == without(ITS_OWN, first)
        head = second.partition(b"\r\n\r\n")[0]
        assert b"\r\nTo: De Bakkerij <post@bakery.example>\r\n" in head
        assert b"\r\nX-Preview: yes\r\n" in head
        assert f"\r\nMessage-ID: <{preview.mail_id}@bakery.example>\r\n".encode() in head
        assert not re.search(rb"anna|^(b?cc):", head, re.IGNORECASE | re.MULTILINE)


async def test_nothing_is_told_of_a_preview_whatever_becomes_of_it(tmp_path: Path) -> None:
    """A7: no row may follow from a preview, so history is never told of one."""
    async with FaultyServer({"RCPT": ["550 5.1.1 no such mailbox"]}) as server, Mailer(tmp_path) as mailer:
        refused, taken = (a_preview(a_mail(mailer.blobs)) for _ in range(2))
        await mailer.send(server, max_connections=1)

        await mailer.deliveries.take_on_preview(refused)
        await until(mailer, refused.mail_id, "failed")
        await mailer.deliveries.take_on_preview(taken)
        await until(mailer, taken.mail_id, "sent")

        assert await mailer.told() == []
        answered = await mailer.deliveries.outcome(OutcomeWanted(mail_id=refused.mail_id))
        assert (answered.code, answered.text) == (550, "no such mailbox")


async def test_a_preview_goes_before_the_mails_that_wait(mailer: Mailer) -> None:
    """FR-43: whoever asks for one sample does not wait until a run is sent."""
    for number in range(1, 4):
        await mailer.deliveries.take_on(a_mail(mailer.blobs, number))
    preview = a_preview(a_mail(mailer.blobs))

    await mailer.deliveries.take_on_preview(preview)

    assert (await mailer.due.claim("default", 2))[0] == preview.mail_id


async def test_a_preview_heard_twice_is_one_mail(mailer: Mailer) -> None:
    """FR-43: exactly one message."""
    preview = a_preview(a_mail(mailer.blobs))

    await mailer.deliveries.take_on_preview(preview)
    await mailer.deliveries.take_on_preview(preview)

    assert await mailer.waiting() == [preview.mail_id]


async def test_a_preview_of_somebody_erased_meanwhile_is_none(mailer: Mailer) -> None:
    preview = a_preview(a_mail(mailer.blobs), parts=None)

    await mailer.deliveries.take_on_preview(preview)

    assert await mailer.store.load(Delivery, preview.mail_id) is None
    assert (await mailer.deliveries.outcome(OutcomeWanted(mail_id=preview.mail_id))).status == "unknown"


async def test_two_attempts_at_a_preview_are_the_same_bytes(mailer: Mailer) -> None:
    """FR-45: a preview goes by the protocol of every mail."""
    preview = a_preview(a_mail(mailer.blobs))
    await mailer.deliveries.take_on_preview(preview)
    delivery = await mailer.store.load(Delivery, preview.mail_id)
    assert delivery is not None

    once, again = (mailer.writer.write(delivery, a_server(25)).data for _ in range(2))

    assert once == again
