"""What the dossier tells of what is set up: mail servers and workflows."""

from services.dossier.domain.mail_server import MailServer
from services.dossier.domain.workflow import Workflow
from services.dossier.outbox.telling import message, told
from shared.contracts import Message
from shared.contracts.dossier import (
    MailServerRemoved,
    MailServerSet,
    WorkflowSet,
)


@told.register
def _mail_server_removed(event: MailServer.Removed) -> Message:
    return message(MailServerRemoved, mail_server_id=event.mail_server_id, removed_at=event.timestamp)


@told.register(MailServer.Recorded)
@told.register(MailServer.Changed)
def _mail_server_set(event: MailServer.Recorded | MailServer.Changed) -> Message:
    return message(MailServerSet, mail_server_id=event.mail_server_id, set_at=event.timestamp, **event.facts)


@told.register
def _workflow_recorded(event: Workflow.Recorded) -> Message:
    return message(WorkflowSet, workflow_id=event.workflow_id, version=1, set_at=event.timestamp, **event.facts)


@told.register
def _workflow_version(event: Workflow.VersionRecorded) -> Message:
    facts = event.facts
    return message(WorkflowSet, workflow_id=event.workflow_id, version=event.number, set_at=event.timestamp, **facts)
