"""Keeps resend jobs, so that one that was taken on is worked to its end whatever dies meanwhile."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from services.history.adapters.tables.records import lines_after
from services.history.adapters.tables.schema import lines, resend_jobs, resend_rows
from services.history.domain.looking import Cursor
from services.history.domain.resend import Answer, Job, Outcome, Wish
from services.history.domain.status import OPEN
from shared.store import Store

_WISH: TypeAdapter[Wish] = TypeAdapter(Wish)
_CHUNK = 500  # rows found by a filter and written down at once
_ANSWER = (
    update(resend_rows)
    .where(resend_rows.c.job_id == bindparam("of"), resend_rows.c.n == bindparam("row"))
    .values({name: bindparam(name) for name in ("outcome", "mail_id", "code", "detail")})
)


class JobTables:
    """Resend jobs and the answer of each of their rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take_on(self, job_id: UUID, wish: Wish, at: datetime) -> Job:
        """Write a job down unless it is there; return it as it stands."""
        return await self._store.transact(lambda connection: _take_on(connection, job_id, wish, at))

    async def extend(self, job_id: UUID) -> bool:
        """Write down the next rows that the job's filter finds; return whether there may be more."""
        return await self._store.transact(lambda connection: _extend(connection, job_id))

    async def job(self, job_id: UUID) -> Job | None:
        """Return a job."""
        return await self._store.read(lambda connection: _job(connection, job_id))

    async def answers(self, job_id: UUID, limit: int, after: int = -1, outcome: Outcome | None = None) -> list[Answer]:
        """Return the next rows of a job, those with one outcome if named."""
        query = select(*[column for column in resend_rows.columns if column.name != "job_id"])
        query = query.where(resend_rows.c.job_id == job_id, resend_rows.c.n > after)
        if outcome:
            query = query.where(resend_rows.c.outcome == outcome)
        query = query.order_by(resend_rows.c.n).limit(limit)

        def read(connection: Connection) -> list[Answer]:
            return [Answer(**row) for row in connection.execute(query).mappings()]

        return await self._store.read(read)

    async def answer(self, job_id: UUID, answers: Sequence[Answer]) -> None:
        """Write down what became of rows."""
        rows = [{"of": job_id, "row": one.n, **_told(one)} for one in answers]
        if rows:
            await self._store.transact(lambda connection: connection.execute(_ANSWER, rows))

    async def finish(self, job_id: UUID) -> None:
        """Close a job all of whose rows have an answer."""
        done = update(resend_jobs).where(resend_jobs.c.job_id == job_id).values(done=True)
        await self._store.transact(lambda connection: connection.execute(done))

    async def withdraw(self, job_id: UUID) -> None:
        """Take a job off the books, of which nothing was done."""

        def remove(connection: Connection) -> None:
            for table in (resend_rows, resend_jobs):
                connection.execute(delete(table).where(table.c.job_id == job_id))

        await self._store.transact(remove)

    async def settled(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return the ordinal of the latest mail or letter of each row that is settled; a row not heard of has none."""
        query = select(lines.c.processing_id, lines.c.ordinal, lines.c.status).where(lines.c.processing_id.in_(ids))
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return {row: ordinal - (status in OPEN) for row, ordinal, status in rows}

    async def unfinished(self) -> list[UUID]:
        """Return the jobs that are still to be worked, oldest first."""
        query = select(resend_jobs.c.job_id).where(resend_jobs.c.done.is_(False)).order_by(resend_jobs.c.asked_at)
        return await self._store.read(lambda connection: list(connection.execute(query).scalars()))


def _take_on(connection: Connection, job_id: UUID, wish: Wish, at: datetime) -> Job:
    found = _job(connection, job_id)
    if found:
        return found
    row = {"job_id": job_id, "wish": _WISH.dump_python(wish, mode="json"), "asked_by": wish.operator, "asked_at": at}
    start = str(Cursor(at, UUID(int=2**128 - 1), _last_line(connection) + 1)) if wish.filter else None
    connection.execute(insert(resend_jobs), {**row, "done": False, "cursor": start})
    ids = [{"job_id": job_id, "n": n, "processing_id": one, "outcome": "waiting"} for n, one in enumerate(wish.ids)]
    if ids:
        connection.execute(insert(resend_rows), ids)
    _extend(connection, job_id)
    return cast("Job", _job(connection, job_id))


def _extend(connection: Connection, job_id: UUID) -> bool:
    """Go on where the filter was looked through so far: what arrived later than the job is not swept in."""
    job = connection.execute(select(resend_jobs).where(resend_jobs.c.job_id == job_id)).mappings().one()
    wish = _WISH.validate_python(job["wish"])
    if wish.filter is None or job["cursor"] is None:
        return False
    found = lines_after(connection, wish.filter, _CHUNK, Cursor.read(job["cursor"]))
    start = _rows_of(connection, job_id)
    rows = [
        {
            "job_id": job_id,
            "n": start + n,
            "processing_id": line["processing_id"],
            "outcome": "skipped" if wish.skips(line["status"], line["issue_method"]) else "waiting",
        }
        for n, line in enumerate(found)
    ]
    if rows:
        connection.execute(insert(resend_rows), rows)
    more = len(found) == _CHUNK
    last = found[-1] if more else None
    cursor = str(Cursor(last["at"], last["processing_id"], last["sequence"])) if last else None
    connection.execute(update(resend_jobs).where(resend_jobs.c.job_id == job_id).values(cursor=cursor))
    return more


def _job(connection: Connection, job_id: UUID) -> Job | None:
    row = connection.execute(select(resend_jobs).where(resend_jobs.c.job_id == job_id)).mappings().first()
    if row is None:
        return None
    per_outcome = select(resend_rows.c.outcome, func.count()).where(resend_rows.c.job_id == job_id)
    counts = {row[0]: row[1] for row in connection.execute(per_outcome.group_by(resend_rows.c.outcome))}
    return Job(job_id, _WISH.validate_python(row["wish"]), counts, row["done"], row["cursor"] is None)


def _rows_of(connection: Connection, job_id: UUID) -> int:
    return connection.execute(select(func.count()).where(resend_rows.c.job_id == job_id)).scalar_one()


def _last_line(connection: Connection) -> int:
    return connection.execute(select(func.max(lines.c.sequence))).scalar_one() or 0


def _told(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in asdict(answer).items() if name not in {"n", "processing_id"}}
