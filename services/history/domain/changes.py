"""What a batch of messages changes: facts of lines, and runs, items, documents and dead letters to be added."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.history.domain.fact import Fact, Stage
from services.history.domain.heard import fact_of
from services.history.domain.item import Entry, entry_of
from services.history.domain.making import Making, made_by
from services.history.domain.run import Said
from shared.contracts import Message
from shared.contracts.dossier import (
    DocumentRequested,
    DossierItemChanged,
    DossierItemDeleted,
    DossierItemExcluded,
    DossierItemRecorded,
    DossierItemRequested,
    OfRun,
    ResponseAdded,
    RunCancelled,
    RunPaused,
    RunResumed,
    RunStarted,
    WorkflowSet,
)
from shared.contracts.mailer import (
    MailCancelled,
    MailDeferred,
    MailFailed,
    MailInDoubt,
    MailInDoubtResolved,
    MailSent,
)
from shared.contracts.message import Attachment, Parts
from shared.contracts.renderer import LetterRendered, MailRendered, RenderingFailed

KINDS: tuple[type[Message], ...] = (
    RunStarted,
    RunPaused,
    RunResumed,
    RunCancelled,
    DossierItemRecorded,
    DossierItemChanged,
    DossierItemDeleted,
    ResponseAdded,
    DossierItemRequested,
    DossierItemExcluded,
    DocumentRequested,
    WorkflowSet,
    MailRendered,
    LetterRendered,
    RenderingFailed,
    MailSent,
    MailFailed,
    MailDeferred,
    MailInDoubt,
    MailInDoubtResolved,
    MailCancelled,
)
_SAID: dict[type[OfRun], Literal["paused", "resumed", "cancelled"]] = {
    RunPaused: "paused",
    RunResumed: "resumed",
    RunCancelled: "cancelled",
}
_SUBJECTS = {kind.SUBJECT for kind in KINDS}


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """What became of a file of an item that is no row and is not counted (A17)."""

    document_id: UUID
    stage: Stage
    position: int
    item_id: UUID
    slot: str
    at: datetime
    status: str
    reason: str | None = None
    attachment: Attachment | None = None
    making: Making | None = None


@dataclass(frozen=True, slots=True)
class SaidOfRun:
    """What was said of a run."""

    run_id: UUID
    said: Said


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a service gave up, by its place in its stream."""

    stream: str
    sequence: int
    consumer: str
    reason: str
    at: datetime


@dataclass
class Changes:
    """The changes of one batch, in the order told."""

    facts: list[Fact] = field(default_factory=list)
    runs: list[RunStarted] = field(default_factory=list)
    said: list[SaidOfRun] = field(default_factory=list)
    items: list[DossierItemRecorded] = field(default_factory=list)
    changed: list[DossierItemChanged] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    workflows: list[WorkflowSet] = field(default_factory=list)
    documents: list[DocumentFact] = field(default_factory=list)


def changes_of(told: Iterable[tuple[int, Message]]) -> Changes:
    """Return what messages change, each given with its publisher's position."""
    changes = Changes()
    for position, message in told:
        if isinstance(message, RunStarted):
            changes.runs.append(message)
        elif (said := _said_in(message)) is not None:
            changes.said.append(said)
        elif isinstance(message, DossierItemRecorded):
            changes.items.append(message)
        elif (entry := entry_of(message, position)) is not None:
            changes.log.append(entry)
            if isinstance(message, DossierItemChanged):
                changes.changed.append(message)
        elif isinstance(message, WorkflowSet):
            changes.workflows.append(message)
        elif (document := _document_of(message, position)) is not None:
            changes.documents.append(document)
        elif (fact := fact_of(message, position)) is not None:
            changes.facts.append(fact)
    return changes


def is_ours(subject: str) -> bool:
    """Return whether messages of a subject change the history, so that an unreadable one is missed."""
    return subject in _SUBJECTS


def dead_letter_of(advisory: dict[str, Any], at: datetime) -> DeadLetter:
    """Return what a JetStream advisory says (ADR-1 of nats-architecture-and-design)."""
    return DeadLetter(
        stream=str(advisory.get("stream", "")),
        sequence=int(advisory.get("stream_seq", 0)),
        consumer=str(advisory.get("consumer", "")),
        reason=str(advisory.get("reason") or advisory.get("type", "")),
        at=at,
    )


def _file_of(parts: Parts) -> Attachment | None:
    """Return the one file that was made: the letter, else the body as a page or a text."""
    if parts.attachment:
        return parts.attachment
    for body, name, kind in ((parts.html, "bericht.html", "text/html"), (parts.text, "bericht.txt", "text/plain")):
        if body:
            return Attachment(sha256=body.sha256, size=body.size, filename=name, content_type=kind)
    return None


def _said_in(message: Message) -> SaidOfRun | None:
    for kind, what in _SAID.items():
        if isinstance(message, kind):
            return SaidOfRun(message.run_id, Said(message.version, what, message.at, message.operator, message.reason))
    return None


def _document_of(message: Message, position: int) -> DocumentFact | None:
    if isinstance(message, DocumentRequested):
        return DocumentFact(
            message.document_id,
            Stage.DOSSIER,
            position,
            message.item_id,
            message.slot,
            message.requested_at,
            "rendering",
            making=Making(message.body_layout, message.attachment_layout),
        )
    if isinstance(message, LetterRendered) and message.document_id:
        return DocumentFact(
            message.document_id,
            Stage.RENDERER,
            position,
            message.item_id,
            message.slot,
            message.rendered_at,
            "generated",
            attachment=_file_of(message.parts),
            making=made_by(message.engines),
        )
    if isinstance(message, RenderingFailed) and message.document_id:
        return DocumentFact(
            message.document_id,
            Stage.RENDERER,
            position,
            message.item_id,
            message.slot or "generic_attachment",
            message.failed_at,
            "render_failed",
            message.fault.detail,
        )
    return None
