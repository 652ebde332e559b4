"""Runs with their counters and what was said of them: read, and kept in step with the rows that they add up from."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, desc, func, select, tuple_, update

from services.history.adapters.tables.notices import tell
from services.history.adapters.tables.schema import RECORDED, counts, runs, said, settled
from services.history.adapters.tables.statements import add as added
from services.history.adapters.tables.statements import dialect_of
from services.history.domain.changes import SaidOfRun
from services.history.domain.looking import Cursor
from services.history.domain.notice import Notice
from services.history.domain.run import Run, Said, Sought, in_order
from shared.contracts.dossier import RunStarted

_KEPT = ("state",)  # follows from the rest
_ORDER = (runs.c.started_at, runs.c.run_id)
_STATED = (
    update(runs)
    .where(runs.c.run_id == bindparam("of"))
    .values(state=bindparam("state"), ended_at=bindparam("ended_at"))
)


def add_runs(connection: Connection, started: Iterable[RunStarted]) -> None:
    """Add runs that started."""
    named = {column.name for column in runs.columns}
    rows = [
        {**run.model_dump(include=named), "layouts": [one.model_dump() for one in run.layouts]}
        | {"state": "running", "ended_at": None}
        for run in started
    ]
    connection.execute(added(runs, dialect_of(connection)), rows)


def add_said(connection: Connection, heard: Iterable[SaidOfRun]) -> None:
    """Add what was said of runs."""
    rows = [
        {
            "run_id": one.run_id,
            "version": one.said.version,
            "what": one.said.what,
            "at": one.said.at,
            "operator": one.said.operator,
            "reason": one.said.reason,
        }
        for one in heard
    ]
    connection.execute(added(said, dialect_of(connection)), rows)


def heard_before(connection: Connection, run_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these runs of which rows or words were heard before their start."""
    ids = list(run_ids)
    return {
        run_id
        for column in (counts.c.run_id, said.c.run_id)
        for run_id in connection.execute(select(column).where(column.in_(ids)).distinct()).scalars()
    }


def stand(connection: Connection, run_ids: Collection[UUID]) -> None:
    """State how these runs stand now; whoever started one that has ended is told, once."""
    if not run_ids:
        return
    found = _rows_of(connection, select(runs).where(runs.c.run_id.in_(list(run_ids))))
    before = {row["run_id"]: (row["state"], row["ended_at"]) for row in found}
    now = _with_ends(connection, _with_counts(connection, found))
    changed = [run for run in now if before[run.run_id] != (run.state, run.ended_at)]
    if changed:
        rows = [{"of": run.run_id, "state": run.state, "ended_at": run.ended_at} for run in changed]
        connection.execute(_STATED, rows)
        tell(connection, [notice for run in changed if (notice := Notice.of(run))])


def run_of(connection: Connection, run_id: UUID) -> Run | None:
    """Return one run, with what was settled in its last minutes."""
    found = _with_counts(connection, _rows_of(connection, select(runs).where(runs.c.run_id == run_id)))
    lately = select(settled.c.minute, settled.c.n).where(settled.c.run_id == run_id)
    minutes = connection.execute(lately.order_by(desc(settled.c.minute)).limit(2)).all()
    return replace(found[0], settled=dict(map(tuple, minutes))) if found else None


def page_of_runs(connection: Connection, sought: Sought, limit: int, after: Cursor | None) -> list[Run]:
    """Return the next runs that are sought, newest first."""
    query = select(runs)
    if sought.state:
        query = query.where(runs.c.state == sought.state)
    if sought.submitted_by:
        query = query.where(runs.c.submitted_by == sought.submitted_by)
    if sought.q:
        query = query.where(runs.c.subject.icontains(sought.q, autoescape=True))
    if after:
        values = zip(_ORDER, (after.at, after.id), strict=True)
        last = (bindparam(None, value, type_=column.type) for column, value in values)
        query = query.where(tuple_(*_ORDER) < tuple_(*last))
    return _with_counts(connection, _rows_of(connection, query.order_by(*map(desc, _ORDER)).limit(limit)))


def _rows_of(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _with_counts(connection: Connection, found: Sequence[dict[str, Any]]) -> list[Run]:
    """Return runs with their counters and what was said of them."""
    ids = [run["run_id"] for run in found]
    per_run: dict[UUID, dict[str, int]] = defaultdict(dict)
    for run_id, status, n in connection.execute(select(counts).where(counts.c.run_id.in_(ids), counts.c.n != 0)):
        per_run[run_id][status] = n
    of_run: dict[UUID, list[Said]] = defaultdict(list)
    for run_id, *words in connection.execute(select(said).where(said.c.run_id.in_(ids))):
        of_run[run_id].append(Said(*words))
    return [
        Run(
            **{name: value for name, value in run.items() if name not in _KEPT},
            recorded=per_run[run["run_id"]].pop(RECORDED, 0),
            rows=per_run[run["run_id"]],
            said=in_order(of_run[run["run_id"]]),
        )
        for run in found
    ]


def _with_ends(connection: Connection, found: Sequence[Run]) -> list[Run]:
    """Return runs with the time at which the last row was settled, of those that are complete."""
    complete = [run.run_id for run in found if run.complete]
    last = select(settled.c.run_id, func.max(settled.c.last_at)).where(settled.c.run_id.in_(complete))
    ended = dict(map(tuple, connection.execute(last.group_by(settled.c.run_id)))) if complete else {}
    return [run if run.ended_at == (end := ended.get(run.run_id)) else replace(run, ended_at=end) for run in found]
