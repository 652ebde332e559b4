"""Refusals in words: for whoever asked at a door, and on record for whoever asked by a message."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from services.dossier.application.ports import Texts
from services.dossier.domain.identity import refusal_id_of
from services.dossier.domain.refusal import Refusal, Refused, Wrong
from shared.contracts.dossier import Problem
from shared.store import Conflict, Store

HOUSE = "nl"  # the language of whoever names none


@dataclass(frozen=True)
class Worded:
    """A refusal in words: its code, what it comes to, and each thing wrong."""

    code: str
    detail: str
    errors: tuple[Problem, ...]


class Refusals:
    """Puts refusals into words and on record."""

    def __init__(self, store: Store, texts: Texts) -> None:
        self._store = store
        self._texts = texts

    def worded(self, refused: Refused, language: str = HOUSE) -> Worded:
        """Return a refusal in words."""
        errors = tuple(
            Problem(field=wrong.field, code=wrong.code, detail=self.said(wrong, language)) for wrong in refused.wrongs
        )
        several = self._texts.several(len(errors), language)
        return Worded(refused.code, errors[0].detail if len(errors) == 1 else several, errors)

    def said(self, wrong: Wrong, language: str = HOUSE) -> str:
        """Return one thing wrong in words."""
        return self._texts.of(wrong, language)

    async def record(self, came_at: datetime, sequence: int, request_id: str | None, refused: Refused) -> None:
        """Record that a message was refused (told as `IntakeRefused`); a message heard again is refused once."""
        worded = self.worded(refused)
        errors = [error.model_dump() for error in worded.errors]
        identity = refusal_id_of(came_at, sequence)
        with suppress(Conflict):  # the message came again: it was refused before
            await self._store.record(Refusal.record(identity, request_id, worded.code, worded.detail, errors))
