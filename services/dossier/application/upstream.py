"""What upstream systems publish is taken: an item's request, a contact's record, or a refusal that they are told."""

import asyncio
from datetime import datetime
from io import BytesIO
from typing import Any

from services.dossier.application.contacts import Contacts, Stated
from services.dossier.application.reading import read_body
from services.dossier.application.recording import Recording
from services.dossier.application.refusals import Refusals
from services.dossier.domain.contact_facts import contact_said
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import Refused


class Upstream:
    """Takes messages whose sender waits for no answer; `came_at` and `sequence` tell one from another."""

    def __init__(self, recording: Recording, contacts: Contacts, refusals: Refusals) -> None:
        self._recording = recording
        self._contacts = contacts
        self._refusals = refusals

    async def dossier_item(self, body: bytes, came_at: datetime, sequence: int) -> None:
        """Accept a request to record items, or record its refusal."""
        try:
            intake = await asyncio.to_thread(read_body, BytesIO(body))
            await self._recording.take(intake, came_at, sequence)
        except Refused as refused:
            said = await asyncio.to_thread(_said, body)
            await self._refusals.record(came_at, sequence, _request_id(said), refused)

    async def contact(self, body: bytes, came_at: datetime, sequence: int) -> None:
        """Enter a contact's record unless newer facts are known, or record its refusal."""
        said: Any = None
        try:
            said = parse(body)
            record = contact_said(said)
            await self._contacts.enter([Stated(record.address(), record.given(), record.as_of or came_at)])
        except Refused as refused:
            await self._refusals.record(came_at, sequence, _request_id(said), refused)


def _said(body: bytes) -> Any:
    """Return what a refused body says, None where it is no JSON."""
    try:
        return parse(body)
    except Refused:
        return None


def _request_id(said: Any) -> str | None:
    """Return the request_id of a refused body, where it has one that can be told."""
    named = said.get("request_id") if isinstance(said, dict) else None
    return named if isinstance(named, str) and 0 < len(named) <= 200 else None  # noqa: PLR2004 -- as in `Intake`
