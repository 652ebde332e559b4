"""A server that is away, closed, or will not have us is left alone for a while, and no mail fails for it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from services.mailer.domain import pace
from shared.contracts.dossier import MailServerRemoved
from shared.contracts.mailer import MailSent
from tests.faults import DROP, EXTENSIONS, FaultyServer
from tests.unit.mailer.mails import Mailer, a_mail, a_server
from tests.unit.mailer.test_dkim import pem, verifies

pytestmark = pytest.mark.usefixtures("hurry")

WITH_LOGIN = (*EXTENSIONS, "AUTH PLAIN LOGIN")
SIGNING = {"dkim_domain": "sender.example", "dkim_selector": "s1", "dkim_secret_ref": "env:UITPOST_TEST_DKIM"}


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():
            await asyncio.sleep(0.005)


async def until_paused(happens: Callable[[], Awaitable[None]]) -> str:
    """Wait, with what `happens` meanwhile, until a server is paused; return the reason that is logged."""
    with structlog.testing.capture_logs() as lines:
        await happens()
        await until(lambda: any(line["event"] == "mail server paused" for line in lines))
    return next(str(line["reason"]) for line in lines if line["event"] == "mail server paused")


async def test_a_server_that_is_away_for_a_while_costs_no_mail_and_no_attempt(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(6)]

        await until_paused(lambda: mailer.send(port, *mails))
        while_away = [await mailer.delivery(mail) for mail in mails]
        async with FaultyServer() as server:
            await mailer.send(server)
            await mailer.until("sent", *mails)

        assert {(delivery.status, delivery.attempts) for delivery in while_away} == {("sending", 0)}
        assert await mailer.kinds() == ["MailSent"] * 6


async def test_a_server_that_comes_back_where_it_was_gets_what_waited(tmp_path: Path) -> None:
    async with FaultyServer({"GREETING": ["554 not now"] * 5}) as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(4)]

        await mailer.send(server, *mails)
        await mailer.until("sent", *mails)

        assert await mailer.kinds() == ["MailSent"] * 4
        assert server.connections >= 6


async def test_while_a_server_is_away_one_knocks_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SERVER_WAITS", (3600,))
    async with FaultyServer({"GREETING": "554 not now"}) as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(9)]

        await until_paused(lambda: mailer.send(server, *mails, max_connections=3))
        await asyncio.sleep(0.1)

        assert server.connections <= 3


@pytest.mark.parametrize("words", ["421 4.3.2 closing for the night", "450 4.3.2 not accepting mail now"])
async def test_a_server_that_closes_pauses_and_its_mails_wait_for_it_and_not_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(pace, "MAIL_WAITS", (3600,))
    async with FaultyServer({"MAIL": [words]}) as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(3)]

        reason = await until_paused(lambda: mailer.send(server, *mails, max_connections=1))
        await mailer.until("sent", *mails)

        assert reason == words
        assert sorted(await mailer.kinds()) == ["MailDeferred"] + ["MailSent"] * 3


async def test_one_refusal_of_us_holds_up_that_mail_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAIL_WAITS", (3600,))
    monkeypatch.setattr(pace, "SERVER_WAITS", (3600,))
    async with FaultyServer({"RCPT": ["550 5.7.1 blocked"]}) as server, Mailer(tmp_path) as mailer:
        blocked, *others = [a_mail(mailer.blobs, number) for number in range(4)]

        await mailer.send(server, blocked, *others, max_connections=1)
        await mailer.until("sent", *others)

        assert await mailer.kinds(blocked) == ["MailDeferred"]


@pytest.mark.parametrize(
    ("step", "words"), [("RCPT", "550 5.7.1 relaying denied"), ("MAIL", "530 5.7.0 log in first"), ("MAIL", DROP)]
)
async def test_three_in_a_row_pause_the_server_and_fail_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, words: str
) -> None:
    monkeypatch.setattr(pace, "MAIL_WAITS", (3600,))
    monkeypatch.setattr(pace, "SERVER_WAITS", (3600,))
    async with FaultyServer({step: words}) as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(8)]

        await until_paused(lambda: mailer.send(server, *mails, max_connections=1))
        statuses = [(await mailer.delivery(mail)).status for mail in mails]

        assert sum(line.startswith("MAIL") for line in server.heard) == 3
        assert set(statuses) == {"deferred", "sending"}


async def test_a_wrong_password_pauses_the_server_until_it_is_mended_and_fails_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UITPOST_TEST_PASSWORD", "wrong")
    login = {"user": "post", "secret_ref": "env:UITPOST_TEST_PASSWORD"}
    plan: dict[str, str | list[str]] = {"AUTH": ["535 5.7.8 wrong"] * 3}
    async with FaultyServer(plan, extensions=WITH_LOGIN) as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(5)]

        reason = await until_paused(lambda: mailer.send(server, *mails, **login))
        await mailer.until("sent", *mails)

        assert reason == "login: 535 5.7.8 wrong"
        assert await mailer.kinds() == ["MailSent"] * 5
        assert {(await mailer.delivery(mail)).attempts for mail in mails} == {1}


@pytest.mark.parametrize("where", ["env:UITPOST_TEST_NOTHING", "file:/nowhere/at/all", "nonsense"])
async def test_a_password_that_is_not_to_be_found_pauses_the_server(tmp_path: Path, where: str) -> None:
    async with FaultyServer(extensions=WITH_LOGIN) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        reason = await until_paused(lambda: mailer.send(server, mail, user="post", secret_ref=where))

        assert reason.startswith("login: ")
        assert (await mailer.delivery(mail)).status == "sending"
        assert server.connections == 0


async def test_a_password_file_that_is_no_text_pauses_the_server(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_bytes(b"\xff\xfe")
    async with FaultyServer(extensions=WITH_LOGIN) as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)

        reason = await until_paused(lambda: mailer.send(server, mail, user="post", secret_ref=f"file:{secret}"))

        assert reason.startswith("login: ")


@pytest.mark.parametrize("key", [None, "no key at all", "encrypted"])
async def test_without_its_dkim_key_the_server_pauses_and_once_it_is_there_mails_go_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    right = Ed25519PrivateKey.generate()
    locked = right.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()
    monkeypatch.delenv("UITPOST_TEST_DKIM", raising=False)
    if key is not None:
        monkeypatch.setenv("UITPOST_TEST_DKIM", locked if key == "encrypted" else key)
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(3)]

        reason = await until_paused(lambda: mailer.send(server, *mails, **SIGNING))
        unsigned = [*server.mails]
        while_away = {(await mailer.delivery(mail)).attempts for mail in mails}
        monkeypatch.setenv("UITPOST_TEST_DKIM", pem(right))
        await mailer.until("sent", *mails)

        assert reason.startswith("dkim: ")
        assert (unsigned, while_away) == ([], {0})
        assert all(verifies(mail.replace(b"\n..", b"\n."), right) for mail in server.mails)
        assert await mailer.kinds() == ["MailSent"] * 3


async def test_a_server_is_sent_no_more_than_it_allows_in_a_minute(tmp_path: Path) -> None:
    """R-7."""
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        limited = [a_mail(mailer.blobs, number, mail_server_id="limited") for number in range(4)]
        others = [a_mail(mailer.blobs, number) for number in range(4, 12)]

        await mailer.send(server, *limited, mail_server_id="limited", max_per_minute=1)
        await until(lambda: len(server.mails) == 1)
        await mailer.send(server, *others)
        await mailer.until("sent", *others)

        assert sum([(await mailer.delivery(mail)).attempts for mail in limited]) == 1


async def test_a_slow_server_holds_up_no_mail_of_another(tmp_path: Path) -> None:
    async with FaultyServer({"DOT": "HANG"}) as slow, FaultyServer() as quick, Mailer(tmp_path) as mailer:
        stuck = [a_mail(mailer.blobs, number, mail_server_id="slow") for number in range(6)]
        others = [a_mail(mailer.blobs, number) for number in range(6, 12)]

        await mailer.send(slow, *stuck, mail_server_id="slow")
        await slow.comes_to("DOT")
        await mailer.send(quick, *others)
        await mailer.until("sent", *others)

        assert {type(message) for message in await mailer.told()} == {MailSent}
        assert len(quick.mails) == 6


async def test_a_server_that_is_taken_away_gets_no_mail_until_it_is_set_up_again(tmp_path: Path) -> None:
    """A21, R-4: what waits goes on to wait, and nothing is told of it."""
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        first, second = a_mail(mailer.blobs, 1), a_mail(mailer.blobs, 2)
        await mailer.send(server, first)
        await mailer.until("sent", first)

        await mailer.deliveries.remove_server(MailServerRemoved(mail_server_id="default", removed_at=datetime.now(UTC)))
        await until(lambda: not mailer.dispatch._offices)
        await mailer.deliveries.take_on(second)
        while_away = await mailer.delivery(second)
        await mailer.send(server)
        await mailer.until("sent", second)

        assert (while_away.status, while_away.attempts) == ("sending", 0)
        assert await mailer.kinds() == ["MailSent"] * 2


async def test_of_two_words_about_a_server_the_later_counts(tmp_path: Path) -> None:
    """A message may be heard again after one that came later."""
    now = datetime.now(UTC)
    async with Mailer(tmp_path) as mailer:
        earlier, later = a_server(1, set_at=now), a_server(2, set_at=now + timedelta(seconds=2))
        removed = MailServerRemoved(mail_server_id="default", removed_at=now + timedelta(seconds=1))
        ports = []
        for one in (earlier, removed, earlier, later, removed, earlier):
            if isinstance(one, MailServerRemoved):
                await mailer.deliveries.remove_server(one)
            else:
                await mailer.deliveries.set_server(one)
            ports.append([server.port for server in await mailer.deliveries._servers.all()])

    assert ports == [[1], [], [], [2], [2], [2]]
