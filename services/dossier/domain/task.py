"""Tasks: the step that an item is at in its workflow, for whom and until when; pure rules of moving on (FR-68)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.dossier.domain.refusal import Refused, Wrong

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done now: at which step, until the end of which day, and by whom if the workflow names somebody."""

    step: str
    assignee: str | None
    due_on: date | None

    def is_overdue(self, today: date) -> bool:
        """Return whether its last day is over."""
        return self.due_on is not None and today > self.due_on


def first_task(workflow: Facts, today: date) -> Task:
    """Return the task that an item has when it enters a workflow."""
    return _task(workflow["steps"][0], today)


def next_task(workflow: Facts, step: str, action: str, today: date) -> Task | None:
    """Return the task that follows from an action, None where it ends the workflow.

    Raises `Refused` (409) for an action that is not one of the step, naming those that are.
    """
    actions = {one["id"]: one["to"] for one in step_of(workflow, step)["actions"]}
    if action not in actions:
        values = {"action": action[:40], "step": step, "possible": ", ".join(actions)}
        raise Refused([Wrong("action", "action_not_of_step", values)], status=409)
    to = actions[action]
    return None if to is None else _task(step_of(workflow, to), today)


def step_of(workflow: Facts, step: str) -> Facts:
    """Return what a workflow says of one of its steps."""
    found: Facts = next(one for one in workflow["steps"] if one["id"] == step)
    return found


def _task(step: Facts, today: date) -> Task:
    term = step["term_days"]
    return Task(step["id"], step["assignee"], None if term is None else today + timedelta(days=term))
