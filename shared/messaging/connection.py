"""One connection to NATS per service: FastStream's broker, never giving up, with its own key and inbox prefix."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import nats.errors
import structlog
from faststream.nats import NatsBroker
from faststream.nats.security import NatsNKey
from nats.aio.client import Client
from nats.js import JetStreamContext

_log = structlog.get_logger()
_USUAL = 8_000_000  # bytes of the largest message, as our own server takes it
_SMALLEST = (2, 12)  # nats-server: atomic batches need it
_AWAY = (nats.errors.Error, OSError, RuntimeError)  # the last is uvloop's word for writing to a closed transport


class Connection:
    """The broker of one service, and what is done with the NATS client beneath it."""

    def __init__(self, url: str, service: str, seed_file: Path | None = None) -> None:
        self.service = service
        self.lost = asyncio.Event()
        self.broker = NatsBroker(
            url,
            name=f"uitpost-{service}",
            inbox_prefix=f"_INBOX.{service}",
            security=NatsNKey.from_file(seed_file) if seed_file else None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            error_cb=self._on_error,
            closed_cb=self._on_closed,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            graceful_timeout=30,
            logger=logging.getLogger("uitpost.nats"),
            log_level=logging.DEBUG,  # of each message; errors are logged as errors
        )
        self._client: Client | None = None

    async def open(self) -> None:
        """Connect, waiting for a server that is away; raise OSError where it is too old."""
        self._client = await self.broker.connect()
        version = self.client.connected_server_version
        if (version.major, version.minor) < _SMALLEST:
            msg = f"nats-server {version} is too old: {_SMALLEST[0]}.{_SMALLEST[1]} or newer is needed"
            raise OSError(msg)
        if self.client.max_payload < _USUAL:
            _log.warning("the NATS server takes small messages only", max_payload=self.client.max_payload)

    async def start(self) -> None:
        """Start hearing at the doors and subscriptions registered with the broker; they are open when it returns."""
        await self.broker.start()
        await self.client.flush()  # its ping may overtake what is still to be written: only the second one comes after
        await self.client.flush()

    async def close(self) -> None:
        """Let handlers finish, then leave."""
        self._closing = True
        try:
            await self.broker.stop()
        except _AWAY as error:  # a server that is away is not taken leave of
            _log.debug("left without a word", service=self.service, error=repr(error))
            with suppress(*_AWAY):
                await self.client.close()

    @property
    def is_closed(self) -> bool:
        """Whether it is closed for good; whoever tries again must stop then, for nats-py says so when cancelled too."""
        return self.client.is_closed

    @property
    def client(self) -> Client:
        """The NATS client; only after `open`."""
        if self._client is None:
            msg = "not connected"
            raise RuntimeError(msg)
        return self._client

    @property
    def js(self) -> JetStreamContext:
        """JetStream on this connection."""
        return self.client.jetstream(timeout=5)

    _closing = False
    _said = ""

    async def _on_error(self, error: Exception) -> None:
        say = _log.debug if repr(error) == self._said else _log.warning  # each attempt to reconnect says the same
        self._said = repr(error)
        say("NATS says", service=self.service, error=self._said)

    async def _on_closed(self) -> None:
        if not self._closing:
            _log.error("the connection to NATS is closed for good", service=self.service)
            self.lost.set()

    async def _on_disconnected(self) -> None:
        if not self._closing:
            _log.warning("NATS is away", service=self.service, url=_shown(self.client.connected_url))

    async def _on_reconnected(self) -> None:
        _log.info("NATS is back", service=self.service)


def let_end() -> None:
    """End the task that calls this if it was told to: `wait_for` of Python 3.11 at times swallows the telling.

    Whoever waits for NATS again and again calls it each time round (python/cpython#86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _shown(url: object) -> str | None:
    return urlsplit(str(url)).hostname if url else None
