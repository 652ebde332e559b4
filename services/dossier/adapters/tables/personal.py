"""What operators keep for themselves, by owner and name."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, String, Table, Text, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from shared.store import Row, Store

_PERSONAL = Table(
    "personal",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("facts", Text, nullable=False),
)


class SqlPersonal:
    """The table of what is personal, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        is_postgresql = store.read_now(lambda connection: connection.dialect.name) == "postgresql"
        put = (postgresql.insert if is_postgresql else sqlite.insert)(_PERSONAL)
        self._put = put.on_conflict_do_update(index_elements=["owner", "name"], set_={"facts": put.excluded.facts})
        self._remove = delete(_PERSONAL).where(
            _PERSONAL.c.owner == bindparam("of"), _PERSONAL.c.name == bindparam("named")
        )

    async def facts(self, owner: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return which of these the owner has, by name."""
        query = select(_PERSONAL.c.name, _PERSONAL.c.facts)
        query = query.where(_PERSONAL.c.owner == owner, _PERSONAL.c.name.in_(names))
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return {name: json.loads(facts) for name, facts in rows}

    def put(self, owner: str, name: str, facts: Mapping[str, Any]) -> Row:
        """Return the row that keeps one."""
        return self._put, {"owner": owner, "name": name, "facts": json.dumps(facts)}

    def removed(self, owner: str, name: str) -> Row:
        """Return the change that takes one away."""
        return self._remove, {"of": owner, "named": name}
