"""Recorded items are changed, responded to, and given other files; whoever asks for the same twice changes it once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from services.dossier.application.attachments import Attachments
from services.dossier.application.contacts import Contacts
from services.dossier.application.item_types import ItemTypes
from services.dossier.domain.identity import Address
from services.dossier.domain.intake import GivenAttachment, attachment_wrongs
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_changes import Change, ItemChange, Standing, differing
from services.dossier.domain.refusal import Refused, Wrong
from shared.store import Conflict, Store

T = TypeVar("T")


class Items:
    """What becomes of items once they are recorded."""

    def __init__(self, store: Store, types: ItemTypes, contacts: Contacts, attachments: Attachments) -> None:
        self._store = store
        self._types = types
        self._contacts = contacts
        self._attachments = attachments

    async def change(self, item_id: UUID, asked: ItemChange, by: str, version: int | None = None) -> DossierItem:
        """Change what is asked of an item and return it; of two at once each keeps what the other does not name.

        Raises `Refused` where it may not be, and (412) where the item is no longer at the `version` that was named.
        """
        while True:
            item = await self._item(item_id, version)
            change = await self._differing(asked, item)
            person = await self._person_at(change.address or item.address)
            if change.comment:
                self._check_not_erased(person, "comment")
            item.change(change, by, person)
            if await self._recorded(item):
                return item

    async def respond(self, item_id: UUID, text: str, by: str, key: str | None, *, internal: bool) -> int:
        """Add a response and return its number; raise `Refused` for an unknown item."""
        token = _token(item_id, "respond", by, key)
        while True:
            item = await self._item(item_id)
            person = await self._person_at(item.address)
            self._check_not_erased(person, "text")
            number = item.respond(text, by, person, token, internal=internal)
            if await self._recorded(item):
                return number

    async def attach(
        self, item_id: UUID, given: GivenAttachment, by: str, key: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Add a file and return its number and what names it; raise `Refused` for a wrong one or an unknown item."""
        kind = await self._types.one((await self._item(item_id)).type)
        wrongs = [*attachment_wrongs(given), *([] if kind.facts.link_file else [Wrong("", "link_file_off")])]
        checked, files = await self._attachments.check([given] if not wrongs else [])
        if wrongs := [*wrongs, *map(_of_one, checked)]:
            raise Refused(wrongs)
        [file] = await self._attachments.keep(files)
        token = _token(item_id, "attach", by, key)
        number = await self._do(item_id, lambda item: item.add_attachment(file, by, token))
        return number, file

    async def detach(self, item_id: UUID, number: int, by: str) -> None:
        """Take a file away, once; raise `Refused` for a file or an item that never was."""

        def detach(item: DossierItem) -> None:
            if not 0 < number <= item.files_ever:
                raise Refused([Wrong("", "unknown_item_attachment", {"n": number})], status=404)
            item.remove_attachment(number, by)

        await self._do(item_id, detach)

    async def _differing(self, asked: ItemChange, item: DossierItem) -> Change:
        kind = await self._types.one(item.type)
        standing = Standing(kind.facts, item.fields, item.comment, item.destinations)
        change = differing(asked, standing, datetime.now(UTC))
        cause = change.fields.get("cause_item_id")
        if cause and not await self._store.knows(UUID(cause)):
            raise Refused([Wrong("cause_item_id", "unknown_cause", {"item": cause})])
        if change.address and change.address.place not in await self._contacts.known([change.address]):
            shown = f"{change.address.kind} {change.address.number} {change.address.contact_id or ''}".strip()
            raise Refused([Wrong("contact_id", "no_such_contact", {"contact": shown})])
        return change

    async def _do(self, item_id: UUID, deed: Callable[[DossierItem], T]) -> T:
        while True:
            item = await self._item(item_id)
            answer = deed(item)
            if await self._recorded(item):
                return answer

    async def _item(self, item_id: UUID, version: int | None = None) -> DossierItem:
        item = await self._store.load(DossierItem, item_id)
        if item is None:
            raise Refused([Wrong("", "unknown_item")], status=404)
        if version is not None and item.edition != version:
            values = {"version": version, "now": item.edition}
            raise Refused([Wrong("", "changed_meanwhile", values)], status=412)
        return item

    async def _recorded(self, item: DossierItem) -> bool:
        """Return whether it was recorded, False where somebody else was faster: look again."""
        try:
            await self._store.record(item)
        except Conflict:
            return False
        return True

    async def _person_at(self, address: Address | None) -> str | None:
        """Return the key that seals what is said of an item's one contact, None where it has several or none."""
        if address is None:
            return None
        known = (await self._contacts.known([address])).get(address.place)
        return known.person if known else address.person()

    def _check_not_erased(self, person: str | None, field: str) -> None:
        if person and self._store.keyring.is_erased(person):
            raise Refused([Wrong(field, "erased")], status=409)


def _token(item_id: UUID, wish: str, by: str, key: str | None) -> UUID | None:
    """Return what makes a wish known again where it is asked twice."""
    return uuid5(item_id, f"{wish}|{by}|{key}") if key else None


def _of_one(wrong: Wrong) -> Wrong:
    return Wrong(wrong.field.removeprefix("attachments[0]").removeprefix("."), wrong.code, wrong.values)
