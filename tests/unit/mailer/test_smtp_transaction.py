"""Mails go over one connection one after another, and a cancelled one leaves its verdict behind."""

import asyncio
from collections.abc import Callable

import pytest

from services.mailer.adapters.smtp import Connection, MailServer, Reply, Timeouts, connect
from tests.faults import DROP, EXTENSIONS, HANG, FaultyServer

MAIL = b"Subject: hello\r\n\r\n.a dot first\r\n..and two\r\n"
LARGE = (b"y" * 76 + b"\r\n") * 180_000  # 14 MB: more than any socket buffer holds


async def connected(server: FaultyServer, timeouts: Timeouts | None = None) -> Connection:
    return await connect(MailServer("127.0.0.1", server.port, "none", timeouts=timeouts or Timeouts()))


async def send(connection: Connection, recipient: str = "b@there.example", wire: bytes = MAIL) -> Reply:
    return await connection.send("a@sender.example", recipient, wire)


async def test_an_accepted_mail_arrives_byte_for_byte_and_its_queue_id_is_known() -> None:
    async with FaultyServer() as server:
        connection = await connected(server)

        reply = await send(connection)

        assert reply == Reply("accepted", "done", 250, "2.0.0", "Ok: queued as 4XyZ12", "4XyZ12")
        assert server.mails == [MAIL.replace(b"\r\n.", b"\r\n..")]
        assert server.heard[1:] == [
            f"MAIL FROM:<a@sender.example> SIZE={len(MAIL)}",
            "RCPT TO:<b@there.example>",
            "DATA",
        ]
        connection.close()


async def test_a_mail_that_starts_with_a_dot_and_ends_in_no_line_end_is_still_one_mail() -> None:
    async with FaultyServer() as server:
        connection = await connected(server)

        await send(connection, wire=b".")

        assert server.mails == [b"..\r\n"]
        connection.close()


async def test_many_mails_go_over_one_connection() -> None:
    async with FaultyServer() as server:
        connection = await connected(server)

        replies = [await send(connection) for _ in range(5)]
        await connection.quit()

        assert [reply.verdict for reply in replies] == ["accepted"] * 5
        assert server.connections == 1
        assert server.heard[-1] == "QUIT"


@pytest.mark.parametrize("extensions", [EXTENSIONS, EXTENSIONS[:-1]], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "DOT"])
async def test_a_refused_mail_does_not_touch_the_next(step: str, extensions: tuple[str, ...]) -> None:
    async with FaultyServer({step: ["550 5.1.1 no"]}, extensions=extensions) as server:
        connection = await connected(server)

        refused = await send(connection)
        accepted = await send(connection)

        assert (refused.verdict, accepted.verdict) == ("permanent", "accepted")
        assert server.connections == 1
        assert len(server.mails) == (2 if step == "DOT" else 1)
        connection.close()


async def test_a_refusal_is_not_lost_when_the_server_hangs_up_after_it() -> None:
    async with FaultyServer({"RCPT": "550 5.1.1 no such mailbox", "DATA": DROP}) as server:
        connection = await connected(server)

        reply = await send(connection)

        assert (reply.verdict, reply.code) == ("permanent", 550)
        assert not connection.reusable


async def test_a_refusal_is_not_lost_when_the_server_falls_silent_after_it() -> None:
    async with FaultyServer({"RCPT": "550 5.1.1 no such mailbox", "DATA": HANG}) as server:
        connection = await connected(server, Timeouts(farewell=0.1))

        reply = await send(connection)

        assert (reply.verdict, reply.code) == ("permanent", 550)
        assert not connection.reusable


async def test_a_server_that_wants_the_body_of_a_refused_mail_gets_an_empty_one() -> None:
    async with FaultyServer({"RCPT": ["550 5.1.1 no such mailbox"], "DATA": ["354 go ahead"]}) as server:
        connection = await connected(server)

        refused = await send(connection)
        accepted = await send(connection)

        assert (refused.verdict, accepted.verdict) == ("permanent", "accepted")
        assert server.mails[0] == b""
        connection.close()


async def test_a_failed_reset_is_never_held_against_the_next_mail() -> None:
    async with FaultyServer({"RCPT": ["550 5.1.1 no such mailbox"], "RSET": "550 5.0.0 no"}) as server:
        connection = await connected(server)

        await send(connection)
        reply = await send(connection)

        assert (reply.verdict, reply.scope) == ("transient", "server")
        assert not connection.reusable


async def test_a_mail_larger_than_the_server_takes_is_not_offered() -> None:
    async with FaultyServer(extensions=("SIZE 1000",)) as server:
        connection = await connected(server)

        reply = await send(connection, wire=b"x" * 1001)

        assert (reply.verdict, reply.reason, reply.code) == ("permanent", "too_large", None)
        assert len(server.heard) == 1
        assert connection.reusable
        connection.close()


@pytest.mark.parametrize("extension", ["SIZE", "SIZE 0", "SIZE many"])
async def test_a_size_without_a_limit_is_no_limit(extension: str) -> None:
    async with FaultyServer(extensions=(extension,)) as server:
        connection = await connected(server)

        reply = await send(connection)

        assert reply.verdict == "accepted"
        connection.close()


@pytest.mark.parametrize(
    "address",
    [
        "jürgen@there.example",
        "b@there.example>\r\nDATA",
        "b c@there.example",
        "b@there.example\x00",
        "b\udc80@c.example",
    ],
)
async def test_an_address_the_server_cannot_take_is_not_offered(address: str) -> None:
    async with FaultyServer() as server:
        connection = await connected(server)

        reply = await send(connection, recipient=address)

        assert (reply.verdict, reply.reason) == ("permanent", "address")
        assert len(server.heard) == 1
        assert connection.reusable
        connection.close()


async def test_an_address_outside_ascii_goes_where_it_is_taken() -> None:
    async with FaultyServer(extensions=(*EXTENSIONS, "SMTPUTF8")) as server:
        connection = await connected(server)

        reply = await send(connection, recipient="jürgen@there.example")

        assert reply.verdict == "accepted"
        assert server.heard[1].endswith(" SMTPUTF8")
        connection.close()


async def test_a_connection_that_the_server_closed_while_idle_is_not_reused() -> None:
    async with FaultyServer() as server:
        connection = await connected(server)
        await send(connection)

        await server.say("421 4.4.2 idle too long")
        await until(lambda: not connection.reusable)
        reply = await send(connection)

        assert (reply.verdict, reply.phase, reply.scope) == ("transient", "connect", "mail")
        assert len(server.mails) == 1


async def test_a_server_that_babbles_without_end_is_cut_off() -> None:
    async with FaultyServer({"MAIL": "250-" + "x" * 100_000}) as server:
        connection = await connected(server)

        reply = await send(connection)

        assert (reply.verdict, reply.text) == ("transient", "the server talks too much")


async def test_what_the_server_says_is_made_fit_to_be_shown() -> None:
    async with FaultyServer({"DOT": "550-5.6.0 one\r\n550 5.6.0 \x1b[31mtwo"}) as server:
        connection = await connected(server)

        reply = await send(connection)

        assert reply.text == "one\n\ufffd[31mtwo"
        connection.close()


@pytest.mark.parametrize(
    ("step", "verdict", "phase"),
    [
        ("MAIL", "transient", "envelope"),
        ("RCPT", "transient", "envelope"),
        ("DATA", "transient", "envelope"),
        ("BODY", "transient", "body"),
        ("DOT", "in_doubt", "dot"),
    ],
)
async def test_a_cancelled_mail_leaves_its_verdict_and_closes_the_connection(
    step: str, verdict: str, phase: str
) -> None:
    async with FaultyServer({step: HANG}) as server:
        connection = await connected(server)
        sending = asyncio.create_task(send(connection, wire=LARGE if step == "BODY" else MAIL))
        await server.comes_to(step)

        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert connection.last_reply is not None
        assert (connection.last_reply.verdict, connection.last_reply.phase) == (verdict, phase)
        assert not connection.reusable


async def test_a_mail_refused_before_it_was_cancelled_stays_refused() -> None:
    async with FaultyServer({"RCPT": "550 5.1.1 no such mailbox", "DATA": HANG}) as server:
        connection = await connected(server)
        sending = asyncio.create_task(send(connection))
        await server.comes_to("DATA")
        await asyncio.sleep(0.2)  # in which the client reads what lies in its socket

        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert connection.last_reply is not None
        assert connection.last_reply.verdict == "permanent"


async def test_an_answer_that_came_with_the_cancellation_counts() -> None:
    async with FaultyServer({"DOT": HANG}) as server:
        connection = await connected(server)
        sending = asyncio.create_task(send(connection))
        await server.comes_to("DOT")

        connection._line.data_received(b"250 2.0.0 Ok: queued as 77\r\n")
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert connection.last_reply is not None
        assert (connection.last_reply.verdict, connection.last_reply.queue_id) == ("accepted", "77")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    while not holds():
        await asyncio.sleep(0.001)
