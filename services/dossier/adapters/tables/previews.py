"""Previews that can still be looked at: rows with an end."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Float, String, Table, Text, bindparam, delete, insert, select

from services.dossier.adapters.tables.metadata import METADATA
from shared.store import Row, Store

_PREVIEWS = Table(
    "previews",
    METADATA,
    Column("preview_id", String, primary_key=True),
    Column("blob", String),
    Column("facts", Text, nullable=False),
    Column("ends_at", Float, nullable=False),
)
_SHOWN = insert(_PREVIEWS)
_GONE = delete(_PREVIEWS).where(_PREVIEWS.c.preview_id == bindparam("of"))


class SqlPreviews:
    """The table of previews, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def shown(self, preview_id: UUID, blob: str | None, facts: dict[str, Any], ends_at: datetime) -> Row:
        """Return the row that keeps one until it ends."""
        row = {"preview_id": str(preview_id), "blob": blob, "facts": json.dumps(facts)}
        return _SHOWN, row | {"ends_at": ends_at.timestamp()}

    async def find(self, preview_id: UUID) -> tuple[str | None, dict[str, Any]] | None:
        """Return the blob and the facts of one, None where there is none (any more)."""
        query = select(_PREVIEWS.c.blob, _PREVIEWS.c.facts).where(_PREVIEWS.c.preview_id == str(preview_id))
        row = await self._store.read(lambda connection: connection.execute(query).first())
        return (row.blob, json.loads(row.facts)) if row else None

    async def ended(self, now: datetime) -> dict[UUID, str | None]:
        """Return those whose end has come, and their blobs."""
        query = select(_PREVIEWS.c.preview_id, _PREVIEWS.c.blob).where(_PREVIEWS.c.ends_at <= now.timestamp())
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return {UUID(preview_id): blob for preview_id, blob in rows}

    def gone(self, preview_id: UUID) -> Row:
        """Return the change that takes one away."""
        return _GONE, {"of": str(preview_id)}
