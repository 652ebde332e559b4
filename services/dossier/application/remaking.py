"""The letter of a row is made again (A11): letters are not sent, so nobody but the dossier has a say in it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.dossier.application.contacts import Contacts
from services.dossier.application.ports import Resends, Tables
from services.dossier.application.resending import is_deleted
from services.dossier.domain.address import resolve
from services.dossier.domain.identity import Address, mail_id_of
from services.dossier.domain.layout_choice import makes_no_pdf
from services.dossier.domain.processing import Processing
from services.dossier.domain.refusal import Refused, Wrong
from shared.contracts.asks import Remake, Resent
from shared.store import Conflict, Store


class Remaking:
    """Makes the next letter of a row."""

    def __init__(self, store: Store, tables: Tables, contacts: Contacts, resends: Resends) -> None:
        self._store = store
        self._tables = tables
        self._contacts = contacts
        self._resends = resends

    async def remake(self, wish: Remake) -> Resent:
        """Ask for the row's next letter; the same token again, or a loser of a race, is answered with the one made.

        Raises `Refused`: `unknown_row`, `not_a_letter`, `item_deleted`, `erased`, `merge_data_expired`,
        `letter_to_come` while another is being made, and for the newest layout `layout_gone`, `layout_blocked_now`,
        `lacks_field` or `layout_makes_no_pdf`.
        """
        row = await self._row(wish.processing_id)
        if wish.token in row.tokens:
            return _made(row, row.tokens[wish.token])
        if wish.after is not None and row.ordinal > wish.after:
            raise _refused("letter_to_come")
        recipient = row.recipient if wish.address == "original" else await self._recipient(row)
        content = await self._newest(row) if wish.layout == "newest" else row.content
        row.request_again(wish.token, wish.operator, wish.reason, recipient, None, content)
        try:
            await self._store.record(row, rows=[self._resends.asked(row.run_id, row.modified_on)])
        except Conflict:
            row = await self._row(wish.processing_id)
        return _made(row, row.tokens.get(wish.token, row.ordinal))

    async def _row(self, processing_id: UUID) -> Processing:
        row = await self._store.load(Processing, processing_id)
        if row is None:
            raise _refused("unknown_row")
        if not row.is_letter:
            raise _refused("not_a_letter")
        if await is_deleted(self._store, row.item_id):
            raise _refused("item_deleted")
        if row.recipient is None:
            raise _refused("erased")
        if row.merge is None:
            raise _refused("merge_data_expired")
        return row

    async def _recipient(self, row: Processing) -> dict[str, Any]:
        """Return the addressee as it is now known."""
        address = Address(**row.destination)
        known = await self._contacts.known([address, address.base])
        return resolve(known.get(address.place), known.get(address.base.place)).recipient

    async def _newest(self, row: Processing) -> dict[str, Any]:
        """Return what the letter is made of, with its layout as that now stands; raise `Refused` where it can't be."""
        pinned = row.content["attachment_layout"]
        layout = (await self._tables.set_up("layout")).get(pinned["layout_id"])
        if layout is None:
            raise _refused("layout_gone")
        if layout["blocked"]:
            raise _refused("layout_blocked_now")
        for field in layout["fields"]:
            if field["required"] and _is_empty(row.merge or {}, field["name"]):
                raise _refused("lacks_field", {"name": field["name"]})
        newest = {name: layout[name] if name in layout else pinned[name] for name in pinned}
        read_only = layout["kind"] != "word" or row.content["attachment_read_only"]
        if read_only and layout["pdf_missing"]:
            raise Refused([makes_no_pdf("processing_id", pinned["layout_id"], layout)], status=409)
        return {**row.content, "attachment_layout": newest, "attachment_read_only": read_only}


def _is_empty(merge: Mapping[str, Any], name: str) -> bool:
    return merge.get(name) in (None, "")


def _made(row: Processing, ordinal: int) -> Resent:
    return Resent(processing_id=row.id, mail_id=mail_id_of(row.id, ordinal), ordinal=ordinal)


def _refused(code: str, values: dict[str, Any] | None = None) -> Refused:
    return Refused([Wrong("processing_id", code, values or {})], status=409)
