"""What the store promises when things break: what was answered stands, and what was not is said to be so."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from shared.store import Conflict, Store, StoreUnavailable
from tests.parcel import Parcel
from tests.postgres import Postgres

WRITER = """
import asyncio, sys
from shared.store import Store
from tests.parcel import Parcel

async def main():
    store = Store(sys.argv[1], "dossier")

    async def write():
        while True:
            parcel = Parcel.post()
            await store.record(parcel)
            print(parcel.id, flush=True)

    await asyncio.gather(*(write() for _ in range(20)))

asyncio.run(main())
"""


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: what a full disk is to a writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def count(url: str) -> int:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        counted: int = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    connection.close()
    return counted


async def test_every_connection_to_a_file_is_durable(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/dossier.db", "dossier", keys_url=f"sqlite:///{tmp_path}/keys.db") as store:
        for engine in (store._engine, store.keyring._engine):
            with engine.connect() as one, engine.connect() as other:
                for connection in (one, other):
                    assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                    assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


async def test_postgres_commits_are_durable_whatever_the_server_defaults_to(postgres_url: str) -> None:
    async with Store(postgres_url, "dossier") as store:
        assert store.read_now(lambda connection: connection.exec_driver_sql("SHOW synchronous_commit").scalar()) == "on"


async def test_a_file_has_one_store_and_the_second_is_told_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/dossier.db"
    async with Store(url, "dossier"):
        with pytest.raises(StoreUnavailable, match="another dossier service"):
            Store(url, "dossier")

    await Store(url, "dossier").close()


async def test_a_full_disk_is_told_and_nothing_is_half_recorded(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/dossier.db"
    async with Store(url, "dossier") as store:
        await store.record(*(Parcel.post(number) for number in range(100)))
        with files_of_at_most((tmp_path / "dossier.db-wal").stat().st_size + 8192):
            with pytest.raises(StoreUnavailable):
                await store.record(*(Parcel.post(number, name="n" * 500) for number in range(200)))
            outcomes = await asyncio.gather(
                *(store.record(Parcel.post(name="n" * 20_000)) for _ in range(10)), return_exceptions=True
            )
        failed = [outcome for outcome in outcomes if outcome is not None]

        await store.record(Parcel.post())

        assert failed
        assert all(isinstance(outcome, StoreUnavailable) for outcome in failed)
        assert len(await store.notifications(0, 1000, ())) == 101 + 10 - len(failed)


async def test_what_was_answered_outlives_a_killed_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/dossier.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    answered = [writer.stdout.readline() for _ in range(500)]

    os.kill(writer.pid, signal.SIGKILL)
    answered += [line for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()

    async with Store(url, "dossier") as store:
        assert all([await store.load(Parcel, UUID(line.strip())) for line in answered])


async def test_facts_whose_answer_was_lost_are_found_to_stand(
    postgres: Postgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store(postgres_url, "dossier") as store:
        await store.record(Parcel.post())
        lose_answers(store, postgres, postgres_url, monkeypatch, times=1)

        outcomes = await asyncio.gather(*(store.record(Parcel.post(number)) for number in range(20)))

        assert outcomes == [None] * 20
        assert len(await store.notifications(0, 100, ())) == 21


async def test_work_whose_answer_was_lost_is_not_done_twice(
    postgres: Postgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = MetaData()
    counters = Table("counters", tables, Column("number", Integer))

    def work(connection: Connection) -> str:
        connection.execute(insert(counters), {"number": 1})
        return "done"

    async with Store(postgres_url, "dossier", tables) as store:
        lose_answers(store, postgres, postgres_url, monkeypatch, times=1)

        outcomes = await asyncio.gather(*(store.transact(work) for _ in range(5)))

        assert outcomes == ["done"] * 5
        assert len(await store.read(lambda connection: connection.execute(select(counters)).all())) == 5


async def test_a_connection_lost_before_the_commit_leaves_nothing(postgres: Postgres, postgres_url: str) -> None:
    def work(connection: Connection) -> None:
        postgres.hang_up(postgres_url)

    async with Store(postgres_url, "dossier") as store:
        with pytest.raises(StoreUnavailable):
            await store.transact(work)

        await store.record(parcel := Parcel.post())

        assert await store.load(Parcel, parcel.id) is not None


async def test_a_server_that_is_away_is_told_and_found_again(postgres_url: str) -> None:
    server = Postgres()
    try:
        server.start()
        url = server.make_database()
        async with Store(url, "dossier") as store:
            await store.record(Parcel.post(1))
            server.stop()

            outcomes = await asyncio.gather(
                *(store.record(Parcel.post()) for _ in range(50)),
                store.load(Parcel, Parcel.post().id),
                store.notifications(0, 10, ()),
                return_exceptions=True,
            )
            server.start()
            await store.record(Parcel.post(2))

            assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
            assert len(await store.notifications(0, 100, ())) == 2
        server.stop()
        with pytest.raises(StoreUnavailable):
            Store(url, "dossier")
    finally:
        server.remove()


async def test_processes_that_start_at_once_make_the_tables_once(postgres_url: str) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(Store, postgres_url, "renderer") for _ in range(6)))

    for number, store in enumerate(stores):
        await store.record(Parcel.post(number))

    assert len(await stores[0].notifications(0, 100, ())) == 6
    for store in stores:
        await store.close()


async def test_a_reader_that_follows_many_writers_misses_no_fact(store_url: str) -> None:
    if not store_url.startswith("postgresql"):
        stores = [Store(store_url, "dossier")]
    else:
        stores = [Store(store_url, "dossier") for _ in range(4)]
    seen: list[int] = []
    ended = Event()

    def follow() -> None:
        while True:
            last = ended.is_set()
            new = stores[0].recorder.select_notifications(seen[-1] if seen else 0, 50, inclusive_of_start=False)
            seen.extend(one.id for one in new)
            if last and not new:
                return
            time.sleep(0.0002)

    reader = Thread(target=follow)
    reader.start()
    conflicts = 0
    for _ in range(15):
        twice = [Parcel.post() for _ in stores]
        outcomes = await asyncio.gather(
            *(store.record(Parcel.post(number)) for number in range(20) for store in stores),
            *(store.record(Parcel.post(identity=twice[0].id)) for store in stores),
            return_exceptions=True,
        )
        conflicts += sum(isinstance(outcome, Conflict) for outcome in outcomes)
    ended.set()
    await asyncio.to_thread(reader.join)

    everything = [one.id for one in await stores[0].notifications(0, 10_000, ())]
    assert seen == everything
    assert len(everything) == 15 * (20 * len(stores) + 1)
    assert conflicts == 15 * (len(stores) - 1)
    for store in stores:
        await store.close()


def lose_answers(store: Store, postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have the next commits take place at the server and their answers get lost with the connection."""
    left = [times]
    commit = store._engine.dialect.do_commit

    def do_commit(connection: object) -> None:
        commit(connection)  # type: ignore[arg-type]
        if left[0]:
            left[0] -= 1
            postgres.hang_up(url)
            connection.cursor().execute("SELECT 1")  # type: ignore[attr-defined]

    monkeypatch.setattr(store._engine.dialect, "do_commit", do_commit)
