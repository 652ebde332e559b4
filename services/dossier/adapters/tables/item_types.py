"""Item types as they stand, each code once, and the numbers that were last used in a series."""

import json
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.item_type import ItemType, ItemTypeFacts
from shared.store import Row, Store

_TYPES = Table(
    "item_types",
    METADATA,
    Column("id", String, primary_key=True),
    Column("code", Integer, unique=True),
    Column("version", Integer, nullable=False),
    Column("facts", Text, nullable=False),
)
_NUMBERS = Table(
    "numbers",
    METADATA,
    Column("series", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
)


class SqlItemTypes:
    """The types and the numbers, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        is_served = store.read_now(lambda connection: connection.dialect.name) == "postgresql"
        insert: Any = postgresql.insert if is_served else sqlite.insert
        types, numbers = insert(_TYPES), insert(_NUMBERS)
        said = {name: types.excluded[name] for name in ("code", "version", "facts")}
        self._put = types.on_conflict_do_update(index_elements=["id"], set_=said)
        beyond = {"last": numbers.excluded.last}
        reached = numbers.on_conflict_do_update(
            index_elements=["series"], set_=beyond, where=_NUMBERS.c.last < numbers.excluded.last
        )
        self._reached = reached
        onward = {"last": _NUMBERS.c.last + numbers.excluded.last}
        self._take = numbers.on_conflict_do_update(index_elements=["series"], set_=onward).returning(_NUMBERS.c.last)

    def item_type(self, kind: ItemType) -> Row:
        """Return the row of a type."""
        facts = json.dumps(kind.facts.model_dump(mode="json"))
        return self._put, {"id": kind.id, "code": kind.code, "version": kind.version, "facts": facts}

    async def item_types(self) -> dict[str, ItemType]:
        """Return the types by id in order."""
        query = select(_TYPES).order_by(_TYPES.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).mappings().all())
        return {row["id"]: _type(row) for row in rows}

    async def find(self, type_id: str) -> ItemType | None:
        """Return one type."""
        query = select(_TYPES).where(_TYPES.c.id == type_id)
        row = await self._store.read(lambda connection: connection.execute(query).mappings().first())
        return _type(row) if row else None

    def reached(self, series: str, number: int) -> Row:
        """Return the change after which a series goes on beyond a number."""
        return self._reached, {"series": series, "last": number}

    async def last_number(self, series: str) -> int:
        """Return the number last used in a series."""
        query = select(_NUMBERS.c.last).where(_NUMBERS.c.series == series)
        return await self._store.read(lambda connection: connection.execute(query).scalar()) or 0

    async def take_numbers(self, series: str, count: int) -> int:
        """Take the next numbers of a series: a request that is lost afterwards leaves a gap, never a number twice."""

        def take(connection: Connection) -> int:
            last: int = connection.execute(self._take, {"series": series, "last": count}).scalar_one()
            return last - count + 1

        return await self._store.transact(take)


def _type(row: Any) -> ItemType:
    facts = ItemTypeFacts.model_validate(json.loads(row["facts"]))
    return ItemType(row["id"], facts, row["version"], row["code"])
