"""Recorded items are changed, responded to, and given other files; whoever asks for the same twice changes it once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from services.dossier.application.attachments import Attachments, Checked
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.shelf import Shelf, token_of
from services.dossier.domain.intake import GivenAttachment, attachment_wrongs
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_changes import Change, ItemChange, Standing, check_editable, differing
from services.dossier.domain.refusal import Refused, Wrong

T = TypeVar("T")


class Items:
    """What becomes of items once they are recorded."""

    def __init__(self, shelf: Shelf, types: ItemTypes, attachments: Attachments) -> None:
        self._shelf = shelf
        self._types = types
        self._attachments = attachments

    async def change(self, item_id: UUID, asked: ItemChange, by: str, version: int | None = None) -> DossierItem:
        """Change what is asked of an item and return it; of two at once each keeps what the other does not name.

        Raises `Refused` where it may not be, and (412) where the item is no longer at the `version` that was named.
        """
        while True:
            item = await self._shelf.take(item_id, version)
            change = await self._differing(asked, item)
            person = await self._shelf.person_at(change.address or item.address, change.text)
            item.change(change, by, person)
            if await self._shelf.put(item):
                return item

    async def respond(self, item_id: UUID, text: str, by: str, key: str | None, *, internal: bool) -> int:
        """Add a response and return its number; raise `Refused` for an unknown item."""
        token = token_of(item_id, "respond", by, key)
        while True:
            item = await self._shelf.take(item_id)
            person = await self._shelf.person_at(item.address, "text")
            number = item.respond(text, by, person, token, internal=internal)
            if await self._shelf.put(item):
                return number

    async def attach(
        self, item_id: UUID, given: GivenAttachment, by: str, key: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Add a file and return its number and what names it; raise `Refused` for a wrong one or an unknown item."""
        item = await self._shelf.take(item_id)
        await self._check_editable(item)
        wrongs, files = await self._judge(item.type, [given])
        if wrongs:
            raise Refused(map(_of_one, wrongs))
        [file] = await self._attachments.keep(files)
        token = token_of(item_id, "attach", by, key)
        number = await self._do(item_id, lambda item: item.add_attachment(file, by, token))
        return number, file

    async def file_wrongs(self, type_id: str, given: Sequence[GivenAttachment]) -> list[Wrong]:
        """Return what is wrong with files for an item of a type, before any of them is added."""
        wrongs, _ = await self._judge(type_id, given)
        return wrongs

    async def detach(self, item_id: UUID, number: int, by: str) -> None:
        """Take a file away, once; raise `Refused` for a file or an item that never was."""
        await self._check_editable(await self._shelf.take(item_id))

        def detach(item: DossierItem) -> None:
            if not 0 < number <= item.files_ever:
                raise Refused([Wrong("", "unknown_item_attachment", {"n": number})], status=404)
            item.remove_attachment(number, by)

        await self._do(item_id, detach)

    async def _judge(self, type_id: str, given: Sequence[GivenAttachment]) -> tuple[list[Wrong], list[Checked]]:
        if given and not (await self._types.one(type_id)).facts.link_file:
            return [Wrong("attachments[0]", "link_file_off")], []
        wrongs = [wrong for n, file in enumerate(given) for wrong in attachment_wrongs(file, f"attachments[{n}].")]
        return (wrongs, []) if wrongs else await self._attachments.check(given, mailed=False)

    async def _differing(self, asked: ItemChange, item: DossierItem) -> Change:
        kind = await self._types.one(item.type)
        standing = Standing(kind.facts, item.fields, item.subject, item.comment, item.destinations)
        change = differing(asked, standing, datetime.now(UTC))
        if change.changed:
            await self._check_editable(item)
        cause = change.fields.get("cause_item_id")
        if cause and not await self._shelf.knows(UUID(cause)):
            raise Refused([Wrong("cause_item_id", "unknown_cause", {"item": cause})])
        if change.address and not await self._shelf.is_contact(change.address):
            shown = f"{change.address.kind} {change.address.number} {change.address.contact_id or ''}".strip()
            raise Refused([Wrong("contact_id", "no_such_contact", {"contact": shown})])
        return change

    async def _check_editable(self, item: DossierItem) -> None:
        """Raise `Refused` for an item that may not be changed."""
        kind = await self._types.one(item.type)
        completed = bool(item.fields.get("completed"))
        check_editable(kind.facts, completed=completed, in_workflow=item.open_task is not None)

    async def _do(self, item_id: UUID, deed: Callable[[DossierItem], T]) -> T:
        while True:
            item = await self._shelf.take(item_id)
            answer = deed(item)
            if await self._shelf.put(item):
                return answer


def _of_one(wrong: Wrong) -> Wrong:
    return Wrong(wrong.field.removeprefix("attachments[0]").removeprefix("."), wrong.code, wrong.values)
