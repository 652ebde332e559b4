"""What the mailer takes on, and what it answers of it: may it be sent again, how is its doubt settled, what did it say."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4, uuid5

import pytest

from services.mailer.domain.delivery import Delivery
from shared.contracts.asks import MayResend, Resolve
from shared.contracts.mailer import MailInDoubtResolved
from shared.contracts.message import Parts
from shared.contracts.renderer import Fault, MailRendered, RenderingFailed
from shared.messaging import Refusal
from tests.unit.mailer.mails import RUN, Mailer, a_mail, a_server, ids_of
from tests.unit.mailer.test_delivery import ACCEPTED, LATER, LOST, NOW, PUT_OFF, REFUSED

SERVER = a_server(25)


@pytest.fixture
async def mailer(tmp_path: Path) -> AsyncIterator[Mailer]:
    """A mailer that takes on and answers, but does not dispatch."""
    mailer = Mailer(tmp_path)
    yield mailer
    await mailer.store.close()


async def attempted(mailer: Mailer, mail: MailRendered, reply: object = None, server: object = SERVER) -> Delivery:
    """Take a mail on and record an attempt at it, with its end if there is a reply."""
    await mailer.deliveries.take_on(mail)
    delivery = await mailer.delivery(mail)
    wire = mailer.writer.write(delivery, server)  # type: ignore[arg-type]
    delivery.attempt("a mailer", wire.head, wire.sha256, len(wire.data))
    if reply is not None:
        delivery.settle(reply, LATER)  # type: ignore[arg-type]
    await mailer.book.record(delivery, mailer.due.settled(mail.mail_id))
    return await mailer.delivery(mail)


def not_rendered(number: int = 1) -> RenderingFailed:
    return RenderingFailed(**ids_of(number), reason="layout", fault=Fault(detail="no such field"), failed_at=NOW)


async def test_a_mail_is_taken_on_with_all_that_it_takes_to_write_it(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs, resend_of=uuid5(RUN, "before"), mail_server_id="other")

    await mailer.deliveries.take_on(mail)

    delivery = await mailer.delivery(mail)
    assert (delivery.status, delivery.waits, delivery.mail_server_id) == ("sending", True, "other")
    assert mail.recipient is not None
    assert (delivery.recipient, delivery.sender) == (mail.recipient.model_dump(), mail.sender.model_dump())
    assert Parts.model_validate(delivery.parts) == mail.parts
    assert delivery.attachments == [attachment.model_dump() for attachment in mail.attachments]
    assert (delivery.requested_at, delivery.resend_of) == (mail.requested_at, mail.resend_of)
    assert list(await mailer.waiting()) == [mail.mail_id]


async def test_a_mail_heard_twice_is_taken_on_once(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs)

    await mailer.deliveries.take_on(mail)
    await mailer.deliveries.take_on(mail)

    assert (await mailer.delivery(mail)).version == 1
    assert len(await mailer.waiting()) == 1


async def test_a_mail_heard_again_after_it_was_sent_is_not_queued_again(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, ACCEPTED)

    await mailer.deliveries.take_on(mail)

    assert list(await mailer.waiting()) == []
    assert (await mailer.delivery(mail)).status == "sent"


async def test_a_mail_that_comes_without_its_recipient_is_settled_unsent(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs, recipient=None)

    await mailer.deliveries.take_on(mail)
    await mailer.deliveries.take_on(mail)

    assert (await mailer.delivery(mail)).status == "cancelled"
    assert list(await mailer.waiting()) == []
    assert await mailer.kinds() == ["MailCancelled"]


async def test_a_mail_that_was_not_rendered_is_known_and_may_be_asked_for_again(mailer: Mailer) -> None:
    failed = not_rendered()

    await mailer.deliveries.note_unrendered(failed)
    await mailer.deliveries.note_unrendered(failed)

    assert failed.mail_id is not None
    assert (await mailer.deliveries.may_resend(MayResend(mail_id=failed.mail_id))).state == "free"
    assert await mailer.kinds() == []


async def test_a_file_of_an_item_that_was_not_made_is_not_the_mailers_affair(mailer: Mailer) -> None:
    failed = not_rendered().model_copy(update={"mail_id": None, "processing_id": None, "document_id": uuid4()})

    await mailer.deliveries.note_unrendered(failed)

    assert not await mailer.store.knows(failed.item_id)


@pytest.mark.parametrize(
    ("reply", "state"),
    [(None, "busy"), (PUT_OFF, "busy"), (LOST, "in_doubt"), (ACCEPTED, "free"), (REFUSED, "free")],
    ids=["on its way", "put off", "in doubt", "sent", "failed"],
)
async def test_a_row_is_free_once_its_mail_has_its_outcome(mailer: Mailer, reply: object, state: str) -> None:
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, reply)

    answer = await mailer.deliveries.may_resend(MayResend(mail_id=mail.mail_id))

    assert answer.state == state
    assert answer.parts == (mail.parts if state == "free" else None)


async def test_parts_that_are_no_longer_kept_are_not_offered(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, ACCEPTED)
    assert mail.parts.attachment is not None
    mailer.blobs.delete([mail.parts.attachment.sha256])

    answer = await mailer.deliveries.may_resend(MayResend(mail_id=mail.mail_id))

    assert (answer.state, answer.parts) == ("free", None)


async def test_a_mail_that_was_never_heard_of_is_unknown(mailer: Mailer) -> None:
    assert (await mailer.deliveries.may_resend(MayResend(mail_id=uuid4()))).state == "unknown"


@pytest.mark.parametrize(
    ("outcome", "status", "queue"), [("sent", "sent", 0), ("not_sent", "failed", 0), ("resend", "sending", 1)]
)
async def test_a_doubt_is_settled_by_a_person(mailer: Mailer, outcome: str, status: str, queue: int) -> None:
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, LOST)

    answer = await mailer.deliveries.resolve(
        Resolve.model_validate({"mail_id": mail.mail_id, "outcome": outcome, "operator": "kim", "reason": "the log"})
    )

    assert (answer.mail_id, answer.status) == (mail.mail_id, status)
    assert (await mailer.delivery(mail)).status == status
    assert len(await mailer.waiting()) == queue
    told = (await mailer.told(mail))[-1]
    assert isinstance(told, MailInDoubtResolved)
    assert (told.outcome, told.by, told.operator, told.reason) == (outcome, "person", "kim", "the log")


async def test_what_is_not_in_doubt_or_not_known_cannot_be_resolved(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, LOST)
    wish = Resolve(mail_id=mail.mail_id, outcome="sent", operator="kim")
    await mailer.deliveries.resolve(wish)

    with pytest.raises(Refusal) as twice:
        await mailer.deliveries.resolve(wish.model_copy(update={"outcome": "resend"}))
    with pytest.raises(Refusal) as unknown:
        await mailer.deliveries.resolve(wish.model_copy(update={"mail_id": uuid4()}))

    assert (twice.value.code, unknown.value.code) == ("not_in_doubt", "unknown_mail")
    assert list(await mailer.waiting()) == []
