"""What NATS holds of what was told, read in the order it was told, and the way in for what upstream systems tell."""

import asyncio
import heapq
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RawStreamMsg
from nats.js.errors import NotFoundError

from deploy.kinds import OURS, Kind
from shared.messaging import let_end

_ONCE = 500  # events that are asked for in one go
_SECONDS = 5.0  # that a server has to answer
_QUIET = 1.0  # seconds without an event after which whoever follows them looks up
_FORGOTTEN = 60.0  # seconds after which the server lets a reader go that left without a word


@dataclass(frozen=True)
class Heard:
    """One event as NATS holds it: its place, when it came there, and what it says."""

    stream: str
    sequence: int
    at: datetime
    subject: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, message: Msg) -> Self:
        """Return the event of a message that a reader was given."""
        told = message.metadata
        at, sequence = told.timestamp.replace(tzinfo=UTC), told.sequence.stream
        return cls(told.stream, sequence, at, message.subject, message.headers or {}, message.data)

    @classmethod
    def kept(cls, stream: str, raw: RawStreamMsg) -> Self:
        """Return the event of a message that was asked for by its place."""
        at = (raw.time or datetime.now(UTC)).replace(tzinfo=UTC)
        return cls(stream, raw.seq or 0, at, raw.subject or "", raw.headers or {}, raw.data or b"")

    @property
    def place(self) -> str:
        """Where it lies, as it is asked for."""
        return f"{self.stream}/{self.sequence}"

    def event(self) -> dict[str, Any]:
        """Return it as a structured CloudEvent (1.0, JSON format §3), with its place; `data` as it came."""
        given = {name.lower(): value for name, value in self.headers.items()}
        attributes = {name[3:]: value for name, value in given.items() if name.startswith("ce-")}
        known = {"specversion": "1.0", "id": self.place, "source": "/uitpost/intake", "type": self.subject}
        return {**known, "time": self.at.isoformat(), **attributes, "place": self.place, **_data(self.body)}


@dataclass(frozen=True)
class Asked:
    """Which events are wanted: all kinds if none is named; `run_id` and `item_id` are those of their data."""

    kinds: tuple[Kind, ...] = ()
    run_id: str | None = None
    item_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def streams(self) -> dict[str, list[str]]:
        """The subjects wanted of each stream, none for all of them."""
        if not self.kinds:
            return {stream: [] for stream in OURS}
        streams: dict[str, list[str]] = {}
        for kind in self.kinds:
            streams.setdefault(kind.stream, []).append(kind.subject)
        return streams

    def wants(self, heard: Heard) -> bool:
        """Return whether an event is one of those."""
        if self.until and heard.at > self.until:
            return False
        if not self.run_id and not self.item_id:
            return True
        data = _data(heard.body).get("data")
        said = data if isinstance(data, dict) else {}
        return (not self.run_id or said.get("run_id") == self.run_id) and (
            not self.item_id or said.get("item_id") == self.item_id
        )


class Events:
    """The events on a NATS server."""

    def __init__(self, client: Client, js: JetStreamContext) -> None:
        self._client = client
        self._js = js

    async def one(self, stream: str, sequence: int) -> Heard | None:
        """Return the event at a place, None where there is none (any more)."""
        with suppress(NotFoundError):
            return Heard.kept(stream, await self._js.get_msg(stream, sequence))
        return None

    async def past(self, asked: Asked) -> AsyncGenerator[Heard]:
        """Yield what was told until now, in the order it came, whatever stream it lies in."""
        readers = [self._read(stream, subjects, asked) for stream, subjects in asked.streams.items()]
        heads: list[tuple[datetime, int, Heard]] = []
        for number, reader in enumerate(readers):
            if first := await anext(reader, None):
                heapq.heappush(heads, (first.at, number, first))
        while heads:
            _, number, heard = heads[0]
            yield heard
            following = await anext(readers[number], None)
            if following:
                heapq.heapreplace(heads, (following.at, number, following))
            else:
                heapq.heappop(heads)

    async def following(self, asked: Asked) -> AsyncGenerator[Heard]:
        """Yield what is told from now on, or since the time asked for, without end."""
        told: asyncio.Queue[Heard | Exception] = asyncio.Queue(_ONCE)

        async def hear(stream: str, subjects: Sequence[str]) -> None:
            try:
                async with aclosing(self._read(stream, subjects, asked, follow=True)) as heard:
                    async for one in heard:
                        await told.put(one)
            except (nats.errors.Error, OSError) as error:
                await told.put(error)

        ears = [asyncio.create_task(hear(stream, subjects)) for stream, subjects in asked.streams.items()]
        try:
            while isinstance(one := await told.get(), Heard):
                yield one
            raise one
        finally:
            for ear in ears:
                ear.cancel()
            await asyncio.gather(*ears, return_exceptions=True)

    async def publish(self, subject: str, body: bytes, answers: Sequence[str], request_id: str | None) -> Heard | None:
        """Publish to a stream; return the first event on one of these subjects about the request, None without any.

        `TimeoutError` is for the caller to raise, who says how long is waited.
        """
        heard: asyncio.Queue[Msg] = asyncio.Queue()
        for answer in answers:
            await self._client.subscribe(answer, cb=heard.put)
        await self._client.flush()
        await self._js.publish(subject, body, timeout=_SECONDS)
        while answers:
            message = await heard.get()
            if orjson.loads(message.data).get("request_id") == request_id:
                return Heard("", 0, datetime.now(UTC), message.subject, message.headers or {}, message.data)
        return None

    async def _read(
        self, stream: str, subjects: Sequence[str], asked: Asked, *, follow: bool = False
    ) -> AsyncGenerator[Heard]:
        """Yield the events of one stream; a reader of its own is made, and taken away at the end."""
        policy = DeliverPolicy.ALL if not follow else DeliverPolicy.NEW
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_TIME if asked.since else policy,
            opt_start_time=asked.since,
            filter_subjects=list(subjects) or None,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=_FORGOTTEN,
            mem_storage=True,
        )
        try:
            reader = await self._js.add_consumer(stream, config)
        except NotFoundError:  # nobody has told anything yet
            return
        left = reader.num_pending or 0
        pulled = await self._js.pull_subscribe_bind(stream=stream, consumer=reader.name)
        try:
            while follow or left > 0:
                messages = []
                with suppress(TimeoutError):
                    messages = await pulled.fetch(
                        _ONCE if follow else min(_ONCE, left), timeout=_QUIET if follow else _SECONDS
                    )
                let_end()
                if not messages and not follow:  # purged meanwhile
                    return
                left -= len(messages)
                for heard in map(Heard.of, messages):
                    if asked.wants(heard):
                        yield heard
        finally:
            with suppress(nats.errors.Error):
                await self._js.delete_consumer(stream, reader.name)


@asynccontextmanager
async def events_on(url: str, seed: str | None) -> AsyncIterator[Events]:
    """Connect to a NATS server, with the seed of a key where it asks for one.

    Raises OSError or nats.errors.NoServersError where none answers, nats.errors.Error where the key is not let in, and
    PermissionError where it may not do what it then tries, which a server does not answer but says aside.
    """
    client = Client()
    said: list[Exception] = []

    async def note(error: Exception) -> None:
        said.append(error)

    try:
        await client.connect(
            url,
            nkeys_seed_str=seed,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            connect_timeout=int(_SECONDS),
            error_cb=note,
        )
    except nats.errors.NoServersError:
        raise said[-1] if said else ConnectionError(url) from None
    try:
        yield Events(client, client.jetstream(timeout=_SECONDS))
    except TimeoutError as error:
        if said and "permissions violation" in str(said[-1]).lower():
            raise PermissionError(str(said[-1])) from error
        raise
    finally:
        await client.close()


def _data(body: bytes) -> dict[str, Any]:
    try:
        return {"data": json.loads(body)}
    except ValueError:
        return {"data_base64": b64encode(body).decode()}
