"""One item over HTTP as it stands: its fields, files and workflow, and the log of what became of it (R-25)."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from services.history.application.history import Page
from services.history.domain.item import steps_of, task_of
from services.history.web.answers import DestinationShown, Document, Item, MadeWith, Row, Shown


class LogEntry(Shown):
    """Who did what with an item, and when; `text` is what was said, `detail` what it is about."""

    at: datetime
    by: str | None
    what: Literal["recorded", "changed", "attachment_added", "attachment_removed", "responded", "step_done", "assigned"]
    text: str | None
    detail: dict[str, Any]


class ResponseShown(Shown):
    """A response to an item; an internal one is for colleagues alone, and the text of an erased contact is gone."""

    n: int
    text: str | None
    internal: bool
    by: str | None
    at: datetime


class TaskShown(Shown):
    """What is to be done of an item now, and whether its last day is over."""

    step: str
    name: dict[str, str]
    assigned_to: str | None
    due_on: date | None
    overdue: bool


class StepDoneShown(Shown):
    """What was done at a step, by whom, when, and what was said of it."""

    step: str
    name: dict[str, str]
    action: str
    action_name: dict[str, str]
    text: str | None
    by: str | None
    at: datetime


class WorkflowShown(Shown):
    """The workflow that an item is in: its steps, each done, current or to do, and what was done."""

    workflow_id: str
    version: int
    name: dict[str, str]
    steps: list[dict[str, Any]]
    done: list[StepDoneShown]
    task: TaskShown | None
    ended: bool


class FileShown(Shown):
    """A file of an item, and where it can be had; `status` is that of one that is made (requirements A14)."""

    kind: Literal["attachment", "generic_attachment", "auto_document", "message", "letter"]
    filename: str | None
    content_type: str | None
    size: int | None
    status: str | None
    href: str | None


class RowOfItem(Row):
    """A row of an item, with what its latest mail or letter is made with."""

    made_with: MadeWith


class ItemInFull(Item):
    """An item as it stands, what became of it, and a page of its rows, which say how its processing stands (FR-54)."""

    destinations: list[DestinationShown]
    documents: list[Document]
    files: list[FileShown]
    workflow: WorkflowShown | None
    responses: list[ResponseShown]
    log: list[LogEntry]
    rows: list[RowOfItem]
    next: str | None


def item_in_full(item: dict[str, Any], page: Page[dict[str, Any]], today: date) -> ItemInFull:
    """Return an item as it is shown on a day."""
    log = item["log"]
    recorded = {"at": item["recorded_at"], "by": item["submitted_by"], "what": "recorded", "text": None, "detail": {}}
    return ItemInFull.model_validate(
        {
            **item,
            "files": [*_files(item, page.items)],
            "workflow": _workflow(item, today),
            "responses": [{**entry, **entry["detail"]} for entry in log if entry["what"] == "responded"],
            "log": [recorded, *log],
            "rows": page.items,
            "next": str(page.next) if page.next else None,
        }
    )


def _workflow(item: dict[str, Any], today: date) -> dict[str, Any] | None:
    if item["workflow_id"] is None:
        return None
    known = item["workflow"] or {"name": {}, "steps": []}  # of a version set up before this history began
    task = task_of(item, today)
    return {
        "workflow_id": item["workflow_id"],
        "version": item["workflow_version"],
        "name": known["name"],
        "steps": steps_of(item, known["steps"], item["log"]),
        "done": [{**entry, **entry["detail"]} for entry in item["log"] if entry["what"] == "step_done"],
        "task": asdict(task) if task else None,
        "ended": item["task"] is None,
    }


def _files(item: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the files: those that go along, those made for the item, and each message as sent (FR-50)."""
    place = f"/api/v1/dossier-items/{item['item_id']}/files"
    for file in item["attachments"]:
        yield {**file, "kind": "attachment", "status": None, "href": f"{place}/{file['sha256']}"}
    for document in item["documents"]:
        file = document["attachment"] or dict.fromkeys(("filename", "content_type", "size"))
        href = f"{place}/{file['sha256']}" if document["attachment"] else None
        yield {**file, "kind": document["slot"], "status": document["status"], "href": href}
    for row in rows:
        yield from _of_row(row["processing_id"], row)


def _of_row(processing_id: UUID, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    place, made = f"/api/v1/processing/{processing_id}", {"status": row["status"], "size": None}
    if row["issue_method"] == "email" and row["attempts"]:
        name, kind = f"{processing_id}.eml", "message/rfc822"
        yield {**made, "kind": "message", "filename": name, "content_type": kind, "href": f"{place}/message.eml"}
    if row["status"] == "generated":
        yield {**made, "kind": "letter", "filename": None, "content_type": None, "href": f"{place}/letter"}
