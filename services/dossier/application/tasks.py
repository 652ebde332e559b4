"""Items go through their workflow: the task of each is listed, assigned, and done with an action of its step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.dossier.application.shelf import After, Shelf, TaskTable, token_of
from services.dossier.application.workflows import Workflows
from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.task import OpenTask, act
from services.dossier.domain.text import has_control

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Wish:
    """Which tasks are looked for; None leaves a point open."""

    assigned_to: str | None = None
    overdue: bool = False
    unassigned: bool = False


class Tasks:
    """What is to be done of items that are in a workflow."""

    def __init__(self, shelf: Shelf, workflows: Workflows, table: TaskTable) -> None:
        self._shelf = shelf
        self._workflows = workflows
        self._table = table

    async def page(self, wish: Wish, limit: int, after: After | None) -> list[OpenTask]:
        """Return the next tasks, the one whose last day comes first before the others."""
        overdue_on = today() if wish.overdue else None
        return await self._table.page(limit, after, wish.assigned_to, overdue_on, unassigned=wish.unassigned)

    async def item(self, item_id: UUID) -> DossierItem:
        """Return an item; raise `Refused` (404) for an unknown one."""
        return await self._shelf.take(item_id)

    async def act(
        self, item_id: UUID, action: str, text: str, by: str, key: str | None, step: str | None = None
    ) -> DossierItem:
        """Do an action at the step an item is at, and return the item; the same key again is the same action.

        Raises `Refused` (409) where it is not at a step, or at another one than `step`, or that has no such action.
        """
        token = token_of(item_id, "act", by, key)
        while True:
            item = await self._shelf.take(item_id)
            if token in item.done:
                return item
            task = _open_task(item, step)
            workflow = await self._workflows.version(task.workflow_id, task.workflow_version)
            done = act(workflow, task.step, action, today())
            person = await self._shelf.person_at(item.address, "text" if text else "")
            completed_at = None if done.follows else datetime.now(UTC).isoformat()
            item.move_on(done, text, completed_at, by, person, token)
            if await self._shelf.put(item):
                return item

    async def assign(self, item_id: UUID, to: str | None, by: str) -> DossierItem:
        """Let somebody else do the task of an item, None being whoever is responsible for the item; return the item."""
        if to is not None and (not to.strip() or has_control(to)):
            raise Refused([Wrong("to", "control_character" if to.strip() else "missing")])
        while True:
            item = await self._shelf.take(item_id)
            _open_task(item)
            item.assign(to, by)
            if await self._shelf.put(item):
                return item

    async def possible(self, task: OpenTask) -> list[Mapping[str, Any]]:
        """Return the actions of the step that a task is at."""
        workflow = await self._workflows.version(task.workflow_id, task.workflow_version)
        actions: list[Mapping[str, Any]] = next(one for one in workflow["steps"] if one["id"] == task.step)["actions"]
        return actions


def today() -> date:
    """Return the day it is at the office."""
    return datetime.now(_AMSTERDAM).date()


def _open_task(item: DossierItem, step: str | None = None) -> OpenTask:
    if item.workflow_id is None:
        raise Refused([Wrong("", "no_workflow")], status=409)
    if item.task is None:
        raise Refused([Wrong("", "workflow_ended")], status=409)
    task = item.open_task
    if task is None:
        raise Refused([Wrong("", "item_completed")], status=409)
    if step is not None and step != task.step:
        raise Refused([Wrong("step", "another_step", {"step": step[:40], "now": task.step})], status=409)
    return task
