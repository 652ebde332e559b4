"""The open tasks: what is to be done of items that are in a workflow, by whom and until when."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Integer, String, Table, Text, bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.application.shelf import After
from services.dossier.domain.task import NO_DAY, OpenTask
from shared.store import Row, Store

_TASKS = Table(
    "tasks",
    METADATA,
    Column("item_id", String, primary_key=True),
    Column("due", String, nullable=False),  # the last day, in order; a task without one comes after all others
    Column("assigned_to", String),
    Column("run_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("destination", Text),
    Column("workflow_id", String, nullable=False),
    Column("workflow_version", Integer, nullable=False),
    Column("step", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("since", String, nullable=False),
    Index("tasks_by_day", "due", "item_id"),
    Index("tasks_by_name", "assigned_to", "due", "item_id"),
)


class SqlTasks:
    """The tasks, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = postgresql.insert if store.read_now(_dialect) == "postgresql" else sqlite.insert
        tasks = insert(_TASKS)
        self._put = tasks.on_conflict_do_update(
            index_elements=["item_id"], set_={column.name: tasks.excluded[column.name] for column in _TASKS.c}
        )
        self._drop = delete(_TASKS).where(_TASKS.c.item_id == bindparam("id"))

    def row(self, item_id: UUID, task: OpenTask | None) -> Row:
        """Return the row that keeps the task of an item, or takes it away."""
        if task is None:
            return self._drop, {"id": str(item_id)}
        return self._put, {
            "item_id": str(item_id),
            "due": task.last_day,
            "assigned_to": task.assigned_to,
            "run_id": str(task.run_id),
            "type": task.type,
            "subject": task.subject,
            "destination": json.dumps(task.destination) if task.destination else None,
            "workflow_id": task.workflow_id,
            "workflow_version": task.workflow_version,
            "step": task.step,
            "name": json.dumps(task.name),
            "since": task.since.isoformat(),
        }

    async def page(
        self, limit: int, after: After | None, assigned_to: str | None, overdue_on: date | None, *, unassigned: bool
    ) -> list[OpenTask]:
        """Return the next tasks in the order of their last days."""
        query = select(_TASKS).order_by(_TASKS.c.due, _TASKS.c.item_id).limit(limit)
        if assigned_to is not None:
            query = query.where(_TASKS.c.assigned_to == assigned_to)
        if unassigned:
            query = query.where(_TASKS.c.assigned_to.is_(None))
        if overdue_on:
            query = query.where(_TASKS.c.due < overdue_on.isoformat())
        if after:
            query = query.where(tuple_(_TASKS.c.due, _TASKS.c.item_id) > (after[0], str(after[1])))
        return await self._store.read(lambda connection: [_task(row) for row in connection.execute(query).mappings()])


def _dialect(connection: Connection) -> str:
    return connection.dialect.name


def _task(row: Mapping[Any, Any]) -> OpenTask:
    return OpenTask(
        item_id=UUID(row["item_id"]),
        run_id=UUID(row["run_id"]),
        type=row["type"],
        subject=row["subject"],
        destination=json.loads(row["destination"]) if row["destination"] else None,
        workflow_id=row["workflow_id"],
        workflow_version=row["workflow_version"],
        step=row["step"],
        name=json.loads(row["name"]),
        assigned_to=row["assigned_to"],
        due_on=None if row["due"] == NO_DAY else date.fromisoformat(row["due"]),
        since=datetime.fromisoformat(row["since"]),
    )
