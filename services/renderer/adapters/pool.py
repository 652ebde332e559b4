"""The workers that make mails and letters beside the service, and what happens when one of them is lost."""

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import structlog

from services.renderer.adapters import worker
from services.renderer.adapters.typst import OFFLINE
from services.renderer.domain import EngineUnavailable, Job, LimitReached, Made
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged, LayoutProblem
from shared.contracts.renderer import Fault

_log = structlog.get_logger()
CHUNK = 25


class RenderPool:
    """An `Engine` of one process per core. `blobs` is the file of `SqliteBlobs`, which must be there.

    A job may take so many `seconds` and its worker so many bytes of `memory`. When it takes more, the worker is lost: a
    new one makes the jobs of its chunk one by one, and only a job that takes its worker along once more is at fault.
    """

    def __init__(
        self, blobs: Path, workers: int | None = None, *, seconds: float = 20, memory: int = 2 * 1024**3
    ) -> None:
        """Plan the workers; they start with `start`, or with the first job."""
        command = (sys.executable, "-m", worker.__name__, str(blobs), str(memory), str(seconds))
        self._scratch = TemporaryDirectory(prefix="uitpost-renderer-")  # a lost worker leaves its files behind
        surroundings = _surroundings(self._scratch.name)
        self._workers = [_Worker(command, surroundings) for _ in range(workers or os.cpu_count() or 1)]
        self._idle = _Idle(self._workers)

    async def start(self) -> None:
        """Start the workers now, so that the first mail need not wait; raise `EngineUnavailable` if they can't."""
        await asyncio.gather(*(self._start() for _ in self._workers))

    async def stand_by(self) -> None:
        """Start the workers beside all else, so that whoever asks first need not wait for them; until cancelled."""
        try:
            await self.start()
        except EngineUnavailable as error:
            _log.warning("the workers do not start; the first job tries again", error=str(error))
        await asyncio.Event().wait()

    async def make(self, jobs: Sequence[Job], *, urgent: bool = False) -> list[Made | Fault]:
        """Make the jobs in chunks, on as many workers as are idle; urgent ones get the next that is."""
        size = max(1, min(CHUNK, -(-len(jobs) // len(self._workers))))
        chunks = [jobs[start : start + size] for start in range(0, len(jobs), size)]
        made = await asyncio.gather(*(self._make(chunk, urgent) for chunk in chunks))
        return [one for chunk in made for one in chunk]

    async def read(self, document: LayoutDocument) -> LayoutJudged:
        """Return what is wrong with a layout; one that takes its worker along is too much of it."""
        async with self._idle.one(urgent=True) as one:
            try:
                return cast(LayoutJudged, await one.ask(document))
            except _Lost as reason:
                return LayoutJudged(problems=(_too_heavy(document, str(reason)),))

    async def close(self) -> None:
        """Let the workers finish what they are making, and end them."""
        await asyncio.gather(*(one.close() for one in self._workers))
        self._scratch.cleanup()

    async def _start(self) -> None:
        async with self._idle.one() as one:
            await one.start()

    async def _make(self, jobs: Sequence[Job], urgent: bool) -> list[Made | Fault]:
        try:
            return await self._made(jobs, urgent)
        except _Lost:
            return [await self._made_alone(job, urgent) for job in jobs]

    async def _made_alone(self, job: Job, urgent: bool) -> Made | Fault:
        try:
            return (await self._made([job], urgent))[0]
        except _Lost as lost:
            return _at_fault(job, str(lost))

    async def _made(self, jobs: Sequence[Job], urgent: bool) -> list[Made | Fault]:
        async with self._idle.one(urgent=urgent) as one:
            return cast(list[Made | Fault], await one.ask(jobs))


class _Idle:
    """The workers without work: whoever was busy last is given first, and to whoever is in a hurry before others."""

    def __init__(self, workers: "Sequence[_Worker]") -> None:
        self._idle = list(workers)
        self._waiting: deque[asyncio.Future[_Worker]] = deque()
        self._in_a_hurry: deque[asyncio.Future[_Worker]] = deque()

    @asynccontextmanager
    async def one(self, *, urgent: bool = False) -> "AsyncIterator[_Worker]":
        """Give a worker as soon as there is one, and take it back."""
        worker = self._idle.pop() if self._idle else await self._next(self._in_a_hurry if urgent else self._waiting)
        try:
            yield worker
        finally:
            self._take_back(worker)

    async def _next(self, queue: "deque[asyncio.Future[_Worker]]") -> "_Worker":
        future: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        queue.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # it came too late for whoever no longer waits
                self._take_back(future.result())
            raise

    def _take_back(self, worker: "_Worker") -> None:
        for queue in (self._in_a_hurry, self._waiting):
            while queue:
                future = queue.popleft()
                if not future.done():
                    future.set_result(worker)
                    return
        self._idle.append(worker)


class _Lost(Exception):
    """The worker died over its jobs."""


class _Worker:
    """One process, started when there is work, and anew after it was lost."""

    def __init__(self, command: Sequence[str], surroundings: Mapping[str, str]) -> None:
        self._command = command
        self._surroundings = surroundings
        self._process: Process | None = None
        self._closed = False

    async def start(self) -> Process:
        """Return the process, ready for work."""
        if self._closed:
            raise EngineUnavailable("the workers are closed")
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, env=self._surroundings
            )
            try:
                await self._heard(self._process)
            except _Lost as lost:
                raise EngineUnavailable("a worker can't start") from lost
        return self._process

    async def ask(self, question: Sequence[Job] | LayoutDocument) -> object:
        """Return what came of each job, or what is wrong with a layout; raise `_Lost` or `EngineUnavailable`."""
        process = await self.start()
        cast(asyncio.StreamWriter, process.stdin).write(worker.framed(question))
        answer: object = await self._heard(process)
        if isinstance(answer, str):
            raise EngineUnavailable(answer)
        return answer

    async def close(self) -> None:
        """End the process after what it is doing."""
        self._closed = True
        if self._process:
            cast(asyncio.StreamWriter, self._process.stdin).close()
            await self._process.wait()

    async def _heard(self, process: Process) -> Any:
        """Return the next answer; without it the process is given up, lest it answers the next question with it."""
        answers = cast(asyncio.StreamReader, process.stdout)
        try:
            (size,) = worker.HEAD.unpack(await answers.readexactly(worker.HEAD.size))
            return pickle.loads(await answers.readexactly(size))  # noqa: S301 - only its own worker writes here
        except asyncio.IncompleteReadError as error:
            self._process = None
            raise _Lost(_reason(await process.wait())) from error
        except BaseException:
            self._process = None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise


def _surroundings(scratch: str) -> dict[str, str]:
    """Return the environment of a worker: no secrets, no time zone, no network, one thread, one order of hashes.

    Programs are found where the service finds them.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PATH") if name in os.environ}
    own = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0", "RAYON_NUM_THREADS": "1", "TMPDIR": scratch}
    return kept | own | OFFLINE


def _reason(code: int) -> str:
    if code == -signal.SIGALRM:
        return "it takes too long"
    return f"it needs too much memory or crashes the engine (the worker ended with {code})"


def _at_fault(job: Job, detail: str) -> LimitReached:
    layout = job.attachment_layout or job.body_layout
    return LimitReached(layout_id=layout.layout_id if layout else None, language=job.language, detail=detail)


def _too_heavy(document: LayoutDocument, detail: str) -> LayoutProblem:
    """Return what is wrong with a layout that took its worker along; which of its parts did is not known."""
    if document.files:
        return LayoutProblem(language=next(iter(document.files)), code="word_too_large", detail=detail)
    language, parts = next(iter(document.sources.items()))
    part = next((name for name in ("typst", "page", "mjml", "html") if name in parts), "text")
    return LayoutProblem(language=language, part=part, code="layout_too_heavy", detail=detail)
