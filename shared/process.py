"""One process that runs one service or all four: a dead part ends it, SIGTERM lets what is in hand be finished."""

import asyncio
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from shared.messaging import Asked, Connection, Inbox
from shared.store import Store

_log = structlog.get_logger()
Work = Callable[[], Awaitable[None]]


@dataclass
class Service:
    """A wired service: what it hears, is asked and tells, and what it does of its own accord.

    `start` runs once before anything is heard, `background` until the end, `drain` before the end.
    """

    name: str
    store: Store
    connection: Connection
    inbox: Inbox
    asked: Asked
    background: Sequence[Work] = ()
    start: Sequence[Work] = ()
    drain: Sequence[Work] = ()
    close: Sequence[Work] = ()
    routers: Sequence[APIRouter] = field(default_factory=list)


class LostPart(Exception):
    """A part of the process ended by itself; the process ends too, and is started again from outside."""


class Process:
    """Runs services behind one HTTP address until told to stop."""

    def __init__(self, services: Sequence[Service], app: FastAPI, address: tuple[str, int]) -> None:
        self._services = services
        self._socket = socket.create_server(address)  # at once, so that a taken port is told before anything starts
        self._server = _Http(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
        self._stop = asyncio.Event()
        self.started = asyncio.Event()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._socket.getsockname()[1])

    def stop(self) -> None:
        """Begin the end: nothing new is taken on."""
        self._stop.set()

    async def run(self, *, signals: bool = True) -> None:
        """Run until `stop`, SIGTERM or SIGINT; raise where a part died."""
        if signals:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        async with AsyncExitStack() as closing:
            closing.callback(self._socket.close)
            for service in reversed(self._services):
                closing.push_async_callback(service.store.close)
                closing.push_async_callback(service.connection.close)
                for close in reversed(service.close):
                    closing.push_async_callback(close)
            if await self._is_opened():
                await self._run()

    async def _is_opened(self) -> bool:
        """Open every service; return False where the end came first, as when a server is waited for in vain."""
        opening = asyncio.create_task(self._open_all())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((opening, stopped), return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                await opening
            return opening.done()
        finally:
            stopped.cancel()
            while not opening.done():
                opening.cancel()
                await asyncio.wait((opening,), timeout=0.5)

    async def _open_all(self) -> None:
        for service in self._services:
            await self._open(service)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as parts:
            tasks = [
                parts.create_task(_for_ever(part, work), name=part)
                for service in self._services
                for part, work in _parts(service)
            ]
            http = parts.create_task(self._server.serve([self._socket]))
            _rest_easy()
            self.started.set()
            await self._stop.wait()
            _log.info("stopping")
            self._server.should_exit = True
            for service in self._services:
                for drain in service.drain:
                    await drain()
            for task in tasks:
                task.cancel()
            await http

    async def _open(self, service: Service) -> None:
        await service.connection.open()
        service.asked.open(service.connection.broker)
        await service.inbox.ensure(service.connection)
        for work in service.start:
            await work()
        await service.connection.start()


class _Http(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the process listens to them itself."""
        yield


def _rest_easy() -> None:
    """Have the garbage collector pass over what stays for good, and look less often at what comes and goes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _parts(service: Service) -> list[tuple[str, Work]]:
    inbox, connection = service.inbox, service.connection
    return [
        (f"{service.name} topology", lambda: inbox.keep(connection)),
        (f"{service.name} inbox", lambda: inbox.listen(connection)),
        (f"{service.name} connection", lambda: _lost(connection)),
        *((f"{service.name} work", work) for work in service.background),
    ]


async def _for_ever(part: str, work: Work) -> None:
    await work()
    msg = f"{part} ended"
    raise LostPart(msg)


async def _lost(connection: Connection) -> None:
    await connection.lost.wait()
