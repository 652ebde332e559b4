"""A fact: what one message says became of a line."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from services.history.domain.making import Making
from shared.contracts.message import Destination, Recipient


class Stage(IntEnum):
    """How far a mail is, by who holds it: what a later stage says of a mail outweighs an earlier one."""

    DOSSIER = 1
    RENDERER = 2
    MAILER = 3


@dataclass(frozen=True, slots=True)
class Addressed:
    """What a line is about, as far as one message says it; an erased contact's recipient is absent."""

    destination: Destination | None = None
    recipient: Recipient | None = None
    subject: str | None = None
    issue_method: str | None = None
    resend_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One entry of a line's timeline; `ordinal` is 0 where a destination got no mail."""

    stage: Stage
    position: int
    what: str
    run_id: UUID
    item_id: UUID
    processing_id: UUID
    person: str | None = None
    mail_id: UUID | None = None
    ordinal: int = 0
    at: datetime
    status: str
    reason: str | None = None
    actor: str | None = None
    text: str | None = None
    attempt: int | None = None
    attempt_started_at: datetime | None = None
    phase: str | None = None
    smtp_code: int | None = None
    enhanced_code: str | None = None
    not_before: datetime | None = None
    message_id: str | None = None
    wire_sha256: str | None = None
    queue_id: str | None = None
    letter_sha256: str | None = None
    letter_type: str | None = None
    making: Making | None = None
    addressed: Addressed | None = None
