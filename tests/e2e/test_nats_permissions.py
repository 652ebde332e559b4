"""What each key opens on a real nats-server, and what it does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error, NoRespondersError
from nats.js.api import ConsumerConfig

from deploy import nats_server
from deploy.nats_server import NatsServer
from shared.contracts.asks import MayResend, ResendAnswer
from shared.messaging import Asked, Asking, Connection
from shared.messaging.topology import OWNED, STREAMS, ensure_consumer, ensure_streams

HEARS = [
    ("dossier", "INTAKE", "uitpost.intake.x"),
    ("renderer", "DOSSIER", "uitpost.dossier.x"),
    ("mailer", "DOSSIER", "uitpost.dossier.x"),
    ("mailer", "RENDERER", "uitpost.renderer.x"),
    ("history", "DOSSIER", "uitpost.dossier.x"),
    ("history", "RENDERER", "uitpost.renderer.x"),
    ("history", "MAILER", "uitpost.mailer.x"),
]
ASKS = [
    ("dossier", "renderer"),
    ("dossier", "mailer"),
    ("dossier", "history"),
    ("renderer", "dossier"),
    ("mailer", "dossier"),
    ("mailer", "renderer"),
    ("history", "dossier"),
    ("history", "renderer"),
    ("history", "mailer"),
]


class House:
    """A server with its five streams, each made by its owner, and a connection for whoever wants one."""

    def __init__(self, server: NatsServer, folder: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self.folder = folder
        self._stack = stack
        self._services: dict[str, Client] = {}
        self.denied: list[str] = []
        self.closed = asyncio.Event()

    async def service(self, name: str) -> Client:
        if name not in self._services:
            seed = self.server.keys.seed_file(name).read_text()
            self._services[name] = await self.connect(seed, f"_INBOX.{name}")
        return self._services[name]

    async def connect(self, seed: str | None, inbox_prefix: str = "_INBOX") -> Client:
        client = Client()
        self._stack.push_async_callback(client.close)
        await client.connect(
            self.server.url,
            nkeys_seed_str=seed,
            inbox_prefix=inbox_prefix,
            error_cb=self._note,
            closed_cb=self._note_closed,
            allow_reconnect=False,
        )
        return client

    async def _note(self, error: Exception) -> None:
        self.denied.append(str(error))

    async def _note_closed(self) -> None:
        self.closed.set()

    async def is_denied(self, client: Client, subject: str) -> bool:
        """Say whether the server refuses this client to publish on the subject."""
        await client.publish(subject, b"", reply=client.new_inbox())
        return await self._was_refused(client, f'publish to "{subject.lower()}"')

    async def is_deaf(self, client: Client, subject: str) -> bool:
        """Say whether the server refuses this client to subscribe to the subject."""
        await client.subscribe(subject)
        return await self._was_refused(client, f'subscription to "{subject.lower()}"')

    async def _was_refused(self, client: Client, what: str) -> bool:
        await arrived(client)
        return f"nats: permissions violation for {what}" in self.denied


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with NatsServer(tmp_path) as server, AsyncExitStack() as stack:
        house = House(server, tmp_path, stack)
        for name in OWNED:
            await ensure_streams((await house.service(name)).jetstream(), name)
        yield house


async def arrived(client: Client) -> None:
    """Wait until the server has read all that this client said."""
    for _ in range(2):  # the client's first ping overtakes what it had still to send; the second comes after it
        await client.flush()


async def publish_batch(client: Client, stream: str, subject: str, bodies: list[bytes]) -> dict[str, Any]:
    """Publish an atomic batch (ADR-50), as the relay does."""
    for number, body in enumerate(bodies, 1):
        headers = {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": str(number), "Es-Pos": str(number)}
        if number == 1:
            headers |= {"Nats-Expected-Last-Sequence": "0", "Nats-Expected-Stream": stream}
        if number < len(bodies):
            await client.publish(subject, body, headers=headers)
    answer = await client.request(subject, bodies[-1], headers=headers | {"Nats-Batch-Commit": "1"}, timeout=5)
    result: dict[str, Any] = json.loads(answer.data)
    return result


@pytest.mark.parametrize("name", ["dossier", "renderer", "mailer"])
async def test_a_service_tells_in_atomic_batches_and_reads_its_cursor_back(house: House, name: str) -> None:
    client, stream = await house.service(name), name.upper()

    told = await publish_batch(client, stream, f"uitpost.{name}.x.v1", [b"1", b"2", b"3"])

    last = await client.jetstream().get_msg(stream, seq=told["seq"])
    assert (told["seq"], told["count"]) == (3, 3)
    assert last.headers is not None
    assert last.headers["Es-Pos"] == "3"


@pytest.mark.parametrize(("name", "stream", "subject"), HEARS)
async def test_a_service_hears_with_its_own_durable(house: House, name: str, stream: str, subject: str) -> None:
    await (await house.service("admin")).jetstream().publish(subject, b"hello")
    ears = (await house.service(name)).jetstream()

    for filters in ([f"{subject[:-1]}>"], [subject, f"{subject}.more"]):
        assert await ensure_consumer(ears, stream, name, filters)
    subscription = await ears.pull_subscribe_bind(name, stream)
    (message,) = await subscription.fetch(1, timeout=5)
    await message.ack_sync()

    assert message.data == b"hello"
    assert (await ears.consumer_info(stream, name)).num_ack_pending == 0
    assert await ears.delete_consumer(stream, name)
    assert house.denied == []


async def test_a_dead_letter_is_heard_of_and_can_be_read(house: House) -> None:
    renderer, history = await house.service("renderer"), await house.service("history")
    await (await house.service("dossier")).jetstream().publish("uitpost.dossier.x", b"unreadable")
    await history.jetstream().add_consumer("ADVISORIES", ConsumerConfig(durable_name="history"))

    hearing = await renderer.jetstream().pull_subscribe("uitpost.dossier.>", durable="renderer", stream="DOSSIER")
    (message,) = await hearing.fetch(1, timeout=5)
    await message.term()

    (advisory,) = await (await history.jetstream().pull_subscribe_bind("history", "ADVISORIES")).fetch(1, timeout=5)
    letter = await history.jetstream().get_msg("DOSSIER", seq=json.loads(advisory.data)["stream_seq"])
    assert letter.data == b"unreadable"


async def test_an_owner_sees_how_far_its_readers_are_and_purges(house: House) -> None:
    dossier = (await house.service("dossier")).jetstream()
    await (await house.service("renderer")).jetstream().add_consumer("DOSSIER", ConsumerConfig(durable_name="renderer"))
    for _ in range(3):
        await dossier.publish("uitpost.dossier.x", b"")

    readers = await dossier.consumers_info("DOSSIER")
    await dossier.purge_stream("DOSSIER", keep=1)

    assert [reader.name for reader in readers] == ["renderer"]
    assert (await dossier.stream_info("DOSSIER")).state.messages == 1


@pytest.mark.parametrize(("asker", "asked"), ASKS)
async def test_a_service_asks_and_is_answered(house: House, asker: str, asked: str) -> None:
    async def answer(message: Msg) -> None:
        await message.respond(b"yes: " + message.data)

    door = await house.service(asked)
    await door.subscribe(f"uitpost.ask.{asked}.wish", queue=asked, cb=answer)
    await arrived(door)

    answered = await (await house.service(asker)).request(f"uitpost.ask.{asked}.wish", b"please", timeout=5)

    assert answered.data == b"yes: please"


async def test_a_service_asks_through_its_own_connection(house: House) -> None:
    dossier, mailer = [
        Connection(house.server.url, name, house.server.keys.seed_file(name)) for name in ("dossier", "mailer")
    ]
    asked = Asked("mailer")

    @asked.answers("may-resend", MayResend)
    async def may_resend(_: MayResend) -> ResendAnswer:
        return ResendAnswer(state="free")

    try:
        for connection in (mailer, dossier):
            await connection.open()
        asked.open(mailer.broker)
        await mailer.start()
        await arrived(mailer.client)

        answered = await Asking(dossier.broker).ask("mailer", "may-resend", MayResend(mail_id=uuid4()), ResendAnswer)
    finally:
        await dossier.close()
        await mailer.close()

    assert answered.state == "free"


@pytest.mark.parametrize("name", ["dossier", "renderer", "mailer", "history"])
async def test_a_service_has_no_other_mouth(house: House, name: str) -> None:
    client = await house.service(name)
    others = {"dossier", "renderer", "mailer", "history"} - {name}
    unasked = others - {asked for asker, asked in ASKS if asker == name}
    streams = {stream for stream, _ in STREAMS.values()}
    foreign = streams - {STREAMS[owned][0] for owned in OWNED[name]}

    forbidden = [
        *(f"uitpost.{other}.x.v1" for other in others),
        *(f"uitpost.ask.{other}.wish" for other in unasked),
        *(f"$JS.API.STREAM.{verb}.{stream}" for verb in ("CREATE", "UPDATE", "PURGE") for stream in foreign),
        *(f"$JS.API.STREAM.DELETE.{stream}" for stream in streams),
        *(f"$JS.API.STREAM.MSG.DELETE.{stream}" for stream in streams),
        *(f"$JS.API.CONSUMER.{verb}.DOSSIER.{others.copy().pop()}" for verb in ("CREATE", "DELETE", "MSG.NEXT")),
        *(f"_INBOX.{other}.a.b" for other in others),
        "uitpost.intake.dossier-item",
    ]

    assert [subject for subject in forbidden if not await house.is_denied(client, subject)] == []


@pytest.mark.parametrize("name", ["dossier", "renderer", "mailer", "history"])
async def test_a_service_has_no_other_ears(house: House, name: str) -> None:
    client = await house.service(name)
    others = {"dossier", "renderer", "mailer", "history"} - {name}

    forbidden = [">", "_INBOX.>", "uitpost.>", *(f"_INBOX.{other}.>" for other in others)]
    forbidden += [f"uitpost.ask.{other}.>" for other in others]

    assert [subject for subject in forbidden if not await house.is_deaf(client, subject)] == []


async def test_a_denial_shows_as_silence_and_as_an_error(house: House) -> None:
    renderer = await house.service("renderer")

    with pytest.raises(TimeoutError):
        await renderer.request("$JS.API.STREAM.DELETE.DOSSIER", timeout=0.2)

    assert house.denied == ['nats: permissions violation for publish to "$js.api.stream.delete.dossier"']
    assert (await (await house.service("dossier")).jetstream().stream_info("DOSSIER")).config.name == "DOSSIER"


async def test_who_has_no_key_is_turned_away(house: House) -> None:
    with pytest.raises(Error, match="Authorization Violation"):
        await house.connect(None)


async def test_an_upstream_system_gives_in_and_hears_what_came_of_it(house: House) -> None:
    crm = await house.connect(nats_server.issue_upstream(house.folder, "crm"))
    result = await crm.subscribe("uitpost.mailer.>")
    await arrived(crm)

    taken = [
        await crm.jetstream().publish("uitpost.intake.dossier-item", b"{}", headers={"Nats-Msg-Id": "crm-1"})
        for _ in range(2)
    ]
    await (await house.service("mailer")).jetstream().publish("uitpost.mailer.mail-sent.v1", b"sent")

    assert [(ack.seq, bool(ack.duplicate)) for ack in taken] == [(1, False), (1, True)]
    assert (await result.next_msg(timeout=5)).data == b"sent"


async def test_an_upstream_system_may_do_nothing_else(house: House) -> None:
    crm = await house.connect(nats_server.issue_upstream(house.folder, "crm"))

    mute = ["uitpost.dossier.x.v1", "uitpost.ask.dossier.resend", "$JS.API.INFO", "$JS.API.STREAM.INFO.DOSSIER", "x"]
    deaf = [">", "uitpost.>", "uitpost.intake.>", "uitpost.ask.>", "$JS.>"]

    assert [subject for subject in mute if not await house.is_denied(crm, subject)] == []
    assert [subject for subject in deaf if not await house.is_deaf(crm, subject)] == []


async def test_an_upstream_system_hears_no_inbox_of_a_service(house: House) -> None:
    crm = await house.connect(nats_server.issue_upstream(house.folder, "crm"))
    inboxes = await crm.subscribe("_INBOX.>")
    await arrived(crm)

    await (await house.service("dossier")).jetstream().stream_info("DOSSIER")  # its answer comes to an inbox
    await crm.jetstream().publish("uitpost.intake.x", b"{}")

    first = await inboxes.next_msg(timeout=5)
    assert json.loads(first.data)["stream"] == "INTAKE"


async def test_the_answer_to_an_upstream_system_cannot_be_sent_into_a_stream(house: House) -> None:
    mailer = (await house.service("mailer")).jetstream()
    crm = await house.connect(nats_server.issue_upstream(house.folder, "crm"))

    await crm.publish("uitpost.intake.dossier-item", b"{}", reply="uitpost.mailer.mail-sent.v1")
    await crm.jetstream().publish("uitpost.intake.dossier-item", b"{}")  # stored after the first was answered

    assert (await mailer.stream_info("MAILER")).state.last_seq == 0


async def test_new_and_revoked_upstream_credentials_count_at_once_and_disturb_nobody(house: House) -> None:
    dossier = await house.service("dossier")
    old = await house.connect(nats_server.issue_upstream(house.folder, "old"))

    new = await house.connect(nats_server.issue_upstream(house.folder, "new"))
    nats_server.revoke_upstream(house.folder, "old")
    await asyncio.wait_for(house.closed.wait(), 10)

    assert old.is_closed
    assert (await new.jetstream().publish("uitpost.intake.x", b"{}")).seq == 1
    assert dossier.is_connected
    assert (await dossier.jetstream().stream_info("INTAKE")).state.messages == 1


async def test_a_question_nobody_answers_is_said_so_at_once(house: House) -> None:
    with pytest.raises(NoRespondersError):
        await (await house.service("mailer")).request("uitpost.ask.dossier.note-bounce", timeout=5)
