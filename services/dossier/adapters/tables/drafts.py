"""Drafts, and their destinations in chunks, so that one for a hundred thousand is opened as fast as one for one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.draft import Draft
from services.dossier.domain.field_setting import Applied
from services.dossier.domain.sender_fields import SenderField
from shared.store import Condition, Row, Store

_DRAFTS = Table(
    "drafts",
    METADATA,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False, index=True),
    Column("type", String, nullable=False),
    Column("count", Integer, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
)
_DESTINATIONS = Table(
    "draft_destinations",
    METADATA,
    Column("draft_id", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("chunk", LargeBinary, nullable=False),
)
_OPEN, _FREEZE = insert(_DRAFTS), insert(_DESTINATIONS)
_REMOVE = delete(_DRAFTS).where(_DRAFTS.c.id == bindparam("gone"))
_REMOVE_DESTINATIONS = delete(_DESTINATIONS).where(_DESTINATIONS.c.draft_id == bindparam("gone"))


class SqlDrafts:
    """The table of drafts, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def opened(self, draft: Draft, chunks: Iterable[bytes]) -> list[Row]:
        """Return the rows of a new draft."""
        frozen = [
            (_FREEZE, {"draft_id": str(draft.id), "number": number, "chunk": chunk})
            for number, chunk in enumerate(chunks)
        ]
        return [(_OPEN, _row(draft)), *frozen]

    async def find(self, draft_id: UUID, owner: str) -> Draft | None:
        """Return a draft of this owner."""
        query = select(_DRAFTS).where(_DRAFTS.c.id == str(draft_id), _DRAFTS.c.owner == owner)
        row = await self._store.read(lambda connection: connection.execute(query).mappings().one_or_none())
        return _draft(row) if row else None

    async def of(self, owner: str) -> Sequence[Draft]:
        """Return the drafts of an owner, the one changed last first."""
        query = select(_DRAFTS).where(_DRAFTS.c.owner == owner).order_by(_DRAFTS.c.changed_at.desc(), _DRAFTS.c.id)
        return await self._store.read(lambda c: [_draft(row) for row in c.execute(query).mappings()])

    async def count(self, owner: str) -> int:
        """Return how many drafts an owner has."""
        query = select(func.count()).select_from(_DRAFTS).where(_DRAFTS.c.owner == owner)
        return int(await self._store.read(lambda connection: connection.execute(query).scalar_one()))

    async def change(self, draft: Draft) -> bool:
        """Keep a draft as it now is, unless another change was faster."""
        of = (_DRAFTS.c.id == str(draft.id), _DRAFTS.c.owner == draft.owner, _DRAFTS.c.version == draft.version)
        change = update(_DRAFTS).where(*of).values(_row(replace(draft, version=draft.version + 1)))
        return await self._store.transact(lambda connection: connection.execute(change).rowcount == 1)

    async def chunk(self, draft_id: UUID, number: int) -> bytes | None:
        """Return a chunk of a draft's destinations."""
        of = (_DESTINATIONS.c.draft_id == str(draft_id), _DESTINATIONS.c.number == number)
        query = select(_DESTINATIONS.c.chunk).where(*of)
        found: bytes | None = await self._store.read(lambda c: c.execute(query).scalar_one_or_none())
        return found

    def removed(self, draft_id: UUID) -> list[Row]:
        """Return the changes that leave nothing of a draft."""
        return [(_REMOVE, {"gone": str(draft_id)}), (_REMOVE_DESTINATIONS, {"gone": str(draft_id)})]

    def let_go(self, draft: Draft) -> Condition:
        """Return what leaves nothing of a draft, and says no where it is no longer as it was read."""
        as_read = delete(_DRAFTS).where(_DRAFTS.c.id == str(draft.id), _DRAFTS.c.version == draft.version)

        def let_go(connection: Connection) -> bool:
            connection.execute(_REMOVE_DESTINATIONS, {"gone": str(draft.id)})
            return connection.execute(as_read).rowcount == 1

        return let_go

    async def remove_older(self, than: datetime) -> int:
        """Leave nothing of the drafts not changed since then."""
        old = select(_DRAFTS.c.id).where(_DRAFTS.c.changed_at < than.timestamp())

        def remove(connection: Connection) -> int:
            connection.execute(delete(_DESTINATIONS).where(_DESTINATIONS.c.draft_id.in_(old)))
            return connection.execute(delete(_DRAFTS).where(_DRAFTS.c.changed_at < than.timestamp())).rowcount

        return await self._store.transact(remove)


def _row(draft: Draft) -> dict[str, Any]:
    facts = asdict(draft)
    state = {name: facts[name] for name in ("values", "settings", "sender_name", "sender_address")}
    return {
        "id": str(draft.id),
        "owner": draft.owner,
        "type": draft.type,
        "count": draft.count,
        "kinds": json.dumps(draft.kinds),
        "opened_at": draft.opened_at.timestamp(),
        "changed_at": draft.changed_at.timestamp(),
        "version": draft.version,
        "state": json.dumps(state),
    }


def _draft(row: RowMapping) -> Draft:
    state = json.loads(row["state"])
    return Draft(
        id=UUID(row["id"]),
        owner=row["owner"],
        type=row["type"],
        count=row["count"],
        kinds=json.loads(row["kinds"]),
        opened_at=datetime.fromtimestamp(row["opened_at"], UTC),
        changed_at=datetime.fromtimestamp(row["changed_at"], UTC),
        version=row["version"],
        values=state["values"],
        settings={name: Applied(**setting) for name, setting in state["settings"].items()},
        sender_name=_sender_field(state["sender_name"]),
        sender_address=_sender_field(state["sender_address"]),
    )


def _sender_field(facts: dict[str, Any]) -> SenderField:
    return SenderField(**facts | {"setting": Applied(**facts["setting"])})
