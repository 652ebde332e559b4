"""What the store promises, in memory, on an SQLite file and on PostgreSQL: facts and rows together, all or nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.exc import DBAPIError

from shared.store import Conflict, Store, StoreUnavailable
from tests.parcel import RUN, Parcel

TABLES = MetaData()
NOTES = Table("notes", TABLES, Column("word", String, primary_key=True), Column("times", Integer))
NOTE = insert(NOTES)
TOPICS = ("tests.Parcel.Posted", "tests.Parcel.Weighed")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with Store(store_url, "dossier", _copy(TABLES)) as store:
        yield store


def _copy(tables: MetaData) -> MetaData:
    """Return the tables anew: a store adds its own beside them."""
    copied = MetaData()
    for table in tables.sorted_tables:
        table.to_metadata(copied)
    return copied


def words(connection: Connection) -> list[str]:
    return list(connection.execute(select(NOTES.c.word).order_by(NOTES.c.word)).scalars())


async def count(store: Store) -> int:
    return len(await store.notifications(0, 10_000, ()))


async def test_what_was_recorded_is_loaded(store: Store) -> None:
    parcel = Parcel.post(7)
    parcel.weigh(250)

    await store.record(parcel)

    loaded = await store.load(Parcel, parcel.id)
    assert loaded is not None
    assert (loaded.number, loaded.grams, loaded.version) == (7, 250, 2)
    assert loaded.recipient == {"name": "Anna", "email": "anna@bakery.example"}
    assert (loaded.run, loaded.on, loaded.created_on) == (RUN, date(2026, 3, 2), parcel.created_on)


async def test_nothing_is_loaded_of_what_was_never_recorded(store: Store) -> None:
    assert await store.load(Parcel, uuid4()) is None


async def test_recording_nothing_is_done_at_once(store: Store) -> None:
    await store.record()

    assert await count(store) == 0


async def test_the_same_fact_twice_is_a_conflict(store: Store) -> None:
    parcel = Parcel.post()
    await store.record(parcel)

    with pytest.raises(Conflict):
        await store.record(Parcel.post(identity=parcel.id))

    assert await count(store) == 1


async def test_of_two_who_decide_on_the_same_state_the_second_is_told(store: Store) -> None:
    parcel = Parcel.post()
    await store.record(parcel)
    one, other = await store.load(Parcel, parcel.id), await store.load(Parcel, parcel.id)
    assert one is not None
    assert other is not None
    one.weigh(1)
    other.weigh(2)

    await store.record(one)
    with pytest.raises(Conflict):
        await store.record(other)

    loaded = await store.load(Parcel, parcel.id)
    assert loaded is not None
    assert loaded.grams == 1


async def test_of_a_group_only_the_caller_in_conflict_fails(store: Store) -> None:
    parcels = [Parcel.post(number) for number in range(200)]
    twice = Parcel.post(identity=parcels[50].id)

    outcomes = await asyncio.gather(
        *(store.record(parcel, rows=[(NOTE, {"word": f"{parcel.number:03}", "times": 1})]) for parcel in parcels),
        store.record(twice, rows=[(NOTE, {"word": "twice", "times": 1})]),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Conflict]
    assert isinstance(outcomes[-1], Conflict)
    assert await count(store) == 200
    assert await store.read(words) == [f"{number:03}" for number in range(200)]


async def test_many_callers_share_few_commits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    commit = store._writer._commit_together

    def counted(group: list[Any]) -> None:
        groups.append(len(group))
        commit(group)

    monkeypatch.setattr(store._writer, "_commit_together", counted)

    await asyncio.gather(*(store.record(Parcel.post(number)) for number in range(300)))

    assert sum(groups) == 300
    assert len(groups) < 30


async def test_rows_stand_with_the_facts_or_not_at_all(store: Store) -> None:
    parcel = Parcel.post()
    await store.record(parcel, rows=[(NOTE, {"word": "stands", "times": 1})])

    with pytest.raises(Conflict):
        await store.record(Parcel.post(identity=parcel.id), rows=[(NOTE, {"word": "falls", "times": 1})])
    with pytest.raises(Conflict):
        await store.record(other := Parcel.post(), rows=[(NOTE, {"word": "stands", "times": 2})])

    assert await store.read(words) == ["stands"]
    assert await store.load(Parcel, other.id) is None


async def test_a_row_that_cannot_be_written_fails_its_own_caller_only(store: Store) -> None:
    wrong: dict[str, Any] = {"word": None, "times": 1}

    outcomes = await asyncio.gather(
        store.record(good := Parcel.post()),
        store.record(bad := Parcel.post(), rows=[(NOTE, wrong)]),
        return_exceptions=True,
    )

    assert outcomes[0] is None
    assert isinstance(outcomes[1], Conflict)
    assert await store.load(Parcel, good.id) is not None
    assert await store.load(Parcel, bad.id) is None


async def test_a_fact_that_cannot_be_written_down_fails_its_own_caller_only(store: Store) -> None:
    unwritable = Parcel.post()
    unwritable.weigh(1 << 200)

    outcomes = await asyncio.gather(
        store.record(good := Parcel.post()), store.record(unwritable), return_exceptions=True
    )

    assert outcomes[0] is None
    assert isinstance(outcomes[1], TypeError)
    assert await store.load(Parcel, good.id) is not None
    assert await store.load(Parcel, unwritable.id) is None


async def test_work_in_the_transaction_returns_its_result(store: Store) -> None:
    def work(connection: Connection) -> int:
        connection.execute(NOTE, {"word": "one", "times": 1})
        return connection.execute(select(func.count()).select_from(NOTES)).scalar_one()

    assert await store.transact(work) == 1
    assert await store.read(words) == ["one"]


async def test_work_that_raises_leaves_nothing_and_disturbs_nobody(store: Store) -> None:
    def work(connection: Connection) -> None:
        connection.execute(NOTE, {"word": "half", "times": 1})
        raise LookupError("no")

    outcomes = await asyncio.gather(store.record(Parcel.post()), store.transact(work), return_exceptions=True)

    assert outcomes[0] is None
    assert isinstance(outcomes[1], LookupError)
    assert await store.read(words) == []
    assert await count(store) == 1


async def test_facts_are_recorded_only_if_a_condition_holds_at_that_moment(store: Store) -> None:
    """And whoever records at the same time is not disturbed."""
    refused, taken, other = Parcel.post(1), Parcel.post(2), Parcel.post(3)

    outcomes = await asyncio.gather(
        store.record(refused, rows=[(NOTE, {"word": "no", "times": 1})], only_if=lambda _: False),
        store.record(taken, rows=[(NOTE, {"word": "yes", "times": 1})], only_if=lambda tables: "yes" in words(tables)),
        store.record(other),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [Conflict, type(None), type(None)]
    assert [await store.knows(parcel.id) for parcel in (refused, taken, other)] == [False, True, True]
    assert await store.read(words) == ["yes"]


async def test_it_is_known_whether_something_happened_without_reading_it(store: Store) -> None:
    weighed, posted = Parcel.post(1), Parcel.post(2)
    weighed.weigh(250)

    await store.record(weighed, posted)

    assert [await store.happened(Parcel.Weighed, parcel.id) for parcel in (weighed, posted)] == [True, False]


async def test_a_wrong_query_is_said_to_be_wrong(store: Store) -> None:
    with pytest.raises((StoreUnavailable, DBAPIError), match="nowhere"):
        await store.read(lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere"))


async def test_facts_are_read_in_the_order_of_their_recording_from_any_place(store: Store) -> None:
    for number in range(5):
        await store.record(Parcel.post(number))

    everything = await store.notifications(0, 100, TOPICS)
    rest = await store.notifications(everything[1].id, 2, TOPICS)

    assert [store.mapper.to_domain_event(one).number for one in everything] == [0, 1, 2, 3, 4]  # type: ignore[attr-defined]
    assert [one.id for one in everything] == sorted({one.id for one in everything})
    assert rest == everything[2:4]


async def test_only_the_topics_asked_for_are_read(store: Store) -> None:
    parcel = Parcel.post()
    parcel.weigh(1)
    parcel.weigh(2)
    await store.record(parcel)

    posted = await store.notifications(0, 100, ["tests.Parcel.Posted"])
    weighed = await store.notifications(0, 100, ["tests.Parcel.Weighed"])

    assert [one.originator_version for one in posted] == [1]
    assert [one.originator_version for one in weighed] == [2, 3]


async def test_whoever_waits_for_facts_is_called_when_theirs_stand_and_not_for_others_or_rows(store: Store) -> None:
    calls: list[int] = []
    store.on_commit(lambda: calls.append(1), ["tests.Parcel.Posted"])

    await store.record(rows=[(NOTE, {"word": "row", "times": 1})])
    assert calls == []
    parcel = Parcel.post()
    await store.record(parcel)
    parcel.weigh(1)
    await store.record(parcel)

    assert calls == [1]


async def test_readers_and_writers_at_once_do_not_disturb_one_another(store: Store) -> None:
    parcel = Parcel.post()
    await store.record(parcel)

    async def write(number: int) -> None:
        await store.record(Parcel.post(number), rows=[(NOTE, {"word": f"{number}", "times": 1})])

    async def read() -> None:
        assert await store.load(Parcel, parcel.id) is not None
        await store.read(words)
        store.read_now(words)

    await asyncio.gather(*(work for number in range(100) for work in (write(number), read())))

    assert await count(store) == 101


async def test_closing_commits_what_is_queued_and_takes_nothing_more(store_url: str) -> None:
    store = Store(store_url, "dossier")
    queued = [asyncio.create_task(store.record(Parcel.post(number))) for number in range(50)]
    await asyncio.sleep(0)

    await store.close()

    assert await asyncio.gather(*queued) == [None] * 50
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.record(Parcel.post())
