"""Remembers which runs were cancelled, so that what is requested of them later is not made either."""

import time
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Connection, MetaData, String, Table, Uuid, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.store import Store

TABLES = MetaData()
_CANCELLED = Table(
    "cancelled_runs", TABLES, Column("run_id", Uuid, primary_key=True), Column("at", String, nullable=False)
)
_FRESH = 1.0  # seconds until the table is read again: another renderer may have heard of a cancellation


class CancelledRuns:
    """The cancelled runs, in the database of the facts and in memory: every request is looked up."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = (postgresql.insert if store.read_now(_dialect) == "postgresql" else sqlite.insert)(_CANCELLED)
        self._put = insert.on_conflict_do_update(
            index_elements=["run_id"], set_={"at": insert.excluded.at}, where=insert.excluded.at > _CANCELLED.c.at
        )
        self._known: dict[UUID, datetime] = {}
        self._read_at = float("-inf")

    async def cancel(self, run_id: UUID, at: datetime) -> None:
        """Remember that whatever was requested of a run until then is not wanted."""
        await self._store.record(rows=[(self._put, {"run_id": run_id, "at": at.isoformat(timespec="microseconds")})])
        self._read_at = float("-inf")

    async def cancelled_at(self, run_id: UUID) -> datetime | None:
        """Return when a run was cancelled last, None where it was not."""
        if time.monotonic() - self._read_at > _FRESH:
            self._read_at = time.monotonic()
            rows = await self._store.read(lambda connection: connection.execute(select(_CANCELLED)).all())
            self._known = {known: datetime.fromisoformat(at) for known, at in rows}
        return self._known.get(run_id)


def _dialect(connection: Connection) -> str:
    return connection.dialect.name
