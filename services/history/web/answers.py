"""What the API answers: rows with their mails and timeline, runs, items, and pages of each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from services.history.application.history import Page
from services.history.domain.run import Run, RunState
from shared.contracts.dossier import ItemAttachment
from shared.contracts.message import Attachment, LayoutVersion

T = TypeVar("T", bound=BaseModel)


class Shown(BaseModel):
    """A value that is only shown."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class Listed(BaseModel, Generic[T]):
    """A page of a list; `next` is the cursor of the next one, null at the end."""

    items: list[T]
    next: str | None

    @classmethod
    def of(cls, page: Page[Any], shown: type[T]) -> Self:
        """Return a page as it is shown."""
        items = [shown.model_validate(one) for one in page.items]
        return cls(items=items, next=str(page.next) if page.next else None)


class Row(Shown):
    """One document × destination: its latest mail or letter, and what became of it (requirements A14)."""

    id: UUID = Field(validation_alias=AliasChoices("processing_id", "id"))
    item_id: UUID
    run_id: UUID
    kind: str | None
    number: str | None
    contact_id: str | None
    recipient_name: str | None
    recipient_address: str | None
    subject: str | None
    issue_method: str | None
    status: str
    reason: str | None
    attempts: int
    requested_at: datetime = Field(validation_alias=AliasChoices("at", "requested_at"))
    updated_at: datetime
    smtp_code: int | None
    smtp_text: str | None
    message_id: str | None
    mail_id: UUID | None
    ordinal: int
    resend_of: UUID | None


class MadeWith(Shown):
    """The layout versions that something is made with, and the engines (by name and version) that made it."""

    body_layout: LayoutVersion | None
    attachment_layout: LayoutVersion | None
    engines: dict[str, str]


class MailShown(Shown):
    """One mail of a row: the first, or one for each time it was sent again."""

    mail_id: UUID
    ordinal: int
    resend_of: UUID | None
    status: str
    reason: str | None
    attempts: int
    requested_at: datetime
    updated_at: datetime
    message_id: str | None
    wire_sha256: str | None
    letter_sha256: str | None
    made_with: MadeWith = Field(validation_alias=AliasChoices("making", "made_with"))


class Entry(Shown):
    """One fact of a row's timeline."""

    at: datetime
    what: str
    status: str
    mail_id: UUID | None
    ordinal: int
    attempt: int | None
    attempt_started_at: datetime | None
    phase: str | None
    smtp_code: int | None
    enhanced_code: str | None
    text: str | None
    reason: str | None
    actor: str | None
    not_before: datetime | None
    message_id: str | None
    wire_sha256: str | None
    queue_id: str | None


class RowInFull(Row):
    """A row with each of its mails, and the timeline of all attempts of all mails."""

    mails: list[MailShown]
    timeline: list[Entry]


class RunShown(Shown):
    """One Finish; `counts` add up to `total` where there is mail or a letter, and `queued` is what is to come.

    `done` is how many are settled. A cancelled run is `complete` once its last row is settled.
    """

    run_id: UUID
    request_id: str
    type: str
    subject: str
    issue_method: str
    record_separately: bool
    submitted_by: str | None
    consent_attested: bool
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    total: int
    done: int
    excluded: Mapping[str, int]
    recorded: int
    counts: Mapping[str, int]
    complete: bool


class SaidShown(Shown):
    """What an operator said of a run."""

    what: str
    at: datetime
    operator: str
    reason: str


class RunInFull(RunShown):
    """A run with the layout versions of its start, what was said of it, and its rate (destinations in a second)."""

    layouts: list[LayoutVersion]
    said: list[SaidShown]
    rate: float | None
    seconds_left: float | None

    @classmethod
    def of(cls, run: Run, now: datetime) -> Self:
        """Return a run as it is shown."""
        shown = RunShown.model_validate(run).model_dump()
        said = [SaidShown.model_validate(one) for one in run.said]
        layouts = [LayoutVersion.model_validate(one) for one in run.layouts]
        return cls(**shown, layouts=layouts, said=said, rate=run.rate(now), seconds_left=run.seconds_left(now))


class NoticeShown(Shown):
    """A run of the caller that ended: how it stood then, and its rows per status."""

    run_id: UUID
    subject: str
    state: RunState
    total: int
    counts: Mapping[str, int]
    ended_at: datetime
    read_at: datetime | None


class NoticesListed(BaseModel):
    """A page of notices; `unread` counts all that were not read, on whatever page."""

    items: list[NoticeShown]
    next: str | None
    unread: int


class DestinationShown(Shown):
    """Where an item stands."""

    kind: str
    number: str
    contact_id: str | None


class Document(Shown):
    """A file of an item that is no row and is not counted (requirements A17)."""

    document_id: UUID
    slot: str
    status: str
    reason: str | None
    at: datetime
    attachment: Attachment | None
    made_with: MadeWith


class Item(Shown):
    """A dossier item."""

    item_id: UUID
    run_id: UUID
    type: str
    subject: str
    comment: str
    issue_method: str
    record_separately: bool
    attachments: list[ItemAttachment]
    submitted_by: str | None
    fields: dict[str, Any]
    recorded_at: datetime
    version: int


class ItemInDossier(Item):
    """An item in the dossier of one destination, with its rows there."""

    rows: list[Row]


class DeadLetterShown(Shown):
    """A message that a service gave up."""

    stream: str
    sequence: int
    consumer: str
    reason: str
    at: datetime
