"""What a service recorded is told once and in order, whatever happens to the server meanwhile."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from nats.aio.msg import Msg

from shared import relay
from shared.contracts.dossier import DossierItemRequested
from shared.messaging import Connection, Inbox, let_end
from shared.messaging.cloudevents import headers
from shared.messaging.topology import ensure_streams
from shared.relay import Relay, topics_of
from shared.store import Store
from tests.nats import Nats
from tests.parcel import RUN, Parcel, told

TOPICS = topics_of(told)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/dossier.db", "dossier") as store:
        yield store


@asynccontextmanager
async def running(*works: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run these works until the block ends; raise what one of them raises."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        yield
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def keep_streams(connection: Connection) -> None:
    while True:
        let_end()
        with suppress(Exception):
            await ensure_streams(connection.js, connection.service)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def relaying(nats: Nats, store: Store) -> AsyncIterator[Connection]:
    connection = await nats.connect("dossier")
    await ensure_streams(connection.js, "dossier")
    async with running(Relay(store, told, TOPICS, connection).run, lambda: keep_streams(connection)):
        yield connection


async def everything(connection: Connection) -> list[Msg]:
    """Return every message of the stream, in order."""
    js = connection.js
    count = (await js.stream_info("DOSSIER")).state.messages
    return [await js.get_msg("DOSSIER", seq=number) for number in range(1, count + 1)]  # type: ignore[misc]


async def until_told(connection: Connection, count: int) -> list[Msg]:
    """Wait for so many messages, and return them."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Exception):
                if (await connection.js.stream_info("DOSSIER")).state.messages >= count:
                    break
            await asyncio.sleep(0.02)
    return await everything(connection)


def numbers(messages: list[Msg]) -> list[int]:
    return [DossierItemRequested.model_validate_json(message.data).ordinal for message in messages]


async def post(store: Store, *numbers_: int) -> None:
    for number in numbers_:
        await store.record(Parcel.post(number))


async def test_facts_are_told_once_and_in_order_and_private_ones_not_at_all(nats: Nats, store: Store) -> None:
    await post(store, *range(20))
    async with relaying(nats, store) as connection:
        parcel = Parcel.post(20)
        parcel.weigh(5)
        await store.record(parcel)
        await post(store, *range(21, 40))

        messages = await until_told(connection, 40)

    assert numbers(messages) == list(range(40))
    positions = [int((message.headers or {})["Es-Pos"]) for message in messages]
    assert positions == sorted(set(positions))


async def test_a_message_says_in_its_headers_what_it_is(nats: Nats, store: Store) -> None:
    parcel = Parcel.post(1)
    await store.record(parcel, Parcel.post(2))
    async with relaying(nats, store) as connection:
        first, second = await until_told(connection, 2)

    said = first.headers or {}
    assert first.subject == DossierItemRequested.SUBJECT
    assert said["ce-specversion"] == "1.0"
    assert said["ce-id"] == said["Nats-Msg-Id"] == f"{parcel.id.hex}-1"
    assert said["ce-source"] == "/uitpost/dossier"
    assert said["ce-type"] == "uitpost.dossier.dossier-item-requested.v1"
    assert said["ce-time"] == parcel.created_on.isoformat()
    assert said["ce-datacontenttype"] == "application/json"
    spans = []
    for message in (first, second):
        trace = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", (message.headers or {})["traceparent"])
        assert trace is not None
        assert trace[1] == RUN.hex
        assert set(trace[2]) != {"0"}
        spans.append(trace[2])
    assert spans[0] != spans[1]


async def test_two_relays_racing_tell_each_fact_once_though_no_id_is_remembered(
    nats: Nats, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "headers", lambda *facts: headers(*facts) | {"Nats-Msg-Id": uuid4().hex})
    async with relaying(nats, store) as connection, relaying(nats, store):
        for start in range(0, 300, 10):
            await post(store, *range(start, start + 10))
            await asyncio.sleep(0.005)
        messages = await until_told(connection, 300)

    assert numbers(messages) == list(range(300))


async def test_a_killed_server_hears_the_rest_when_it_is_back(nats: Nats, store: Store) -> None:
    async with relaying(nats, store) as connection:
        await post(store, *range(50))
        await until_told(connection, 20)
        await nats.kill()
        await post(store, *range(50, 100))
        await nats.start()
        messages = await until_told(connection, 100)

    assert numbers(messages) == list(range(100))


async def test_a_wiped_server_is_told_everything_again(nats: Nats, store: Store) -> None:
    async with relaying(nats, store) as connection:
        await post(store, *range(50))
        await until_told(connection, 50)
        await nats.wipe()
        await post(store, *range(50, 60))
        messages = await until_told(connection, 60)

    assert numbers(messages) == list(range(60))


async def test_a_stream_that_lost_its_tail_gets_it_back_though_nothing_new_happens(nats: Nats, store: Store) -> None:
    async with relaying(nats, store) as connection:
        await post(store, *range(30))
        await until_told(connection, 30)
        await nats.keep("DOSSIER")
        await post(store, *range(30, 60))
        await until_told(connection, 60)

        await nats.roll_back("DOSSIER")
        assert numbers(await everything(connection))[:30] == list(range(30))
        messages = await until_told(connection, 60)

    assert numbers(messages) == list(range(60))


async def test_a_relay_begins_where_the_last_one_ended(nats: Nats, store: Store) -> None:
    await post(store, *range(5))
    async with relaying(nats, store) as connection:
        await until_told(connection, 5)
    await post(store, *range(5, 9))

    async with relaying(nats, store) as connection:
        messages = await until_told(connection, 9)

    assert numbers(messages) == list(range(9))


async def test_relaying_ends_when_told_though_the_telling_was_swallowed_once(
    nats: Nats, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = Relay._wait

    async def deaf(self: Relay) -> None:
        with suppress(asyncio.CancelledError):
            await wait(self)

    monkeypatch.setattr(Relay, "_wait", deaf)
    await post(store, 1)

    async with relaying(nats, store) as connection:
        messages = await until_told(connection, 1)

    assert numbers(messages) == [1]


async def test_somebody_elses_message_at_the_end_is_passed_over(nats: Nats, store: Store) -> None:
    await post(store, 0, 1)
    async with relaying(nats, store) as connection:
        await until_told(connection, 2)
        admin = await nats.connect("admin")
        await admin.js.publish("uitpost.dossier.stranger.v1", b"{}")
        await post(store, 2)
        messages = await until_told(connection, 4)

    assert [message.subject.split(".")[2] for message in messages] == [
        *["dossier-item-requested"] * 2,
        "stranger",
        "dossier-item-requested",
    ]


async def test_large_batches_and_a_message_near_the_limit_are_told(nats: Nats, store: Store) -> None:
    large = [Parcel.post(number, name="n" * 30_000) for number in range(500)]
    await store.record(*large)
    await store.record(Parcel.post(500, name="n" * 7_000_000))
    await store.record(Parcel.post(501))

    async with relaying(nats, store) as connection:
        async with asyncio.timeout(60):
            while (await connection.js.stream_info("DOSSIER")).state.messages < 502:
                await asyncio.sleep(0.05)
        last = [await connection.js.get_msg("DOSSIER", seq=number) for number in (1, 500, 501, 502)]

    assert numbers(last) == [0, 499, 500, 501]  # type: ignore[arg-type]
    assert len(last[2].data or b"") > 7_000_000


async def test_all_that_was_recorded_is_heard_though_the_server_is_killed_and_wiped(nats: Nats, store: Store) -> None:
    heard: set[int] = set()
    inbox = Inbox("renderer", at_once=10)

    @inbox.hears(DossierItemRequested)
    async def hear(message: DossierItemRequested) -> None:
        heard.add(message.ordinal)

    async with relaying(nats, store):
        renderer = await nats.connect("renderer")
        await inbox.ensure(renderer)
        async with running(lambda: inbox.listen(renderer), lambda: inbox.keep(renderer)):
            for start, trouble in ((0, nats.kill), (100, nats.wipe), (200, None)):
                await store.record(*(Parcel.post(number) for number in range(start, start + 100)))
                if trouble:
                    await trouble()
                if trouble == nats.kill:
                    await nats.start()
            async with asyncio.timeout(60):
                while len(heard) < 300:
                    await asyncio.sleep(0.02)

    assert heard == set(range(300))
