"""Runs services on this machine: one, several or all four in one process, with nats-server and the test mailbox."""

import asyncio
import errno
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
import uvloop

from deploy.http import application
from deploy.mailbox import Mailbox
from deploy.nats_server import NatsServer
from deploy.record import recorded
from shared.access import Access
from shared.pages.guards import LOOPBACK
from shared.process import LostPart, Process, Service
from shared.settings import Settings

SERVICES = ("dossier", "renderer", "mailer", "history")
_NATS_SECONDS = 5.0
_log = structlog.get_logger()


class NoNats(RuntimeError):
    """No NATS server is set and none runs on the data folder, or it does not answer."""


class OpenDoor(RuntimeError):
    """Others could reach the pages, and nobody has a user or token yet to come in with."""


class AddressTaken(RuntimeError):
    """Something else listens on the address of the web pages."""


@dataclass(frozen=True)
class Wanted:
    """What is to run: which services, with nats-server and test mailbox of their own or without."""

    services: tuple[str, ...] = SERVICES
    own_nats: bool = False
    mailbox: bool = False
    any_port: bool = False  # where the port that is set is taken, any other will do


@dataclass(frozen=True)
class Running:
    """What runs, and where it is reached."""

    settings: Settings
    url: str
    mailbox: Mailbox | None
    stop: Callable[[], None]


Guest = Callable[[Running], Awaitable[None]]


def run(settings: Settings, wanted: Wanted, guest: Guest | None = None) -> None:
    """Run until SIGTERM, Ctrl+C or `Running.stop`; `guest` is called once all is up.

    Raises NoNats, AddressTaken, OpenDoor, DidNotStart or FolderInUse where it cannot start, LostPart where a part died.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, wanted, guest))


async def _run(settings: Settings, wanted: Wanted, guest: Guest | None) -> None:
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(NatsServer(settings.data / "nats")) if wanted.own_nats else None
        mailbox = await stack.enter_async_context(Mailbox(folder=settings.data / "mailbox")) if wanted.mailbox else None
        settings = settings.model_copy(update=_found(settings, nats, mailbox))
        if settings.smtp_url:
            os.environ["UITPOST_SMTP_URL"] = settings.smtp_url  # its password is found there, wherever it was set
        await nats_version(str(settings.nats_url))
        host, port = _address(settings.http, any_port=wanted.any_port)
        access = stack.enter_context(closing(Access(settings.access_url)))
        access.cleanup()
        _check_door(host, access)
        services = [assemble(name, settings) for name in wanted.services]
        app = application(services, access, _names(host, settings))
        try:
            process = Process(services, app, (host, port))
        except OSError:  # taken just now, as by a service that started at the same moment
            if not wanted.any_port:
                raise
            process = Process(services, app, (host, 0))
        running = Running(settings, f"http://{_named(host)}:{process.port}", mailbox, process.stop)
        stack.enter_context(recorded(settings.data, wanted.services, running.url))
        await _together(process, nats, running, guest)


async def _together(process: Process, nats: NatsServer | None, running: Running, guest: Guest | None) -> None:
    """Run the process as long as nats-server lives; the guest leaves with it."""
    told = _stop_when_told(process)
    visit = asyncio.create_task(_visit(guest, process, running)) if guest else None
    async with asyncio.TaskGroup() as parts:
        beside = [parts.create_task(_lost(nats))] if nats else []
        _log.info("started", url=running.url)
        await process.run(signals=False)
        for task in beside:
            task.cancel()
    if visit:
        await _leave(visit, told)


def _stop_when_told(process: Process) -> asyncio.Event:
    """Have SIGTERM and Ctrl+C begin the end; return what says that they came."""
    told = asyncio.Event()

    def stop() -> None:
        told.set()
        process.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return told


async def _visit(guest: Guest, process: Process, running: Running) -> None:
    """Have the guest in once all is up; where it fails, all ends."""
    await process.started.wait()
    try:
        await guest(running)
    except Exception:
        process.stop()
        raise


async def _leave(visit: asyncio.Task[None], told: asyncio.Event) -> None:
    """Raise what the guest failed by, but not what it failed by since the services were told to leave."""
    visit.cancel()
    (error,) = await asyncio.gather(visit, return_exceptions=True)
    if isinstance(error, Exception) and not told.is_set():
        raise error


async def _lost(nats: NatsServer) -> None:
    code = await nats.exited()
    raise LostPart(f"nats-server ended with {code}")


def assemble(name: str, settings: Settings) -> Service:
    """Wire one service; a process loads only those that it runs."""
    service: Service = import_module(f"services.{name}.__main__").assemble(settings)
    return service


def _found(settings: Settings, nats: NatsServer | None, mailbox: Mailbox | None) -> dict[str, Any]:
    """Return the settings that follow from what runs here. Raises NoNats."""
    found: dict[str, Any] = {}
    if nats:
        found["nats_url"] = nats.url
    elif settings.nats_url is None:
        found["nats_url"] = _recorded_nats(settings.data)
    if mailbox:
        found["smtp_url"] = f"smtp://127.0.0.1:{mailbox.port}?tls=none"
    return found


def _recorded_nats(data: Path) -> str:
    try:
        return (data / "nats" / "url").read_text("ascii").strip()
    except FileNotFoundError:
        raise NoNats(f"no nats-server runs on the data folder {data}, and UITPOST_NATS_URL is not set") from None


async def nats_version(url: str) -> str:
    """Return the version of the server at a NATS URL. Raises NoNats where none answers."""
    place = urlsplit(url.partition(",")[0])
    try:
        async with asyncio.timeout(_NATS_SECONDS):
            reader, writer = await asyncio.open_connection(place.hostname, place.port or 4222)
            greeting = await reader.readline()
        writer.close()
        return str(json.loads(greeting.removeprefix(b"INFO "))["version"])
    except (OSError, ValueError, KeyError, TimeoutError) as error:
        raise NoNats(f"NATS does not answer at {place.hostname}:{place.port or 4222}") from error


def _address(http: str, *, any_port: bool) -> tuple[str, int]:
    """Return the address to listen on: the one that is set, or a free port beside it. Raises AddressTaken."""
    host, _, port = http.rpartition(":")
    try:
        socket.create_server((host, int(port))).close()
    except OSError as error:
        if not any_port or error.errno != errno.EADDRINUSE:
            raise AddressTaken(f"cannot listen on {http}: {error.strerror}") from error
        return host, 0
    return host, int(port)


def _check_door(host: str, access: Access) -> None:
    """Listen on other addresses than loopback only where somebody can sign in. Raises OpenDoor."""
    tokens = [token for token in access.list_tokens() if not token.name.startswith("local:")]
    if host not in LOOPBACK and not access.list_users() and not tokens:
        raise OpenDoor(f"{host} is reached from elsewhere, and there is no user and no token yet")


def _names(host: str, settings: Settings) -> list[str]:
    """Return the names, besides those of loopback, by which the pages may be called."""
    public = urlsplit(settings.public_url or "").hostname
    return [name for name in (host, public) if name]


def _named(host: str) -> str:
    """Return by what name a process on this machine reaches an address that is listened on."""
    return "127.0.0.1" if host in {"", "0.0.0.0"} else host
