"""What the mailer tells of each attempt: sent, failed, deferred or in doubt, with the server's own words."""

from datetime import datetime
from typing import ClassVar, Literal

from shared.contracts.message import OfMail

Phase = Literal["connect", "envelope", "body", "dot", "done"]


class OfAttempt(OfMail):
    """A fact about one attempt: the server's reply (RFC 5321 code, RFC 3463 enhanced code, text)."""

    attempt: int
    attempt_started_at: datetime
    phase: Phase
    code: int | None = None
    enhanced_code: str | None = None
    text: str = ""


class MailSent(OfAttempt):
    """The mail server accepted the mail (2yz after the dot): handed over, not proof of delivery."""

    SUBJECT: ClassVar[str] = "uitpost.mailer.mail-sent.v1"

    message_id: str
    wire_sha256: str
    wire_size: int
    queue_id: str | None = None
    possible_duplicate: bool = False
    sent_at: datetime


class MailFailed(OfAttempt):
    """The mail was refused for good, or its time ran out."""

    SUBJECT: ClassVar[str] = "uitpost.mailer.mail-failed.v1"

    reason: Literal["permanent", "expired", "too_large", "address"]
    message_id: str | None = None
    failed_at: datetime


class MailDeferred(OfAttempt):
    """The mail was put off by the server; the next attempt is not before `not_before`."""

    SUBJECT: ClassVar[str] = "uitpost.mailer.mail-deferred.v1"

    not_before: datetime
    deferred_at: datetime


class MailInDoubt(OfAttempt):
    """The mail was handed over and the answer was lost: held, never sent again by itself."""

    SUBJECT: ClassVar[str] = "uitpost.mailer.mail-in-doubt.v1"

    reason: Literal["reply_lost", "process_died"]
    message_id: str
    in_doubt_at: datetime


class MailInDoubtResolved(OfMail):
    """Somebody or something settled a mail in doubt."""

    SUBJECT: ClassVar[str] = "uitpost.mailer.mail-in-doubt-resolved.v1"

    outcome: Literal["sent", "not_sent", "resend"]
    by: Literal["person", "log", "dsn", "policy"]
    operator: str | None = None
    reason: str | None = None
    resolved_at: datetime


class MailCancelled(OfMail):
    """The mail was settled without being sent: its contact was erased, or its run was cancelled."""

    SUBJECT: ClassVar[str] = "uitpost.mailer.mail-cancelled.v1"

    reason: Literal["erased", "cancelled"]
    cancelled_at: datetime
