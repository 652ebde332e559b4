"""The bench: jobs lie side by side until a worker is free, and then go out in chunks."""

import asyncio
from collections import deque

from services.renderer.domain import Engine, Job, Made
from shared.contracts.renderer import Fault

_CHUNK = 25  # jobs a worker gets at once: their parts are stored in one transaction


class Bench:
    """Lays jobs side by side: whatever queues up while all workers are busy goes out in one chunk."""

    def __init__(self, engine: Engine, workers: int) -> None:
        self._engine = engine
        self._free = workers + 1  # chunks: one more than workers, so that none waits for the next
        self._waiting: deque[tuple[Job, asyncio.Future[Made | Fault]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def make(self, job: Job, *, urgent: bool = False) -> Made | Fault:
        """Return what came of the job; raise `EngineUnavailable` where nothing is known of it.

        An urgent one, which a person waits for, goes before everything that waits.
        """
        if urgent:
            return (await self._engine.make([job], urgent=True))[0]
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Made | Fault] = loop.create_future()
        self._waiting.append((job, future))
        loop.call_soon(self._hand_out)  # not at once: what comes in with the same fetch goes along
        return await future

    def _hand_out(self) -> None:
        while self._waiting and self._free:
            chunk = [self._waiting.popleft() for _ in range(min(_CHUNK, len(self._waiting)))]
            self._free -= 1
            task = asyncio.create_task(self._work(chunk))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _work(self, chunk: list[tuple[Job, asyncio.Future[Made | Fault]]]) -> None:
        try:
            made = await self._engine.make([job for job, _ in chunk])
        except Exception as error:  # noqa: BLE001 -- told to each of those who wait for it
            for _, future in chunk:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in zip(chunk, made, strict=True):
                if not future.done():
                    future.set_result(result)
        finally:
            self._free += 1
            self._hand_out()
