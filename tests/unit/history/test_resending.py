"""Resend jobs: durable, each row asked until it is answered, and nothing left of a wish that nobody heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from services.history.adapters.tables import JobTables, ProjectedTables
from services.history.application.refused import Refused
from services.history.application.resending import Resending
from services.history.domain.looking import Filter
from services.history.domain.resend import Job, Wish, token_of
from shared.contracts.message import Recipient
from shared.messaging import NoAnswer
from shared.store import Store
from tests.unit.history.doors import Dossier
from tests.unit.history.story import at, failed, requested, row_id, sent, told


@asynccontextmanager
async def working(store: Store, dossier: Dossier, patience: float = 10) -> AsyncIterator[Resending]:
    """Resending as a process runs it: cut off where it stands at the end."""
    resending = Resending(JobTables(store), dossier, pause=0.01, patience=patience, now=lambda: at(1_000_000))
    running = asyncio.create_task(resending.run())
    try:
        yield resending
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def done(resending: Resending, job: Job) -> Job:
    while not job.done:
        await asyncio.sleep(0.01)
        job = await resending.job(job.job_id)
    return job


async def rows(store: Store, count: int, sent_rows: int = 0) -> None:
    """Have `count` rows that failed, the first `sent_rows` of which were sent."""
    await ProjectedTables(store).project("dossier", told([requested(row) for row in range(1, count + 1)]))
    outcome = [sent(row) if row <= sent_rows else failed(row) for row in range(1, count + 1)]
    await ProjectedTables(store).project("mailer", told([*outcome]))


async def test_rows_are_asked_of_the_dossier_with_all_that_was_wished(store: Store) -> None:
    """FR-57, FR-58, A11."""
    dossier = Dossier()
    async with working(store, dossier) as resending:
        wish = Wish("clerk", (row_id(1), row_id(2)), reason="corrected", address="original", content="anew")
        job = await resending.resend(wish, "key")
        answers = await resending.answers(job.job_id, 10)

    assert (job.done, job.counts) == (True, {"resent": 2})
    assert [answer.processing_id for answer in answers] == [row_id(1), row_id(2)]
    (ask,) = [ask for ask in dossier.asked if ask.processing_id == row_id(1)]
    assert (ask.operator, ask.reason, ask.address, ask.content) == ("clerk", "corrected", "original", "anew")
    assert ask.token == token_of(job.job_id, row_id(1))


async def test_the_same_key_again_is_the_same_job(file_store: Store) -> None:
    dossier = Dossier()
    async with working(file_store, dossier) as resending:
        wish = Wish("clerk", (row_id(1),))
        jobs = await asyncio.gather(*(resending.resend(wish, "key") for _ in range(10)))
        again = await resending.resend(wish, "key")

    assert {job.job_id for job in (*jobs, again)} == {jobs[0].job_id}
    assert len(dossier.asked) == 1


async def test_a_key_used_for_another_wish_is_refused(file_store: Store) -> None:
    async with working(file_store, Dossier()) as resending:
        await resending.resend(Wish("clerk", (row_id(1),)), "key")

        with pytest.raises(Refused, match="idempotency_key_reused"):
            await resending.resend(Wish("clerk", (row_id(2),)), "key")
        other = await resending.resend(Wish("someone else", (row_id(2),)), "key")

    assert other.done


async def test_a_filter_skips_what_was_sent_unless_told(file_store: Store) -> None:
    await rows(file_store, 5, sent_rows=2)
    dossier = Dossier()
    async with working(file_store, dossier) as resending:
        skipping = await resending.resend(Wish("clerk", filter=Filter(q="bakery")), "skipping")
        including = await resending.resend(Wish("clerk", filter=Filter(), include_sent=True), "including")

    assert skipping.counts == {"resent": 3, "skipped": 2}
    assert including.counts == {"resent": 5}


async def test_a_large_job_answers_at_once_and_is_worked_to_its_end(store: Store) -> None:
    await rows(store, 1203)
    dossier = Dossier()
    dossier.refuses = lambda ask: "no_address" if ask.processing_id == row_id(7) else None
    async with working(store, dossier) as resending:
        begun = await resending.resend(Wish("clerk", filter=Filter(status="failed")), "key")
        finished = await done(resending, begun)

    assert begun.size == 500
    assert not begun.whole
    assert finished.counts == {"resent": 1202, "refused": 1}
    assert len({ask.token for ask in dossier.asked}) == len(dossier.asked) == 1203


async def test_rows_that_come_after_the_wish_are_not_swept_in(file_store: Store) -> None:
    await rows(file_store, 700)
    dossier = Dossier()
    async with working(file_store, dossier) as resending:
        begun = await resending.resend(Wish("clerk", filter=Filter(q="bakery")), "key")
        late = [requested(row, recipient=Recipient(name="Late", email="l@bakery.example")) for row in range(701, 705)]
        await ProjectedTables(file_store).project("dossier", told([*late], after=700))
        finished = await done(resending, begun)

    assert finished.counts == {"resent": 700}


async def test_a_job_cut_off_by_a_crash_is_resumed(file_store: Store) -> None:
    await rows(file_store, 300)
    dossier = Dossier()
    dossier.pause = 0.005
    async with working(file_store, dossier) as resending:
        begun = await resending.resend(Wish("clerk", filter=Filter()), "key")
        while len(dossier.asked) < 150:
            await asyncio.sleep(0.005)
    async with working(file_store, dossier) as resending:
        finished = await done(resending, begun)

    assert finished.counts == {"resent": 300}
    assert len({ask.token for ask in dossier.asked}) == 300


async def test_a_wish_that_nobody_hears_leaves_nothing_behind(file_store: Store) -> None:
    dossier = Dossier()
    dossier.is_there = False
    async with working(file_store, dossier) as resending:
        with pytest.raises(NoAnswer):
            await resending.resend(Wish("clerk", tuple(row_id(row) for row in range(10, 110))), "key")
        left = await JobTables(file_store).unfinished()
        tried = dossier.tried
        dossier.is_there = True
        job = await resending.resend(Wish("clerk", (row_id(3),)), "key")

    assert left == []
    assert tried <= 8, "a silent door is not asked a hundred times"
    assert [ask.processing_id for ask in dossier.asked] == [row_id(3)]
    assert job.done


async def test_a_dossier_that_cannot_ask_the_mailer_counts_as_silent(file_store: Store) -> None:
    dossier = Dossier()
    dossier.refuses = lambda _: "no_answer"
    async with working(file_store, dossier) as resending:
        with pytest.raises(NoAnswer):
            await resending.resend(Wish("clerk", (row_id(1),)), "key")

    assert await JobTables(file_store).unfinished() == []


async def test_rows_left_waiting_are_asked_again_until_they_are_answered(file_store: Store) -> None:
    dossier = Dossier()
    dossier.refuses = lambda ask: "no_answer" if ask.processing_id == row_id(2) else None
    async with working(file_store, dossier, patience=0.1) as resending:
        begun = await resending.resend(Wish("clerk", (row_id(1), row_id(2))), "key")
        dossier.refuses = lambda _: None
        finished = await done(resending, begun)

    assert begun.counts == {"resent": 1, "waiting": 1}
    assert finished.counts == {"resent": 2}


@pytest.mark.parametrize("code", ["busy", "in_doubt"])
async def test_a_single_row_on_its_way_is_refused_and_its_key_is_free_again(file_store: Store, code: str) -> None:
    dossier = Dossier()
    dossier.refuses = lambda _: code
    async with working(file_store, dossier) as resending:
        with pytest.raises(Refused, match=code):
            await resending.resend(Wish("clerk", (row_id(1),)), "key")
        dossier.refuses = lambda _: None
        job = await resending.resend(Wish("clerk", (row_id(1),)), "key")

    assert job.counts == {"resent": 1}


async def test_an_unknown_job_is_refused(file_store: Store) -> None:
    with pytest.raises(Refused, match="unknown_job"):
        await Resending(JobTables(file_store), Dossier()).job(row_id(1))
