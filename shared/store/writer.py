"""The writer of a store: one thread that commits in groups, whatever queues up while a commit runs joins the next."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.pace import Pace
from shared.store.alike import Alike
from shared.store.mapper import SealingMapper, people_of
from shared.store.recorder import SqlRecorder
from shared.store.trouble import StoreUnavailable, verdict

Row = tuple[Executable, dict[str, Any]]
Condition = Callable[[Connection], bool]
_ASKED = 100  # times at most that a database is asked what became of a commit
_ASKED_EVERY = 0.1  # seconds
_PACE = 0.02  # seconds between commits at most
_GROUP = 500  # puts in one transaction at most, so that no caller waits for an endless one


@dataclass
class _Put:
    events: Sequence[Any]
    rows: Sequence[Row]
    work: Callable[[Connection], Any] | None
    future: asyncio.Future[Any]
    stored: list[StoredEvent] = field(default_factory=list)
    alike: dict[str, bytes] = field(default_factory=dict)
    outcome: Any = None


class Writer:
    """Writes for one store; its thread starts with the first put."""

    def __init__(
        self, service: str, engine: Engine, recorder: SqlRecorder, mapper: SealingMapper, alike: Alike
    ) -> None:
        self._service = service
        self._engine = engine
        self._recorder = recorder
        self._mapper = mapper
        self._alike = alike
        self._queue: queue.SimpleQueue[_Put | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._committed: list[tuple[frozenset[str], Callable[[], None]]] = []
        self._closed = False

    def on_commit(self, call: Callable[[], None], topics: Iterable[str]) -> None:
        """Have `call` called on the event loop whenever events of these topics were committed."""
        self._committed.append((frozenset(topics), call))

    async def put(self, events: Sequence[Any], rows: Sequence[Row], work: Callable[[Connection], Any] | None) -> Any:
        """Commit events, rows and work together; return what `work` returns, raise as `Store.record` does."""
        if not events and not rows and work is None:
            return None
        if self._closed:
            raise StoreUnavailable(f"the store of the {self._service} is closed")
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name=f"{self._service}-writer", daemon=True)
            self._thread.start()
        put = _Put(events, rows, work, asyncio.get_running_loop().create_future())
        self._queue.put(put)
        return await asyncio.shield(put.future)

    async def close(self) -> None:
        """Let what is queued be committed; nothing is afterwards."""
        self._closed = True
        if self._thread:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _write(self) -> None:
        """Commit group after group until the end is queued; the writer's thread."""
        pace = Pace(_PACE)
        while (first := self._queue.get()) is not None:
            time.sleep(pace.rest())
            pace.went()
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
            return self._commit_each(group) if len(group) > 1 else [verdict(error)]
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
            self._mapper.make_keys(people_of(events))
        for put in group:
            if not put.stored:
                put.stored, put.alike = self._mapper.to_stored_events(put.events)
        alike = {one: content for put in group for one, content in put.alike.items()}
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin() as transaction:
            number = self._recorder.number_of_transaction(connection)
            self._alike.keep(connection, alike)
            self._recorder.insert(connection, [stored for put in group for stored in put.stored])
            for statement, rows in _by_statement(row for put in group for row in put.rows):
                connection.execute(statement, rows)
            for put in group:
                put.outcome = put.work(connection) if put.work else None
            try:
                transaction.commit()
            except DBAPIError:
                if number is None or not self._was_committed(number):
                    raise
        self._alike.stand(alike)

    def _was_committed(self, number: int) -> bool:
        """Return whether a transaction whose answer was lost took place; wait for a database that comes back."""
        for _ in range(_ASKED):
            with suppress(DBAPIError, NoConnection):
                committed = self._recorder.was_committed(number)
                if committed is not None:
                    return committed
            time.sleep(_ASKED_EVERY)
        raise StoreUnavailable("the database died while committing")

    def _is_there(self) -> bool:
        """Return whether the database answers at all."""
        try:
            self._recorder.max_notification_id()
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
