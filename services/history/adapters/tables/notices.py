"""Notices of runs that ended: kept when the rest is thrown away to be made anew, so that nobody is told twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    CursorResult,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    desc,
    func,
    select,
    tuple_,
    update,
)

from services.history.adapters.tables.columns import Id, Moment
from services.history.adapters.tables.schema import TABLES
from services.history.adapters.tables.statements import add, dialect_of
from services.history.domain.looking import Cursor
from services.history.domain.notice import Notice
from shared.store import Store

_NOTICES = Table(
    "notices",
    TABLES,
    Column("run_id", Id, primary_key=True),
    Column("submitted_by", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),
    Column("total", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("read_at", Moment),
    Index("notices_by_submitter", "submitted_by", "ended_at", "run_id"),
)
_UNREAD = _NOTICES.c.read_at.is_(None)


def tell(connection: Connection, notices: Sequence[Notice]) -> None:
    """Add notices; of a run that had its own already there is no other."""
    if notices:
        connection.execute(add(_NOTICES, dialect_of(connection)), [vars(notice) for notice in notices])


class NoticeTable:
    """Reads notices, and marks them as read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, name: str, limit: int, after: Cursor | None, *, unread: bool) -> list[Notice]:
        """Return somebody's next notices, the latest first, those alone that were not read if `unread`."""
        query = select(_NOTICES).where(_NOTICES.c.submitted_by == name)
        if unread:
            query = query.where(_UNREAD)
        if after:
            last = (bindparam(None, after.at, type_=Moment()), bindparam(None, after.id, type_=_NOTICES.c.run_id.type))
            query = query.where(tuple_(_NOTICES.c.ended_at, _NOTICES.c.run_id) < tuple_(*last))
        query = query.order_by(desc(_NOTICES.c.ended_at), desc(_NOTICES.c.run_id)).limit(limit)

        def read(connection: Connection) -> list[Notice]:
            return [Notice(**row) for row in connection.execute(query).mappings()]

        return await self._store.read(read)

    async def unread(self, name: str) -> int:
        """Return how many notices somebody has not read."""
        query = select(func.count()).where(_NOTICES.c.submitted_by == name, _UNREAD)
        return await self._store.read(lambda connection: connection.execute(query).scalar_one())

    async def mark(self, name: str, run_id: UUID | None, at: datetime) -> bool:
        """Mark somebody's notice of a run as read, or all of them; return whether there is any such notice."""
        mine = [_NOTICES.c.submitted_by == name, *([_NOTICES.c.run_id == run_id] if run_id else [])]

        def write(connection: Connection) -> bool:
            marked: CursorResult[Any] = connection.execute(update(_NOTICES).where(*mine, _UNREAD).values(read_at=at))
            return (
                bool(marked.rowcount) or connection.execute(select(_NOTICES.c.run_id).where(*mine)).first() is not None
            )

        return await self._store.transact(write)
