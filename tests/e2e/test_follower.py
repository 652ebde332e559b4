"""A projection is told each fact once and in order: over kills, wipes, lost tails and its own failures."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from nats.errors import Error
from nats.js.errors import APIError

from shared.contracts.dossier import DossierItemRequested
from shared.messaging import Connection, Inbox, Place, Told, follower
from shared.messaging.topology import ensure_streams
from shared.relay import Relay, topics_of
from shared.store import Store
from tests.nats import Nats
from tests.parcel import Parcel, told

ADVISORY = "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.DOSSIER.renderer"


class Projection:
    """Keeps what it was told, and its place, as a read model does."""

    def __init__(self) -> None:
        self.numbers: list[int | None] = []
        self.reached = Place()
        self.fails = 0

    async def place(self) -> Place:
        return self.reached

    async def project(self, batch: Sequence[Told]) -> None:
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise LookupError("the read model is away")
        self.numbers += [
            one.message.ordinal if isinstance(one.message, DossierItemRequested) else None for one in batch
        ]
        self.reached = batch[-1].place

    async def until_told(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.numbers) < count:
                await asyncio.sleep(0.01)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/dossier.db", "dossier") as store:
        yield store


@pytest.fixture
async def dossier(nats: Nats, store: Store) -> AsyncIterator[Connection]:
    """A dossier that tells what its store records, and keeps its stream."""
    connection = await nats.connect("dossier")
    own = Inbox("dossier")
    await own.ensure(connection)
    relay = Relay(store, told, topics_of(told), connection)
    tasks = [asyncio.create_task(relay.run()), asyncio.create_task(own.keep(connection))]
    yield connection
    await end(tasks)


@asynccontextmanager
async def following(nats: Nats, projection: Projection, publisher: str = "dossier") -> AsyncIterator[Connection]:
    connection = await nats.connect("history")
    inbox = Inbox("history")
    kinds = [DossierItemRequested] if publisher == "dossier" else []
    inbox.follows(publisher, kinds, projection.place, projection.project)
    await inbox.ensure(connection)
    task = asyncio.create_task(inbox.listen(connection))
    try:
        yield connection
        assert not task.done()
    finally:
        await end([task])


async def end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def post(store: Store, *numbers: int) -> None:
    await store.record(*(Parcel.post(number) for number in numbers))


async def test_a_projection_is_told_everything_in_order(nats: Nats, store: Store, dossier: Connection) -> None:
    projection = Projection()
    await post(store, *range(700))

    async with following(nats, projection):
        await projection.until_told(700)
        await post(store, *range(700, 710))
        await projection.until_told(710)

    assert projection.numbers == list(range(710))


async def test_it_goes_on_where_it_was(nats: Nats, store: Store, dossier: Connection) -> None:
    projection = Projection()
    await post(store, 0, 1)
    async with following(nats, projection):
        await projection.until_told(2)
    await post(store, 2, 3)

    async with following(nats, projection):
        await projection.until_told(4)

    assert projection.numbers == [0, 1, 2, 3]


async def test_a_batch_that_was_not_projected_comes_again(nats: Nats, store: Store, dossier: Connection) -> None:
    projection = Projection()
    projection.fails = 2
    await post(store, *range(5))

    async with following(nats, projection):
        await projection.until_told(5)

    assert projection.numbers == list(range(5))


async def test_a_server_killed_again_and_again_loses_and_reorders_nothing(
    nats: Nats, store: Store, dossier: Connection
) -> None:
    projection = Projection()
    async with following(nats, projection):
        for start in range(0, 400, 100):
            await post(store, *range(start, start + 100))
            await projection.until_told(start + 1)
            await nats.kill()
            await nats.start()
        await projection.until_told(400)

    assert projection.numbers == list(range(400))


async def test_messages_lost_on_their_way_are_asked_for_again(
    nats: Nats, store: Store, dossier: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    projection = Projection()
    lost: list[int] = []
    fetched = follower._fetch

    async def lossy(subscription: object) -> list[object]:
        messages = await fetched(subscription)
        if messages and not lost:
            lost.append(len(messages))
            return []
        return messages  # type: ignore[return-value]

    monkeypatch.setattr(follower, "_fetch", lossy)
    async with following(nats, projection):
        await post(store, *range(3))
        await asyncio.sleep(0.5)
        await post(store, *range(3, 6))
        await projection.until_told(6)

    assert lost
    assert projection.numbers == list(range(6))


async def test_a_wiped_server_tells_nothing_twice(nats: Nats, store: Store, dossier: Connection) -> None:
    projection = Projection()
    async with following(nats, projection):
        await post(store, *range(40))
        await projection.until_told(40)
        await nats.wipe()
        await post(store, *range(40, 60))
        await projection.until_told(60)

    assert projection.numbers == list(range(60))


async def test_a_lost_tail_is_told_once(nats: Nats, store: Store, dossier: Connection) -> None:
    projection = Projection()
    async with following(nats, projection):
        await post(store, *range(20))
        await projection.until_told(20)
        await nats.keep("DOSSIER")
        await post(store, *range(20, 50))
        await projection.until_told(50)
        await nats.roll_back("DOSSIER")
        await post(store, *range(50, 60))
        await projection.until_told(60)

    assert projection.numbers == list(range(60))


async def test_what_cannot_be_read_is_passed_over_with_its_place(nats: Nats, store: Store, dossier: Connection) -> None:
    projection = Projection()
    await post(store, 0)
    admin = await nats.connect("admin")
    async with following(nats, projection):
        await projection.until_told(1)
        await admin.js.publish(DossierItemRequested.SUBJECT, b"{")
        await admin.js.publish("uitpost.dossier.of-next-year.v1", b"{}")
        await projection.until_told(3)
        await post(store, 1)
        await projection.until_told(4)

    assert projection.numbers == [0, None, None, 1]
    assert projection.reached.sequence == 4


async def test_advisories_of_a_wiped_server_are_told_too(nats: Nats) -> None:
    projection = Projection()
    admin = await nats.connect("admin")
    async with following(nats, projection, "advisories") as history:
        for number in range(1, 4):
            await admin.js.publish(ADVISORY, b"{}")
            await projection.until_told(number)
        before = projection.reached

        await nats.wipe()
        await until_made(history)
        await admin.js.publish(ADVISORY, b"{}")
        await projection.until_told(4)

    assert (before.sequence, projection.reached.sequence) == (3, 1)
    assert before.stream_made != projection.reached.stream_made


async def test_who_follows_ends_with_a_connection_that_is_closed_for_good(nats: Nats) -> None:
    history = await nats.connect("history")
    inbox = Inbox("history")
    inbox.follows("advisories", [], Projection().place, Projection().project)
    await inbox.ensure(history)
    listening = asyncio.create_task(inbox.listen(history))
    await asyncio.sleep(0.1)

    await history.client.close()
    listening.cancel()
    ended, _ = await asyncio.wait([listening], timeout=30)

    assert ended
    assert listening.cancelled() or listening.exception()
    assert history.lost.is_set()


async def test_following_ends_when_told_though_the_telling_was_swallowed_once(
    nats: Nats, store: Store, dossier: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = follower._fetch
    projection = Projection()

    async def deaf(subscription: Any) -> list[Any]:
        try:
            return await fetched(subscription)
        except asyncio.CancelledError:
            return []

    monkeypatch.setattr(follower, "_fetch", deaf)
    async with following(nats, projection):
        await post(store, 1)
        await projection.until_told(1)

    assert projection.numbers == [1]


async def until_made(connection: Connection) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await ensure_streams(connection.js, connection.service)
            except (Error, APIError, TimeoutError):
                await asyncio.sleep(0.05)
            else:
                return
