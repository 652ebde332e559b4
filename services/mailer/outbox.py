"""Tells what became of each mail: every recorded outcome in the words of the contract.

A start stays private, and so does whatever becomes of a preview: it is of no row, so nothing may count it (A7).
"""

from functools import singledispatch
from typing import Any

from services.mailer.domain.delivery import Delivery
from shared.contracts import Message
from shared.contracts.mailer import (
    MailCancelled,
    MailDeferred,
    MailFailed,
    MailInDoubt,
    MailInDoubtResolved,
    MailSent,
)


def told(event: object) -> Message | None:
    """Return the message that tells an event, None for what stays private."""
    of_no_row = isinstance(event, Delivery.Created | Delivery.Event) and event.processing_id is None
    return None if of_no_row else worded(event)


@singledispatch
def worded(event: object) -> Message | None:
    """Return an event of a row's mail in the words of its contract, None where it has none."""
    del event
    return None


@worded.register
def _(event: Delivery.Sent) -> Message:
    return MailSent(
        **_of_attempt(event),
        message_id=event.message_id,
        wire_sha256=event.wire_sha256,
        wire_size=event.wire_size,
        queue_id=event.queue_id,
        possible_duplicate=event.possible_duplicate,
        sent_at=event.timestamp,
    )


@worded.register
def _(event: Delivery.Deferred) -> Message:
    return MailDeferred(**_of_attempt(event), not_before=event.not_before, deferred_at=event.timestamp)


@worded.register
def _(event: Delivery.Failed) -> Message:
    return MailFailed.model_validate(
        _of_attempt(event)
        | {"reason": event.reason, "message_id": event.message_id or None, "failed_at": event.timestamp}
    )


@worded.register
def _(event: Delivery.InDoubt) -> Message:
    return MailInDoubt.model_validate(
        _of_attempt(event) | {"reason": event.reason, "message_id": event.message_id, "in_doubt_at": event.timestamp}
    )


@worded.register
def _(event: Delivery.Resolved) -> Message:
    return MailInDoubtResolved.model_validate(
        _of_mail(event)
        | {
            "outcome": event.outcome,
            "by": event.by,
            "operator": event.operator,
            "reason": event.reason,
            "resolved_at": event.timestamp,
        }
    )


@worded.register(Delivery.Cancelled)
@worded.register(Delivery.Erased)
def _(event: Delivery.Cancelled | Delivery.Erased) -> Message:
    reason = event.reason if isinstance(event, Delivery.Cancelled) else "erased"
    return MailCancelled.model_validate(_of_mail(event) | {"reason": reason, "cancelled_at": event.timestamp})


def _of_mail(event: Any) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "item_id": event.item_id,
        "processing_id": event.processing_id,
        "mail_id": event.originator_id,
        "ordinal": event.ordinal,
        "person": event.person,
    }


def _of_attempt(event: Any) -> dict[str, Any]:
    return _of_mail(event) | {
        "attempt": event.attempt,
        "attempt_started_at": event.attempt_started_at,
        "phase": event.phase,
        "code": event.code,
        "enhanced_code": event.enhanced_code,
        "text": event.text or "",
    }
