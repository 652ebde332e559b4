"""Files that operators are still to open, newest first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Column, Float, Index, Integer, RowMapping, String, Table, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.application.my_files import MyFile
from shared.store import Row, Store

_FILES = Table(
    "my_files",
    METADATA,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("item_id", String),
    Column("subject", String, nullable=False),
    Column("items", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Index("my_files_of", "owner", "at", "id"),
)


class SqlFiles:
    """The table of files, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        is_postgresql = store.read_now(lambda connection: connection.dialect.name) == "postgresql"
        insert = postgresql.insert if is_postgresql else sqlite.insert
        self._put = insert(_FILES).on_conflict_do_nothing(index_elements=["id"])

    def put(self, file: MyFile) -> Row:
        """Return the row that keeps a file."""
        return self._put, {
            "id": str(file.id),
            "owner": file.owner,
            "run_id": str(file.run_id),
            "item_id": str(file.item_id) if file.item_id else None,
            "subject": file.subject,
            "items": file.items,
            "at": file.at.timestamp(),
        }

    async def page(self, owner: str, before: tuple[float, str] | None, limit: int) -> Sequence[MyFile]:
        """Return up to `limit` files of an owner."""
        query = select(_FILES).where(_FILES.c.owner == owner)
        if before:
            query = query.where(tuple_(_FILES.c.at, _FILES.c.id) < before)
        query = query.order_by(_FILES.c.at.desc(), _FILES.c.id.desc()).limit(limit)
        return await self._store.read(lambda c: [_file(row) for row in c.execute(query).mappings()])

    async def remove(self, file_id: UUID, owner: str) -> bool:
        """Take a file of this owner away."""
        gone = delete(_FILES).where(_FILES.c.id == str(file_id), _FILES.c.owner == owner)
        return await self._store.transact(lambda connection: connection.execute(gone).rowcount == 1)


def _file(row: RowMapping) -> MyFile:
    return MyFile(
        UUID(row["id"]),
        row["owner"],
        UUID(row["run_id"]),
        UUID(row["item_id"]) if row["item_id"] else None,
        row["subject"],
        row["items"],
        datetime.fromtimestamp(row["at"], UTC),
    )
