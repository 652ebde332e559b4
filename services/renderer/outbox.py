"""Tells what was rendered: each recorded rendering in the words of the contract."""

from functools import singledispatch
from typing import Any

from services.renderer.domain import Rendering
from shared.contracts import Message
from shared.contracts.renderer import Fault, LetterRendered, MailRendered, RenderingFailed

_OF_ROW = ("mail", "letter")


@singledispatch
def told(event: object) -> Message | None:
    """Return the message that tells an event, None for what stays private."""
    del event
    return None


@told.register
def _(event: Rendering.Completed) -> Message:
    if event.made == "mail" and event.processing_id and event.sender:
        return MailRendered.model_validate(
            _of_what(event)
            | {
                "recipient": event.recipient,
                "sender": event.sender,
                "mail_server_id": event.mail_server_id,
                "subject": event.subject,
                "record_separately": event.record_separately,
                "requested_at": event.requested_at,
                "resend_of": event.resend_of,
            }
            | _made(event)
        )
    slot = "letter" if event.made == "letter" else event.made
    return LetterRendered.model_validate(_of_what(event) | {"slot": slot} | _made(event))


@told.register(Rendering.Failed)
@told.register(Rendering.FileFailed)
def _(event: Rendering.Failed) -> Message:
    fault = Fault(
        layout_id=event.layout_id,
        language=event.language,
        field=event.field,
        line=event.line,
        detail=event.detail or "",
    )
    return RenderingFailed.model_validate(
        _of_what(event)
        | {
            "slot": None if event.made in _OF_ROW else event.made,
            "reason": event.reason,
            "fault": fault,
            "failed_at": event.timestamp,
        }
    )


def _of_what(event: Rendering.Completed | Rendering.Failed) -> dict[str, Any]:
    """Return the ids: those of a row's mail or letter, or that of a file of an item."""
    of_row = {"mail_id": event.originator_id, "processing_id": event.processing_id}
    return {
        "run_id": event.run_id,
        "item_id": event.item_id,
        "ordinal": event.ordinal,
        "person": event.person,
        **(of_row if event.made in _OF_ROW else {"document_id": event.originator_id}),
    }


def _made(event: Rendering.Completed) -> dict[str, Any]:
    return {
        "parts": event.parts,
        "attachments": event.attachments,
        "engines": event.engines,
        "warnings": event.warnings,
        "rendered_at": event.timestamp,
    }
