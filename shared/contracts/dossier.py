"""What the dossier tells: items and runs recorded, mails and letters requested, destinations left out."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from shared.contracts.message import (
    Attachment,
    BlobRef,
    Destination,
    Frozen,
    LayoutVersion,
    Message,
    OfItem,
    OfMail,
    Parts,
    Recipient,
    Sender,
)

IssueMethod = Literal["none", "document", "email"]
LayoutKind = Literal["text", "html", "typst", "paged", "word"]
PdfStandard = Literal["plain", "a-2b", "a-3a+ua-1"]
PdfEngine = Literal["translated", "libreoffice"]


class LayoutField(Frozen):
    """A merge field that a layout declares."""

    name: str
    required: bool = False


class LayoutDocument(Frozen):
    """The content of a layout version, kept as a blob: canonical JSON (sorted keys, no spaces, UTF-8).

    `sources` maps a language to its source texts: `text`, `html` or `mjml` (Jinja2), `typst` or `page`, besides
    `subject` (what the wizard proposes) and `filename` (of the attachment). `files` maps a language to the .docx of
    a Word layout, a blob of its own. The first language serves all others.
    `pdf` is the standard that a PDF follows: PDF/A-2b to be archived, PDF/A-3a with PDF/UA-1 to be read aloud too.
    `pdf_engines` says by language what makes the PDFs of a Word layout: decided once, so that a version stays as it is.
    """

    kind: LayoutKind
    fields: tuple[LayoutField, ...] = ()
    sources: dict[str, dict[str, str]]
    pdf: PdfStandard = "plain"
    files: dict[str, BlobRef] = {}
    pdf_engines: dict[str, PdfEngine] = {}


class RunStarted(Message):
    """One Finish was accepted: every destination now gets its item."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.run-started.v1"

    run_id: UUID
    request_id: str
    type: str
    subject: str
    issue_method: IssueMethod
    record_separately: bool
    total: int
    excluded: dict[str, int] = {}
    layouts: tuple[LayoutVersion, ...] = ()
    consent_attested: bool = False
    submitted_by: str | None = None
    started_at: datetime


class OfRun(Message):
    """An operator's word on a run; the one with the highest `version` holds, in whatever order they come."""

    run_id: UUID
    version: int
    operator: str
    reason: str = ""
    at: datetime


class RunPaused(OfRun):
    """Nothing more of the run is recorded or sent until it is resumed."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.run-paused.v1"


class RunResumed(OfRun):
    """The run goes on."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.run-resumed.v1"


class RunCancelled(OfRun):
    """Whatever of the run was asked for until `at` and is not on its way is settled unsent; later resends are sent."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.run-cancelled.v1"


class Problem(Frozen):
    """One thing wrong with a request: the field by its path, a code, and words for a person."""

    field: str
    code: str
    detail: str


class IntakeRefused(Message):
    """An upstream request was refused whole; nothing of it was recorded."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.intake-refused.v1"

    refusal_id: UUID
    request_id: str | None = None
    code: str
    detail: str
    errors: tuple[Problem, ...] = ()
    refused_at: datetime


class IntakeRepeated(Message):
    """A request that was accepted before came again: nothing more was made of it, its run is the one named."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.intake-repeated.v1"

    request_id: str
    run_id: UUID
    repeated_at: datetime


class SubDestination(Frozen):
    """What an item is about besides its destinations: a project, an invoice … by kind and number."""

    kind: str
    number: str


class ItemFields(Frozen):
    """The own fields of an item that are set (requirements §5.2); a day is a date, or a moment with its zone."""

    item_number: int | None = None
    number: int | None = None
    submitted_at: datetime | None = None
    responsible_id: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    priority: Literal["high", "normal", "low"] | None = None
    completed: bool | None = None
    completed_at: datetime | None = None
    action_type: str | None = None
    source_code: str | None = None
    cause_item_id: UUID | None = None
    feature_value_1: int | None = None
    feature_value_2: int | None = None
    feature_value_3: int | None = None
    feature_combination_id: int | None = None
    blocked: bool | None = None
    confidential: bool | None = None
    sub_destinations: tuple[SubDestination, ...] | None = None
    custom_fields: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None


class ItemTask(Frozen):
    """What is to be done of an item in a workflow: for `assignee` (None: whoever is responsible), on its last day."""

    step: str
    name: dict[str, str]
    assignee: str | None = None
    due_on: date | None = None


class DossierItemRecorded(OfItem):
    """An item stands in the dossier of its destinations, with or without mail.

    `person` is its contact, by key id, where it has exactly one: its texts are about that one.
    """

    SUBJECT: ClassVar[str] = "uitpost.dossier.dossier-item-recorded.v1"

    person: str | None = None
    type: str
    subject: str
    comment: str = ""
    issue_method: IssueMethod
    record_separately: bool
    destinations: tuple[Destination, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    submitted_by: str | None = None
    fields: ItemFields | None = None
    workflow_id: str | None = None
    workflow_version: int | None = None
    task: ItemTask | None = None
    recorded_at: datetime


class StepDone(Frozen):
    """What was done at a step of a workflow; the text is personal, and absent once erased."""

    step: str
    name: dict[str, str]
    action: str
    action_name: dict[str, str]
    text: str | None = None


class ItemAttachment(Attachment):
    """The `n`-th file that an item ever had, counted from 1."""

    n: int


class DossierItemChanged(OfItem):
    """An item was changed: `changed` names what, and what of it was cleared is absent below.

    `version` counts the changes of fields and files. The comment is personal: where it changed and is absent, it was
    erased; the destination is there where its contact is another one. Where the workflow or the task changed, `task` is
    what is to be done from then on, absent at the end.
    """

    SUBJECT: ClassVar[str] = "uitpost.dossier.dossier-item-changed.v1"

    person: str | None = None
    version: int
    changed: tuple[str, ...] = ()
    fields: ItemFields | None = None
    subject: str | None = None
    comment: str | None = None
    destination: Destination | None = None
    attachment_added: ItemAttachment | None = None
    attachment_removed: int | None = None
    step_done: StepDone | None = None
    task: ItemTask | None = None
    by: str | None = None
    changed_at: datetime


class DossierItemDeleted(OfItem):
    """An item was deleted for good and is shown no more; what was mailed of it stays in the processing history."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.dossier-item-deleted.v1"

    version: int
    by: str | None = None
    deleted_at: datetime


class ResponseAdded(OfItem):
    """Somebody responded to an item, as its `n`-th response; the text is personal, and absent once erased."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.response-added.v1"

    person: str | None = None
    n: int
    text: str | None = None
    internal: bool = False
    by: str | None = None
    added_at: datetime


class DossierItemRequested(OfMail):
    """Make and send one mail or letter for one destination."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.dossier-item-requested.v1"

    destination: Destination
    recipient: Recipient | None = None
    merge: dict[str, Any] | None = None
    type: str
    subject: str
    issue_method: IssueMethod
    sender: Sender | None = None
    mail_server_id: str = "default"
    body_layout: LayoutVersion | None = None
    body_text: str | None = None
    attachment_layout: LayoutVersion | None = None
    attachment_read_only: bool = True
    attachments: tuple[Attachment, ...] = ()
    record_separately: bool
    document_date: date
    requested_at: datetime
    requested_by: str | None = None
    resend_of: UUID | None = None
    resend_reason: str | None = None
    parts: Parts | None = None  # of the mail before, when its content is sent again unchanged


class DossierItemExcluded(OfItem):
    """A destination that gets no mail, and why (A10, A12)."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.dossier-item-excluded.v1"

    processing_id: UUID
    person: str | None = None
    destination: Destination
    recipient: Recipient | None = None
    subject: str
    issue_method: IssueMethod
    status: Literal["no_address", "no_consent", "cancelled"]
    reason: str
    excluded_at: datetime


class DocumentRequested(OfItem):
    """Make a file of an item that is no row: its generic attachment (A4), or the document of its type (A17).

    With a `person` it is made with the data of its addressee, which are absent once erased; without one it shows
    field names for values.
    """

    SUBJECT: ClassVar[str] = "uitpost.dossier.document-requested.v1"

    document_id: UUID
    slot: Literal["generic_attachment", "auto_document"]
    person: str | None = None
    destination: Destination | None = None
    recipient: Recipient | None = None
    merge: dict[str, Any] | None = None
    subject: str
    language: str = "nl"
    sender: Sender | None = None
    body_layout: LayoutVersion | None = None
    body_text: str | None = None
    attachment_layout: LayoutVersion | None = None
    attachment_read_only: bool = True
    document_date: date
    requested_at: datetime


class MailServerSet(Message):
    """A mail server was set up. It names where its password lies (`secret_ref`), never the password."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.mail-server-set.v1"

    mail_server_id: str
    host: str
    port: int
    security: Literal["tls", "starttls", "if-offered", "none"]
    user: str | None = None
    secret_ref: str | None = None
    max_per_minute: int | None = None
    max_connections: int = 8
    dkim_domain: str | None = None
    dkim_selector: str | None = None
    dkim_secret_ref: str | None = None
    set_at: datetime


class WorkflowAction(Frozen):
    """What may be done at a step: `to` is the step that follows, None the end of the workflow."""

    id: str
    name: dict[str, str]
    to: str | None = None


class WorkflowStep(Frozen):
    """A task of a workflow, for `assignee` (None: whoever is responsible for the item), `term_days` after it begins."""

    id: str
    name: dict[str, str]
    description: dict[str, str] = {}
    assignee: str | None = None
    term_days: int | None = None
    actions: tuple[WorkflowAction, ...]


class WorkflowSet(Message):
    """A version of a workflow was set up; items enter it at the first step."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.workflow-set.v1"

    workflow_id: str
    version: int
    name: dict[str, str]
    description: dict[str, str] = {}
    steps: tuple[WorkflowStep, ...]
    set_at: datetime


class PreviewRequested(Message):
    """One sample of a message, made with one destination's data, goes to its sender and to nobody else (A7).

    It is of no run, no item and no row. `parts` are absent once the contact, whose data they hold, was erased.
    """

    SUBJECT: ClassVar[str] = "uitpost.dossier.preview-requested.v1"

    preview_id: UUID
    mail_id: UUID
    person: str | None = None
    destination: Destination
    subject: str
    sender: Sender
    mail_server_id: str = "default"
    layouts: tuple[LayoutVersion, ...] = ()
    parts: Parts | None = None
    attachments: tuple[Attachment, ...] = ()
    requested_at: datetime
    requested_by: str | None = None


class MailServerRemoved(Message):
    """There is no such mail server any more: what waits for it goes on to wait, until it is set up again."""

    SUBJECT: ClassVar[str] = "uitpost.dossier.mail-server-removed.v1"

    mail_server_id: str
    removed_at: datetime
