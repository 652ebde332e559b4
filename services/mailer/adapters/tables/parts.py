"""Which of the parts that are swept one day are needed still: those of every mail that is not final."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Uuid, bindparam, delete, select, union
from sqlalchemy.dialects import postgresql, sqlite

from services.mailer.adapters.tables.due import DUE, PARTS
from services.mailer.adapters.tables.metadata import TABLES
from shared.store import Row, Store

# What the queue does not name: the parts of mails in doubt, which are not queued, and the files of previews.
_NEEDED = Table(
    "needed_parts",
    TABLES,
    Column("sha256", LargeBinary(32), nullable=False),
    Column("mail_id", Uuid, nullable=False),
    PrimaryKeyConstraint("sha256", "mail_id"),
    Index("needed_parts_of_mail", "mail_id"),
)


class PartTable:
    """The parts needed, in the database of the facts: those that the queue names and those that stand here."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self._store = store
        self._put = (sqlite.insert if alone else postgresql.insert)(_NEEDED).on_conflict_do_nothing()
        self._released = delete(_NEEDED).where(_NEEDED.c.mail_id == bindparam("of_mail"))

    def needed(self, mail_id: UUID, sha256s: Sequence[str]) -> list[Row]:
        """Return the rows that keep these parts for a mail, beside those that the queue names."""
        return [(self._put, {"sha256": bytes.fromhex(sha256), "mail_id": mail_id}) for sha256 in sha256s]

    def released(self, mail_id: UUID) -> Row:
        """Return the change that keeps nothing for a mail any more but what the queue names."""
        return self._released, {"of_mail": mail_id}

    async def still_needed(self, sha256s: Sequence[str]) -> set[str]:
        """Return those of these parts that some mail needs."""
        keys = [bytes.fromhex(sha256) for sha256 in sha256s]
        naming = [_NEEDED.c.sha256, *(DUE.c[part] for part in PARTS)]
        query = union(*(select(column).where(column.in_(keys)) for column in naming))
        found = await self._store.read(lambda connection: list(connection.execute(query).scalars()))
        return {key.hex() for key in found}
