"""What is due when and in whose hands, whether its run is paused, and of which parts it is made."""

import time
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from uuid import UUID, uuid4

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    LargeBinary,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from services.mailer.adapters.tables.metadata import TABLES
from services.mailer.adapters.tables.said import is_paused
from shared.store import Row, Store

_LEASE = 60.0  # seconds a claimed mail is kept for a mailer that says nothing more

PARTS = ("part_1", "part_2", "part_3")
DUE = Table(
    "due",
    TABLES,
    Column("mail_id", Uuid, primary_key=True),
    Column("server_id", String, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("owner", String),
    Column("lease_until", Float),
    Column("run_id", Uuid, index=True),
    Column("held", Boolean, nullable=False),  # since its run is paused
    *(Column(part, LargeBinary(32)) for part in PARTS),  # the SHA-256 of what is not kept for good
    Index("due_next", "server_id", "held", "owner", "not_before"),
)
for _part in (DUE.c[part] for part in PARTS):
    Index(f"due_{_part.name}", _part, sqlite_where=_part.is_not(None), postgresql_where=_part.is_not(None))


class DueTable:
    """The queue of mails, in the database of the facts. One mailer works on an SQLite file, many on PostgreSQL."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self.owner = uuid4().hex
        self._store = store
        self._alone = alone  # whoever else claimed a mail is dead, since two can't open the file
        insert = (sqlite.insert if alone else postgresql.insert)(DUE).values(
            mail_id=bindparam("mail_id"),
            server_id=bindparam("server_id"),
            not_before=bindparam("not_before"),
            run_id=bindparam("run_id"),
            held=is_paused(bindparam("run_id", type_=Uuid)),
            **{part: bindparam(part) for part in PARTS},
        )
        self._waits = insert.on_conflict_do_update(
            index_elements=["mail_id"],
            set_={
                "server_id": insert.excluded.server_id,
                "not_before": insert.excluded.not_before,
                "owner": None,
                "lease_until": None,
                "held": insert.excluded.held,
                **{part: insert.excluded[part] for part in PARTS},
            },
        )
        self._settled = delete(DUE).where(DUE.c.mail_id == bindparam("of_mail"))

    def waits(
        self,
        mail_id: UUID,
        server_id: str,
        not_before: datetime,
        run_id: UUID | None = None,
        parts: Sequence[str] = (),
    ) -> Row:
        """Return the row that queues a mail, again if it is queued."""
        at = not_before.timestamp()
        named = dict(zip_longest(PARTS, map(bytes.fromhex, parts)))
        return self._waits, {"mail_id": mail_id, "server_id": server_id, "not_before": at, "run_id": run_id, **named}

    def settled(self, mail_id: UUID) -> Row:
        """Return the row that takes a mail out of the queue."""
        return self._settled, {"of_mail": mail_id}

    async def claim(self, server_id: str, limit: int) -> list[UUID]:
        """Claim mails whose time has come, oldest first."""
        now = time.time()
        next_ones = (
            select(DUE.c.mail_id)
            .where(*_unclaimed(server_id), DUE.c.not_before <= now)
            .order_by(DUE.c.not_before)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

        def work(connection: Connection) -> list[UUID]:
            mail_ids = list(connection.execute(next_ones).scalars())
            if mail_ids:
                lease = {"owner": self.owner, "lease_until": now + _LEASE}
                connection.execute(update(DUE).where(DUE.c.mail_id.in_(mail_ids)).values(lease))
            return mail_ids

        return await self._store.transact(work)

    async def release(self, mail_ids: Sequence[UUID]) -> None:
        """Give mails back that this mailer claimed, as far as nobody has taken them over."""
        await self._free(mail_ids, DUE.c.owner == self.owner)

    async def renew(self) -> None:
        """Put off the end of all leases of this mailer."""
        mine = update(DUE).where(DUE.c.owner == self.owner).values(lease_until=time.time() + _LEASE)
        await self._store.transact(lambda connection: connection.execute(mine).rowcount)

    async def orphans(self) -> list[UUID]:
        """Return the mails claimed by a mailer that is no more."""
        orphaned = select(DUE.c.mail_id).where(self._orphaned())
        return await self._store.read(lambda connection: list(connection.execute(orphaned).scalars()))

    async def adopt(self, mail_ids: Sequence[UUID]) -> None:
        """Let orphans be claimed again, unless their mailer has said something after all."""
        await self._free(mail_ids, self._orphaned())

    def _orphaned(self) -> ColumnElement[bool]:
        another = and_(DUE.c.owner.is_not(None), DUE.c.owner != self.owner)
        return another if self._alone else and_(another, DUE.c.lease_until < time.time())

    async def _free(self, mail_ids: Sequence[UUID], still: ColumnElement[bool]) -> None:
        if mail_ids:
            free = update(DUE).where(DUE.c.mail_id.in_(list(mail_ids)), still).values(owner=None, lease_until=None)
            await self._store.transact(lambda connection: connection.execute(free).rowcount)

    async def next_due(self, server_id: str) -> float | None:
        """Return in how many seconds the next unclaimed mail is due, None where none waits."""
        first = select(func.min(DUE.c.not_before)).where(*_unclaimed(server_id))
        at = await self._store.read(lambda connection: connection.execute(first).scalar())
        return None if at is None else at - time.time()

    async def of_run(self, run_id: UUID) -> list[UUID]:
        """Return the mails of a run that are queued, claimed or not."""
        query = select(DUE.c.mail_id).where(DUE.c.run_id == run_id)
        return await self._store.read(lambda connection: list(connection.execute(query).scalars()))


def hold(connection: Connection, run_id: UUID) -> None:
    """Hold the queued mails of a run, or let them go, by what was said of it last.

    On PostgreSQL whoever queues a mail at the same moment waits, and then sees what was said.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {DUE.name} IN EXCLUSIVE MODE")
    held = is_paused(bindparam("of_run", type_=Uuid))
    connection.execute(update(DUE).where(DUE.c.run_id == bindparam("of_run")).values(held=held), {"of_run": run_id})


def _unclaimed(server_id: str) -> tuple[ColumnElement[bool], ...]:
    return DUE.c.server_id == server_id, DUE.c.held.is_(False), DUE.c.owner.is_(None)
