"""What the dossier tells of runs: started, asked for again, said of by an operator, or refused."""

from typing import Any

from services.dossier.domain.refusal import Refusal
from services.dossier.domain.repeat import Repeat
from services.dossier.domain.run import Run
from services.dossier.outbox.telling import message, told
from shared.contracts import Message
from shared.contracts.dossier import (
    IntakeRefused,
    IntakeRepeated,
    RunCancelled,
    RunPaused,
    RunResumed,
    RunStarted,
)


@told.register
def _run_started(event: Run.Started) -> Message:
    return message(
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
    return message(RunPaused, **_of_run(event))


@told.register
def _run_resumed(event: Run.Resumed) -> Message:
    return message(RunResumed, **_of_run(event))


@told.register
def _run_cancelled(event: Run.Cancelled) -> Message:
    return message(RunCancelled, **_of_run(event))


@told.register
def _refused(event: Refusal.Recorded) -> Message:
    return message(
        IntakeRefused,
        refusal_id=event.originator_id,
        request_id=event.request_id,
        code=event.code,
        detail=event.detail,
        errors=event.errors,
        refused_at=event.timestamp,
    )


@told.register
def _repeated(event: Repeat.Recorded) -> Message:
    return message(IntakeRepeated, request_id=event.request_id, run_id=event.run_id, repeated_at=event.timestamp)


def _of_run(event: Run.Said) -> dict[str, Any]:
    return {
        "run_id": event.originator_id,
        "version": event.originator_version,
        "operator": event.operator,
        "reason": event.reason,
        "at": event.timestamp,
    }
