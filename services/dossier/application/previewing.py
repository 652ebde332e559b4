"""One sample of a message is shown with a recipient's own data, and mailed to its sender if wanted (FR-42…45, A7)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from services.dossier.application.attachments import Attachments
from services.dossier.application.drafting import Renderer, addressee_of, draft_of
from services.dossier.application.judging import Judged, Judging
from services.dossier.application.ports import Mailer
from services.dossier.domain.addressees import Addressees
from services.dossier.domain.frozen import Row as Destination
from services.dossier.domain.identity import preview_id_of
from services.dossier.domain.intake import Intake
from services.dossier.domain.operator import Me
from services.dossier.domain.preview import Preview, SampleWish, hash_of, method_wrongs, numbered
from services.dossier.domain.refusal import Refused, Wrong
from shared.blobs import BlobMissing, Blobs
from shared.contracts.asks import MailOutcome
from shared.contracts.drafts import Preview as Look
from shared.contracts.drafts import PreviewMade, PreviewWanted
from shared.contracts.renderer import Fault
from shared.store import Conflict, Row, Store

Facts = dict[str, Any]
KEPT = timedelta(hours=1)  # how long a preview can be looked at; it holds personal data
_OF_SENDING = {"mail_server_not_configured"}  # wrong for a mail, of no matter to whoever only looks
_OF_THE_WHOLE = {  # wrong for the request, of no matter to one sample of it
    "no_valid_addressees",
    "address_missing",
    "address_invalid",
    "address_contact_blocked",
    "destination_mandatory",
    "destination_one_of_these",
}


class Previews(Protocol):
    """The table of previews that can still be looked at: what is said of each, and the blob that holds it."""

    def shown(self, preview_id: UUID, blob: str | None, facts: Facts, ends_at: datetime) -> Row:
        """Return the row that keeps one until it ends."""
        ...

    async def find(self, preview_id: UUID) -> tuple[str | None, Facts] | None:
        """Return the blob and the facts of one, None where there is none (any more)."""
        ...

    async def ended(self, now: datetime) -> dict[UUID, str | None]:
        """Return those whose end has come, and their blobs."""
        ...

    def gone(self, preview_id: UUID) -> Row:
        """Return the change that takes one away."""
        ...


class Previewing:
    """Shows samples."""

    def __init__(
        self,
        store: Store,
        previews: Previews,
        blobs: Blobs,
        attachments: Attachments,
        judging: Judging,
        renderer: Renderer,
        mailer: Mailer,
    ) -> None:
        self._store = store
        self._previews = previews
        self._blobs = blobs
        self._attachments = attachments
        self._judging = judging
        self._renderer = renderer
        self._mailer = mailer

    async def preview(
        self, intake: Intake, wish: SampleWish, requested_by: str, key: str | None = None, me: Me = None
    ) -> tuple[UUID, Facts]:
        """Return a sample under its id, mailed to the sender if wished; the same key again mails nothing more.

        `me` is the sender of that name, of a person who asks (R-6).
        Raises `Refused` with what is wrong; a layout that can't be merged is a fault of the sample, and a refusal
        where it was to be mailed.
        """
        preview_id = preview_id_of(requested_by, key) if key and wish.send else uuid4()
        if wish.send and (before := await self._store.load(Preview, preview_id)):
            return preview_id, await self._again(before, intake, wish)
        judged, row = await self._judge(intake, wish, me)
        made = await self._made(judged, row, keep=wish.send)
        facts = await self._facts(judged, row, wish, made)
        blob = made.preview.sha256 if made.preview else None
        shown = self._previews.shown(preview_id, blob, facts, datetime.now(UTC) + KEPT)
        sent = (
            [await self._sample(preview_id, judged, row, made, hash_of(intake, wish), requested_by)]
            if wish.send
            else []
        )
        try:
            await self._store.record(*sent, rows=[shown])
        except Conflict:  # the same key, at the same moment
            return await self._lost_the_race(preview_id, blob, intake, wish)
        return preview_id, facts

    async def find(self, preview_id: UUID) -> tuple[Facts, MailOutcome | None]:
        """Return what is said of a sample, and what became of its mail; raise `Refused` for one that is gone."""
        sent = await self._store.load(Preview, preview_id)
        found = await self._previews.find(preview_id)
        if sent is None and found is None:
            raise Refused([Wrong("", "unknown_preview")], status=404)
        facts = found[1] if found else {"sent_to": sent.sent_to if sent else None}
        return facts, await self._mailer.outcome(sent.mail_id) if sent else None

    async def look(self, preview_id: UUID) -> Look:
        """Return the parts of a sample; raise `Refused` for one that is gone or could not be made."""
        found = await self._previews.find(preview_id)
        if found is None or found[0] is None:
            raise Refused([Wrong("", "unknown_preview")], status=404)
        try:
            return Look.model_validate_json(await asyncio.to_thread(self._blobs.get, found[0]))
        except BlobMissing:
            raise Refused([Wrong("", "unknown_preview")], status=404) from None

    async def sweep(self) -> None:
        """Let go of the samples whose end has come."""
        for preview_id, blob in (await self._previews.ended(datetime.now(UTC))).items():
            if blob:
                await asyncio.to_thread(self._blobs.delete, [blob], only_transient=True)
            await self._store.record(rows=[self._previews.gone(preview_id)])

    async def _judge(self, intake: Intake, wish: SampleWish, me: Me) -> tuple[Judged, Destination]:
        rows: list[Destination] = []

        async def note(_: Judged, addressees: Addressees) -> None:
            rows.extend(addressees.rows)

        judged = await self._judging.judge(intake, note, me)
        passed_over = _OF_THE_WHOLE | (set() if wish.send else _OF_SENDING)
        wrongs = [wrong for wrong in judged.wrongs if wrong.code not in passed_over]
        if wrongs := [*method_wrongs(judged.intake, wish), *numbered(wrongs, wish.recipient)]:
            raise Refused(wrongs)
        return judged, rows[0]

    async def _made(self, judged: Judged, row: Destination, *, keep: bool) -> PreviewMade:
        wanted = PreviewWanted(draft=draft_of(judged), to=addressee_of(row), keep=keep)
        made = await self._renderer.preview(wanted)
        if made is None:
            raise Refused([Wrong("", "renderer_no_answer")], status=503)
        if keep and made.fault:
            raise Refused([_wrong(judged, made.fault)])
        return made

    async def _facts(self, judged: Judged, row: Destination, wish: SampleWish, made: PreviewMade) -> Facts:
        look = await self._look_at(made)
        recipient = row.recipient or {}
        return {
            "recipient": {
                "index": wish.recipient,
                **row.address._asdict(),
                "name": recipient.get("name"),
                "email": recipient.get("email"),
                "language": recipient.get("language"),
                "left_out": row.exclusion[1] if row.exclusion else None,
            },
            "subject": judged.intake.subject,
            "sender": judged.choice.sender,
            "parts": _parts(look) if look else None,
            "attachments": [
                {"filename": name, "content_type": kind, "size": size} for name, kind, _, _, size in judged.files
            ],
            "warnings": list(made.warnings),
            "faults": [made.fault.model_dump()] if made.fault else [],
            "sent_to": judged.choice.sender["address"] if wish.send and judged.choice.sender else None,
        }

    async def _look_at(self, made: PreviewMade) -> Look | None:
        if made.preview is None:
            return None
        return Look.model_validate_json(await asyncio.to_thread(self._blobs.get, made.preview.sha256))

    async def _sample(
        self, preview_id: UUID, judged: Judged, row: Destination, made: PreviewMade, asked: str, by: str
    ) -> Preview:
        """Return the sample to be mailed (told as `PreviewRequested`), its files kept for a while."""
        files = await self._attachments.keep(judged.files, lasts="while_needed")
        return Preview.request(
            preview_id,
            content_hash=asked,
            person=row.person,
            destination=row.address._asdict(),
            content=judged.choice.content(judged.intake, files),
            layouts=judged.choice.layouts,
            parts=made.parts.model_dump(mode="json") if made.parts else None,
            requested_by=by,
        )

    async def _lost_the_race(
        self, preview_id: UUID, blob: str | None, intake: Intake, wish: SampleWish
    ) -> tuple[UUID, Facts]:
        await asyncio.to_thread(self._blobs.delete, [blob] if blob else [])
        winner = await self._store.load(Preview, preview_id)
        assert winner is not None  # noqa: S101 -- it is what the conflict was with
        return preview_id, await self._again(winner, intake, wish)

    async def _again(self, before: Preview, intake: Intake, wish: SampleWish) -> Facts:
        if before.content_hash != hash_of(intake, wish):
            raise Refused([Wrong("Idempotency-Key", "key_reused")], status=409)
        found = await self._previews.find(before.id)
        return found[1] if found else {"sent_to": before.sent_to}


def _parts(look: Look) -> Facts:
    attachment = {"filename": look.filename, "content_type": look.content_type, "size": len(look.attachment or b"")}
    return {
        "text": look.text is not None,
        "html": look.html is not None,
        "attachment": attachment if look.attachment is not None else None,
        "pages": len(look.pages),
        "page_count": look.page_count,
    }


def _wrong(judged: Judged, fault: Fault) -> Wrong:
    body = judged.choice.body_layout
    of_body = body is not None and body["layout_id"] == fault.layout_id
    values = {"layout": fault.layout_id, "name": fault.field or "–", "line": fault.line or "–"}
    return Wrong("body_layout_id" if of_body else "attachment_layout_id", "layout_fault", values)
