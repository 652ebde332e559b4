"""Records facts with group commit: whatever queues up while a commit runs joins the next one."""

import asyncio
import fcntl
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, Self, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate, CanMutateAggregate
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from sqlalchemy import Connection, Executable, MetaData
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError
from sqlalchemy.exc import IntegrityError as SqlIntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.store.keyring import Keyring
from shared.store.mapper import SealingMapper, people_of
from shared.store.recorder import SqlRecorder
from shared.store.tables import connect, create, events_table, sqlite_path

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")
Row = tuple[Executable, dict[str, Any]]
_ASKED = 100  # times at most that a database is asked what became of a commit
_ASKED_EVERY = 0.1  # seconds
_PACE = 0.01  # seconds between commits while busy: fuller groups, fewer fsyncs; when idle a commit begins at once
_GROUP = 500  # puts in one transaction at most, so that no caller waits for an endless one


class Conflict(Exception):
    """An event stands already at that version: the same fact was recorded before, or another one was."""


class StoreUnavailable(Exception):
    """The database could not be read or written now; nothing of the call was recorded.

    Only where it died while committing and stays away is that not known: reload once it is back.
    """


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
        metadata = tables if tables is not None else MetaData()
        events = metadata.tables["events"] if "events" in metadata.tables else events_table(metadata)
        with _translated():
            create(self._engine, metadata, service)
            keys = self._engine if _is_served(url) and not keys_url else connect(keys_url or url, service)
            self.keyring = Keyring(keys, service)
        self.recorder = SqlRecorder(self._engine, events)
        self.mapper = SealingMapper(self.keyring)
        self._inline = not _is_served(url)  # a local read takes less time than a thread
        self._readers = ThreadPoolExecutor(4, thread_name_prefix=f"{service}-reads")
        self._queue: queue.SimpleQueue[_Put | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._committed: list[tuple[frozenset[str], Callable[[], None]]] = []
        self._closed = False

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
        with _translated():
            events = self.recorder.select_events(identity)
        aggregate: A | None = None
        for stored in events:
            event: CanMutateAggregate[UUID] = self.mapper.to_domain_event(stored)  # type: ignore[assignment]
            aggregate = event.mutate(aggregate)
        return aggregate

    async def knows(self, identity: UUID) -> bool:
        """Return whether anything was recorded of this aggregate."""

        def look() -> bool:
            with _translated():
                return self.recorder.has_events(identity)

        return look() if self._inline else await self._in_reader(look)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a connection of its own, off the event loop."""
        return await self._in_reader(lambda: self.read_now(query))

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """Run a short query in the caller's thread."""
        with _translated(), self._engine.connect() as connection:
            return query(connection)

    async def notifications(self, after: int, limit: int, topics: Sequence[str]) -> Sequence[Notification]:
        """Return the events of `topics` recorded after a position, in order."""

        def run() -> Sequence[Notification]:
            with _translated():
                return self.recorder.select_notifications(after, limit, topics=topics, inclusive_of_start=False)

        return await self._in_reader(run)

    def on_commit(self, call: Callable[[], None], topics: Iterable[str]) -> None:
        """Have `call` called on the event loop whenever events of these topics were committed."""
        self._committed.append((frozenset(topics), call))

    async def close(self) -> None:
        """Let what is queued be committed, then let go of the database; nothing is recorded afterwards."""
        self._closed = True
        if self._writer:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self.keyring.close()
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
        if self._closed:
            raise StoreUnavailable(f"the store of the {self.service} is closed")
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
        paced_until = 0.0
        while (first := self._queue.get()) is not None:
            time.sleep(max(0.0, paced_until - time.monotonic()))
            paced_until = time.monotonic() + _PACE
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
        except StoreUnavailable as error:  # perhaps recorded, so not tried again
            return [StoreUnavailable(str(error)) for _ in group]
        except Exception as error:  # noqa: BLE001 -- whatever went wrong is told to the caller whose put it is
            return self._commit_each(group) if len(group) > 1 else [_verdict(error)]
        return [None] * len(group)

    def _commit_each(self, group: list[_Put]) -> list[Exception | None]:
        answers: list[Exception | None] = []
        for put in group:
            answers += self._commit([put])
            if isinstance(answers[-1], StoreUnavailable) and not self._is_there():
                return answers + [StoreUnavailable(str(answers[-1])) for _ in group[len(answers) :]]
        return answers

    def _commit_together(self, group: list[_Put]) -> None:
        events = [event for put in group if not put.stored for event in put.events]
        if events:
            self.keyring.make(people_of(events))
        for put in group:
            put.stored = put.stored or [self.mapper.to_stored_event(event) for event in put.events]
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin() as transaction:
            number = self.recorder.number_of_transaction(connection)
            self.recorder.insert(connection, [stored for put in group for stored in put.stored])
            for statement, rows in _by_statement(row for put in group for row in put.rows):
                connection.execute(statement, rows)
            for put in group:
                put.outcome = put.work(connection) if put.work else None
            try:
                transaction.commit()
            except DBAPIError:
                if number is None or not self._was_committed(number):
                    raise

    def _was_committed(self, number: int) -> bool:
        """Return whether a transaction whose answer was lost took place; wait for a database that comes back."""
        for _ in range(_ASKED):
            with suppress(DBAPIError, NoConnection):
                committed = self.recorder.was_committed(number)
                if committed is not None:
                    return committed
            time.sleep(_ASKED_EVERY)
        raise StoreUnavailable("the database died while committing")

    def _is_there(self) -> bool:
        """Return whether the database answers at all."""
        try:
            self.recorder.max_notification_id()
        except (DBAPIError, NoConnection):
            return False
        return True

    def _answer(self, group: list[_Put], answers: list[Exception | None]) -> None:
        recorded = {
            stored.topic for put, answer in zip(group, answers, strict=True) if answer is None for stored in put.stored
        }

        def tell() -> None:
            for put, answer in zip(group, answers, strict=True):
                if put.future.done():
                    continue
                if answer is None:
                    put.future.set_result(put.outcome)
                else:
                    put.future.set_exception(answer)
            for topics, call in self._committed:
                if not topics.isdisjoint(recorded):
                    call()

        with suppress(RuntimeError):  # the loop has ended: nobody waits for the answer any more
            group[0].future.get_loop().call_soon_threadsafe(tell)


def _verdict(error: Exception) -> Exception:
    """Return what the caller is told: a conflict, the database's trouble, or a fault of the call's own."""
    if isinstance(error, IntegrityError):
        return Conflict(str(error))
    if isinstance(error, SqlIntegrityError):
        return Conflict(str(error.orig))
    if isinstance(error, NoConnection) or (
        isinstance(error, DBAPIError) and not isinstance(error, ProgrammingError | DataError)
    ):
        return StoreUnavailable(str(getattr(error, "orig", error)))
    return error


@contextmanager
def _translated() -> Iterator[None]:
    """Raise `StoreUnavailable` for the database's trouble."""
    try:
        yield
    except (DBAPIError, NoConnection) as error:
        raise _verdict(error) from error


def _is_served(url: str) -> bool:
    return not url.startswith("sqlite")


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
