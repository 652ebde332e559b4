"""Stored events in SQL: the library's recorder, on the same connection as a service's own tables.

The library's SQLite and PostgreSQL recorders keep their connections to themselves; ours takes part in a transaction
that also writes read models and queues, which is what keeps those exactly in step with the events.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, StoredEvent, Subscription
from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.exc import IntegrityError as SqlIntegrityError


class SqlRecorder(ApplicationRecorder):
    """Keeps stored events in `table`; positions grow in the order in which transactions become visible."""

    def __init__(self, engine: Engine, table: Table) -> None:
        super().__init__()
        self._engine = engine
        self._table = table
        self._insert = table.insert()

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Insert in a transaction of its own; raise `IntegrityError` where an event stands already."""
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            self.insert(connection, stored_events)
        return None

    def insert(self, connection: Connection, stored_events: Sequence[StoredEvent]) -> None:
        """Insert within the caller's transaction; raise `IntegrityError` where an event stands already."""
        if not stored_events:
            return
        if connection.dialect.name == "postgresql":
            # A reader that follows positions must never see a later one before an earlier one.
            connection.exec_driver_sql(f"LOCK TABLE {self._table.name} IN EXCLUSIVE MODE")
        try:
            connection.execute(
                self._insert,
                [
                    {
                        "originator_id": _id(stored).bytes,
                        "originator_version": stored.originator_version,
                        "topic": stored.topic,
                        "state": stored.state,
                    }
                    for stored in stored_events
                ],
            )
        except SqlIntegrityError as error:
            raise IntegrityError(str(error.orig)) from error

    def number_of_transaction(self, connection: Connection) -> int | None:
        """Return what `was_committed` asks after; None on SQLite, where no answer can be lost on its way."""
        if connection.dialect.name != "postgresql":
            return None
        number: int = connection.exec_driver_sql("SELECT pg_current_xact_id()::text::bigint").scalar_one()
        return number

    def was_committed(self, number: int) -> bool | None:
        """Return what became of a transaction whose answer was lost, None while it is in progress."""
        query = text("SELECT pg_xact_status(CAST(CAST(:number AS text) AS xid8))")
        with self._engine.connect() as connection:
            status = connection.execute(query, {"number": number}).scalar()
        return None if status == "in progress" else bool(status == "committed")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the events of one aggregate, oldest first unless `desc`."""
        table = self._table
        version = table.c.originator_version
        identity = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        query = select(version, table.c.topic, table.c.state).where(table.c.originator_id == identity.bytes)
        if gt is not None:
            query = query.where(version > gt)
        if lte is not None:
            query = query.where(version <= lte)
        query = query.order_by(version.desc() if desc else version)
        if limit is not None:
            query = query.limit(limit)
        with self._engine.connect() as connection:
            return [StoredEvent(identity, row[0], row[1], row[2]) for row in connection.execute(query)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return up to `limit` events in the order of their positions, of these topics only if any are given."""
        table = self._table
        query = select(table).order_by(table.c.position).limit(limit)
        if start is not None:
            query = query.where(table.c.position >= start if inclusive_of_start else table.c.position > start)
        if stop is not None:
            query = query.where(table.c.position <= stop)
        if topics:
            query = query.where(table.c.topic.in_(topics))
        with self._engine.connect() as connection:
            return list(_notifications(connection, query))

    def max_notification_id(self) -> int | None:
        """Return the last position, None while there is no event."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(self._table.c.position))).scalar()

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Raise: the relay is woken by the writer and follows positions itself."""
        msg = "the relay follows positions; there are no subscriptions"
        raise NotImplementedError(msg)


def _notifications(connection: Connection, query: Any) -> Iterator[Notification]:
    for position, originator_id, version, topic, state in connection.execute(query):
        yield Notification(UUID(bytes=originator_id), version, topic, state, position)


def _id(stored: StoredEvent) -> UUID:
    return stored.originator_id if isinstance(stored.originator_id, UUID) else UUID(stored.originator_id)
