"""An ordered reading of a stream for a projection: batch after batch from a known place, each told exactly once.

The consumer is made anew at every start, at the place the projection has committed: a durable that hands out again
what a dead process held would do so out of order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError
from pydantic import ValidationError

from shared.contracts import Message
from shared.messaging.connection import Connection, let_end
from shared.messaging.topology import ACK_WAIT
from shared.pace import Pace

_log = structlog.get_logger()
_BATCH = 500
_PACE = 0.25  # seconds between batches at most: each is one transaction, whatever it holds
_FETCH_WAIT = 1.0  # seconds
_AGAIN = 0.5  # seconds until the following begins again


@dataclass(frozen=True)
class Place:
    """How far a stream was read: the publisher's `position`, the stream's `sequence`, and when the stream was made."""

    position: int = 0
    sequence: int = 0
    stream_made: str = ""


@dataclass(frozen=True)
class Told:
    """A message with its place; `message` is None where it could not be read or is of a kind not known here."""

    message: Message | None
    place: Place
    at: datetime
    subject: str
    data: bytes


class Follower:
    """Follows the stream `stream`: `project` commits a batch with its place, `place` reads the place back."""

    def __init__(
        self,
        stream: str,
        kinds: Mapping[str, type[Message]],
        place: Callable[[], Awaitable[Place]],
        project: Callable[[Sequence[Told]], Awaitable[None]],
    ) -> None:
        self.stream = stream
        self._kinds = kinds
        self._place = place
        self._project = project

    async def ensure(self, connection: Connection) -> None:
        """Do nothing: the consumer is made where the reading starts."""

    async def listen(self, connection: Connection) -> None:
        """Follow until cancelled, beginning again at the committed place after any trouble."""
        while True:
            let_end()
            try:
                await self._follow(connection)
            except (nats.errors.Error, APIError, ConnectionError, TimeoutError) as error:
                if connection.is_closed:
                    raise
                _log.debug("following begins again", stream=self.stream, error=repr(error))
            except Exception:  # noqa: BLE001 -- logged, and it comes again
                _log.exception("not projected, following begins again", stream=self.stream)
            await asyncio.sleep(_AGAIN)

    async def _follow(self, connection: Connection) -> None:
        place = await self._place()
        made = await self._begin(connection, place)
        subscription = await connection.js.pull_subscribe_bind(
            connection.service,
            self.stream,
            inbox_prefix=f"_INBOX.{connection.service}.".encode(),
            pending_bytes_limit=-1,
        )
        try:
            handed_out = 0
            pace = Pace(_PACE)
            while True:
                let_end()
                await asyncio.sleep(pace.rest())
                messages = await _fetch(subscription)
                pace.went()
                if not messages:
                    await self._check(connection, made)
                    continue
                handed_out = _without_gap(messages, handed_out)
                fresh = list(self._fresh(messages, place, made))
                if fresh:
                    await self._project(fresh)
                    place = fresh[-1].place
                await messages[-1].ack()
        finally:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()

    def _fresh(self, messages: Sequence[Msg], place: Place, made: str) -> Iterator[Told]:
        """Yield the messages that were not told before."""
        for message in messages:
            sequence = message.metadata.sequence.stream
            position = (message.headers or {}).get("Es-Pos")
            if position is None:  # not told by a relay: its own sequence is all that tells it from others
                is_fresh = made != place.stream_made or sequence > place.sequence
                then = Place(place.position, sequence, made)
            else:
                is_fresh = int(position) > place.position
                then = Place(max(int(position), place.position), sequence, made)
            if is_fresh:
                place = then
                yield self._told(message, place)

    async def _begin(self, connection: Connection, place: Place) -> str:
        """Make the durable anew where `place` says; return when its stream was made."""
        info = await connection.js.stream_info(self.stream)
        made = _made(info)
        known = place.stream_made == made and place.sequence <= info.state.last_seq
        config = ConsumerConfig(
            durable_name=connection.service,
            ack_policy=AckPolicy.ALL,
            ack_wait=ACK_WAIT,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if known and place.sequence else DeliverPolicy.ALL,
            opt_start_seq=place.sequence + 1 if known and place.sequence else None,
            max_ack_pending=4 * _BATCH,
        )
        with suppress(NotFoundError):
            await connection.js.delete_consumer(self.stream, connection.service)
        await connection.js.add_consumer(self.stream, config)
        return made

    async def _check(self, connection: Connection, made: str) -> None:
        """Raise where the stream is another one than the reading began with, or its consumer is gone."""
        await connection.js.consumer_info(self.stream, connection.service)
        if _made(await connection.js.stream_info(self.stream)) != made:
            msg = f"{self.stream} was made anew"
            raise ConnectionError(msg)

    def _told(self, message: Msg, place: Place) -> Told:
        kind = self._kinds.get(message.subject)
        told = Told(None, place, message.metadata.timestamp, message.subject, message.data)
        if kind is None:
            return told
        try:
            return replace(told, message=kind.model_validate_json(message.data))
        except ValidationError as error:
            _log.error(
                "unreadable message passed over", subject=message.subject, sequence=place.sequence, error=str(error)
            )
            return told


async def _fetch(subscription: Any) -> list[Msg]:
    try:
        messages: list[Msg] = await subscription.fetch(_BATCH, timeout=_FETCH_WAIT)
    except TimeoutError:
        return []
    return messages


def _without_gap(messages: Sequence[Msg], handed_out: int) -> int:
    """Return how many the consumer has handed out; raise where one was lost on its way or comes again."""
    for message in messages:
        handed_out += 1
        if message.metadata.sequence.consumer != handed_out:
            msg = f"{message.metadata.sequence.consumer} was handed out where {handed_out} was due"
            raise ConnectionError(msg)
    return handed_out


def _made(info: Any) -> str:
    return str(info.created)
