"""Records facts with group commit: whatever queues up while a commit runs joins the next one."""

import asyncio
import fcntl
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, Self, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate, CanMutateAggregate
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from sqlalchemy import Connection, Executable, MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError as SqlIntegrityError

from shared.store.keyring import Keyring
from shared.store.mapper import SealingMapper, people_of
from shared.store.recorder import SqlRecorder
from shared.store.tables import connect, events_table, sqlite_path

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")
Row = tuple[Executable, dict[str, Any]]
_GROUP = 500  # puts in one transaction at most, so that no caller waits for an endless one


class Conflict(Exception):  # noqa: N818 -- said as the store's answer, "a conflict"
    """An event stands already at that version: the same fact was recorded before, or another one was."""


class StoreUnavailable(Exception):  # noqa: N818
    """The database could not be read or written now; nothing of the call was recorded."""


@dataclass
class _Put:
    events: Sequence[Any]
    rows: Sequence[Row]
    work: Callable[[Connection], Any] | None
    future: asyncio.Future[Any]
    stored: list[StoredEvent] = field(default_factory=list)
    outcome: Any = None


class Store:
    """The facts of one service, and its own tables changed in the same transactions.

    `url` names the database (`sqlite://` is one in memory), `keys_url` where the keys lie; on PostgreSQL each service
    has a schema of its own. `tables` are the service's own tables beside the events.
    """

    def __init__(self, url: str, service: str, tables: MetaData | None = None, keys_url: str | None = None) -> None:
        self.service = service
        self._lock = _hold(url, service)
        self._engine = connect(url, service)
        self.keyring = Keyring(connect(keys_url, service) if keys_url else self._engine)
        metadata = tables if tables is not None else MetaData()
        events = metadata.tables["events"] if "events" in metadata.tables else events_table(metadata)
        metadata.create_all(self._engine)
        self.recorder = SqlRecorder(self._engine, events)
        self.mapper = SealingMapper(self.keyring)
        self._inline = url.startswith("sqlite")  # a local read takes less time than a thread
        self._readers = ThreadPoolExecutor(4, thread_name_prefix=f"{service}-reads")
        self._queue: queue.SimpleQueue[_Put | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._committed: list[Callable[[], None]] = []

    async def record(self, *aggregates: Aggregate, rows: Iterable[Row] = ()) -> None:
        """Record what happened to these aggregates, with `rows` in the same transaction; durable when it returns.

        Raises `Conflict` where an event of that version stands already (reload and decide again), and
        `StoreUnavailable` where the database refuses; nothing of the call is recorded then.
        """
        events = [event for aggregate in aggregates for event in aggregate.collect_events()]
        await self._put(events, list(rows), None)

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writer's connection, in the transaction of its group, and return its result."""
        result: T = await self._put([], [], work)
        return result

    async def load(self, kind: type[A], identity: UUID) -> A | None:
        """Return the aggregate as its events tell it, None where nothing was recorded of it."""
        if self._inline:
            return self.load_now(kind, identity)
        return await self._in_reader(lambda: self.load_now(kind, identity))

    def load_now(self, kind: type[A], identity: UUID) -> A | None:  # noqa: ARG002 -- the kind types the answer
        """Return the aggregate, reading in the caller's thread."""
        aggregate: A | None = None
        for stored in self.recorder.select_events(identity):
            event: CanMutateAggregate[UUID] = self.mapper.to_domain_event(stored)  # type: ignore[assignment]
            aggregate = event.mutate(aggregate)
        return aggregate

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a connection of its own, off the event loop."""

        def run() -> T:
            with self._engine.connect() as connection:
                return query(connection)

        return await self._in_reader(run)

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """Run a short query in the caller's thread."""
        with self._engine.connect() as connection:
            return query(connection)

    async def notifications(self, after: int, limit: int, topics: Sequence[str]) -> Sequence[Notification]:
        """Return the events of `topics` recorded after a position, in order."""
        return await self._in_reader(
            lambda: self.recorder.select_notifications(after, limit, topics=topics, inclusive_of_start=False)
        )

    def on_commit(self, call: Callable[[], None]) -> None:
        """Have `call` called on the event loop whenever events were committed."""
        self._committed.append(call)

    async def close(self) -> None:
        """Let what is queued be committed, then let go of the database."""
        if self._writer:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        self._engine.dispose()
        if self._lock:
            self._lock.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _put(self, events: Sequence[Any], rows: Sequence[Row], work: Callable[[Connection], Any] | None) -> Any:
        if not events and not rows and work is None:
            return None
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name=f"{self.service}-writer", daemon=True)
            self._writer.start()
        put = _Put(events, rows, work, asyncio.get_running_loop().create_future())
        self._queue.put(put)
        return await asyncio.shield(put.future)

    async def _in_reader(self, run: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    def _write(self) -> None:
        """Commit group after group until the end is queued; the writer's thread."""
        while (first := self._queue.get()) is not None:
            group = [first]
            ended = False
            with suppress(queue.Empty):
                while len(group) < _GROUP:
                    more = self._queue.get_nowait()
                    if more is None:
                        ended = True
                        break
                    group.append(more)
            self._answer(group, self._commit(group))
            if ended:
                return

    def _commit(self, group: list[_Put]) -> list[Exception | None]:
        """Commit the group at once, or one by one where one of them does not go in; return an answer for each."""
        try:
            self._commit_together(group)
        except Exception as error:  # noqa: BLE001 -- whatever went wrong is told to the caller whose put it is
            if len(group) == 1:
                return [self._verdict(group[0], error)]
            return [answer for put in group for answer in self._commit([put])]
        return [None] * len(group)

    def _commit_together(self, group: list[_Put]) -> None:
        events = [event for put in group if not put.stored for event in put.events]
        if events:
            self.keyring.make(people_of(events))
        for put in group:
            put.stored = put.stored or [self.mapper.to_stored_event(event) for event in put.events]
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            self.recorder.insert(connection, [stored for put in group for stored in put.stored])
            for statement, rows in _by_statement(row for put in group for row in put.rows):
                connection.execute(statement, rows)
            for put in group:
                put.outcome = put.work(connection) if put.work else None

    def _verdict(self, put: _Put, error: Exception) -> Exception | None:
        """Tell the caller's fault from the database's; a commit whose answer was lost is found to stand."""
        if isinstance(error, IntegrityError):
            return None if self._stands(put) else Conflict(str(error))
        if isinstance(error, SqlIntegrityError):
            return Conflict(str(error.orig))
        if isinstance(error, DBAPIError):
            return None if put.stored and not put.work and self._stands(put) else StoreUnavailable(str(error.orig))
        return error

    def _stands(self, put: _Put) -> bool:
        """Return whether these very bytes are recorded: sealed with a fresh nonce, they can be nobody else's."""
        try:
            return bool(put.stored) and all(
                stored in self.recorder.select_events(
                    stored.originator_id, gt=stored.originator_version - 1, lte=stored.originator_version
                )
                for stored in put.stored
            )
        except DBAPIError:
            return False

    def _answer(self, group: list[_Put], answers: list[Exception | None]) -> None:
        recorded = any(put.stored for put, answer in zip(group, answers, strict=True) if answer is None)

        def tell() -> None:
            for put, answer in zip(group, answers, strict=True):
                if put.future.done():
                    continue
                if answer is None:
                    put.future.set_result(put.outcome)
                else:
                    put.future.set_exception(answer)
            if recorded:
                for call in self._committed:
                    call()

        with suppress(RuntimeError):  # the loop has ended: nobody waits for the answer any more
            group[0].future.get_loop().call_soon_threadsafe(tell)


def _by_statement(rows: Iterable[Row]) -> Iterator[tuple[Executable, list[dict[str, Any]]]]:
    """Yield neighbouring rows of the same statement together, so that they run as one."""
    statement: Executable | None = None
    together: list[dict[str, Any]] = []
    for of, row in rows:
        if of is not statement:
            if statement is not None:
                yield statement, together
            statement, together = of, []
        together.append(row)
    if statement is not None:
        yield statement, together


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
