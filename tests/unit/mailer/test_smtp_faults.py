"""Whatever a mail server does at any step, the mailer knows what is certain: the fault table."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.mailer.adapters.smtp import MailServer, Reply, Timeouts, connect
from tests.certificates import Authority
from tests.faults import DROP, EXTENSIONS, GARBAGE, HANG, RESET, FaultyServer

MAIL = b"Subject: hello\r\n\r\n.a dot first\r\nand more\r\n"
LARGE = MAIL + b"x" * 76 * 1024 + b"\r\n" + (b"y" * 76 + b"\r\n") * 180_000  # 14 MB: more than any socket buffer holds
PATIENCE = {"MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "BODY": "block", "DOT": "dot"}

WITH_PIPELINING = EXTENSIONS
WITHOUT = tuple(extension for extension in EXTENSIONS if extension != "PIPELINING")


@dataclass
class Fault:
    """What the server does at a step, and what must be concluded from it."""

    step: str
    does: str
    verdict: str
    phase: str
    scope: str = "mail"
    reason: str | None = None

    @property
    def name(self) -> str:
        return f"{self.step} {self.does}"


FAULTS = [
    Fault("MAIL", "550 5.1.0 not this sender", "permanent", "envelope", reason="permanent"),
    Fault("MAIL", "552 5.3.4 too big", "permanent", "envelope", reason="too_large"),
    Fault("MAIL", "530 5.7.0 log in first", "transient", "envelope", "server"),
    Fault("MAIL", "553 5.1.8 unknown sender domain", "transient", "envelope", "server"),
    Fault("MAIL", "503 5.5.1 out of step", "transient", "envelope", "server"),
    Fault("MAIL", "451 4.3.0 try later", "transient", "envelope", "server"),
    Fault("MAIL", "451 4.1.8 sender domain not found now", "transient", "envelope", "mail"),
    Fault("MAIL", "421 4.3.2 closing", "transient", "envelope", "server"),
    Fault("MAIL", GARBAGE, "transient", "envelope", "server"),
    Fault("MAIL", DROP, "transient", "envelope"),
    Fault("MAIL", RESET, "transient", "envelope"),
    Fault("MAIL", HANG, "transient", "envelope"),
    Fault("RCPT", "550 5.1.1 no such mailbox", "permanent", "envelope", reason="permanent"),
    Fault("RCPT", "550 no such mailbox", "permanent", "envelope", reason="permanent"),
    Fault("RCPT", "552 5.2.2 mailbox full", "permanent", "envelope", reason="permanent"),
    Fault("RCPT", "554 5.7.1 relaying denied", "transient", "envelope", "server"),
    Fault("RCPT", "550 relay not permitted", "transient", "envelope", "server"),
    Fault("RCPT", "451 4.7.1 greylisted", "transient", "envelope", "recipient_domain"),
    Fault("RCPT", "452 mailbox full", "transient", "envelope", "recipient_domain"),
    Fault("RCPT", "451 4.3.0 lookup failed", "transient", "envelope", "server"),
    Fault("RCPT", "421 4.7.0 too many", "transient", "envelope", "server"),
    Fault("RCPT", GARBAGE, "transient", "envelope", "server"),
    Fault("RCPT", DROP, "transient", "envelope"),
    Fault("RCPT", RESET, "transient", "envelope"),
    Fault("RCPT", HANG, "transient", "envelope"),
    Fault("DATA", "554 5.6.0 no", "permanent", "envelope", reason="permanent"),
    Fault("DATA", "451 4.5.0 not now", "transient", "envelope"),
    Fault("DATA", "452 4.3.1 disk full", "transient", "envelope", "server"),
    Fault("DATA", "250 2.0.0 accepted already", "transient", "envelope", "server"),
    Fault("DATA", GARBAGE, "transient", "envelope", "server"),
    Fault("DATA", DROP, "transient", "envelope"),
    Fault("DATA", RESET, "transient", "envelope"),
    Fault("DATA", HANG, "transient", "envelope"),
    Fault("BODY", "552 5.3.4 too big after all", "permanent", "body", reason="too_large"),
    Fault("BODY", "451 4.3.0 not now", "transient", "body", "server"),
    Fault("BODY", "250 2.0.0 accepted already", "transient", "body"),
    Fault("BODY", DROP, "transient", "body"),
    Fault("BODY", RESET, "transient", "body"),
    Fault("BODY", HANG, "transient", "body"),
    Fault("DOT", "554 5.6.0 content refused", "permanent", "done", reason="permanent"),
    Fault("DOT", "552 5.3.4 too big", "permanent", "done", reason="too_large"),
    Fault("DOT", "451 4.6.0 not now", "transient", "done"),
    Fault("DOT", "452 disk full", "transient", "done", "server"),
    Fault("DOT", "421 4.3.2 closing", "transient", "done", "server"),
    Fault("DOT", "251 2.1.5 will forward", "accepted", "done"),
    Fault("DOT", "354 go on", "in_doubt", "dot", reason="reply_lost"),
    Fault("DOT", GARBAGE, "in_doubt", "dot", reason="reply_lost"),
    Fault("DOT", DROP, "in_doubt", "dot", reason="reply_lost"),
    Fault("DOT", RESET, "in_doubt", "dot", reason="reply_lost"),
    Fault("DOT", HANG, "in_doubt", "dot", reason="reply_lost"),
]
UNDER_TLS = [fault for fault in FAULTS if fault.step in ("BODY", "DOT") or fault.does == HANG]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def patience_with(fault: Fault) -> Timeouts:
    """Return ordinary timeouts, but a short one where the server is to fall silent."""
    return Timeouts(**{PATIENCE[fault.step]: 0.2}) if fault.does == HANG else Timeouts()


def conclusion(reply: Reply) -> tuple[str, str, str, str | None]:
    return reply.verdict, reply.phase, reply.scope, reply.reason


@pytest.mark.parametrize("extensions", [WITH_PIPELINING, WITHOUT], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_the_verdict_is_what_is_certain(fault: Fault, extensions: tuple[str, ...]) -> None:
    async with FaultyServer({fault.step: fault.does}, extensions=extensions) as server:
        connection = await connect(MailServer("127.0.0.1", server.port, "none", timeouts=patience_with(fault)))

        reply = await connection.send("a@sender.example", "b@there.example", LARGE if fault.step == "BODY" else MAIL)

    assert conclusion(reply) == (fault.verdict, fault.phase, fault.scope, fault.reason)
    assert reply.verdict != "accepted" or server.mails
    assert connection.last_reply == reply
    connection.close()


@pytest.mark.parametrize("fault", UNDER_TLS, ids=lambda fault: fault.name)
async def test_the_verdict_is_the_same_under_tls(fault: Fault, authority: Authority, tmp_path: Path) -> None:
    tls: ssl.SSLContext = authority.context_for("localhost", tmp_path)
    async with FaultyServer({fault.step: fault.does}, tls=tls) as server:
        there = MailServer("localhost", server.port, "tls", timeouts=patience_with(fault))
        connection = await connect(there, authority.trust)

        reply = await connection.send("a@sender.example", "b@there.example", LARGE if fault.step == "BODY" else MAIL)

    assert conclusion(reply) == (fault.verdict, fault.phase, fault.scope, fault.reason)
    connection.close()
