"""Tells what a service recorded: its store is the outbox, its stream's last message the cursor.

Facts are read in order and published as atomic batches (ADR-50 of nats-architecture-and-design), fenced by the
stream's last sequence, so that two relays racing, a wiped server or a crash anywhere neither lose nor reorder a fact.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import nats.errors
import orjson
import structlog
from eventsourcing.persistence import Notification
from nats.js.errors import APIError

from shared.contracts import Message
from shared.messaging.cloudevents import headers
from shared.messaging.connection import Connection, let_end
from shared.messaging.topology import STREAMS
from shared.pace import Pace
from shared.store import Store, StoreUnavailable

_log = structlog.get_logger()
_BATCH = 500  # messages, of at most 1000 that a server takes
_BYTES = 16 * 2**20  # of one batch, so that neither side holds an endless one
_PACE = 0.1  # seconds between batches at most: the server makes each of them durable, whatever it holds
_AGAIN = 0.2  # seconds
_PATIENCE = 10  # times that it begins again before somebody is told: a race or a restart is over by then
_CHECK = 1.0  # seconds after which an idle relay looks whether its stream is still whole

Tell = Callable[[Any], Message | None]


class Relay:
    """Relays the events of `store` as `tell` words them; None is an event that stays private."""

    def __init__(self, store: Store, tell: Tell, topics: Sequence[str], connection: Connection) -> None:
        self._store = store
        self._tell = tell
        self._topics = topics
        self._connection = connection
        self._stream = STREAMS[connection.service][0]
        self._cursor: int | None = None  # position of the last event told, None = ask the stream
        self._sequence = 0
        self._woken = asyncio.Event()
        store.on_commit(self._woken.set, topics)

    async def run(self) -> None:
        """Relay until cancelled."""
        pace = Pace(_PACE)
        trouble = 0
        while True:
            let_end()
            self._woken.clear()
            try:
                if self._cursor is None:
                    await self._find_cursor()
                await asyncio.sleep(pace.rest())
                if await self._tell_next():
                    pace.went()
                else:
                    await self._wait()
                trouble = 0
            except (nats.errors.Error, APIError, TimeoutError, ConnectionError, StoreUnavailable) as error:
                if self._connection.is_closed:
                    raise
                trouble += 1
                say = _log.warning if trouble == _PATIENCE else _log.debug
                say("relay begins again", service=self._connection.service, error=repr(error))
                self._cursor = None
                await asyncio.sleep(_AGAIN)

    async def _wait(self) -> None:
        """Wait for a commit, or look after a while whether the stream still ends where it should."""
        try:
            async with asyncio.timeout(_CHECK):
                await self._woken.wait()
        except TimeoutError:
            info = await self._connection.js.stream_info(self._stream)
            if info.state.last_seq != self._sequence:
                self._cursor = None

    async def _find_cursor(self) -> None:
        info = await self._connection.js.stream_info(self._stream)
        self._sequence = info.state.last_seq or 0
        cursor = 0
        for sequence in range(self._sequence, self._sequence - info.state.messages, -1):
            last = await self._connection.js.get_msg(self._stream, seq=sequence)
            if position := (last.headers or {}).get("Es-Pos"):  # else it is somebody else's
                cursor = int(position)
                break
        self._cursor = cursor

    async def _tell_next(self) -> bool:
        """Publish the next facts as one batch; return whether there were any."""
        assert self._cursor is not None  # noqa: S101 -- found before
        notifications = await self._store.notifications(self._cursor, _BATCH, self._topics)
        if not notifications:
            return False
        batch: list[tuple[Message, bytes, dict[str, str]]] = []
        size = 0
        for notification in notifications:
            worded = self._worded(notification)
            if worded is None:
                continue
            size += len(worded[1])
            if batch and size > _BYTES:
                break
            batch.append(worded)
        if batch:
            await self._publish(batch)
            self._cursor = int(batch[-1][2]["Es-Pos"])
        else:
            self._cursor = notifications[-1].id
        return True

    def _worded(self, notification: Notification) -> tuple[Message, bytes, dict[str, str]] | None:
        event: Any = self._store.mapper.to_domain_event(notification)
        message = self._tell(event)
        if message is None:
            return None
        event_id = f"{event.originator_id.hex}-{event.originator_version}"
        told = headers(message, event_id, self._connection.service, event.timestamp)
        told["Es-Pos"] = str(notification.id)
        return message, message.model_dump_json(exclude_none=True).encode(), told

    async def _publish(self, batch: list[tuple[Message, bytes, dict[str, str]]]) -> None:
        client = self._connection.client
        batch_id = uuid4().hex
        for number, (message, body, told) in enumerate(batch, 1):
            told |= {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
            if number == 1:
                told |= {"Nats-Expected-Last-Sequence": str(self._sequence), "Nats-Expected-Stream": self._stream}
            if number < len(batch):
                await client.publish(message.SUBJECT, body, headers=told)
            else:
                told["Nats-Batch-Commit"] = "1"
                reply = await client.request(message.SUBJECT, body, headers=told, timeout=5)
        answer = orjson.loads(reply.data)
        if "error" in answer:
            raise APIError.from_error(answer["error"])
        self._sequence = answer["seq"]


def topics_of(told: Any) -> list[str]:
    """Return the topics of the events that an outbox (`functools.singledispatch`) has words for."""
    return [kind.TOPIC for kind in told.registry if kind is not object]
