"""The mailer's own tables: what is due when and in whose hands, and the mail servers as set up."""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    MetaData,
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

from shared.contracts.dossier import MailServerSet
from shared.store import Row, Store

TABLES = MetaData()
_LEASE = 60.0  # seconds a claimed mail is kept for a mailer that says nothing more

_DUE = Table(
    "due",
    TABLES,
    Column("mail_id", Uuid, primary_key=True),
    Column("server_id", String, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("owner", String),
    Column("lease_until", Float),
    Index("due_next", "server_id", "owner", "not_before"),
)
_SERVERS = Table(
    "mail_servers", TABLES, Column("server_id", String, primary_key=True), Column("set_up", String, nullable=False)
)


class DueTable:
    """The queue of mails, in the database of the facts. One mailer works on an SQLite file, many on PostgreSQL."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self.owner = uuid4().hex
        self._store = store
        self._alone = alone  # whoever else claimed a mail is dead, since two can't open the file
        insert = sqlite.insert(_DUE) if alone else postgresql.insert(_DUE)
        self._waits = insert.on_conflict_do_update(
            index_elements=["mail_id"],
            set_={
                "server_id": insert.excluded.server_id,
                "not_before": insert.excluded.not_before,
                "owner": None,
                "lease_until": None,
            },
        )
        self._settled = delete(_DUE).where(_DUE.c.mail_id == bindparam("of_mail"))

    def waits(self, mail_id: UUID, server_id: str, not_before: datetime) -> Row:
        """Return the row that queues a mail, again if it is queued."""
        return self._waits, {"mail_id": mail_id, "server_id": server_id, "not_before": not_before.timestamp()}

    def settled(self, mail_id: UUID) -> Row:
        """Return the row that takes a mail out of the queue."""
        return self._settled, {"of_mail": mail_id}

    async def claim(self, server_id: str, limit: int) -> list[UUID]:
        """Claim mails whose time has come, oldest first."""
        now = time.time()
        next_ones = (
            select(_DUE.c.mail_id)
            .where(_DUE.c.server_id == server_id, _DUE.c.owner.is_(None), _DUE.c.not_before <= now)
            .order_by(_DUE.c.not_before)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

        def work(connection: Connection) -> list[UUID]:
            mail_ids = list(connection.execute(next_ones).scalars())
            if mail_ids:
                lease = {"owner": self.owner, "lease_until": now + _LEASE}
                connection.execute(update(_DUE).where(_DUE.c.mail_id.in_(mail_ids)).values(lease))
            return mail_ids

        return await self._store.transact(work)

    async def release(self, mail_ids: Sequence[UUID]) -> None:
        """Give mails back that this mailer claimed, as far as nobody has taken them over."""
        await self._free(mail_ids, _DUE.c.owner == self.owner)

    async def renew(self) -> None:
        """Put off the end of all leases of this mailer."""
        mine = update(_DUE).where(_DUE.c.owner == self.owner).values(lease_until=time.time() + _LEASE)
        await self._store.transact(lambda connection: connection.execute(mine).rowcount)

    async def orphans(self) -> list[UUID]:
        """Return the mails claimed by a mailer that is no more."""
        orphaned = select(_DUE.c.mail_id).where(self._orphaned())
        return await self._store.read(lambda connection: list(connection.execute(orphaned).scalars()))

    async def adopt(self, mail_ids: Sequence[UUID]) -> None:
        """Let orphans be claimed again, unless their mailer has said something after all."""
        await self._free(mail_ids, self._orphaned())

    def _orphaned(self) -> ColumnElement[bool]:
        another = and_(_DUE.c.owner.is_not(None), _DUE.c.owner != self.owner)
        return another if self._alone else and_(another, _DUE.c.lease_until < time.time())

    async def _free(self, mail_ids: Sequence[UUID], still: ColumnElement[bool]) -> None:
        if mail_ids:
            free = update(_DUE).where(_DUE.c.mail_id.in_(list(mail_ids)), still).values(owner=None, lease_until=None)
            await self._store.transact(lambda connection: connection.execute(free).rowcount)

    async def next_due(self, server_id: str) -> float | None:
        """Return in how many seconds the next unclaimed mail is due, None where none waits."""
        first = select(func.min(_DUE.c.not_before)).where(_DUE.c.server_id == server_id, _DUE.c.owner.is_(None))
        at = await self._store.read(lambda connection: connection.execute(first).scalar())
        return None if at is None else at - time.time()


class ServerTable:
    """The mail servers as last set up."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self._store = store
        insert = sqlite.insert(_SERVERS) if alone else postgresql.insert(_SERVERS)
        self._put = insert.on_conflict_do_update(index_elements=["server_id"], set_={"set_up": insert.excluded.set_up})

    def put(self, server: MailServerSet) -> Row:
        """Return the row that keeps a server's set-up."""
        return self._put, {"server_id": server.mail_server_id, "set_up": server.model_dump_json()}

    async def all(self) -> list[MailServerSet]:
        """Return all servers."""
        query = select(_SERVERS.c.set_up)
        rows = await self._store.read(lambda connection: list(connection.execute(query).scalars()))
        return [MailServerSet.model_validate_json(row) for row in rows]
