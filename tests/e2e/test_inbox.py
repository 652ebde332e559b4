"""What a service hears is handled at least once, a projection's exactly once and in order, whatever dies meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from nats.errors import Error
from nats.js.errors import APIError

from shared.contracts.dossier import DossierItemRequested, RunCancelled
from shared.contracts.renderer import MailRendered
from shared.messaging import Connection, Inbox, Unreadable, ear
from shared.messaging.inbox import Taken
from shared.messaging.topology import ensure_streams
from tests.nats import Nats
from tests.parcel import AT, Parcel, told

SUBJECT = DossierItemRequested.SUBJECT


def body(number: int) -> bytes:
    return told(Parcel.post(number).pending_events[0]).model_dump_json(exclude_none=True).encode()  # type: ignore[union-attr]


async def tell(publisher: Connection, *numbers: int) -> None:
    """Publish as the dossier does, one by one."""
    for number in numbers:
        await publisher.js.publish(SUBJECT, body(number), headers={"Es-Pos": str(number)})


@asynccontextmanager
async def hearing(nats: Nats, inbox: Inbox) -> AsyncIterator[Connection]:
    """Have an inbox listen, keeping its consumers, until the block ends."""
    connection = await nats.connect(inbox.service)
    await inbox.ensure(connection)
    tasks = [asyncio.create_task(work(connection)) for work in (inbox.listen, inbox.keep)]
    try:
        yield connection
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def dossier(nats: Nats) -> Connection:
    connection = await nats.connect("dossier")
    await ensure_streams(connection.js, "dossier")
    return connection


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.01)


async def until_settled(connection: Connection, stream: str) -> None:
    """Wait until every message of the stream is handed out and settled for this service."""
    async with asyncio.timeout(60):
        while True:
            info = await connection.js.consumer_info(stream, connection.service)
            if info.num_pending == 0 and info.num_ack_pending == 0:
                return
            await asyncio.sleep(0.02)


async def test_each_message_is_handed_on_read(nats: Nats, dossier: Connection) -> None:
    heard: list[DossierItemRequested] = []
    inbox = Inbox("renderer")

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        heard.append(message)

    await tell(dossier, 1, 2, 3)
    async with hearing(nats, inbox) as connection:
        await until_settled(connection, "DOSSIER")

    assert [message.ordinal for message in heard] == [1, 2, 3]
    assert heard[0].recipient is not None
    assert heard[0].recipient.name == "Anna"


async def test_what_is_heard_ahead_does_not_wait_for_what_is_in_hand(nats: Nats, dossier: Connection) -> None:
    heard: list[str] = []
    goes_on = asyncio.Event()
    inbox = Inbox("renderer", at_once=1)

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        heard.append(f"request {message.ordinal}")
        await goes_on.wait()

    @inbox.hears(RunCancelled, ahead=True)
    async def stop(run: RunCancelled) -> None:
        heard.append(f"cancelled by {run.operator}")

    cancelled = RunCancelled(run_id=uuid4(), version=2, operator="anna", at=AT)
    await tell(dossier, 1, 2)
    await dossier.js.publish(RunCancelled.SUBJECT, cancelled.model_dump_json().encode())
    async with hearing(nats, inbox) as connection:
        await until(lambda: len(heard) == 2)
        goes_on.set()
        await until_settled(connection, "DOSSIER")

    assert set(heard[:2]) == {"request 1", "cancelled by anna"}
    assert heard[2:] == ["request 2"]


async def test_a_message_that_is_not_handled_comes_again_and_others_go_on(
    nats: Nats, dossier: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.ear._DELAYS", (0.2, 0.2))
    heard: list[int] = []
    inbox = Inbox("renderer")

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        heard.append(message.ordinal)
        if message.ordinal == 2 and heard.count(2) < 3:
            raise LookupError("not yet")

    await tell(dossier, 1, 2, 3)
    async with hearing(nats, inbox) as connection:
        await until(lambda: heard.count(2) == 3)
        await until_settled(connection, "DOSSIER")

    assert heard == [1, 2, 3, 2, 2]


async def test_an_unreadable_message_is_put_aside_at_once_and_shown(nats: Nats, dossier: Connection) -> None:
    history = await nats.connect("history")
    await ensure_streams(history.js, "history")
    heard: list[int] = []
    inbox = Inbox("renderer")

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        if message.ordinal == 2:
            raise Unreadable("no such layout")
        heard.append(message.ordinal)

    await dossier.js.publish(SUBJECT, b'{"neither": "fish"}')
    await tell(dossier, 2, 3)
    async with hearing(nats, inbox) as connection:
        await until_settled(connection, "DOSSIER")
        async with asyncio.timeout(10):
            while (await history.js.stream_info("ADVISORIES")).state.messages < 2:
                await asyncio.sleep(0.01)

    shown = [json.loads((await history.js.get_msg("ADVISORIES", seq=number)).data or b"") for number in (1, 2)]
    assert heard == [3]
    assert [(one["stream"], one["consumer"], one["stream_seq"]) for one in shown] == [
        ("DOSSIER", "renderer", 1),
        ("DOSSIER", "renderer", 2),
    ]


async def test_long_work_is_not_handed_out_twice(
    nats: Nats, dossier: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("topology", "ear"):
        monkeypatch.setattr(f"shared.messaging.{room}.ACK_WAIT", 0.6)
    heard: list[int] = []
    inbox = Inbox("renderer")

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        heard.append(message.ordinal)
        await asyncio.sleep(2)

    await tell(dossier, 1)
    async with hearing(nats, inbox) as connection:
        await until_settled(connection, "DOSSIER")

    assert heard == [1]


async def test_no_more_than_so_many_are_in_hand(nats: Nats, dossier: Connection) -> None:
    in_hand, most, done = 0, 0, 0
    inbox = Inbox("renderer", at_once=5)

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        nonlocal in_hand, most, done
        in_hand += 1
        most = max(most, in_hand)
        await asyncio.sleep(0.01)
        in_hand -= 1
        done += 1

    await tell(dossier, *range(40))
    async with hearing(nats, inbox) as connection:
        await until_settled(connection, "DOSSIER")

    assert (most, done) == (5, 40)


async def test_what_is_in_hand_is_finished_before_the_end(nats: Nats, dossier: Connection) -> None:
    begun, finished = asyncio.Event(), []
    inbox = Inbox("renderer")

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        begun.set()
        await asyncio.sleep(0.2)
        finished.append(message.ordinal)

    await tell(dossier, 1)
    async with hearing(nats, inbox) as connection:
        await begun.wait()

    assert finished == [1]
    async with asyncio.timeout(10):  # less than it takes to be handed out again
        while (info := await connection.js.consumer_info("DOSSIER", "renderer")).num_ack_pending:
            await asyncio.sleep(0.05)
    assert info.num_pending == 0


async def test_listening_ends_when_told_though_the_telling_was_swallowed_once(
    nats: Nats, dossier: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = ear._fetch
    fetching = asyncio.Event()

    async def deaf(*wanted: Any) -> list[Any]:
        fetching.set()
        try:
            return await fetch(*wanted)
        except asyncio.CancelledError:
            return []

    monkeypatch.setattr(ear, "_fetch", deaf)
    inbox = Inbox("renderer")
    inbox.hears(DossierItemRequested)(unheard)
    renderer = await nats.connect("renderer")
    await inbox.ensure(renderer)
    listening = asyncio.create_task(inbox.listen(renderer))
    await fetching.wait()

    listening.cancel()
    ended, _ = await asyncio.wait([listening], timeout=30)

    assert ended
    assert listening.cancelled()


async def unheard(message: DossierItemRequested) -> None:
    raise AssertionError(message)


async def test_processes_of_a_service_share_what_it_hears(nats: Nats, dossier: Connection) -> None:
    heard: dict[str, list[int]] = {"one": [], "other": []}

    def ears(name: str) -> Inbox:
        inbox = Inbox("renderer", at_once=3)

        @inbox.hears(DossierItemRequested)
        async def hear(message: DossierItemRequested) -> None:
            await asyncio.sleep(0.005)
            heard[name].append(message.ordinal)

        return inbox

    async with hearing(nats, ears("one")) as connection, hearing(nats, ears("other")):
        await tell(dossier, *range(60))
        await until_settled(connection, "DOSSIER")

    assert sorted(heard["one"] + heard["other"]) == list(range(60))
    assert heard["one"]
    assert heard["other"]


async def test_a_service_hears_on_after_its_server_was_killed_and_after_it_was_wiped(
    nats: Nats, dossier: Connection
) -> None:
    heard: list[int] = []
    inbox = Inbox("renderer")

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        heard.append(message.ordinal)

    async with hearing(nats, inbox):
        await tell(dossier, 1)
        await until(lambda: 1 in heard)
        await nats.kill()
        await nats.start()
        await tell_when_back(dossier, 2)
        await until(lambda: 2 in heard)
        await nats.wipe()
        await tell_when_back(dossier, 3)
        await until(lambda: 3 in heard)


async def tell_when_back(publisher: Connection, *numbers: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await ensure_streams(publisher.js, publisher.service)
                await tell(publisher, *numbers)
            except (Error, APIError, TimeoutError):
                await asyncio.sleep(0.05)
            else:
                return


async def test_kinds_of_two_publishers_are_heard(nats: Nats, dossier: Connection) -> None:
    heard: list[str] = []
    inbox = Inbox("mailer")

    @inbox.hears(MailRendered)
    async def made(message: MailRendered) -> None:
        heard.append("made")

    @inbox.hears(DossierItemRequested)
    async def requested(message: DossierItemRequested) -> None:
        heard.append("requested")

    renderer = await nats.connect("renderer")
    await ensure_streams(renderer.js, "renderer")
    await renderer.js.publish(MailRendered.SUBJECT, json.dumps(RENDERED).encode())
    await tell(dossier, 1)
    async with hearing(nats, inbox):
        await until(lambda: len(heard) == 2)

    assert sorted(heard) == ["made", "requested"]
    assert inbox.heard == (MailRendered, DossierItemRequested)


@pytest.mark.parametrize(
    ("headers", "data", "envelope"),
    [
        (None, b'{"a": 1}', (None, None, None)),
        (
            {"ce-id": "7%20a", "ce-source": "/crm", "ce-type": "x", "ce-specversion": "1.0"},
            b'{"a": 1}',
            ("7 a", "/crm", "x"),
        ),
        ({"Ce-Id": "7", "Ce-Source": "/crm", "Ce-Type": "x"}, b'{"a": 1}', ("7", "/crm", "x")),
        (
            {"Content-Type": "application/cloudevents+json; charset=utf-8"},
            b'{"specversion": "1.0", "id": "7", "source": "/crm", "type": "x", "data": {"a": 1}}',
            ("7", "/crm", "x"),
        ),
        (
            {"content-type": "application/cloudevents+json"},
            b'{"id": "7", "source": "/crm", "type": "x", "data_base64": "eyJhIjogMX0="}',
            ("7", "/crm", "x"),
        ),
    ],
    ids=["plain", "binary", "binary-capitals", "structured", "structured-base64"],
)
async def test_an_upstream_event_is_taken_in_every_form(
    nats: Nats,
    dossier: Connection,
    headers: dict[str, str] | None,
    data: bytes,
    envelope: tuple[str | None, str | None, str | None],
) -> None:
    taken: list[Taken] = []
    inbox = Inbox("dossier")

    @inbox.takes("uitpost.intake.dossier-item")
    async def take(event: Taken) -> None:
        taken.append(event)

    admin = await nats.connect("admin")
    await admin.js.publish("uitpost.intake.dossier-item", data, headers=headers)
    async with hearing(nats, inbox):
        await until(lambda: bool(taken))

    (event,) = taken
    assert json.loads(event.envelope.data) == {"a": 1}
    assert (event.envelope.id, event.envelope.source, event.envelope.type) == envelope
    assert (event.subject, event.sequence) == ("uitpost.intake.dossier-item", 1)


async def test_what_cannot_be_taken_is_put_aside(nats: Nats, dossier: Connection) -> None:
    taken: list[Taken] = []
    inbox = Inbox("dossier")

    @inbox.takes("uitpost.intake.contact")
    async def take(event: Taken) -> None:
        taken.append(event)

    admin = await nats.connect("admin")
    structured = {"content-type": "application/cloudevents+json"}
    await admin.js.publish("uitpost.intake.nobody-knows", b"{}")
    for broken in (b"not json", b"[]", b"{}", b'{"data_base64": "?"}'):
        await admin.js.publish("uitpost.intake.contact", broken, headers=structured)
    await admin.js.publish("uitpost.intake.contact", b"anything")
    async with hearing(nats, inbox) as connection:
        await until_settled(connection, "INTAKE")

    assert [event.envelope.data for event in taken] == [b"anything"]


RENDERED: dict[str, Any] = {
    **{name: str(uuid4()) for name in ("run_id", "item_id", "processing_id", "mail_id")},
    "sender": {"address": "sales@bakery.example"},
    "subject": "Parcel",
    "parts": {},
    "record_separately": True,
    "requested_at": "2026-03-02T09:30:00Z",
    "rendered_at": "2026-03-02T09:30:01Z",
}
