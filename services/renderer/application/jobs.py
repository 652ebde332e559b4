"""What is to be made, as jobs: of what was requested, and of drafts that nothing is recorded of yet."""

from typing import Any

from services.renderer.domain import Job
from shared.blobs import Lasts
from shared.contracts.asks import LetterToPrint
from shared.contracts.dossier import DocumentRequested, DossierItemRequested
from shared.contracts.drafts import Addressee, Draft
from shared.contracts.message import Recipient


def job_of(
    what: Draft | DossierItemRequested, to: Addressee | DossierItemRequested, recipient: Recipient, **how: Any
) -> Job:
    """Return the job of making one recipient's message; `how` is what becomes of the parts."""
    mails = what.issue_method == "email"
    return Job(
        language=recipient.language,
        context={
            "recipient": {"name": recipient.name, "email": recipient.email, "language": recipient.language},
            "subject": what.subject,
            "date": what.document_date.isoformat(),
            "sender": {"name": what.sender.name, "address": what.sender.address} if what.sender else {},
            "destination": to.destination.model_dump(),
            "merge": dict(to.merge or {}),
        },
        body_layout=what.body_layout if mails else None,
        body_text=(what.body_text or "") if mails and not what.body_layout else None,
        attachment_layout=what.attachment_layout,
        read_only=what.attachment_read_only,
        **how,
    )


def print_job(letter: LetterToPrint) -> Job:
    """Return the job of making a PDF of a Word letter as it stands."""
    return Job(
        language="nl",  # nothing is merged and nothing hyphenated: none shows
        context={"date": letter.made_on.isoformat()},
        attachment_layout=letter.layout,
        kept=False,
        shown_pages=0,
        letter=letter.sha256,
    )


def lasting(request: DossierItemRequested) -> Lasts:
    """Return how long the parts are kept: those of a mail for good where each is recorded by itself (FR-83, FR-86).

    A letter is sent by nobody and is kept in any case: it is had from the dossier or not at all (FR-92).
    """
    return "for_good" if request.record_separately or request.issue_method == "document" else "while_needed"


def document_job(request: DocumentRequested) -> Job:
    """Return the job of making a file of an item: an addressee's own, or with field names for values (A4, A17)."""
    of = request.recipient
    return Job(
        language=of.language if of else request.language,
        context={
            "recipient": {"name": of.name, "email": of.email, "language": of.language} if of else {},
            "subject": request.subject,
            "date": request.document_date.isoformat(),
            "sender": {"name": request.sender.name, "address": request.sender.address} if request.sender else {},
            "destination": request.destination.model_dump() if request.destination else {},
            "merge": dict(request.merge or {}),
        },
        body_layout=None if request.attachment_layout else request.body_layout,
        body_text=None if request.attachment_layout or request.body_layout else (request.body_text or ""),
        attachment_layout=request.attachment_layout,
        read_only=request.attachment_read_only,
        generic=of is None,
    )
