"""What became of lines, runs and items; the message as it was sent; and the settling of a mail in doubt."""

import asyncio
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from services.history.application.ports import Doors, Records, Row
from services.history.application.refused import Refused
from services.history.domain.looking import Cursor, Dossier, Filter, ItemFilter
from services.history.domain.mail import Mail, mails_of
from services.history.domain.making import NOTHING
from services.history.domain.place import Place, place_of, to_come
from services.history.domain.run import Run, Sought
from shared.blobs import BlobMissing, Blobs
from shared.contracts.asks import MessageKept, MessageWanted, Resolve, Resolved, RolesFound, RolesWanted
from shared.contracts.message import Attachment

T = TypeVar("T")
_LOOKS, _WAIT = 20, 0.05  # a run that was accepted just now is heard of within this second
_REMAKING = 40.0  # seconds; longer than any document takes to be made
_ONE_AND_MORE = 2  # rows of an item, to tell one from several


@dataclass(frozen=True)
class Page(Generic[T]):
    """A piece of a list, and where the next one begins, None at the end."""

    items: list[T]
    next: Cursor | None


@dataclass(frozen=True)
class Message:
    """A message as handed over: its bytes, their SHA-256, and whether they were kept or made anew."""

    content: bytes
    kept: MessageKept
    mail: Mail


@dataclass(frozen=True)
class File:
    """A file of an item: its bytes, and what they are called."""

    content: bytes
    named: Attachment


class History:
    """Answers what became of everything."""

    def __init__(self, records: Records, doors: Doors, blobs: Blobs) -> None:
        self._records = records
        self._doors = doors
        self._blobs = blobs

    async def page(self, wanted: Filter, limit: int, after: Cursor | None = None) -> Page[Row]:
        """Return a page of lines, newest first."""
        return page_of(await self._records.page(wanted, limit + 1, after), limit, _after_line)

    async def line(self, processing_id: UUID) -> tuple[Row, list[Mail], list[Row]]:
        """Return a line, its mails and its timeline; raise Refused `unknown_row`."""
        line = await self._records.line(processing_id)
        if line is None:
            raise Refused("unknown_row")
        timeline = (await self._records.timelines([processing_id]))[processing_id]
        return line, mails_of(timeline), timeline

    async def runs(self, sought: Sought, limit: int, after: Cursor | None = None) -> Page[Run]:
        """Return a page of runs, newest first."""
        found = await self._records.runs(sought, limit + 1, after)
        return page_of(found, limit, lambda run: Cursor(run.started_at, run.run_id))

    async def is_complete(self, run_id: UUID) -> bool | None:
        """Return whether all rows of a run are final, None where it was not heard of yet."""
        run = await self._records.run(run_id)
        return run.complete if run else None

    async def run(self, run_id: UUID) -> Run:
        """Return a run, waiting a moment for one not heard of; raise Refused `unknown_run`."""
        for _ in range(_LOOKS):
            run = await self._records.run(run_id)
            if run:
                return run
            await asyncio.sleep(_WAIT)
        raise Refused("unknown_run")

    async def item(self, item_id: UUID, limit: int, after: Cursor | None = None) -> tuple[Row, Page[Row]]:
        """Return an item and a page of its lines, each with what its latest mail or letter was made with.

        Raises Refused `unknown_item`.
        """
        item = await self._records.item(item_id)
        if item is None:
            raise Refused("unknown_item")
        found = await self._records.lines_of_item(item_id, limit + 1, after)
        page = page_of(found, limit, _after_line)
        timelines = await self._records.timelines([row["processing_id"] for row in page.items])
        rows = [row | {"made_with": _latest_making(timelines[row["processing_id"]])} for row in page.items]
        return item, Page(rows, page.next)

    async def file(self, item_id: UUID, sha256: str) -> File:
        """Return a file of an item: one that goes along, or one that was made for it (A17).

        Raises Refused `unknown_item`, `unknown_file` for one that is not this item's, `file_gone` where it is not kept.
        """
        item = await self._records.item(item_id)
        if item is None:
            raise Refused("unknown_item")
        made = [document["attachment"] for document in item["documents"]]
        named = next((file for file in (*item["attachments"], *made) if file and file["sha256"] == sha256), None)
        if named is None:
            raise Refused("unknown_file")
        try:
            content = await asyncio.to_thread(self._blobs.get, sha256)
        except BlobMissing:
            raise Refused("file_gone") from None
        return File(content, Attachment.model_validate(named))

    async def letter(self, processing_id: UUID, ordinal: int | None = None) -> File:
        """Return a letter of a line, the latest made if none is named (FR-92).

        Raises Refused `unknown_row`, `no_letter` where none is made, `file_gone` where it is not kept.
        """
        line, _, timeline = await self.line(processing_id)
        letters = [fact for fact in timeline if fact["letter_sha256"] and ordinal in {None, fact["ordinal"]}]
        made = letters[-1] if letters else None
        if made is None:
            raise Refused("no_letter")
        sha256, kind = made["letter_sha256"], made["letter_type"]
        try:
            content = await asyncio.to_thread(self._blobs.get, sha256)
        except BlobMissing:
            raise Refused("file_gone") from None
        name = f"{line['subject']}{mimetypes.guess_extension(kind) or ''}"
        return File(content, Attachment(sha256=sha256, size=len(content), filename=name, content_type=kind))

    async def attachment(self, item_id: UUID) -> Place:
        """Return where the attachment of an item is, the first of: its own message or letter, a document, a file.

        That is what is opened at its finish (FR-52). Raises Refused `unknown_item`, `attachment_not_ready` while it is
        being made, `no_attachment`.
        """
        item = await self._heard_of(item_id)
        rows = await self._records.lines_of_item(item_id, _ONE_AND_MORE, None)
        place = place_of(item, rows)
        if place is None:
            raise Refused("attachment_not_ready" if to_come(item, rows) else "no_attachment")
        return place

    async def _heard_of(self, item_id: UUID) -> Row:
        """Return an item, waiting a moment for one not heard of."""
        for _ in range(_LOOKS):
            item = await self._records.item(item_id)
            if item:
                return item
            await asyncio.sleep(_WAIT)
        raise Refused("unknown_item")

    async def items(self, wanted: ItemFilter, limit: int, after: Cursor | None = None) -> Page[Row]:
        """Return a page of items, newest first."""
        return page_of(await self._records.items(wanted, limit + 1, after), limit, _after_item)

    async def dossier(
        self, kind: str, number: str, contact_id: str | None, limit: int, after: Cursor | None = None
    ) -> Page[Row]:
        """Return a page of the items of a contact person, or of a destination and all its roles (FR-4, FR-49, R-22).

        Raises NoAnswer where the dossier does not say which roles there are.
        """
        places: tuple[tuple[str, str], ...] = ((kind, number),)
        if not contact_id:
            wanted = RolesWanted(kind=kind, number=number)
            found = await self._doors.ask("dossier", "roles", wanted, RolesFound)
            places = tuple((role.kind, role.number) for role in found.roles)
        dossier = Dossier(places, contact_id)
        return page_of(await self._records.dossier(dossier, limit + 1, after), limit, _after_item)

    async def counts(self) -> dict[str, int]:
        """Return the lines per status over all runs."""
        return await self._records.counts()

    async def dead_letters(self, limit: int) -> list[Row]:
        """Return the messages given up last."""
        return await self._records.dead_letters(limit)

    async def message(self, processing_id: UUID, ordinal: int | None = None) -> Message:
        """Return a mail of a line as it was handed over, the latest if none is named; parts swept are made again.

        Raises Refused `unknown_row`, `never_attempted` or what the mailer says; NoAnswer where it says nothing.
        """
        _, mails, _ = await self.line(processing_id)
        mail = next((mail for mail in reversed(mails) if ordinal in {None, mail.ordinal}), None)
        if mail is None:
            raise Refused("never_attempted")
        kept = await self._doors.ask(
            "mailer", "message", MessageWanted(mail_id=mail.mail_id), MessageKept, timeout=_REMAKING
        )
        try:
            content = await asyncio.to_thread(self._blobs.get, kept.sha256)
        except BlobMissing:
            raise Refused("parts_gone") from None
        return Message(content, kept, mail)

    async def resolve(
        self, processing_id: UUID, outcome: Literal["sent", "not_sent", "resend"], operator: str, reason: str
    ) -> Resolved:
        """Have the latest mail of a line, in doubt, settled by an operator's word (A11).

        Raises Refused `unknown_row`, `not_in_doubt` or what the mailer says; NoAnswer where it says nothing.
        """
        line, _, _ = await self.line(processing_id)
        if line["mail_id"] is None:
            raise Refused("not_in_doubt")
        question = Resolve(mail_id=line["mail_id"], outcome=outcome, operator=operator, reason=reason)
        return await self._doors.ask("mailer", "resolve", question, Resolved)


def page_of(found: Sequence[T], limit: int, cursor: Callable[[T], Cursor]) -> Page[T]:
    """Return a page of what was found, which is one more than is shown where there is another page."""
    shown = list(found[:limit])
    return Page(shown, cursor(shown[-1]) if len(found) > limit else None)


def _latest_making(timeline: Sequence[Row]) -> Row:
    mails = mails_of(timeline)
    return mails[-1].making if mails else dict(NOTHING)


def _after_item(item: Row) -> Cursor:
    return Cursor(item["recorded_at"], item["item_id"], item["sequence"])


def _after_line(line: dict[str, Any]) -> Cursor:
    return Cursor(line["at"], line["processing_id"], line["sequence"])
