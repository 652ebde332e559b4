"""What the store promises of values that many events have alike: they lie once, and each event reads as it was."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text

from shared.store import Conflict, Store
from tests.parcel import RUN, Parcel


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with Store(store_url, "dossier") as store:
        yield store


def kept(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM alike")).scalar_one())


async def test_what_events_recorded_together_have_alike_is_kept_once(store: Store) -> None:
    parcels = [Parcel.post(number) for number in range(100)]

    await store.record(*parcels[:50])
    await store.record(*parcels[50:])

    stored = await store.notifications(0, 1000, ())
    assert await store.read(kept) == 1
    assert not any(str(RUN).encode() in event.state for event in stored)
    for number, parcel in enumerate(parcels):
        loaded = await store.load(Parcel, parcel.id)
        assert loaded is not None
        assert (loaded.number, loaded.run, loaded.on) == (number, RUN, parcel.on)
        assert loaded.recipient == parcel.recipient


async def test_an_event_recorded_by_itself_carries_its_own_values(store: Store) -> None:
    await store.record(Parcel.post())

    (event,) = await store.notifications(0, 10, ())
    assert str(RUN).encode() in event.state
    assert await store.read(kept) == 0


async def test_facts_can_be_recorded_without_their_aggregates(store: Store) -> None:
    parcels = [Parcel.post(number) for number in range(3)]
    events = [event for parcel in parcels for event in parcel.collect_events()]
    weighed = Parcel.post(9)

    await store.record(weighed, events=events)

    positions = [store.mapper.to_domain_event(event).number for event in await store.notifications(0, 10, ())]  # type: ignore[attr-defined]
    assert positions == [0, 1, 2, 9]


async def test_of_a_group_that_is_tried_one_by_one_what_stands_can_be_read(store: Store) -> None:
    taken = Parcel.post()
    await store.record(taken)
    puts = [[Parcel.post(1), Parcel.post(2)], [Parcel.post(3), Parcel.post(identity=taken.id)], [Parcel.post(4)]]

    outcomes = await asyncio.gather(*(store.record(*put) for put in puts), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, type(None)]
    events = [store.mapper.to_domain_event(event) for event in await store.notifications(0, 10, ())]
    assert {event.run for event in events} == {RUN}  # type: ignore[attr-defined]


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"], indirect=True)  # memory has no other process
async def test_another_process_reads_what_this_one_kept(store_url: str) -> None:
    parcels = [Parcel.post(1), Parcel.post(2)]
    async with Store(store_url, "dossier") as store:
        await store.record(*parcels)

    async with Store(store_url, "dossier") as again:
        loaded = await again.load(Parcel, parcels[1].id)

    assert loaded is not None
    assert (loaded.run, loaded.on) == (RUN, parcels[1].on)
