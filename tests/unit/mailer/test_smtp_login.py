"""The way into a mail server: what pauses the server, what calls a person, and where no password goes."""

import base64
import socket
from pathlib import Path

import pytest

from services.mailer.adapters.smtp import MailServer, ServerUnavailable, Timeouts, connect
from tests.certificates import Authority
from tests.faults import DROP, EXTENSIONS, GARBAGE, HANG, RESET, FaultyServer

WITH_AUTH = (*EXTENSIONS, "AUTH LOGIN PLAIN CRAM-MD5")
WITH_STARTTLS = (*EXTENSIONS, "STARTTLS")
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def coded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


async def refusal_of(server: MailServer, authority: Authority | None = None) -> ServerUnavailable:
    with pytest.raises(ServerUnavailable) as caught:
        await connect(server, authority.trust if authority else None)
    return caught.value


@pytest.mark.parametrize(
    ("step", "does", "code", "permanent"),
    [
        ("GREETING", "554 5.7.1 go away", 554, True),
        ("GREETING", "421 4.3.2 not now", 421, False),
        ("GREETING", GARBAGE, None, False),
        ("GREETING", DROP, None, False),
        ("GREETING", RESET, None, False),
        ("GREETING", HANG, None, False),
        ("EHLO", "421 4.3.2 not now", 421, False),
        ("EHLO", "550 5.7.1 go away", 550, True),
        ("EHLO", DROP, None, False),
        ("EHLO", HANG, None, False),
    ],
)
async def test_a_server_that_does_not_let_us_in_is_unavailable(
    step: str, does: str, code: int | None, permanent: bool
) -> None:
    async with FaultyServer({step: does}) as server:
        timeouts = Timeouts(greeting=0.2) if does == HANG else Timeouts()

        refusal = await refusal_of(MailServer("127.0.0.1", server.port, "none", timeouts=timeouts))

    assert (refusal.phase, refusal.code, refusal.permanent) == ("connect", code, permanent)
    assert refusal.text


async def test_a_server_that_is_not_there_is_unavailable_for_a_while() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))

        refusal = await refusal_of(MailServer("127.0.0.1", nobody.getsockname()[1], "none"))

    assert (refusal.phase, refusal.code, refusal.permanent) == ("connect", None, False)


async def test_a_host_that_is_no_host_name_calls_a_person() -> None:
    refusal = await refusal_of(MailServer("mail..example", 25, "none"))

    assert (refusal.phase, refusal.permanent) == ("connect", True)


async def test_mails_go_over_tls_from_the_first_byte(authority: Authority, tmp_path: Path) -> None:
    async with FaultyServer(tls=authority.context_for("localhost", tmp_path)) as server:
        connection = await connect(MailServer("localhost", server.port, "tls"), authority.trust)

        reply = await connection.send("a@sender.example", "b@there.example", b"hello\r\n")
        await connection.quit()

    assert reply.verdict == "accepted"


async def test_mails_go_over_tls_after_starttls(authority: Authority, tmp_path: Path) -> None:
    tls = authority.context_for("localhost", tmp_path)
    async with FaultyServer(extensions=WITH_STARTTLS, starttls=tls) as server:
        connection = await connect(MailServer("localhost", server.port, "starttls"), authority.trust)

        reply = await connection.send("a@sender.example", "b@there.example", b"hello\r\n")
        await connection.quit()

    assert reply.verdict == "accepted"
    assert server.heard[:4] == [
        "EHLO [127.0.0.1]",
        "STARTTLS",
        "EHLO [127.0.0.1]",
        "MAIL FROM:<a@sender.example> SIZE=7",
    ]


async def test_a_stripped_starttls_is_refused_before_anything_is_said() -> None:
    async with FaultyServer(extensions=WITH_AUTH) as server:
        there = MailServer("127.0.0.1", server.port, "starttls", "anna", PASSWORD)

        refusal = await refusal_of(there)

    assert (refusal.phase, refusal.permanent) == ("tls", True)
    assert server.heard == ["EHLO [127.0.0.1]"]


async def test_a_starttls_that_is_refused_for_now_is_tried_again_later() -> None:
    async with FaultyServer({"STARTTLS": "454 4.7.0 not now"}, extensions=WITH_STARTTLS) as server:
        refusal = await refusal_of(MailServer("127.0.0.1", server.port, "starttls"))

    assert (refusal.phase, refusal.code, refusal.permanent) == ("tls", 454, False)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("wrong", ["name", "authority"])
async def test_a_certificate_that_does_not_check_calls_a_person(
    security: str, wrong: str, authority: Authority, tmp_path: Path
) -> None:
    signed_by = authority if wrong == "name" else Authority()
    tls = signed_by.context_for("other.example" if wrong == "name" else "localhost", tmp_path)
    listening = FaultyServer(tls=tls) if security == "tls" else FaultyServer(extensions=WITH_STARTTLS, starttls=tls)
    async with listening as server:
        there = MailServer("localhost", server.port, "tls" if security == "tls" else "starttls", "anna", PASSWORD)

        refusal = await refusal_of(there, authority)

    assert (refusal.phase, refusal.permanent) == ("tls", True)
    assert not any(line.startswith("AUTH") for line in server.heard)


async def test_tls_if_offered_is_used_and_asks_for_no_certificate_it_could_check(
    authority: Authority, tmp_path: Path
) -> None:
    tls = authority.context_for("other.example", tmp_path)
    async with FaultyServer(extensions=WITH_STARTTLS, starttls=tls) as server:
        connection = await connect(MailServer("127.0.0.1", server.port, "if-offered"))
        await connection.quit()

    assert "STARTTLS" in server.heard


async def test_tls_if_offered_does_without_when_it_is_not() -> None:
    async with FaultyServer() as server:
        connection = await connect(MailServer("127.0.0.1", server.port, "if-offered"))
        await connection.quit()

    assert server.heard == ["EHLO [127.0.0.1]", "QUIT"]


async def test_a_password_goes_by_plain_over_loopback() -> None:
    async with FaultyServer(extensions=WITH_AUTH) as server:
        connection = await connect(MailServer("127.0.0.1", server.port, "none", "anna", PASSWORD))
        await connection.quit()

    assert server.heard[1] == "AUTH PLAIN " + coded(f"\0anna\0{PASSWORD}")


async def test_a_password_goes_by_login_where_plain_is_not_offered() -> None:
    dialogue: dict[str, str | list[str]] = {"AUTH": "334 UGFzc3dvcmQ6", coded(PASSWORD).upper(): "235 2.7.0 welcome"}
    async with FaultyServer(dialogue, extensions=("AUTH LOGIN",)) as server:
        connection = await connect(MailServer("127.0.0.1", server.port, "none", "anna", PASSWORD))
        await connection.quit()

    assert server.heard[1:3] == ["AUTH LOGIN " + coded("anna"), coded(PASSWORD)]


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [("535 5.7.8 wrong password", True), ("454 4.7.0 not now", False), ("534 5.7.9 too weak", True)],
)
async def test_a_refused_password_is_tried_once_and_fails_no_mail(answer: str, permanent: bool) -> None:
    async with FaultyServer({"AUTH": answer}, extensions=WITH_AUTH) as server:
        refusal = await refusal_of(MailServer("127.0.0.1", server.port, "none", "anna", PASSWORD))

    assert (refusal.phase, refusal.code, refusal.permanent) == ("login", int(answer[:3]), permanent)
    assert sum(line.startswith("AUTH") for line in server.heard) == 1


async def test_a_server_without_a_method_we_know_calls_a_person() -> None:
    async with FaultyServer(extensions=("AUTH GSSAPI",)) as server:
        refusal = await refusal_of(MailServer("127.0.0.1", server.port, "none", "anna", PASSWORD))

    assert (refusal.phase, refusal.permanent) == ("login", True)


@pytest.mark.parametrize("security", ["none", "if-offered"])
async def test_a_password_never_goes_in_clear_beyond_this_machine(
    security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.mailer.adapters.smtp.login._is_this_machine", lambda _: False)
    async with FaultyServer(extensions=WITH_AUTH) as server:
        there = MailServer("127.0.0.1", server.port, "none" if security == "none" else "if-offered", "anna", PASSWORD)

        refusal = await refusal_of(there)

    assert (refusal.phase, refusal.permanent) == ("login", True)
    assert server.heard == ["EHLO [127.0.0.1]"]


def test_a_password_is_not_shown() -> None:
    server = MailServer("mail.example", 587, "starttls", "anna", PASSWORD)

    assert PASSWORD not in repr(server)
