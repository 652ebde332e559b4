"""Dossier items: what was recorded, at which destinations, with which files of its own, and what became of it."""

from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.dossier.domain.frozen import Row
from services.dossier.domain.identity import Address, document_id_of
from services.dossier.domain.item_changes import Change
from services.dossier.domain.item_fields import VERBATIM, verbatim_of, without_verbatim
from services.dossier.domain.task import Done, OpenTask, Task

HOUSE = "nl"  # the language of a document that is nobody's own


class DossierItem(Aggregate):
    """One item in the dossier of its destinations.

    A text that is about one contact is sealed for that one (`person`); what a request says of several, or of none, is
    of nobody in particular. `edition` counts what was changed of its fields and files, `task` is the step that it is at
    in its workflow: None where it is in none, or at the end.
    """

    TOPIC = "dossier.DossierItem"

    class Created(Aggregate.Created):
        """The first fact of an item."""

        TOPIC = "dossier.DossierItem.Created"

    class Recorded(Created):
        """The item stands in the dossier."""

        TOPIC = "dossier.DossierItem.Recorded"
        ALIKE: ClassVar[tuple[str, ...]] = (
            "originator_topic",
            "run_id",
            "person",
            "type",
            "subject",
            "comment",
            "verbatim",
            "issue_method",
            "record_separately",
            "attachments",
            "submitted_by",
            "workflow_id",
            "workflow_version",
            "task",
        )
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("comment", "verbatim")

        run_id: UUID
        person: str | None
        type: str
        subject: str
        comment: str | None
        issue_method: str
        record_separately: bool
        destinations: list[dict[str, Any]]
        attachments: list[dict[str, Any]]
        submitted_by: str | None
        fields: dict[str, Any]
        verbatim: dict[str, Any] | None
        workflow_id: str | None
        workflow_version: int | None
        task: dict[str, Any] | None

    class DocumentRequested(Aggregate.Event):
        """A file of the item is to be made: the generic attachment (A4), or the document of its type (A17).

        One with a `person` is made with the data of its addressee, of whom nothing is left here once erased.
        """

        TOPIC = "dossier.DossierItem.DocumentRequested"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient", "merge")
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("body_text",)

        run_id: UUID
        document_id: UUID
        slot: str
        language: str
        content: dict[str, Any]
        body_text: str | None
        document_date: date
        person: str | None
        destination: dict[str, Any] | None
        recipient: dict[str, Any] | None
        merge: dict[str, Any] | None

        def apply(self, aggregate: Aggregate) -> None:
            """Nothing of the item itself changes."""

    class Changed(Aggregate.Event):
        """Fields of the item are otherwise from now on (R-23): `fields` are their new values, None where cleared.

        `changed` names them, the subject, the comment and the contact too. With another contact the comment and what is
        kept verbatim are stated anew, so that they are sealed for that one.
        """

        TOPIC = "dossier.DossierItem.Changed"
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("comment", "verbatim")

        run_id: UUID
        person: str | None
        edition: int
        changed: list[str]
        fields: dict[str, Any]
        verbatim: dict[str, Any] | None
        subject: str | None
        comment: str | None
        destination: dict[str, Any] | None
        by: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let the item be as changed."""
            item = _item(aggregate)
            erased = dict.fromkeys(name for name in VERBATIM if name in self.changed and self.verbatim is None)
            stated = item.fields | self.fields | (self.verbatim or erased)
            item.fields = {name: value for name, value in stated.items() if value is not None}
            item.subject = self.subject or item.subject
            if "comment" in self.changed or self.comment is not None:
                item.comment = self.comment
            if self.destination:
                item.destinations = [self.destination]
            item.edition = self.edition

    class AttachmentAdded(Aggregate.Event):
        """A file was added to the item, as its `n`-th (R-24)."""

        TOPIC = "dossier.DossierItem.AttachmentAdded"

        run_id: UUID
        edition: int
        n: int
        file: dict[str, Any]
        by: str
        token: UUID | None

        def apply(self, aggregate: Aggregate) -> None:
            """Let the file stand."""
            item = _item(aggregate)
            item.attachments[self.n] = self.file
            item.files_ever = self.n
            item.edition = self.edition
            item.remember(self.token, self.n)

    class AttachmentRemoved(Aggregate.Event):
        """The `n`-th file of the item was taken away (R-24)."""

        TOPIC = "dossier.DossierItem.AttachmentRemoved"

        run_id: UUID
        edition: int
        n: int
        by: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let the file be gone."""
            item = _item(aggregate)
            del item.attachments[self.n]
            item.edition = self.edition

    class Responded(Aggregate.Event):
        """Somebody responded to the item: `internal` is for colleagues alone (VaRe `I`), else for all (`EI`)."""

        TOPIC = "dossier.DossierItem.Responded"
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("text",)

        run_id: UUID
        person: str | None
        n: int
        text: str | None
        internal: bool
        by: str
        token: UUID | None

        def apply(self, aggregate: Aggregate) -> None:
            """Count the response."""
            item = _item(aggregate)
            item.responses = self.n
            item.remember(self.token, self.n)

    class MovedOn(Aggregate.Event):
        """Somebody did what was to be done at a step, with a word about it; `task` follows, None at the end (FR-68).

        At the end of its workflow an item is completed, unless it was before: `completed_at` says when.
        """

        TOPIC = "dossier.DossierItem.MovedOn"
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("text",)

        run_id: UUID
        person: str | None
        edition: int
        step: str
        name: dict[str, str]
        action: str
        action_name: dict[str, str]
        text: str | None
        task: dict[str, Any] | None
        completed_at: str | None
        by: str
        token: UUID | None

        def apply(self, aggregate: Aggregate) -> None:
            """Go on to the next step, or to the end."""
            item = _item(aggregate)
            item.task, item.task_since = self.task, self.timestamp
            if self.completed_at:
                item.fields = item.fields | {"completed": True, "completed_at": self.completed_at}
            item.edition = self.edition
            item.remember(self.token, 1)

    class TaskAssigned(Aggregate.Event):
        """The task is for somebody else from now on; None is whoever is responsible for the item."""

        TOPIC = "dossier.DossierItem.TaskAssigned"

        run_id: UUID
        edition: int
        task: dict[str, Any]
        by: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let the task be for that one."""
            _item(aggregate).task = self.task

    class Deleted(Aggregate.Event):
        """The item was deleted for good: from now on nothing becomes of it, and it is shown nowhere."""

        TOPIC = "dossier.DossierItem.Deleted"

        run_id: UUID
        edition: int
        by: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let it be gone, with what was to be done of it."""
            item = _item(aggregate)
            item.is_deleted, item.task, item.edition = True, None, self.edition

    def __init__(
        self,
        run_id: UUID,
        person: str | None,  # noqa: ARG002 -- a contact's key may be another one later
        type: str,  # noqa: A002 -- the name in every contract
        subject: str,
        comment: str | None,
        issue_method: str,
        record_separately: bool,
        destinations: list[dict[str, Any]],
        attachments: list[dict[str, Any]],
        submitted_by: str | None,
        fields: dict[str, Any],
        verbatim: dict[str, Any] | None,
        workflow_id: str | None,
        workflow_version: int | None,
        task: dict[str, Any] | None,
    ) -> None:
        self.run_id = run_id
        self.type = type
        self.subject = subject
        self.comment = comment
        self.issue_method = issue_method
        self.record_separately = record_separately
        self.destinations = destinations
        self.attachments = dict(enumerate(attachments, 1))
        self.files_ever = len(attachments)
        self.submitted_by = submitted_by
        self.fields = fields | (verbatim or {})
        self.workflow_id = workflow_id
        self.workflow_version = workflow_version
        self.task = task
        self.task_since = self.created_on
        self.responses = 0
        self.done: dict[UUID, int] = {}
        self.edition = 1
        self.is_deleted = False

    @classmethod
    def record(cls, item_id: UUID, **facts: Any) -> Self:
        """Record an item."""
        return cls._create(cls.Recorded, id=item_id, **facts)

    @classmethod
    def recorded(cls, item_id: UUID, at: datetime, **facts: Any) -> Recorded:
        """Return the fact that an item was recorded, by itself: thousands are recorded at once."""
        return cls.Recorded(
            originator_topic=cls.TOPIC, originator_id=item_id, originator_version=1, timestamp=at, **facts
        )

    def request_generic_attachment(
        self, content: dict[str, Any], body_text: str | None, document_date: date, language: str
    ) -> None:
        """Ask for the one attachment that is kept for all destinations: the body as typed, or of its layout (A4)."""
        self._request_document("generic_attachment", content, document_date, language, body_text=body_text)

    def request_auto_document(
        self, layout: dict[str, Any], content: dict[str, Any], document_date: date, addressee: Row | None = None
    ) -> None:
        """Ask for the document that is made of itself: an addressee's own, or generic where the item has several."""
        own = {"attachment_layout": layout, "attachment_read_only": layout["read_only"]}
        shared = {**content, **own, "body_layout": None}
        recipient = addressee.recipient if addressee else None
        language = recipient["language"] if recipient else HOUSE
        self._request_document("auto_document", shared, document_date, language, addressee)

    def _request_document(
        self,
        slot: str,
        content: dict[str, Any],
        document_date: date,
        language: str,
        addressee: Row | None = None,
        body_text: str | None = None,
    ) -> None:
        self.trigger_event(
            self.DocumentRequested,
            run_id=self.run_id,
            document_id=document_id_of(self.id, slot),
            slot=slot,
            language=language,
            content=content,
            body_text=body_text,
            document_date=document_date,
            person=addressee.person if addressee else None,
            destination=addressee.address._asdict() if addressee else None,
            recipient=addressee.recipient if addressee else None,
            merge=addressee.merge if addressee else None,
        )

    @property
    def address(self) -> Address | None:
        """Its destination, None for an item of several destinations or of none (R-27)."""
        return Address(**self.destinations[0]) if len(self.destinations) == 1 else None

    def change(self, change: Change, by: str, person: str | None) -> None:
        """Let fields be otherwise, if any of them is; `person` is the contact's key it then has."""
        if not change.changed:
            return
        restated = change.comment if "comment" in change.changed else self.comment if change.address else None
        verbatim = (verbatim_of(self.fields) if change.address else {}) | verbatim_of(change.fields)
        self.trigger_event(
            self.Changed,
            run_id=self.run_id,
            person=person,
            edition=self.edition + 1,
            changed=change.changed,
            fields=without_verbatim(change.fields),
            verbatim=verbatim or None,
            subject=change.subject,
            comment=restated,
            destination=change.address._asdict() if change.address else None,
            by=by,
        )

    def add_attachment(self, file: dict[str, Any], by: str, token: UUID | None) -> int:
        """Add a file and return its number; the same token again is the same file."""
        if token in self.done:
            return self.done[token]
        number = self.files_ever + 1
        self.trigger_event(
            self.AttachmentAdded,
            run_id=self.run_id,
            edition=self.edition + 1,
            n=number,
            file=file,
            by=by,
            token=token,
        )
        return number

    def remove_attachment(self, number: int, by: str) -> None:
        """Take a file away, if it is still there."""
        if number in self.attachments:
            edition = self.edition + 1
            self.trigger_event(self.AttachmentRemoved, run_id=self.run_id, edition=edition, n=number, by=by)

    def respond(self, text: str, by: str, person: str | None, token: UUID | None, *, internal: bool) -> int:
        """Add a response and return its number; the same token again is the same response."""
        if token in self.done:
            return self.done[token]
        number = self.responses + 1
        self.trigger_event(
            self.Responded,
            run_id=self.run_id,
            person=person,
            n=number,
            text=text,
            internal=internal,
            by=by,
            token=token,
        )
        return number

    @property
    def open_task(self) -> OpenTask | None:
        """What is to be done of it now: nothing where it is in no workflow, at the end of it, or completed."""
        if self.task is None or self.fields.get("completed"):
            return None
        task = Task.of(self.task)
        return OpenTask(
            item_id=self.id,
            run_id=self.run_id,
            type=self.type,
            subject=self.subject,
            destination=self.destinations[0] if len(self.destinations) == 1 else None,
            workflow_id=self.workflow_id or "",
            workflow_version=self.workflow_version or 0,
            step=task.step,
            name=task.name,
            assigned_to=task.assignee or self.fields.get("responsible_id"),
            due_on=task.due_on,
            since=self.task_since,
        )

    def move_on(
        self, done: Done, text: str, completed_at: str | None, by: str, person: str | None, token: UUID | None
    ) -> None:
        """Go on to the step that follows from what was done, or to the end."""
        self.trigger_event(
            self.MovedOn,
            run_id=self.run_id,
            person=person,
            edition=self.edition + (completed_at is not None),
            step=done.step,
            name=done.name,
            action=done.action,
            action_name=done.action_name,
            text=text or None,
            task=done.follows.facts() if done.follows else None,
            completed_at=completed_at,
            by=by,
            token=token,
        )

    def assign(self, to: str | None, by: str) -> None:
        """Let the task be for somebody else, if it is for another one now."""
        if self.task and self.task["assignee"] != to:
            task = self.task | {"assignee": to}
            self.trigger_event(self.TaskAssigned, run_id=self.run_id, edition=self.edition, task=task, by=by)

    def delete(self, by: str) -> None:
        """Delete the item, once."""
        if not self.is_deleted:
            self.trigger_event(self.Deleted, run_id=self.run_id, edition=self.edition + 1, by=by)

    def remember(self, token: UUID | None, answer: int) -> None:
        """Note what a wish was answered with, should it be told again."""
        if token:
            self.done[token] = answer


def _item(aggregate: Aggregate) -> DossierItem:
    assert isinstance(aggregate, DossierItem)  # noqa: S101 -- the library types it as any aggregate
    return aggregate
