"""Tasks: the step that an item is at in its workflow, for whom and until when; pure rules of moving on (FR-68)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from services.dossier.domain.refusal import Refused, Wrong

Facts = Mapping[str, Any]
NO_DAY = "9999-99-99"  # after every day, where tasks are in the order of their last days


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done now: at which step, until the end of which day, and by whom if anybody is named."""

    step: str
    name: dict[str, str]
    assignee: str | None
    due_on: date | None

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """Return the task that stands in an event."""
        due_on = facts["due_on"]
        return cls(facts["step"], facts["name"], facts["assignee"], date.fromisoformat(due_on) if due_on else None)

    def facts(self) -> dict[str, Any]:
        """Return the task as it stands in an event."""
        return {**asdict(self), "due_on": self.due_on.isoformat() if self.due_on else None}


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task of an item, for `assigned_to`: whoever is named for it, else whoever is responsible for the item."""

    item_id: UUID
    run_id: UUID
    type: str
    subject: str
    destination: Facts | None
    workflow_id: str
    workflow_version: int
    step: str
    name: dict[str, str]
    assigned_to: str | None
    due_on: date | None
    since: datetime

    @property
    def last_day(self) -> str:
        """Its last day in ISO 8601, by which tasks are in order; one without comes after all others."""
        return self.due_on.isoformat() if self.due_on else NO_DAY

    def is_overdue(self, today: date) -> bool:
        """Return whether its last day is over."""
        return self.due_on is not None and today > self.due_on


@dataclass(frozen=True, slots=True)
class Done:
    """What was done at a step, and the task that follows, None at the end of the workflow."""

    step: str
    name: dict[str, str]
    action: str
    action_name: dict[str, str]
    follows: Task | None


def first_task(workflow: Facts, today: date) -> Task:
    """Return the task that an item has when it enters a workflow."""
    return _task(workflow["steps"][0], today)


def act(workflow: Facts, step: str, action: str, today: date) -> Done:
    """Return what doing an action at a step comes to.

    Raises `Refused` (409) for an action that is not one of the step, naming those that are.
    """
    here = _step(workflow, step)
    actions = {one["id"]: one for one in here["actions"]}
    if action not in actions:
        values = {"action": action[:40], "step": step, "possible": ", ".join(actions)}
        raise Refused([Wrong("action", "action_not_of_step", values)], status=409)
    to = actions[action]["to"]
    follows = None if to is None else _task(_step(workflow, to), today)
    return Done(step, here["name"], action, actions[action]["name"], follows)


def _step(workflow: Facts, step: str) -> Facts:
    found: Facts = next(one for one in workflow["steps"] if one["id"] == step)
    return found


def _task(step: Facts, today: date) -> Task:
    term = step["term_days"]
    return Task(step["id"], step["name"], step["assignee"], None if term is None else today + timedelta(days=term))
