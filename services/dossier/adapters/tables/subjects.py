"""Items by the numbers that KnSubject clients know them by, and the wishes that may be told twice (§5.5)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    Select,
    String,
    Table,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.application.numbers import AGAIN, Numbered
from shared.store import Row, Store

_NUMBERED = Table(
    "item_numbers",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("item_id", String, nullable=False),
    Column("run_id", String, nullable=False, unique=True),
)
_WISHES = Table(
    "subject_wishes",
    METADATA,
    Column("asker", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("wish_id", String, nullable=False),
    Column("asked_at", Float, nullable=False),
    Index("subject_wishes_by_time", "asked_at"),
)
_NUMBER = insert(_NUMBERED)


class SqlSubjects:
    """The numbers and the wishes, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        is_served = store.read_now(lambda connection: connection.dialect.name) == "postgresql"
        wishes = (postgresql.insert if is_served else sqlite.insert)(_WISHES)
        self._wish = wishes.on_conflict_do_nothing(index_elements=["asker", "digest"])

    def numbered(self, item: Numbered) -> Row:
        """Return the row that gives an item its number."""
        return _NUMBER, {"number": item.number, "item_id": str(item.item_id), "run_id": str(item.run_id)}

    async def by_number(self, number: int) -> Numbered | None:
        """Return the item of a number, None where there is none."""
        return await self._find(select(_NUMBERED).where(_NUMBERED.c.number == number))

    async def of_run(self, run_id: UUID) -> Numbered | None:
        """Return the numbered item that a request became, None where it became none."""
        return await self._find(select(_NUMBERED).where(_NUMBERED.c.run_id == str(run_id)))

    async def wish(self, asker: str, digest: str, now: datetime) -> UUID:
        """Return the id of a wish, that of the same one a while ago; of two at once the first one's is both's."""

        def note(connection: Connection) -> UUID:
            oldest = (now - timedelta(seconds=AGAIN)).timestamp()
            connection.execute(delete(_WISHES).where(_WISHES.c.asked_at < oldest))
            row = {"asker": asker, "digest": digest, "wish_id": str(uuid4()), "asked_at": now.timestamp()}
            connection.execute(self._wish, row)
            of = select(_WISHES.c.wish_id).where(_WISHES.c.asker == asker, _WISHES.c.digest == digest)
            return UUID(connection.execute(of).scalar_one())

        return await self._store.transact(note)

    async def _find(self, query: Select[Any]) -> Numbered | None:
        row = await self._store.read(lambda connection: connection.execute(query).first())
        return Numbered(row.number, UUID(row.item_id), UUID(row.run_id)) if row else None
