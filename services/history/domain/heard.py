"""What each kind of message says of a line: one pure function per kind."""

from datetime import datetime
from functools import singledispatch
from typing import TypedDict
from uuid import UUID

from services.history.domain.fact import Addressed, Fact, Stage
from services.history.domain.making import Making, made_by
from shared.contracts import Message
from shared.contracts.dossier import DossierItemExcluded, DossierItemRequested
from shared.contracts.mailer import (
    MailCancelled,
    MailDeferred,
    MailFailed,
    MailInDoubt,
    MailInDoubtResolved,
    MailSent,
    OfAttempt,
)
from shared.contracts.message import OfMail
from shared.contracts.renderer import Fault, LetterRendered, MailRendered, RenderingFailed

_RESOLVED = {"sent": "sent", "not_sent": "failed", "resend": "sending"}


class _Mail(TypedDict):
    run_id: UUID
    item_id: UUID
    processing_id: UUID
    person: str | None
    mail_id: UUID
    ordinal: int


class _Attempt(_Mail):
    stage: Stage
    attempt: int
    attempt_started_at: datetime
    phase: str
    smtp_code: int | None
    enhanced_code: str | None
    text: str


@singledispatch
def fact_of(message: Message, position: int) -> Fact | None:  # noqa: ARG001 -- most kinds say nothing of a line
    """Return what a message, its publisher's `position`-th event, says of a line; None if nothing."""
    return None


@fact_of.register
def _(message: DossierItemRequested, position: int) -> Fact:
    return Fact(
        **_mail(message),
        stage=Stage.DOSSIER,
        position=position,
        what="requested",
        at=message.requested_at,
        status="rendering",
        reason=message.resend_reason,
        actor=message.requested_by,
        making=Making(message.body_layout, message.attachment_layout),
        addressed=Addressed(
            message.destination, message.recipient, message.subject, message.issue_method, message.resend_of
        ),
    )


@fact_of.register
def _(message: DossierItemExcluded, position: int) -> Fact:
    return Fact(
        run_id=message.run_id,
        item_id=message.item_id,
        processing_id=message.processing_id,
        person=message.person,
        stage=Stage.DOSSIER,
        position=position,
        what="excluded",
        at=message.excluded_at,
        status=message.status,
        reason=message.reason,
        addressed=Addressed(message.destination, message.recipient, message.subject, message.issue_method),
    )


@fact_of.register
def _(message: MailRendered, position: int) -> Fact:
    return Fact(
        **_mail(message),
        stage=Stage.RENDERER,
        position=position,
        what="rendered",
        at=message.rendered_at,
        status="sending",
        text="\n".join(message.warnings) or None,
        making=made_by(message.engines),
        addressed=Addressed(None, message.recipient, message.subject, None, message.resend_of),
    )


@fact_of.register
def _(message: LetterRendered, position: int) -> Fact | None:
    if message.processing_id is None:
        return None
    return Fact(
        run_id=message.run_id,
        item_id=message.item_id,
        processing_id=message.processing_id,
        person=message.person,
        mail_id=message.mail_id,
        ordinal=message.ordinal,
        stage=Stage.RENDERER,
        position=position,
        what="generated",
        at=message.rendered_at,
        status="generated",
        text="\n".join(message.warnings) or None,
        letter_sha256=message.parts.attachment.sha256 if message.parts.attachment else None,
        letter_type=message.parts.attachment.content_type if message.parts.attachment else None,
        making=made_by(message.engines),
    )


@fact_of.register
def _(message: RenderingFailed, position: int) -> Fact | None:
    if message.processing_id is None:
        return None
    settled = message.reason in {"cancelled", "erased"}
    return Fact(
        run_id=message.run_id,
        item_id=message.item_id,
        processing_id=message.processing_id,
        person=message.person,
        mail_id=message.mail_id,
        ordinal=message.ordinal,
        stage=Stage.RENDERER,
        position=position,
        what="cancelled" if settled else "render_failed",
        at=message.failed_at,
        status="cancelled" if settled else "render_failed",
        reason=message.reason,
        text=_words(message.fault),
    )


@fact_of.register
def _(message: MailSent, position: int) -> Fact:
    return Fact(
        **_attempt(message),
        position=position,
        what="sent",
        at=message.sent_at,
        status="sent",
        reason="possible_duplicate" if message.possible_duplicate else None,
        message_id=message.message_id,
        wire_sha256=message.wire_sha256,
        queue_id=message.queue_id,
    )


@fact_of.register
def _(message: MailFailed, position: int) -> Fact:
    return Fact(
        **_attempt(message),
        position=position,
        what="failed",
        at=message.failed_at,
        status="failed",
        reason=message.reason,
        message_id=message.message_id,
    )


@fact_of.register
def _(message: MailDeferred, position: int) -> Fact:
    return Fact(
        **_attempt(message),
        position=position,
        what="deferred",
        at=message.deferred_at,
        status="deferred",
        not_before=message.not_before,
    )


@fact_of.register
def _(message: MailInDoubt, position: int) -> Fact:
    return Fact(
        **_attempt(message),
        position=position,
        what="in_doubt",
        at=message.in_doubt_at,
        status="in_doubt",
        reason=message.reason,
        message_id=message.message_id,
    )


@fact_of.register
def _(message: MailInDoubtResolved, position: int) -> Fact:
    return Fact(
        **_mail(message),
        stage=Stage.MAILER,
        position=position,
        what="resolved",
        at=message.resolved_at,
        status=_RESOLVED[message.outcome],
        reason=message.reason,
        actor=message.operator or message.by,
        text=message.outcome,
    )


@fact_of.register
def _(message: MailCancelled, position: int) -> Fact:
    return Fact(
        **_mail(message),
        stage=Stage.MAILER,
        position=position,
        what="cancelled",
        at=message.cancelled_at,
        status="cancelled",
        reason=message.reason,
    )


def _mail(message: OfMail) -> _Mail:
    return {
        "run_id": message.run_id,
        "item_id": message.item_id,
        "processing_id": message.processing_id,
        "person": message.person,
        "mail_id": message.mail_id,
        "ordinal": message.ordinal,
    }


def _attempt(message: OfAttempt) -> _Attempt:
    return {
        **_mail(message),
        "stage": Stage.MAILER,
        "attempt": message.attempt,
        "attempt_started_at": message.attempt_started_at,
        "phase": message.phase,
        "smtp_code": message.code,
        "enhanced_code": message.enhanced_code,
        "text": message.text,
    }


def _words(fault: Fault) -> str:
    """Return where a layout could not be merged, in one line."""
    places = (fault.layout_id, fault.language, fault.field, f"{fault.line}" if fault.line else None)
    where = ", ".join(place for place in places if place)
    return f"{where}: {fault.detail}" if where else fault.detail
