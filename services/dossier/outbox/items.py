"""What the dossier tells of items: recorded, changed, moved on, responded to, and the files to be made for them."""

from typing import Any

from services.dossier.domain.item import DossierItem
from services.dossier.outbox.telling import message, told
from shared.contracts import Message
from shared.contracts.dossier import (
    DocumentRequested,
    DossierItemChanged,
    DossierItemDeleted,
    DossierItemRecorded,
    ResponseAdded,
)


@told.register
def _item_recorded(event: DossierItem.Recorded) -> Message:
    return message(
        DossierItemRecorded,
        **_of_item(event),
        type=event.type,
        subject=event.subject,
        comment=event.comment or "",
        issue_method=event.issue_method,
        record_separately=event.record_separately,
        destinations=event.destinations,
        attachments=event.attachments,
        submitted_by=event.submitted_by,
        fields=event.fields | (event.verbatim or {}) or None,
        workflow_id=event.workflow_id,
        workflow_version=event.workflow_version,
        task=event.task,
        recorded_at=event.timestamp,
    )


@told.register
def _document_requested(event: DossierItem.DocumentRequested) -> Message:
    content = event.content
    return message(
        DocumentRequested,
        run_id=event.run_id,
        item_id=event.originator_id,
        document_id=event.document_id,
        slot=event.slot,
        person=event.person,
        destination=event.destination,
        recipient=event.recipient,
        merge=event.merge,
        subject=content["subject"],
        language=event.language,
        sender=content["sender"],
        body_layout=content["body_layout"],
        body_text=event.body_text,
        attachment_layout=content["attachment_layout"],
        attachment_read_only=content["attachment_read_only"],
        document_date=event.document_date,
        requested_at=event.timestamp,
    )


@told.register
def _item_changed(event: DossierItem.Changed) -> Message:
    return message(
        DossierItemChanged,
        **_of_item(event),
        version=event.edition,
        changed=event.changed,
        fields=event.fields | (event.verbatim or {}) or None,
        subject=event.subject,
        comment=event.comment,
        destination=event.destination,
        by=event.by,
        changed_at=event.timestamp,
    )


@told.register
def _attachment_added(event: DossierItem.AttachmentAdded) -> Message:
    added = {"n": event.n, **event.file}
    return message(
        DossierItemChanged,
        run_id=event.run_id,
        item_id=event.originator_id,
        version=event.edition,
        changed=["attachments"],
        attachment_added=added,
        by=event.by,
        changed_at=event.timestamp,
    )


@told.register
def _attachment_removed(event: DossierItem.AttachmentRemoved) -> Message:
    return message(
        DossierItemChanged,
        run_id=event.run_id,
        item_id=event.originator_id,
        version=event.edition,
        changed=["attachments"],
        attachment_removed=event.n,
        by=event.by,
        changed_at=event.timestamp,
    )


@told.register
def _moved_on(event: DossierItem.MovedOn) -> Message:
    completed = {"completed": True, "completed_at": event.completed_at} if event.completed_at else {}
    return message(
        DossierItemChanged,
        **_of_item(event),
        version=event.edition,
        changed=["workflow", *completed],
        fields=completed or None,
        step_done={
            "step": event.step,
            "name": event.name,
            "action": event.action,
            "action_name": event.action_name,
            "text": event.text,
        },
        task=event.task,
        by=event.by,
        changed_at=event.timestamp,
    )


@told.register
def _task_assigned(event: DossierItem.TaskAssigned) -> Message:
    return message(
        DossierItemChanged,
        run_id=event.run_id,
        item_id=event.originator_id,
        version=event.edition,
        changed=["task"],
        task=event.task,
        by=event.by,
        changed_at=event.timestamp,
    )


@told.register
def _item_deleted(event: DossierItem.Deleted) -> Message:
    return message(
        DossierItemDeleted,
        run_id=event.run_id,
        item_id=event.originator_id,
        version=event.edition,
        by=event.by,
        deleted_at=event.timestamp,
    )


@told.register
def _responded(event: DossierItem.Responded) -> Message:
    return message(
        ResponseAdded,
        **_of_item(event),
        n=event.n,
        text=event.text,
        internal=event.internal,
        by=event.by,
        added_at=event.timestamp,
    )


def _of_item(
    event: DossierItem.Recorded | DossierItem.Changed | DossierItem.MovedOn | DossierItem.Responded,
) -> dict[str, Any]:
    return {"run_id": event.run_id, "item_id": event.originator_id, "person": event.person}
