"""A run told as messages: what each publisher says of rows 1, 2, 3…, to be heard by history in any order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.contracts import Message
from shared.contracts.dossier import (
    DossierItemExcluded,
    DossierItemRecorded,
    DossierItemRequested,
    OfRun,
    RunStarted,
)
from shared.contracts.mailer import MailCancelled, MailDeferred, MailFailed, MailInDoubt, MailInDoubtResolved, MailSent
from shared.contracts.message import Attachment, Destination, Parts, Recipient, Sender
from shared.contracts.renderer import Fault, LetterRendered, MailRendered, RenderingFailed
from shared.messaging import Place, Told

RUN = UUID("6175d5e2-0dd8-5a37-9933-b2d00367a0b0")
START = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
_SENDER = Sender(address="sales@voorbeeld.example")


def item_id(row: int) -> UUID:
    return uuid5(RUN, f"organisation|{row}|")


def row_id(row: int) -> UUID:
    return uuid5(item_id(row), f"organisation|{row}|")


def mail_id(row: int, ordinal: int = 1) -> UUID:
    return uuid5(row_id(row), str(ordinal))


def at(row: int, seconds: float = 0) -> datetime:
    return START + timedelta(seconds=row + seconds)


def recipient(row: int, email: str | None = None) -> Recipient:
    return Recipient(name=f"Anna {row}", email=email or f"anna{row}@bakery.example")


def started(total: int, method: Any = "email") -> RunStarted:
    return RunStarted(
        run_id=RUN,
        request_id="crm-1",
        type="outgoing_mail",
        subject="Uitnodiging 2026",
        issue_method=method,
        record_separately=True,
        total=total,
        submitted_by="crm",
        started_at=START,
    )


def said(kind: type[OfRun], version: int, seconds: float = 0, **changed: Any) -> Any:
    """Return what an operator said of the run."""
    facts: dict[str, Any] = {"run_id": RUN, "version": version, "operator": "j.jansen", "reason": "wrong date"}
    return kind(**{**facts, "at": START + timedelta(seconds=seconds), **changed})


def not_sent(row: int, ordinal: int = 1) -> MailCancelled:
    cancelled_at = at(row, 100 * (ordinal - 1) + 5)
    return MailCancelled(**of_mail(row, ordinal), reason="cancelled", cancelled_at=cancelled_at)


def recorded(row: int, method: Any = "email") -> DossierItemRecorded:
    return DossierItemRecorded(
        run_id=RUN,
        item_id=item_id(row),
        type="outgoing_mail",
        subject="Uitnodiging 2026",
        issue_method=method,
        record_separately=True,
        destinations=(Destination(kind="organisation", number=str(row)),),
        attachments=(Attachment(sha256="ab" * 32, size=9, filename="route.pdf", content_type="application/pdf"),),
        recorded_at=at(row),
    )


def requested(row: int, ordinal: int = 1, **changed: Any) -> DossierItemRequested:
    facts: dict[str, Any] = {
        **of_mail(row, ordinal),
        "destination": Destination(kind="organisation", number=str(row)),
        "recipient": recipient(row),
        "type": "outgoing_mail",
        "subject": "Uitnodiging 2026",
        "issue_method": "email",
        "record_separately": True,
        "document_date": date(2026, 3, 2),
        "requested_at": at(row, 100 * (ordinal - 1)),
        "requested_by": "crm",
        "resend_of": mail_id(row, ordinal - 1) if ordinal > 1 else None,
    }
    return DossierItemRequested(**{**facts, **changed})


def excluded(row: int, status: Any = "no_address", reason: str = "missing") -> DossierItemExcluded:
    return DossierItemExcluded(
        run_id=RUN,
        item_id=item_id(row),
        processing_id=row_id(row),
        destination=Destination(kind="organisation", number=str(row)),
        recipient=Recipient(name=f"Anna {row}"),
        subject="Uitnodiging 2026",
        issue_method="email",
        status=status,
        reason=reason,
        excluded_at=at(row),
    )


def rendered(row: int, ordinal: int = 1) -> MailRendered:
    requested_at = at(row, 100 * (ordinal - 1))
    return MailRendered(
        **of_mail(row, ordinal),
        recipient=recipient(row),
        sender=_SENDER,
        subject="Uitnodiging 2026",
        parts=Parts(),
        record_separately=True,
        requested_at=requested_at,
        rendered_at=requested_at + timedelta(seconds=1),
        resend_of=mail_id(row, ordinal - 1) if ordinal > 1 else None,
    )


def generated(row: int) -> LetterRendered:
    return LetterRendered(**of_mail(row, 1), parts=Parts(), rendered_at=at(row, 1))


def not_rendered(row: int, reason: Any = "layout") -> RenderingFailed:
    fault = Fault(layout_id="letter", field="table", line=3, detail="there is no such field")
    return RenderingFailed(**of_mail(row, 1), reason=reason, fault=fault, failed_at=at(row, 1))


def sent(row: int, ordinal: int = 1, attempt: int = 1) -> MailSent:
    return MailSent(
        **_attempt(row, ordinal, attempt),
        phase="done",
        code=250,
        enhanced_code="2.0.0",
        text="Ok: queued as 4fQx",
        message_id=_message_id(row, ordinal),
        wire_sha256="cd" * 32,
        wire_size=1000,
        queue_id="4fQx",
        sent_at=at(row, 100 * (ordinal - 1) + 3 * attempt),
    )


def deferred(row: int, ordinal: int = 1, attempt: int = 1) -> MailDeferred:
    put_off_at = at(row, 100 * (ordinal - 1) + 3 * attempt)
    return MailDeferred(
        **_attempt(row, ordinal, attempt),
        phase="envelope",
        code=451,
        enhanced_code="4.7.1",
        text="greylisted",
        not_before=put_off_at + timedelta(seconds=30),
        deferred_at=put_off_at,
    )


def failed(row: int, ordinal: int = 1, attempt: int = 1) -> MailFailed:
    return MailFailed(
        **_attempt(row, ordinal, attempt),
        phase="envelope",
        code=550,
        enhanced_code="5.1.1",
        text="no such user",
        reason="permanent",
        message_id=_message_id(row, ordinal),
        failed_at=at(row, 100 * (ordinal - 1) + 3 * attempt),
    )


def in_doubt(row: int, ordinal: int = 1, attempt: int = 1) -> MailInDoubt:
    return MailInDoubt(
        **_attempt(row, ordinal, attempt),
        phase="dot",
        reason="reply_lost",
        message_id=_message_id(row, ordinal),
        in_doubt_at=at(row, 100 * (ordinal - 1) + 3 * attempt),
    )


def resolved(row: int, outcome: Any, ordinal: int = 1) -> MailInDoubtResolved:
    return MailInDoubtResolved(
        **of_mail(row, ordinal),
        outcome=outcome,
        by="person",
        operator="j.jansen",
        reason="seen in the log",
        resolved_at=at(row, 100 * (ordinal - 1) + 50),
    )


def told(messages: list[Message], after: int = 0, made: str = "one stream") -> list[Told]:
    """Return messages as a follower hands them over, at positions from `after` + 1."""
    return [
        Told(message, Place(position, position, made), START, message.SUBJECT, message.model_dump_json().encode())
        for position, message in enumerate(messages, after + 1)
    ]


def of_mail(row: int, ordinal: int) -> dict[str, Any]:
    return {
        "run_id": RUN,
        "item_id": item_id(row),
        "processing_id": row_id(row),
        "mail_id": mail_id(row, ordinal),
        "ordinal": ordinal,
        "person": f"organisation|{row}|#0",
    }


def _attempt(row: int, ordinal: int, attempt: int) -> dict[str, Any]:
    started_at = at(row, 100 * (ordinal - 1) + 3 * attempt - 1)
    return {**of_mail(row, ordinal), "attempt": attempt, "attempt_started_at": started_at}


def _message_id(row: int, ordinal: int) -> str:
    return f"<{mail_id(row, ordinal)}@voorbeeld.example>"
