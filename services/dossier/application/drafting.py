"""Drafts of what a request would have made, for the renderer to try or to show."""

from typing import Protocol

from services.dossier.application.judging import Judged
from services.dossier.domain.frozen import Row
from shared.contracts.drafts import Addressee, Draft, PreviewMade, PreviewWanted, TriedOut, TryOut


class Renderer(Protocol):
    """Whoever makes mails and letters tries them, and shows one, before anything is recorded."""

    async def preview(self, wanted: PreviewWanted) -> PreviewMade | None:
        """Return one recipient's message to be looked at, None where nobody answers in time."""
        ...

    async def try_out(self, wanted: TryOut) -> TriedOut | None:
        """Return what would come of each recipient's message, None where nobody answers in time."""
        ...


def draft_of(judged: Judged) -> Draft:
    """Return what the messages of a request have in common."""
    content = judged.choice.content(judged.intake, [])
    own = {"body_text": judged.choice.typed_body(judged.intake), "document_date": judged.document_date}
    return Draft.model_validate(content | own)


def addressee_of(row: Row) -> Addressee:
    """Return one recipient of it."""
    return Addressee.model_validate(
        {"destination": row.address._asdict(), "recipient": row.recipient, "merge": row.merge}
    )
