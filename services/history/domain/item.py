"""Items as they stand, and the log of what became of each: who did what, and when (R-25)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.contracts import Message
from shared.contracts.dossier import DossierItemChanged, DossierItemDeleted, ResponseAdded

DELETED = "deleted"


@dataclass
class Item:
    """What can change of an item."""

    item_id: UUID
    subject: str
    comment: str
    fields: dict[str, Any]
    attachments: list[dict[str, Any]]
    task: dict[str, Any] | None
    version: int

    def hear(self, message: DossierItemChanged) -> None:
        """Let the item be as changed; changes come in the order they were made."""
        given = message.fields.model_dump(mode="json") if message.fields else {}
        stated = self.fields | {name: given[name] for name in message.changed if name in given}
        self.fields = {name: value for name, value in stated.items() if value is not None}
        self.subject = message.subject or self.subject
        if "comment" in message.changed:
            self.comment = message.comment or ""
        if message.attachment_removed:
            self.attachments = [file for file in self.attachments if file["n"] != message.attachment_removed]
        if message.attachment_added:
            self.attachments = [*self.attachments, message.attachment_added.model_dump(mode="json")]
        if {"workflow", "task"}.intersection(message.changed):
            self.task = message.task.model_dump(mode="json") if message.task else None
        self.version = message.version


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log of an item; the text is personal."""

    item_id: UUID
    position: int
    what: str
    at: datetime
    by: str | None
    person: str | None = None
    text: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def entry_of(message: Message, position: int) -> Entry | None:
    """Return the entry that a message, the dossier's `position`-th event, makes in a log; None for none."""
    if isinstance(message, ResponseAdded):
        detail = {"n": message.n, "internal": message.internal}
        return Entry(
            message.item_id, position, "responded", message.added_at, message.by, message.person, message.text, detail
        )
    if isinstance(message, DossierItemChanged):
        what, text, detail = _told(message)
        return Entry(message.item_id, position, what, message.changed_at, message.by, message.person, text, detail)
    if isinstance(message, DossierItemDeleted):
        return Entry(message.item_id, position, DELETED, message.deleted_at, message.by)
    return None


def _told(message: DossierItemChanged) -> tuple[str, str | None, dict[str, Any]]:
    """Return what was done, what was said of it, and the rest."""
    task = message.task.model_dump(mode="json") if message.task else None
    if done := message.step_done:
        return "step_done", done.text, {**done.model_dump(mode="json", exclude={"text"}), "follows": task}
    if "task" in message.changed and task:
        return "assigned", None, {"step": task["step"], "name": task["name"], "to": task["assignee"]}
    if file := message.attachment_added:
        return "attachment_added", None, file.model_dump(mode="json")
    if message.attachment_removed:
        return "attachment_removed", None, {"n": message.attachment_removed}
    given = message.fields.model_dump(mode="json") if message.fields else {}
    fields = {name: given.get(name) for name in message.changed if name not in {"comment", "contact_id"}}
    if message.subject:
        fields["subject"] = message.subject
    if message.destination and "contact_id" in message.changed:
        fields["contact_id"] = message.destination.contact_id
    return "changed", None, {"changed": list(message.changed), "fields": fields}


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done of an item, for whoever is named for it, else whoever is responsible for the item."""

    step: str
    name: dict[str, str]
    assigned_to: str | None
    due_on: date | None
    overdue: bool


def task_of(item: dict[str, Any], today: date) -> Task | None:
    """Return the open task of an item: none at the end of its workflow, in no workflow, or once it is completed."""
    task = item["task"]
    if task is None or item["fields"].get("completed"):
        return None
    due_on = date.fromisoformat(task["due_on"]) if task["due_on"] else None
    assigned_to = task["assignee"] or item["fields"].get("responsible_id")
    return Task(task["step"], task["name"], assigned_to, due_on, due_on is not None and today > due_on)


def steps_of(item: dict[str, Any], steps: list[dict[str, Any]], log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps of the workflow an item is in, each `done`, `current` or `to_do`."""
    done = {entry["detail"]["step"] for entry in log if entry["what"] == "step_done"}
    current = item["task"]["step"] if item["task"] else None

    def state(step: str) -> str:
        return "current" if step == current else "done" if step in done else "to_do"

    return [{**step, "state": state(step["id"])} for step in steps]
