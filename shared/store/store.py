"""The store of one service: its facts, its own tables, and the keys that seal what is personal."""

import asyncio
import fcntl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Self, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate, CanMutateAggregate
from eventsourcing.persistence import Notification
from eventsourcing.utils import get_topic
from sqlalchemy import Connection, MetaData

from shared.store.alike import Alike, alike_table
from shared.store.keyring import Keyring
from shared.store.mapper import SealingMapper
from shared.store.recorder import SqlRecorder
from shared.store.tables import connect, create, events_table, sqlite_path
from shared.store.trouble import Conflict, StoreUnavailable, translated
from shared.store.writer import Condition, Row, Writer

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")


class Store:
    """The facts of one service, and its own tables changed in the same transactions.

    `url` names the database (`sqlite://` is one in memory), `keys_url` where the keys lie; on PostgreSQL each service
    has a schema of its own. `tables` are the service's own tables beside the events.
    """

    def __init__(self, url: str, service: str, tables: MetaData | None = None, keys_url: str | None = None) -> None:
        self.service = service
        self._lock = _hold(url, service)
        self._engine = connect(url, service)
        metadata = tables if tables is not None else MetaData()
        events = metadata.tables["events"] if "events" in metadata.tables else events_table(metadata)
        alike = metadata.tables["alike"] if "alike" in metadata.tables else alike_table(metadata)
        with translated():
            create(self._engine, metadata, service)
            keys = self._engine if _is_served(url) and not keys_url else connect(keys_url or url, service)
            self.keyring = Keyring(keys, service)
        self.recorder = SqlRecorder(self._engine, events)
        self.mapper = SealingMapper(self.keyring, kept := Alike(self._engine, alike))
        self._inline = not _is_served(url)  # a local read takes less time than a thread
        self._readers = ThreadPoolExecutor(4, thread_name_prefix=f"{service}-reads")
        self._writer = Writer(service, self._engine, self.recorder, self.mapper, kept)

    async def record(
        self,
        *aggregates: Aggregate,
        events: Iterable[CanMutateAggregate[UUID]] = (),
        rows: Iterable[Row] = (),
        only_if: Condition | None = None,
    ) -> None:
        """Record what happened to these aggregates, with `rows` in the same transaction; durable when it returns.

        `events` are recorded before that, by themselves: the first facts of thousands of aggregates nobody holds.
        `only_if` is asked last, in the transaction, and may change the service's own tables.
        Raises `Conflict` where an event of that version stands already, or `only_if` says no (reload and decide
        again), and `StoreUnavailable` where the database refuses; nothing of the call is recorded then.
        """
        happened = [*events, *(event for aggregate in aggregates for event in aggregate.collect_events())]
        await self._writer.put(happened, list(rows), _held_to(only_if) if only_if else None)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writer's connection, in the transaction of its group, and return its result."""
        result: T = await self._writer.put([], [], work)
        return result

    async def load(self, kind: type[A], identity: UUID) -> A | None:
        """Return the aggregate as its events tell it, None where nothing was recorded of it."""
        if self._inline:
            return self.load_now(kind, identity)
        return await self._in_reader(lambda: self.load_now(kind, identity))

    def load_now(self, kind: type[A], identity: UUID) -> A | None:  # noqa: ARG002 -- the kind types the answer
        """Return the aggregate, reading in the caller's thread."""
        with translated():
            events = self.recorder.select_events(identity)
        aggregate: A | None = None
        for stored in events:
            event: CanMutateAggregate[UUID] = self.mapper.to_domain_event(stored)  # type: ignore[assignment]
            aggregate = event.mutate(aggregate)
        return aggregate

    async def knows(self, identity: UUID) -> bool:
        """Return whether anything was recorded of this aggregate."""
        return await self._has(identity, None)

    async def happened(self, kind: type[CanMutateAggregate[UUID]], identity: UUID) -> bool:
        """Return whether an event of this kind was recorded of this aggregate, without reading any."""
        return await self._has(identity, get_topic(kind))

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a connection of its own, off the event loop."""
        return await self._in_reader(lambda: self.read_now(query))

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """Run a short query in the caller's thread."""
        with translated(), self._engine.connect() as connection:
            return query(connection)

    async def notifications(self, after: int, limit: int, topics: Sequence[str]) -> Sequence[Notification]:
        """Return the events of `topics` recorded after a position, in order."""

        def run() -> Sequence[Notification]:
            with translated():
                return self.recorder.select_notifications(after, limit, topics=topics, inclusive_of_start=False)

        return await self._in_reader(run)

    def on_commit(self, call: Callable[[], None], topics: Iterable[str]) -> None:
        """Have `call` called on the event loop whenever events of these topics were committed."""
        self._writer.on_commit(call, topics)

    async def close(self) -> None:
        """Let what is queued be committed, then let go of the database; nothing is recorded afterwards."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        self.keyring.close()
        self._engine.dispose()
        if self._lock:
            self._lock.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _has(self, identity: UUID, topic: str | None) -> bool:
        def look() -> bool:
            with translated():
                return self.recorder.has_events(identity, topic)

        return look() if self._inline else await self._in_reader(look)

    async def _in_reader(self, run: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, run)


def _held_to(only_if: Condition) -> Callable[[Connection], None]:
    def ask(connection: Connection) -> None:
        if not only_if(connection):
            raise Conflict("what it was decided on is no longer so")

    return ask


def _is_served(url: str) -> bool:
    return not url.startswith("sqlite")


def _hold(url: str, service: str) -> IO[str] | None:
    """Take the lock beside an SQLite file: it has one writing process, and a second one is told so."""
    path = sqlite_path(url)
    if path is None:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_suffix(".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        msg = f"another {service} service is running on {path}"
        raise StoreUnavailable(msg) from None
    return lock
