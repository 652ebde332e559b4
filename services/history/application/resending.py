"""Sends rows again: a wish becomes a durable job, each row of which is asked of the dossier until it is answered."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, auto
from uuid import UUID

import structlog

from services.history.application.ports import Doors, Jobs
from services.history.application.refused import Refused
from services.history.domain.resend import Answer, Job, Wish, job_id_of, token_of
from shared.contracts.asks import Remake, Resend, Resent
from shared.messaging import NoAnswer, Refusal
from shared.store import StoreUnavailable

_log = structlog.get_logger()
SMALL = 100  # rows of a job that is worked while the caller waits
_PATIENCE = 10.0  # seconds that a caller waits
_CHUNK = 100  # rows asked before their answers are written down
_AT_ONCE = 8  # questions that the dossier has at a time
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds before a silent door is asked again
_CONFLICTS = {"busy", "in_doubt"}


class _Round(Enum):
    MORE = auto()
    DONE = auto()
    SILENT = auto()  # the door gave no answer to some question


@dataclass
class _Hand:
    """A job that is being worked: who waits for it hears when it is at an end, or why it was withdrawn."""

    waiting: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    error: Refused | NoAnswer | None = None


class Resending:
    """Takes on wishes to resend, and works them to their end."""

    def __init__(
        self,
        jobs: Jobs,
        doors: Doors,
        *,
        pause: float = _PAUSE,
        patience: float = _PATIENCE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._jobs = jobs
        self._doors = doors
        self._pause = pause
        self._patience = patience
        self._now = now
        self._hands: dict[UUID, _Hand] = {}
        self._new: asyncio.Queue[UUID] = asyncio.Queue()
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def resend(self, wish: Wish, key: str) -> Job:
        """Take on a wish under its idempotency key and return the job, a small one with its answers.

        Raises Refused `idempotency_key_reused`, or `busy` or `in_doubt` for a single row; NoAnswer where the dossier
        is silent. A small job that is refused so leaves nothing behind.
        """
        job = await self._jobs.take_on(job_id_of(wish.operator, key), wish, self._now())
        if job.wish != wish:
            raise Refused("idempotency_key_reused")
        if job.done:
            return job
        hand = self._hand_out(job.job_id)
        if job.whole and job.size <= SMALL:
            await self._wait(hand)
        return await self._jobs.job(job.job_id) or job

    async def job(self, job_id: UUID) -> Job:
        """Return a job; raise Refused `unknown_job`."""
        job = await self._jobs.job(job_id)
        if job is None:
            raise Refused("unknown_job")
        return job

    async def answers(self, job_id: UUID, limit: int, after: int = -1) -> Sequence[Answer]:
        """Return the next rows of a job with their answers."""
        return await self._jobs.answers(job_id, limit, after)

    async def run(self) -> None:
        """Work the jobs that an earlier life left unfinished, and each new one, until cancelled."""
        async with asyncio.TaskGroup() as work:
            for job_id in await self._jobs.unfinished():
                self._hand_out(job_id)
            while True:
                job_id = await self._new.get()
                work.create_task(self._work(job_id, self._hands[job_id]))

    def _hand_out(self, job_id: UUID) -> _Hand:
        if job_id not in self._hands:
            self._hands[job_id] = _Hand()
            self._new.put_nowait(job_id)
        return self._hands[job_id]

    async def _wait(self, hand: _Hand) -> None:
        hand.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await hand.ended.wait()
        except TimeoutError:
            return  # the job goes on, and its progress can be asked for
        finally:
            hand.waiting -= 1
        if hand.error:
            raise hand.error

    async def _work(self, job_id: UUID, hand: _Hand) -> None:
        pause = self._pause
        while True:
            try:
                came = await self._round(job_id, hand)
            except StoreUnavailable as error:
                _log.warning("resend job waits for the store", job_id=str(job_id), error=str(error))
                came = _Round.SILENT
            if came is _Round.DONE:
                break
            if came is _Round.SILENT:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                pause = self._pause
        del self._hands[job_id]
        hand.ended.set()

    async def _round(self, job_id: UUID, hand: _Hand) -> _Round:
        """Ask about the next rows; what was answered is written down before anything more is asked."""
        job = await self.job(job_id)
        waiting = await self._jobs.answers(job_id, _CHUNK, outcome="waiting")
        if not waiting and job.whole:
            await self._jobs.finish(job_id)
            return _Round.DONE
        if not waiting:
            await self._jobs.extend(job_id)
            return _Round.MORE
        answers = await self._ask_all(job, waiting)
        refusal = _refusal(job, answers)
        if refusal and hand.waiting:
            hand.error = refusal
            await self._jobs.withdraw(job_id)
            return _Round.DONE
        await self._jobs.answer(job_id, answers)
        return _Round.MORE if len(answers) == len(waiting) else _Round.SILENT

    async def _ask_all(self, job: Job, rows: Sequence[Answer]) -> list[Answer]:
        """Return the answers that came; after the first silence nothing more is asked."""
        answers: list[Answer] = []
        silent = asyncio.Event()
        settled = await self._jobs.settled([row.processing_id for row in rows]) if job.wish.deed == "remake" else {}

        async def ask(row: Answer) -> None:
            async with self._at_once:
                if silent.is_set():
                    return
                try:
                    answers.append(await self._ask(job, row, settled.get(row.processing_id)))
                except NoAnswer:
                    silent.set()

        async with asyncio.TaskGroup() as questions:
            for row in rows:
                questions.create_task(ask(row))
        return answers

    async def _ask(self, job: Job, row: Answer, after: int | None) -> Answer:
        try:
            resent = await self._doors.ask("dossier", job.wish.deed, _question(job, row.processing_id, after), Resent)
        except Refusal as refusal:
            if refusal.code == "no_answer":
                raise NoAnswer(refusal.detail) from refusal
            return replace(row, outcome="refused", code=refusal.code, detail=refusal.detail)
        return replace(row, outcome="resent", mail_id=resent.mail_id)


def _question(job: Job, processing_id: UUID, after: int | None) -> Remake | Resend:
    wish = job.wish
    asked = {
        "processing_id": processing_id,
        "token": token_of(job.job_id, processing_id),
        "operator": wish.operator,
        "reason": wish.reason,
        "address": wish.address,
    }
    if wish.deed == "remake":
        return Remake.model_validate({**asked, "layout": wish.layout, "after": after})
    return Resend.model_validate({**asked, "content": wish.content})


def _refusal(job: Job, answers: Sequence[Answer]) -> Refused | NoAnswer | None:
    """Return why a small job leaves nothing behind: no answer at all, or a no to its only row."""
    if job.size > SMALL or not job.whole:
        return None
    if not answers and not job.counts.get("resent") and not job.counts.get("refused"):
        return NoAnswer("the dossier does not answer")
    if answers and len(job.wish.ids) == 1 and answers[0].code in _CONFLICTS:
        return Refused(answers[0].code or "busy", answers[0].detail or "")
    return None
