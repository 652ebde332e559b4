"""What a service hears: one function per kind of message, and how what it hears is read and settled."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.errors import APIError
from pydantic import ValidationError

from shared.contracts import Message
from shared.messaging.cloudevents import Envelope, read
from shared.messaging.connection import Connection, let_end
from shared.messaging.ear import Ear, Unreadable
from shared.messaging.follower import Follower, Place, Told
from shared.messaging.topology import STREAMS, ahead_of, ensure_streams, stream_of

__all__ = ["Inbox", "Place", "Taken", "Told", "Unreadable"]
_log = structlog.get_logger()
M = TypeVar("M", bound=Message)
Hears = Callable[[M], Awaitable[None]]


@dataclass(frozen=True)
class Taken:
    """An upstream event as it came: its envelope, and when it came in as which message of INTAKE."""

    subject: str
    envelope: Envelope
    sequence: int
    at: datetime


class Inbox:
    """The ears of one service; `at_once` messages of each stream are in hand at most."""

    def __init__(self, service: str, at_once: int = 100) -> None:
        self.service = service
        self._at_once = at_once
        self._handlers: dict[str, tuple[type[Message], Hears[Any]]] = {}
        self._ahead: set[str] = set()
        self._takes: dict[str, Callable[[Taken], Awaitable[None]]] = {}
        self._followers: list[Follower] = []
        self._followed: list[type[Message]] = []

    @property
    def heard(self) -> tuple[type[Message], ...]:
        """The kinds of message that this service hears."""
        return (*(kind for kind, _ in self._handlers.values()), *self._followed)

    def hears(self, kind: type[M], *, ahead: bool = False) -> Callable[[Hears[M]], Hears[M]]:
        """Register the function that is called with each message of a kind; what it raises brings it again.

        One that is heard `ahead` does not stand in line behind thousands of others of its stream.
        """

        def register(hear: Hears[M]) -> Hears[M]:
            self._handlers[kind.SUBJECT] = (kind, hear)
            if ahead:
                self._ahead.add(kind.SUBJECT)
            return hear

        return register

    def takes(self, subject: str) -> Callable[[Callable[[Taken], Awaitable[None]]], Callable[[Taken], Awaitable[None]]]:
        """Register the function that is called with each upstream event of `subject`, unread."""

        def register(take: Callable[[Taken], Awaitable[None]]) -> Callable[[Taken], Awaitable[None]]:
            self._takes[subject] = take
            return take

        return register

    def follows(
        self,
        publisher: str,
        kinds: Sequence[type[Message]],
        place: Callable[[], Awaitable[Place]],
        project: Callable[[Sequence[Told]], Awaitable[None]],
    ) -> None:
        """Have the messages of a publisher projected in order, each exactly once."""
        self._followed.extend(kinds)
        by_subject = {kind.SUBJECT: kind for kind in kinds}
        self._followers.append(Follower(STREAMS[publisher][0], by_subject, place, project))

    async def ensure(self, connection: Connection) -> None:
        """Make this service's streams and consumers where they are missing."""
        await ensure_streams(connection.js, self.service)
        for ear in self._ears():
            await ear.ensure(connection)

    async def keep(self, connection: Connection) -> None:
        """Make sure of streams and consumers again every second: a wiped server gets them back."""
        while True:
            await asyncio.sleep(1)
            let_end()
            try:
                await self.ensure(connection)
            except (nats.errors.Error, APIError, TimeoutError, ConnectionError) as error:
                if connection.is_closed:
                    raise
                _log.debug("streams not ensured", service=self.service, error=repr(error))

    async def listen(self, connection: Connection) -> None:
        """Hear until cancelled."""
        async with asyncio.TaskGroup() as ears:
            for ear in self._ears():
                ears.create_task(ear.listen(connection))

    def _ears(self) -> Sequence[Ear | Follower]:
        lines: dict[tuple[str, str], list[str]] = {}
        for subject in self._handlers:
            durable = ahead_of(self.service) if subject in self._ahead else self.service
            lines.setdefault((stream_of(subject), durable), []).append(subject)
        ears: list[Ear | Follower] = [
            Ear(stream, durable, subjects, self._hear, self._at_once) for (stream, durable), subjects in lines.items()
        ]
        if self._takes:
            name, subjects = STREAMS["intake"]
            ears.append(Ear(name, self.service, subjects, self._take, self._at_once))
        return [*ears, *self._followers]

    async def _hear(self, message: Msg) -> None:
        kind, hear = self._handlers[message.subject]
        try:
            heard = kind.model_validate_json(message.data)
        except ValidationError as error:
            raise Unreadable(str(error)) from error
        await hear(heard)

    async def _take(self, message: Msg) -> None:
        take = self._takes.get(message.subject)
        if take is None:
            msg = f"nothing takes {message.subject}; known are {', '.join(sorted(self._takes))}"
            raise Unreadable(msg)
        try:
            envelope = read(message.data, message.headers)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        sequence = message.metadata.sequence.stream
        await take(Taken(message.subject, envelope, sequence, message.metadata.timestamp))
