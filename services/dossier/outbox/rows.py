"""What the dossier tells of rows: a mail or letter to be made, a destination left out, and a sample asked for."""

from typing import Any

from services.dossier.domain.preview import Preview
from services.dossier.domain.processing import Processing
from services.dossier.outbox.telling import message, told
from shared.contracts import Message
from shared.contracts.dossier import (
    DossierItemExcluded,
    DossierItemRequested,
    PreviewRequested,
)


@told.register
def _requested(event: Processing.Requested) -> Message:
    return message(
        DossierItemRequested,
        run_id=event.run_id,
        item_id=event.item_id,
        processing_id=event.originator_id,
        mail_id=event.mail_id,
        requested_by=event.operator,
        requested_at=event.timestamp,
        **_mail(event),
    )


@told.register
def _requested_again(event: Processing.RequestedAgain) -> Message:
    return message(
        DossierItemRequested,
        run_id=event.run_id,
        item_id=event.item_id,
        processing_id=event.originator_id,
        mail_id=event.mail_id,
        ordinal=event.ordinal,
        requested_by=event.operator,
        requested_at=event.timestamp,
        resend_of=event.resend_of,
        resend_reason=event.reason or None,
        parts=event.parts,
        **_mail(event),
    )


@told.register
def _excluded(event: Processing.Excluded) -> Message:
    return message(
        DossierItemExcluded,
        run_id=event.run_id,
        item_id=event.item_id,
        processing_id=event.originator_id,
        person=event.person,
        destination=event.destination,
        recipient=event.recipient,
        subject=event.content["subject"],
        issue_method=event.content["issue_method"],
        status=event.status,
        reason=event.reason,
        excluded_at=event.timestamp,
    )


@told.register
def _preview_requested(event: Preview.Requested) -> Message:
    content = event.content
    return message(
        PreviewRequested,
        preview_id=event.originator_id,
        mail_id=event.mail_id,
        person=event.person,
        destination=event.destination,
        subject=content["subject"],
        sender=content["sender"],
        mail_server_id=content["mail_server_id"],
        layouts=event.layouts,
        parts=event.parts,
        attachments=content["attachments"],
        requested_at=event.timestamp,
        requested_by=event.requested_by,
    )


def _mail(event: Processing.Requested | Processing.RequestedAgain) -> dict[str, Any]:
    return {
        "person": event.person,
        "destination": event.destination,
        "recipient": event.recipient,
        "merge": event.merge,
        "document_date": event.document_date,
        "body_text": event.body_text,
        **event.content,
    }
