"""Whatever a mail server answers, each mail gets the one outcome that is certain, and keeps its bytes until it has."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.mailer.application import postman
from services.mailer.domain import pace
from shared.contracts.asks import MessageWanted, Resolve
from shared.contracts.mailer import MailDeferred, MailFailed, MailInDoubt, MailSent
from shared.contracts.message import Recipient
from tests.faults import DROP, EXTENSIONS, GARBAGE, RESET, FaultyServer
from tests.unit.mailer.mails import Mailer, a_mail, ids_of

pytestmark = pytest.mark.usefixtures("hurry")


def bytes_of(server: FaultyServer) -> list[bytes]:
    """Return the mails that a server was given, without the dots doubled for their way."""
    return [mail.replace(b"\n..", b"\n.") for mail in server.mails]


async def test_mails_are_sent_and_told_as_sent(tmp_path: Path) -> None:
    """FR-11, FR-109."""
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(5)]

        await mailer.send(server, *mails)
        await mailer.until("sent", *mails)

        told = await mailer.told()
        assert [type(message) for message in told] == [MailSent] * 5
        hashes = {message.wire_sha256 for message in told if isinstance(message, MailSent)}
        assert hashes == {hashlib.sha256(mail).hexdigest() for mail in bytes_of(server)}
        assert len(hashes) == 5
        assert list(await mailer.waiting()) == []
        assert server.connections <= 2


async def test_the_start_of_an_attempt_is_recorded_before_the_server_hears_of_the_mail(tmp_path: Path) -> None:
    async with FaultyServer({"MAIL": "HANG"}) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        await mailer.send(server, mail)
        await server.comes_to("MAIL")

        delivery = await mailer.delivery(mail)
        assert (delivery.open_attempt, delivery.attempts) == (1, 1)


async def test_a_mail_put_off_is_sent_at_a_later_attempt_with_the_same_bytes(tmp_path: Path) -> None:
    async with FaultyServer({"DOT": ["451 4.6.0 not now"] * 2}) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        await mailer.send(server, mail)
        await mailer.until("sent", mail)

        first, second, sent = await mailer.told(mail)
        assert isinstance(first, MailDeferred)
        assert (first.code, first.enhanced_code, first.text) == (451, "4.6.0", "not now")
        assert isinstance(second, MailDeferred)
        assert isinstance(sent, MailSent)
        assert (first.attempt, second.attempt, sent.attempt) == (1, 2, 3)
        assert sent.possible_duplicate is False
        assert len(server.mails) == 3
        assert len(set(bytes_of(server))) == 1
        assert sent.message_id.encode() in server.mails[0]


async def test_a_mail_put_off_waits_until_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAIL_WAITS", (3600,))
    async with FaultyServer({"RCPT": ["450 4.2.1 busy"]}) as server, Mailer(tmp_path) as mailer:
        mail, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        await mailer.send(server, mail)
        await mailer.until("deferred", mail)

        await mailer.deliveries.take_on(other)
        await mailer.until("sent", other)

        assert list(await mailer.waiting()) == [mail.mail_id]
        assert (await mailer.delivery(mail)).attempts == 1


async def test_a_mail_whose_time_has_run_out_fails_as_expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LIFETIME", timedelta(0))
    async with FaultyServer({"RCPT": "451 4.7.1 greylisted"}) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        await mailer.send(server, mail)
        await mailer.until("failed", mail)

        (failed,) = await mailer.told(mail)
        assert isinstance(failed, MailFailed)
        assert (failed.reason, failed.code) == ("expired", 451)


async def test_a_mail_refused_for_good_fails_with_the_servers_own_words_and_the_others_go_on(tmp_path: Path) -> None:
    """A22."""
    async with FaultyServer({"RCPT": ["550 5.1.1 no such mailbox here"]}) as server, Mailer(tmp_path) as mailer:
        refused, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)

        await mailer.send(server, refused, other, max_connections=1)
        await mailer.until("sent", other)

        (failed,) = await mailer.told(refused)
        assert isinstance(failed, MailFailed)
        assert (failed.reason, failed.phase, failed.code) == ("permanent", "envelope", 550)
        assert (failed.enhanced_code, failed.text) == ("5.1.1", "no such mailbox here")


@pytest.mark.parametrize("cut", [DROP, RESET, GARBAGE], ids=["hung up", "reset", "nonsense"])
async def test_a_mail_whose_last_answer_is_lost_is_in_doubt_and_never_sent_again_by_itself(
    tmp_path: Path, cut: str
) -> None:
    async with FaultyServer({"DOT": [cut]}) as server, Mailer(tmp_path) as mailer:
        doubtful, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        await mailer.send(server, doubtful)
        await mailer.until("in_doubt", doubtful)

        mailer.dispatch.wake()
        await mailer.deliveries.take_on(other)
        await mailer.until("sent", other)

        (told,) = await mailer.told(doubtful)
        assert isinstance(told, MailInDoubt)
        assert (told.reason, told.phase) == ("reply_lost", "dot")
        assert list(await mailer.waiting()) == []
        assert len(server.mails) == 2


async def test_a_mail_sent_again_out_of_doubt_is_the_same_and_marked(tmp_path: Path) -> None:
    async with FaultyServer({"DOT": [DROP]}) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)
        await mailer.send(server, mail)
        await mailer.until("in_doubt", mail)

        await mailer.deliveries.resolve(Resolve(mail_id=mail.mail_id, outcome="resend", operator="kim"))
        await mailer.until("sent", mail)

        assert await mailer.kinds(mail) == ["MailInDoubt", "MailInDoubtResolved", "MailSent"]
        sent = (await mailer.told(mail))[-1]
        assert isinstance(sent, MailSent)
        assert sent.possible_duplicate is True
        first, second = bytes_of(server)
        assert first == second
        kept = await mailer.messages.message(MessageWanted(mail_id=mail.mail_id))
        assert (kept.remade, mailer.blobs.get(kept.sha256)) == ("kept", second)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_a_line_lost_before_the_dot_is_certainly_not_sent_and_soon_tried_again(tmp_path: Path, step: str) -> None:
    async with FaultyServer({step: [DROP]}) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        await mailer.send(server, mail)
        await mailer.until("sent", mail)

        assert await mailer.kinds(mail) == ["MailDeferred", "MailSent"]
        assert len(server.mails) == 1


async def test_a_mail_whose_line_is_lost_each_time_is_tried_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "MAIL_WAITS", (10, 3600))
    async with FaultyServer({"RCPT": DROP}) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)
        await mailer.send(server, mail)
        async with asyncio.timeout(20):
            while (await mailer.delivery(mail)).deferrals < 2:
                await asyncio.sleep(0.01)

        soon, late = await mailer.told(mail)

        assert isinstance(soon, MailDeferred)
        assert isinstance(late, MailDeferred)
        assert (soon.not_before - soon.deferred_at).total_seconds() < 1
        assert (late.not_before - late.deferred_at).total_seconds() > 3000


async def test_a_mail_larger_than_the_server_takes_fails_without_being_sent(tmp_path: Path) -> None:
    small = (*(extension for extension in EXTENSIONS if not extension.startswith("SIZE")), "SIZE 1000")
    async with FaultyServer(extensions=small) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        await mailer.send(server, mail)
        await mailer.until("failed", mail)

        (failed,) = await mailer.told(mail)
        assert isinstance(failed, MailFailed)
        assert failed.reason == "too_large"
        assert "MAIL" not in {line.split()[0] for line in server.heard}


@pytest.mark.parametrize("address", ["änna@home.example", "anna@home.example\r\nBcc: x@y.example", "anna b@x.example"])
async def test_a_mail_to_what_no_server_takes_as_an_address_fails_and_the_others_go_on(
    tmp_path: Path, address: str
) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        wrong = a_mail(mailer.blobs, recipient=Recipient(name="Änna", email=address))
        right = a_mail(mailer.blobs, 2)

        await mailer.send(server, wrong, right)
        await mailer.until("failed", wrong)
        await mailer.until("sent", right)

        (failed,) = await mailer.told(wrong)
        assert isinstance(failed, MailFailed)
        assert failed.reason == "address"
        assert len(server.mails) == 1
        assert list(await mailer.waiting()) == []


async def test_a_mail_whose_parts_are_gone_waits_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postman, "_UNTIL_BLOBS", timedelta(seconds=0.05))
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        assert mail.parts.text is not None
        mailer.blobs.delete([mail.parts.text.sha256])
        await mailer.send(server, mail, other)
        await mailer.until("sent", other)
        while_away = await mailer.delivery(mail)

        a_mail(mailer.blobs)  # puts the parts once more
        await mailer.until("sent", mail)

        assert (while_away.attempts, while_away.status) == (0, "sending")
        assert await mailer.kinds(mail) == ["MailSent"]


async def test_a_mail_whose_parts_are_gone_has_them_made_again_and_is_sent(tmp_path: Path) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs, lasts="while_needed")
        assert mail.parts.text is not None
        mailer.blobs.delete([mail.parts.text.sha256])
        mailer.renderer.makes[mail.mail_id] = lambda: a_mail(mailer.blobs, lasts="while_needed").parts

        await mailer.send(server, mail)
        await mailer.until("sent", mail)

        assert await mailer.kinds(mail) == ["MailSent"]


async def test_a_mail_with_a_damaged_part_waits_too(tmp_path: Path) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        assert mail.parts.text is not None
        with mailer.blobs._transaction() as connection:
            key = bytes.fromhex(mail.parts.text.sha256)
            connection.execute("UPDATE blobs SET content = x'00' WHERE sha256 = ?", (key,))

        await mailer.send(server, mail, other, max_connections=1)
        await mailer.until("sent", other)

        assert (await mailer.delivery(mail)).status == "sending"
        assert list(await mailer.waiting()) == [mail.mail_id]


async def test_a_mail_of_somebody_erased_while_it_waited_is_not_sent(tmp_path: Path) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        await mailer.deliveries.take_on(mail)
        mailer.store.keyring.erase(mail.person or "")

        await mailer.send(server, other)
        await mailer.until("cancelled", mail)
        await mailer.until("sent", other)

        assert await mailer.kinds(mail) == ["MailCancelled"]
        assert len(server.mails) == 1


async def test_a_mail_waits_until_its_server_is_set_up_and_goes_where_it_is_set_up_last(tmp_path: Path) -> None:
    """FR-34, A21."""
    async with FaultyServer({"MAIL": "451 4.3.0 not now"}) as before, FaultyServer() as now, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(3)]
        elsewhere = a_mail(mailer.blobs, 9, mail_server_id="other")
        await mailer.send(before, *mails, elsewhere)
        await before.comes_to("MAIL")

        await mailer.send(now)
        await mailer.until("sent", *mails)

        assert before.mails == []
        assert len(now.mails) == 3
        assert (await mailer.delivery(elsewhere)).attempts == 0


async def test_servers_and_mails_are_remembered_over_a_restart(tmp_path: Path) -> None:
    async with FaultyServer() as server:
        before = Mailer(tmp_path)
        mail = a_mail(before.blobs)
        await before.send(server, mail)
        await before.store.close()

        async with Mailer(tmp_path) as mailer:
            await mailer.until("sent", mail)

    assert len(server.mails) == 1


async def test_a_resend_names_the_mail_before_and_is_a_mail_of_its_own(tmp_path: Path) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        first = a_mail(mailer.blobs)
        again: dict[str, Any] = {**ids_of(ordinal=2), "resend_of": first.mail_id}
        second = a_mail(mailer.blobs, **again)

        await mailer.send(server, first)
        await mailer.until("sent", first)
        await mailer.send(server, second)
        await mailer.until("sent", second)

        one, other = bytes_of(server)
        assert f"References: <{first.mail_id}@bakery.example>".encode() in other
        assert f"Message-ID: <{second.mail_id}@bakery.example>".encode() in other
        assert b"References:" not in one
