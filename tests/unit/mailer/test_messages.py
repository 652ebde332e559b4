"""The message of a mail as it was handed over: of the parts kept, or made again and compared where those were swept."""

import hashlib
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.mailer.adapters.mime import assemble
from services.mailer.domain.letter import Letter, Wire
from shared.blobs import Blob
from shared.contracts.asks import MessageWanted
from shared.contracts.message import Parts
from shared.contracts.renderer import MailRendered
from shared.messaging import Refusal
from tests.unit.mailer.mails import PDF, Mailer, a_mail, a_server
from tests.unit.mailer.test_deliveries import attempted
from tests.unit.mailer.test_delivery import ACCEPTED, PUT_OFF
from tests.unit.mailer.test_dkim import pem, verifies
from tests.unit.mailer.test_sweep import later

SIGNING = {"dkim_domain": "sender.example", "dkim_selector": "s1", "dkim_secret_ref": "env:UITPOST_TEST_DKIM"}


@pytest.fixture
async def mailer(tmp_path: Path) -> AsyncIterator[Mailer]:
    """A mailer that takes on and answers, but does not dispatch."""
    mailer = Mailer(tmp_path)
    yield mailer
    await mailer.store.close()


async def swept(mailer: Mailer, number: int = 1, server: object = None) -> MailRendered:
    """Return a mail that was sent and is not recorded separately, after its parts were swept."""
    mail = a_mail(mailer.blobs, number, "while_needed")
    await attempted(mailer, mail, ACCEPTED, server or a_server(25))
    await mailer.sweep.sweep(later())
    assert mail.parts.text is not None
    assert not mailer.blobs.has(mail.parts.text.sha256)
    return mail


def made_again(mailer: Mailer, mail: MailRendered, number: int = 1, letter: bytes = PDF) -> None:
    """Have the renderer make the mail's parts again, with such a letter."""

    def make() -> Parts:
        parts = a_mail(mailer.blobs, number, "while_needed").parts
        [ref] = mailer.blobs.put_many([Blob(letter, "while_needed")])
        assert parts.attachment is not None
        return parts.model_copy(update={"attachment": parts.attachment.model_copy(update=ref.model_dump())})

    mailer.renderer.makes[mail.mail_id] = make


async def test_the_message_is_given_as_it_was_handed_over(mailer: Mailer) -> None:
    """FR-50, R-16."""
    mail = a_mail(mailer.blobs)
    delivery = await attempted(mailer, mail, ACCEPTED)

    kept = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))

    message = mailer.blobs.get(kept.sha256)
    assert (kept.remade, kept.sha256, kept.size) == ("kept", delivery.wire_sha256, delivery.wire_size)
    assert hashlib.sha256(message).hexdigest() == delivery.wire_sha256
    assert message.startswith(delivery.head or b"-")


async def test_a_message_is_the_same_though_its_dkim_key_was_changed_since(
    mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-16."""
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    monkeypatch.setenv("UITPOST_TEST_DKIM", pem(first))
    mail = a_mail(mailer.blobs)
    signing = a_server(25, **SIGNING)
    delivery = await attempted(mailer, mail, ACCEPTED, signing)
    monkeypatch.setenv("UITPOST_TEST_DKIM", pem(second))

    kept = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))

    message = mailer.blobs.get(kept.sha256)
    assert (kept.remade, kept.sha256) == ("kept", delivery.wire_sha256)
    assert verifies(message, first)
    assert not verifies(message, second)


async def test_a_message_is_the_same_in_a_later_release_with_another_key_and_other_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FR-50, R-16: the parts and the header block are kept, so neither engines, header code nor keys are asked again."""
    monkeypatch.setenv("UITPOST_TEST_DKIM", pem(Ed25519PrivateKey.generate()))
    before = Mailer(tmp_path)
    mail = a_mail(before.blobs)
    delivery = await attempted(before, mail, ACCEPTED, a_server(25, **SIGNING))
    await before.store.close()
    monkeypatch.setenv("UITPOST_TEST_DKIM", pem(Ed25519PrivateKey.generate()))

    def assembled(letter: Letter) -> Wire:
        wire = assemble(letter)
        return Wire(b"X-Mailer: uitpost 9\r\n" + wire.head, wire.body)

    monkeypatch.setattr("services.mailer.adapters.writer.assemble", assembled)
    after = Mailer(tmp_path)
    upgraded = mail.model_copy(update={"engines": {"typst": "9.0"}, "parts": Parts()})
    await after.deliveries.take_on(upgraded)
    kept = await after.messages.message(MessageWanted(mail_id=mail.mail_id))

    message = after.blobs.get(kept.sha256)
    assert (kept.remade, kept.sha256) == ("kept", delivery.wire_sha256)
    assert hashlib.sha256(message).hexdigest() == delivery.wire_sha256
    await after.store.close()


async def test_a_message_made_otherwise_than_it_was_says_so(mailer: Mailer, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, ACCEPTED)
    rebuild = mailer.writer.rebuild
    monkeypatch.setattr(
        mailer.writer, "rebuild", lambda delivery, parts: rebuild(delivery, parts).replace(b"html", b"HTML")
    )

    kept = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))

    assert kept.remade == "remade-different"


async def test_a_message_whose_parts_were_swept_is_made_again_and_equal(mailer: Mailer) -> None:
    """A4, FR-50, R-16: byte for byte what was sent, by the hash recorded at the attempt."""
    mail = await swept(mailer)
    made_again(mailer, mail)

    message = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))

    delivery = await mailer.delivery(mail)
    assert (message.remade, message.sha256, message.size) == (
        "remade-equal",
        delivery.wire_sha256,
        delivery.wire_size,
    )
    assert hashlib.sha256(mailer.blobs.get(message.sha256)).hexdigest() == delivery.wire_sha256


@pytest.mark.parametrize("after", ["another key", "no key"])
async def test_a_message_made_again_is_equal_though_its_dkim_key_was_changed_or_is_gone(
    mailer: Mailer, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """R-16: the header block as sent is kept, signature included."""
    key = Ed25519PrivateKey.generate()
    monkeypatch.setenv("UITPOST_TEST_DKIM", pem(key))
    mail = await swept(mailer, server=a_server(25, **SIGNING))
    made_again(mailer, mail)
    if after == "no key":
        monkeypatch.delenv("UITPOST_TEST_DKIM")
    else:
        monkeypatch.setenv("UITPOST_TEST_DKIM", pem(Ed25519PrivateKey.generate()))

    message = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))

    assert message.remade == "remade-equal"
    assert verifies(mailer.blobs.get(message.sha256), key)


async def test_after_an_upgrade_of_an_engine_parts_kept_are_equal_and_parts_swept_say_that_they_differ(
    mailer: Mailer,
) -> None:
    """A4, FR-50, R-16: the engine of today makes the letter otherwise; what is kept is not made again."""
    separately = a_mail(mailer.blobs, 2)
    await attempted(mailer, separately, ACCEPTED)
    mail = await swept(mailer)
    made_again(mailer, mail, letter=b"%PDF-2.0 by typst 9")
    made_again(mailer, separately, 2, letter=b"%PDF-2.0 by typst 9")

    kept = await mailer.messages.message(MessageWanted(mail_id=separately.mail_id))
    different = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))

    assert (kept.remade, kept.sha256) == ("kept", (await mailer.delivery(separately)).wire_sha256)
    assert different.remade == "remade-different"
    whole = message_from_bytes(mailer.blobs.get(different.sha256), policy=policy.default)
    parts = [(part.get_content_type(), part.get_filename()) for part in whole.walk() if not part.is_multipart()]
    letter, route = "brief.pdf", "route.pdf"
    assert parts == [
        ("text/plain", None),
        ("text/html", None),
        ("application/pdf", letter),
        ("application/pdf", route),
    ]
    assert b"typst 9" in b"".join(part.get_content() for part in whole.iter_attachments())


async def test_a_message_that_is_not_to_be_had_is_refused_with_the_reason(mailer: Mailer) -> None:
    waiting, erased = (a_mail(mailer.blobs, number) for number in (1, 2))
    await mailer.deliveries.take_on(waiting)
    await attempted(mailer, erased, ACCEPTED)
    mailer.store.keyring.erase(erased.person or "")
    refused_, lost = await swept(mailer, 3), await swept(mailer, 4)
    mailer.renderer.makes[lost.mail_id] = lambda: lost.parts  # as if they were lost on their way
    codes = {}

    for name, mail_id in (
        ("waiting", waiting.mail_id),
        ("erased", erased.mail_id),
        ("unknown", uuid4()),
        ("refused by the renderer", refused_.mail_id),
        ("lost", lost.mail_id),
    ):
        with pytest.raises(Refusal) as refused:
            await mailer.messages.message(MessageWanted(mail_id=mail_id))
        codes[name] = refused.value.code

    assert codes == {
        "waiting": "never_attempted",
        "erased": "erased",
        "unknown": "unknown_mail",
        "refused by the renderer": "unknown_mail",
        "lost": "parts_gone",
    }


async def test_parts_that_are_gone_of_a_mail_that_waits_are_made_again(mailer: Mailer) -> None:
    same, other, unheard = (a_mail(mailer.blobs, number, "while_needed") for number in (1, 2, 3))
    for mail in (same, other, unheard):
        await attempted(mailer, mail, PUT_OFF)
        assert mail.parts.text is not None
        mailer.blobs.delete([mail.parts.text.sha256])
    made_again(mailer, same, 1)
    made_again(mailer, other, 7)  # the engine makes another text of it

    back = [await mailer.messages.restore(await mailer.delivery(mail)) for mail in (same, other, unheard)]

    assert back == [True, False, False]
