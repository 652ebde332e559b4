"""What the renderer tells: a mail's parts were made, a file was made, or making failed."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.message import Attachment, Frozen, OfItem, OfMail, Parts, Recipient, Sender


class MailRendered(OfMail):
    """The parts of one mail are made and stored; it can be sent."""

    SUBJECT: ClassVar[str] = "uitpost.renderer.mail-rendered.v1"

    recipient: Recipient | None = None
    sender: Sender
    mail_server_id: str = "default"
    subject: str
    parts: Parts
    attachments: tuple[Attachment, ...] = ()
    record_separately: bool
    engines: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    requested_at: datetime
    rendered_at: datetime
    resend_of: UUID | None = None


class LetterRendered(OfItem):
    """A letter of a row, or a file of an item (`document_id`), is made and stored."""

    SUBJECT: ClassVar[str] = "uitpost.renderer.letter-rendered.v1"

    document_id: UUID | None = None
    processing_id: UUID | None = None
    mail_id: UUID | None = None
    ordinal: int = 1
    person: str | None = None
    slot: Literal["letter", "generic_attachment", "auto_document"] = "letter"
    parts: Parts
    attachments: tuple[Attachment, ...] = ()
    engines: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    rendered_at: datetime


class Fault(Frozen):
    """Where a layout could not be merged: layout, language, field and line, as far as known."""

    layout_id: str | None = None
    language: str | None = None
    field: str | None = None
    line: int | None = None
    detail: str


class RenderingFailed(OfItem):
    """A mail, letter or file could not be made; nothing of it was kept."""

    SUBJECT: ClassVar[str] = "uitpost.renderer.rendering-failed.v1"

    document_id: UUID | None = None
    processing_id: UUID | None = None
    mail_id: UUID | None = None
    ordinal: int = 1
    person: str | None = None
    slot: Literal["generic_attachment", "auto_document"] | None = None  # of a file of an item
    reason: Literal["layout", "limit", "erased", "cancelled"] = "layout"
    fault: Fault
    failed_at: datetime
