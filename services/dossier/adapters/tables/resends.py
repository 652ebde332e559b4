"""When a row of a run was last sent again: only then does cancelling a cancelled run stop anything."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Connection, Float, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from shared.store import Row, Store

_RESENDS = Table(
    "resends",
    METADATA,
    Column("run_id", String, primary_key=True),
    Column("asked_at", Float, nullable=False),  # the last one, in seconds since 1970
)


class ResendTable:
    """The runs of which rows were sent again, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = (postgresql.insert if store.read_now(_dialect) == "postgresql" else sqlite.insert)(_RESENDS)
        self._put = insert.on_conflict_do_update(
            index_elements=["run_id"],
            set_={"asked_at": insert.excluded.asked_at},
            where=insert.excluded.asked_at > _RESENDS.c.asked_at,
        )

    def asked(self, run_id: UUID, at: datetime) -> Row:
        """Return the row that notes a resend."""
        return self._put, {"run_id": str(run_id), "asked_at": at.timestamp()}

    async def asked_since(self, run_id: UUID, at: datetime) -> bool:
        """Return whether a row of the run was sent again after this time."""
        query = select(_RESENDS.c.asked_at).where(_RESENDS.c.run_id == str(run_id))
        last = await self._store.read(lambda connection: connection.execute(query).scalar())
        return last is not None and last > at.timestamp()


def _dialect(connection: Connection) -> str:
    return connection.dialect.name
