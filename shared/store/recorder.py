"""Stored events in SQL: the library's recorder, on the same connection as a service's own tables.

The library's SQLite and PostgreSQL recorders keep their connections to themselves; ours takes part in a transaction
that also writes read models and queues, which is what keeps those exactly in step with the events.
"""

from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, StoredEvent, Subscription
from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.exc import IntegrityError as SqlIntegrityError
from sqlalchemy.exc import OperationalError


class SqlRecorder(ApplicationRecorder):
    """Keeps stored events in `table`; positions grow in the order in which transactions become visible."""

    def __init__(self, engine: Engine, table: Table) -> None:
        super().__init__()
        self._engine = engine
        self._table = table
        self._mark = "?" if engine.dialect.paramstyle == "qmark" else "%s"
        columns = "originator_id, originator_version, topic, state"
        self._insert = f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join([self._mark] * 4)})"  # noqa: S608
        self._of_one = f"SELECT originator_version, topic, state FROM {table.name} WHERE originator_id = {self._mark}"  # noqa: S608
        self._in_order = f"SELECT position, {columns} FROM {table.name} WHERE true"  # noqa: S608

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
            connection.exec_driver_sql(
                self._insert,
                [
                    (_id(stored).bytes, stored.originator_version, stored.topic, stored.state)
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
        identity = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        query, values = self._of_one, list[Any]((identity.bytes,))
        for bound, value in (("originator_version >", gt), ("originator_version <=", lte)):
            if value is not None:
                query, values = f"{query} AND {bound} {self._mark}", [*values, value]
        query += " ORDER BY originator_version" + (" DESC" if desc else "")
        if limit is not None:
            query, values = f"{query} LIMIT {self._mark}", [*values, limit]
        return [StoredEvent(identity, *row) for row in self._rows(query, values)]

    def has_events(self, originator_id: UUID, topic: str | None = None) -> bool:
        """Return whether anything was recorded of one aggregate, an event of this topic if one is named."""
        values: list[Any] = [originator_id.bytes]
        query = self._of_one
        if topic:
            query, values = f"{query} AND topic = {self._mark}", [*values, topic]
        return bool(self._rows(f"{query} LIMIT 1", values))

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
        query, values = self._in_order, list[Any]()
        for bound, value in ((">=" if inclusive_of_start else ">", start), ("<=", stop)):
            if value is not None:
                query, values = f"{query} AND position {bound} {self._mark}", [*values, value]
        if topics:
            query, values = f"{query} AND topic IN ({', '.join([self._mark] * len(topics))})", [*values, *topics]
        query, values = f"{query} ORDER BY position LIMIT {self._mark}", [*values, limit]
        return [
            Notification(UUID(bytes=originator_id), version, topic, state, position)
            for position, originator_id, version, topic, state in self._rows(query, values)
        ]

    def max_notification_id(self) -> int | None:
        """Return the last position, None while there is no event."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(self._table.c.position))).scalar()

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Raise: the relay is woken by the writer and follows positions itself."""
        msg = "the relay follows positions; there are no subscriptions"
        raise NotImplementedError(msg)

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Read past SQLAlchemy's layers, at a tenth of their cost: every mail is looked up several times."""
        try:
            with closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(query, tuple(values))
                return list(cursor.fetchall())
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise OperationalError(query, None, error) from error


def _id(stored: StoredEvent) -> UUID:
    return stored.originator_id if isinstance(stored.originator_id, UUID) else UUID(stored.originator_id)
