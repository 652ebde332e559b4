"""A stream forgets what is old and heard by everyone, and nothing else; its last message stays as the cursor."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from shared.contracts.dossier import RunCancelled
from shared.messaging import Connection, Purge
from shared.messaging.topology import ensure_streams
from shared.relay import Relay, topics_of
from shared.store import Store
from tests.nats import Nats
from tests.parcel import Parcel, told

_TOLD = 50


@pytest.fixture
async def dossier(nats: Nats, tmp_path: Path) -> AsyncIterator[Connection]:
    """The dossier's connection, with so many facts told and heard by three listeners, of whom one lags behind."""
    connection = await nats.connect("dossier")
    await ensure_streams(connection.js, "dossier")
    async with Store(f"sqlite:///{tmp_path / 'dossier.db'}", "dossier") as store:
        relay = asyncio.create_task(Relay(store, told, topics_of(told), connection).run())
        await store.record(*(Parcel.post() for _ in range(_TOLD)))
        await _told(connection, _TOLD)
        yield connection
        relay.cancel()


async def test_what_everyone_has_heard_is_purged_but_for_the_last(nats: Nats, dossier: Connection) -> None:
    for service in ("renderer", "mailer", "history"):
        await _hear(nats, service, _TOLD)

    await Purge(dossier, days=0).purge("DOSSIER")

    state = (await dossier.js.stream_info("DOSSIER")).state
    assert (state.messages, state.first_seq, state.last_seq) == (1, _TOLD, _TOLD)


async def test_who_listens_to_other_subjects_holds_nothing_up(nats: Nats, dossier: Connection) -> None:
    for service in ("renderer", "mailer", "history"):
        await _hear(nats, service, _TOLD)
    renderer = await nats.connect("renderer")
    seldom = ConsumerConfig(
        durable_name="renderer-ahead", ack_policy=AckPolicy.EXPLICIT, filter_subjects=[RunCancelled.SUBJECT]
    )
    await renderer.js.add_consumer("DOSSIER", seldom)

    await Purge(dossier, days=0).purge("DOSSIER")

    assert (await dossier.js.stream_info("DOSSIER")).state.first_seq == _TOLD


async def test_what_somebody_has_not_heard_stays(nats: Nats, dossier: Connection) -> None:
    await _hear(nats, "renderer", _TOLD)
    await _hear(nats, "mailer", 20)
    await _hear(nats, "history", _TOLD)

    await Purge(dossier, days=0).purge("DOSSIER")

    assert (await dossier.js.stream_info("DOSSIER")).state.first_seq == 21


async def test_nothing_is_purged_while_a_listener_is_missing_or_it_is_young(nats: Nats, dossier: Connection) -> None:
    await _hear(nats, "renderer", _TOLD)
    await _hear(nats, "mailer", _TOLD)

    await Purge(dossier, days=0).purge("DOSSIER")
    await _hear(nats, "history", _TOLD)
    await Purge(dossier, days=30).purge("DOSSIER")

    assert (await dossier.js.stream_info("DOSSIER")).state.messages == _TOLD


async def _hear(nats: Nats, service: str, number: int) -> None:
    """Acknowledge the first messages as a service."""
    connection = await nats.connect(service)
    config = ConsumerConfig(durable_name=service, ack_policy=AckPolicy.EXPLICIT)
    await connection.js.add_consumer("DOSSIER", config)
    subscription = await connection.js.pull_subscribe_bind(
        service, "DOSSIER", inbox_prefix=f"_INBOX.{service}.".encode()
    )
    for message in await subscription.fetch(number):
        await message.ack_sync()
    await subscription.unsubscribe()


async def _told(connection: Connection, number: int) -> None:
    async with asyncio.timeout(30):
        while (await connection.js.stream_info("DOSSIER")).state.messages < number:
            await asyncio.sleep(0.02)
