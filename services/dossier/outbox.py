"""What the dossier tells: each fact that has a contract, in its words; all other facts stay private."""

from functools import singledispatch
from typing import Any

from services.dossier.domain.item import DossierItem
from services.dossier.domain.mail_server import MailServer
from services.dossier.domain.preview import Preview
from services.dossier.domain.processing import Processing
from services.dossier.domain.refusal import Refusal
from services.dossier.domain.run import Run
from services.dossier.domain.workflow import Workflow
from shared.contracts import Message
from shared.contracts.dossier import (
    DocumentRequested,
    DossierItemChanged,
    DossierItemExcluded,
    DossierItemRecorded,
    DossierItemRequested,
    IntakeRefused,
    MailServerRemoved,
    MailServerSet,
    PreviewRequested,
    ResponseAdded,
    RunCancelled,
    RunPaused,
    RunResumed,
    RunStarted,
    WorkflowSet,
)


@singledispatch
def told(event: object) -> Message | None:  # noqa: ARG001 -- a fact without a contract
    """Return the message that tells a fact, None for one that stays private."""
    return None


@told.register
def _run_started(event: Run.Started) -> Message:
    return _message(
        RunStarted,
        run_id=event.originator_id,
        request_id=event.request_id,
        type=event.content["type"],
        subject=event.content["subject"],
        issue_method=event.content["issue_method"],
        record_separately=event.content["record_separately"],
        total=event.destinations,
        excluded=event.excluded,
        layouts=event.layouts,
        consent_attested=event.consent_attested,
        submitted_by=event.submitted_by,
        started_at=event.timestamp,
    )


@told.register
def _run_paused(event: Run.Paused) -> Message:
    return _message(RunPaused, **_of_run(event))


@told.register
def _run_resumed(event: Run.Resumed) -> Message:
    return _message(RunResumed, **_of_run(event))


@told.register
def _run_cancelled(event: Run.Cancelled) -> Message:
    return _message(RunCancelled, **_of_run(event))


@told.register
def _item_recorded(event: DossierItem.Recorded) -> Message:
    return _message(
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
        fields=event.fields or None,
        workflow_id=event.workflow_id,
        workflow_version=event.workflow_version,
        task=event.task,
        recorded_at=event.timestamp,
    )


@told.register
def _document_requested(event: DossierItem.DocumentRequested) -> Message:
    content = event.content
    return _message(
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
        body_text=content["body_text"],
        attachment_layout=content["attachment_layout"],
        attachment_read_only=content["attachment_read_only"],
        document_date=event.document_date,
        requested_at=event.timestamp,
    )


@told.register
def _item_changed(event: DossierItem.Changed) -> Message:
    return _message(
        DossierItemChanged,
        **_of_item(event),
        version=event.edition,
        changed=event.changed,
        fields=event.fields or None,
        comment=event.comment,
        destination=event.destination,
        by=event.by,
        changed_at=event.timestamp,
    )


@told.register
def _attachment_added(event: DossierItem.AttachmentAdded) -> Message:
    added = {"n": event.n, **event.file}
    return _message(
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
    return _message(
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
    return _message(
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
    return _message(
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
def _responded(event: DossierItem.Responded) -> Message:
    return _message(
        ResponseAdded,
        **_of_item(event),
        n=event.n,
        text=event.text,
        internal=event.internal,
        by=event.by,
        added_at=event.timestamp,
    )


@told.register
def _requested(event: Processing.Requested) -> Message:
    return _message(
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
    return _message(
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
    return _message(
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
    return _message(
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


@told.register
def _mail_server_removed(event: MailServer.Removed) -> Message:
    return _message(MailServerRemoved, mail_server_id=event.mail_server_id, removed_at=event.timestamp)


@told.register(MailServer.Recorded)
@told.register(MailServer.Changed)
def _mail_server_set(event: MailServer.Recorded | MailServer.Changed) -> Message:
    return _message(MailServerSet, mail_server_id=event.mail_server_id, set_at=event.timestamp, **event.facts)


@told.register
def _workflow_recorded(event: Workflow.Recorded) -> Message:
    return _message(WorkflowSet, workflow_id=event.workflow_id, version=1, set_at=event.timestamp, **event.facts)


@told.register
def _workflow_version(event: Workflow.VersionRecorded) -> Message:
    facts = event.facts
    return _message(WorkflowSet, workflow_id=event.workflow_id, version=event.number, set_at=event.timestamp, **facts)


@told.register
def _refused(event: Refusal.Recorded) -> Message:
    return _message(
        IntakeRefused,
        refusal_id=event.originator_id,
        request_id=event.request_id,
        code=event.code,
        detail=event.detail,
        errors=event.errors,
        refused_at=event.timestamp,
    )


def _message(kind: type[Message], **facts: Any) -> Message:
    return kind.model_validate(facts)


def _of_run(event: Run.Said) -> dict[str, Any]:
    return {
        "run_id": event.originator_id,
        "version": event.originator_version,
        "operator": event.operator,
        "reason": event.reason,
        "at": event.timestamp,
    }


def _of_item(
    event: DossierItem.Recorded | DossierItem.Changed | DossierItem.MovedOn | DossierItem.Responded,
) -> dict[str, Any]:
    return {"run_id": event.run_id, "item_id": event.originator_id, "person": event.person}


def _mail(event: Processing.Requested | Processing.RequestedAgain) -> dict[str, Any]:
    return {
        "person": event.person,
        "destination": event.destination,
        "recipient": event.recipient,
        "merge": event.merge,
        "document_date": event.document_date,
        **event.content,
    }
