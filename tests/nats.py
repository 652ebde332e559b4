"""A real nats-server for tests, as `uitpost serve` starts it, that can be killed, wiped and rolled back."""

import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from deploy.nats_server import NatsServer
from shared.messaging import Connection


class Nats:
    """One server on one port, in a folder of its own; connections made here are closed with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: NatsServer | None = None
        self._port: int | None = None
        self._opened: list[Connection] = []

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"nats://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start the server, on the port that it had before."""
        self._server = await NatsServer(self._folder, self._port).__aenter__()
        self._port = int(self._server.url.rpartition(":")[2])

    async def stop(self) -> None:
        """Stop the server in good order."""
        if self._server:
            await self._server.__aexit__(None, None, None)
            self._server = None

    async def kill(self) -> None:
        """Kill the server where it stands."""
        assert self._server is not None
        os.kill(self._server.pid, signal.SIGKILL)
        await self._server.exited()
        await self.stop()

    async def wipe(self) -> None:
        """Kill the server and start it with nothing stored."""
        await self.kill()
        shutil.rmtree(self._streams)
        await self.start()

    async def keep(self, stream: str) -> None:
        """Set the messages of a stream aside, as they lie on disk now; the server is stopped meanwhile."""
        await self.stop()
        shutil.copytree(self._messages(stream), self._folder / "kept")
        await self.start()

    async def roll_back(self, stream: str) -> None:
        """Put back what `keep` set aside: later messages are lost, what consumers have read is not."""
        await self.stop()
        messages = self._messages(stream)
        shutil.rmtree(messages)
        (self._folder / "kept").rename(messages)
        await self.start()

    def seed_file(self, user: str) -> Path:
        """Return the file that a user's key lies in."""
        return NatsServer(self._folder).keys.seed_file(user)

    def connection(self, service: str) -> Connection:
        """Return a connection of a service, not opened yet."""
        connection = Connection(self.url, service, self.seed_file(service))
        self._opened.append(connection)
        return connection

    async def connect(self, service: str) -> Connection:
        """Return an open connection of a service."""
        connection = self.connection(service)
        await connection.open()
        return connection

    async def close(self) -> None:
        """Close every connection, then stop the server."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.stop)
            for connection in self._opened:
                stack.push_async_callback(connection.close)

    @property
    def _streams(self) -> Path:
        return self._folder / "streams"

    def _messages(self, stream: str) -> Path:
        (found,) = self._streams.glob(f"jetstream/*/streams/{stream}/msgs")
        return found


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[Nats]:
    """A server of this test's own, with streams on disk and a key for each service."""
    server = Nats(tmp_path / "nats")
    await server.start()
    yield server
    await server.close()
