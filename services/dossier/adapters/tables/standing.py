"""What stands: what is set up, files that were put, runs still open, and what is being frozen for one."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Float, Integer, String, Table, Text, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.application.ports import Noun
from shared.contracts.message import Attachment
from shared.store import Row, Store

_SETUP = Table(
    "setup",
    METADATA,
    Column("noun", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("facts", Text, nullable=False),
)
_ATTACHMENTS = Table(
    "attachments",
    METADATA,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("filename", String, nullable=False),
    Column("content_type", String, nullable=False),
)
_OPEN_RUNS = Table(
    "open_runs",
    METADATA,
    Column("run_id", String, primary_key=True),
    Column("opened_at", Float, nullable=False),
)
_FREEZING = Table(
    "freezing",
    METADATA,
    Column("attempt", String, primary_key=True),
    Column("first", String, primary_key=True),  # of the blobs
    Column("chunks", Text, nullable=False),
    Column("noted_at", Float, nullable=False),
)


class SqlTables:
    """The tables, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = postgresql.insert if store.read_now(_dialect) == "postgresql" else sqlite.insert
        setup = insert(_SETUP)
        self._put_setup = setup.on_conflict_do_update(
            index_elements=["noun", "name"], set_={"facts": setup.excluded.facts}
        )
        self._unset = delete(_SETUP).where(_SETUP.c.noun == bindparam("of"), _SETUP.c.name == bindparam("named"))
        self._put_attachment = insert(_ATTACHMENTS).on_conflict_do_nothing(index_elements=["sha256"])
        self._open_run = insert(_OPEN_RUNS)
        self._close_run = delete(_OPEN_RUNS).where(_OPEN_RUNS.c.run_id == bindparam("id"))
        self._freeze = insert(_FREEZING)
        self._settle = delete(_FREEZING).where(_FREEZING.c.attempt == bindparam("of"))

    def setup(self, noun: Noun, name: str, facts: Mapping[str, Any]) -> Row:
        """Return the row of a sender, mail server or layout."""
        return self._put_setup, {"noun": noun, "name": name, "facts": json.dumps(facts)}

    def unset(self, noun: Noun, name: str) -> Row:
        """Return the change after which it is not set up any more."""
        return self._unset, {"of": noun, "named": name}

    async def set_up(self, noun: Noun) -> dict[str, dict[str, Any]]:
        """Return what is set up of a kind, by id in order."""
        query = select(_SETUP.c.name, _SETUP.c.facts).where(_SETUP.c.noun == noun).order_by(_SETUP.c.name)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return {name: json.loads(facts) for name, facts in rows}

    def attachment(self, file: Attachment) -> Row:
        """Return the row of a file; one put before stays as it was."""
        return self._put_attachment, file.model_dump()

    async def attachments(self, hashes: Collection[str]) -> dict[str, Attachment]:
        """Return which of these files were put."""
        query = select(_ATTACHMENTS).where(_ATTACHMENTS.c.sha256.in_(sorted(hashes)))
        if not hashes:
            return {}
        rows = await self._store.read(lambda connection: connection.execute(query).mappings().all())
        return {row["sha256"]: Attachment(**row) for row in rows}

    def opened(self, run_id: UUID) -> Row:
        """Return the row of an open run."""
        return self._open_run, {"run_id": str(run_id), "opened_at": datetime.now().astimezone().timestamp()}

    def closed(self, run_id: UUID) -> Row:
        """Return the change that closes a run."""
        return self._close_run, {"id": str(run_id)}

    async def open_runs(self) -> list[UUID]:
        """Return the open runs, oldest first."""
        query = select(_OPEN_RUNS.c.run_id).order_by(_OPEN_RUNS.c.opened_at)
        return [UUID(run_id) for run_id in await self._store.read(lambda c: c.execute(query).scalars().all())]

    def freezing(self, attempt: UUID, chunks: Sequence[str]) -> Row:
        """Return the row that notes blobs about to be frozen."""
        noted = {"first": chunks[0], "chunks": json.dumps(chunks), "noted_at": datetime.now(UTC).timestamp()}
        return self._freeze, {"attempt": str(attempt), **noted}

    def settled(self, attempt: UUID) -> Row:
        """Return the change that ends an attempt."""
        return self._settle, {"of": str(attempt)}

    async def left_frozen(self, before: datetime) -> dict[UUID, list[str]]:
        """Return the blobs of attempts that began before then and never ended."""
        query = select(_FREEZING.c.attempt, _FREEZING.c.chunks).where(_FREEZING.c.noted_at < before.timestamp())
        left: dict[UUID, list[str]] = {}
        for attempt, chunks in await self._store.read(lambda connection: connection.execute(query).all()):
            left.setdefault(UUID(attempt), []).extend(json.loads(chunks))
        return left


def _dialect(connection: Connection) -> str:
    return connection.dialect.name
