"""The queue of mails: each goes to one mailer at a time, oldest first, and what a dead mailer held comes back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from services.mailer.adapters.tables import TABLES, DueTable, ServerTable
from services.mailer.adapters.tables import due as due_table
from shared.store import Store
from tests.unit.mailer.mails import RUN, Later, a_server, queued

NOW = datetime.now(UTC)


def mail_ids(number: int) -> list[UUID]:
    return [uuid5(RUN, str(n)) for n in range(number)]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once in an SQLite file, once on PostgreSQL."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else f"sqlite:///{tmp_path}/m.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with Store(url, "mailer", TABLES) as store:
        yield store


@pytest.fixture
def due(store: Store, url: str) -> DueTable:
    return DueTable(store, alone=url.startswith("sqlite"))


@pytest.fixture
async def two(postgres_url: str) -> AsyncIterator[tuple[DueTable, DueTable]]:
    """Two mailers on one PostgreSQL database."""
    async with Store(postgres_url, "mailer", TABLES) as one, Store(postgres_url, "mailer", TABLES) as other:
        yield DueTable(one, alone=False), DueTable(other, alone=False)


async def queue(due: DueTable, *mails: UUID, at: datetime = NOW, server: str = "default") -> None:
    await due._store.record(rows=[due.waits(mail, server, at) for mail in mails])


async def test_mails_are_claimed_oldest_first_and_once(due: DueTable) -> None:
    old, young, later = mail_ids(3)
    await queue(due, young, at=NOW - timedelta(seconds=1))
    await queue(due, old, at=NOW - timedelta(seconds=9))
    await queue(due, later, at=NOW + timedelta(hours=1))

    claims = [await due.claim("default", 1), await due.claim("default", 5), await due.claim("default", 5)]

    assert claims == [[old], [young], []]


async def test_each_server_has_its_own_queue(due: DueTable) -> None:
    ours, theirs = mail_ids(2)
    await queue(due, ours)
    await queue(due, theirs, server="other")

    assert await due.claim("other", 5) == [theirs]
    assert await due.claim("default", 5) == [ours]


async def test_a_mail_queued_again_is_free_at_its_new_time(due: DueTable) -> None:
    (mail,) = mail_ids(1)
    await queue(due, mail)
    await due.claim("default", 1)

    await queue(due, mail, at=datetime.now(UTC) + timedelta(hours=1))

    assert await due.claim("default", 1) == []
    seconds = await due.next_due("default")
    assert seconds is not None
    assert 3500 < seconds <= 3600


async def test_a_mail_given_back_is_claimed_again(due: DueTable) -> None:
    one, other = mail_ids(2)
    await queue(due, one, other)
    await due.claim("default", 2)

    await due.release([one])

    assert await due.claim("default", 2) == [one]


async def test_a_settled_mail_is_gone(due: DueTable) -> None:
    (mail,) = mail_ids(1)
    await queue(due, mail)

    await due._store.record(rows=[due.settled(mail)])

    assert await due.claim("default", 1) == []
    assert await due.next_due("default") is None


async def test_nobody_is_orphaned_by_the_mailer_that_asks(due: DueTable) -> None:
    await queue(due, *mail_ids(2))
    await due.claim("default", 1)

    assert await due.orphans() == []


async def test_a_server_set_up_anew_takes_the_place_of_the_old(store: Store, url: str) -> None:
    servers = ServerTable(store, alone=url.startswith("sqlite"))
    await store.record(rows=[servers.put(a_server(25)), servers.put(a_server(26, mail_server_id="other"))])

    await store.record(rows=[servers.put(a_server(587))])

    assert {server.mail_server_id: server.port for server in await servers.all()} == {"default": 587, "other": 26}


async def test_on_a_file_whatever_another_mailer_claimed_is_orphaned_at_once(tmp_path: Path) -> None:
    mails = mail_ids(3)
    async with Store(f"sqlite:///{tmp_path}/m.db", "mailer", TABLES) as store:
        before = DueTable(store, alone=True)
        await queue(before, *mails)
        await before.claim("default", 2)
        after = DueTable(store, alone=True)

        orphans = await after.orphans()
        await after.adopt(orphans)

        assert len(orphans) == 2
        assert sorted(await after.claim("default", 5)) == sorted(mails)


async def test_two_mailers_share_a_queue_and_no_mail_goes_to_both(two: tuple[DueTable, DueTable]) -> None:
    mails = mail_ids(60)
    await queue(two[0], *mails)

    claims = await asyncio.gather(*(due.claim("default", 5) for _ in range(6) for due in two))

    assert sorted(mail for claim in claims for mail in claim) == sorted(mails)


async def test_rows_that_another_mailer_is_claiming_are_passed_over_not_waited_for(
    two: tuple[DueTable, DueTable], postgres_url: str
) -> None:
    mails = mail_ids(4)
    await queue(two[0], *mails)
    lock = TABLES.tables["due"].select().where(TABLES.tables["due"].c.mail_id.in_(mails[:2])).with_for_update()

    with two[0]._store._engine.connect() as connection, connection.begin():
        connection.execute(lock)
        claimed = await asyncio.wait_for(two[1].claim("default", 4), 10)

    assert sorted(claimed) == sorted(mails[2:])


async def test_what_a_living_mailer_holds_is_not_orphaned_and_what_a_silent_one_held_is(
    two: tuple[DueTable, DueTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    mails = mail_ids(2)
    await queue(here, *mails)
    await here.claim("default", 2)
    while_it_lives = await there.orphans()

    monkeypatch.setattr(due_table, "time", Later)
    when_silent = await there.orphans()
    await here.renew()
    renewed = await there.orphans()

    assert while_it_lives == renewed == []
    assert sorted(when_silent) == sorted(mails)


async def test_what_was_taken_over_is_not_given_back_by_the_mailer_that_was_slow(
    two: tuple[DueTable, DueTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = two
    mails = mail_ids(2)
    await queue(slow, *mails)
    await slow.claim("default", 2)
    monkeypatch.setattr(due_table, "time", Later)
    await quick.adopt(await quick.orphans())
    await quick.claim("default", 2)

    await slow.release(mails)

    assert sorted(await queued(slow._store, claimed=True)) == sorted(mails)


async def test_an_orphan_whose_mailer_speaks_up_again_is_not_adopted(
    two: tuple[DueTable, DueTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = two
    mails = mail_ids(1)
    await queue(slow, *mails)
    await slow.claim("default", 1)
    monkeypatch.setattr(due_table, "time", Later)
    orphans = await quick.orphans()

    await slow.renew()
    await quick.adopt(orphans)

    assert await quick.claim("default", 1) == []
