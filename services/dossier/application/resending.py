"""The next mail of a row is asked for (A11): the mailer has its say, address and consent are looked up anew."""

from typing import Any
from uuid import UUID

from services.dossier.application.contacts import Contacts
from services.dossier.application.ports import Mailer, Resends
from services.dossier.domain.address import resolve
from services.dossier.domain.identity import Address, mail_id_of
from services.dossier.domain.item import DossierItem
from services.dossier.domain.processing import Processing
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.run import Run
from services.dossier.domain.text import is_email
from shared.contracts.asks import Resend, ResendAnswer, Resent
from shared.store import Conflict, Store


class Resending:
    """Makes the next mail of a row."""

    def __init__(self, store: Store, contacts: Contacts, mailer: Mailer, resends: Resends) -> None:
        self._store = store
        self._contacts = contacts
        self._mailer = mailer
        self._resends = resends

    async def resend(self, wish: Resend) -> Resent:
        """Ask for the row's next mail; the same token again, or a loser of a race, is answered with the mail made.

        Raises `Refused` with one of the codes of the contract.
        """
        row = await self._row(wish.processing_id)
        if wish.token in row.tokens:
            return _resent(row, row.tokens[wish.token])
        answer = await self._may(row)
        if wish.content == "same" and answer and answer.parts is None:
            raise _refused("parts_gone")
        recipient = await self._recipient(row, wish)
        parts = answer.parts if answer and wish.content != "anew" else None
        row.request_again(
            wish.token, wish.operator, wish.reason, recipient, parts.model_dump(mode="json") if parts else None
        )
        try:
            await self._store.record(row, rows=[self._resends.asked(row.run_id, row.modified_on)])
        except Conflict:
            row = await self._row(wish.processing_id)
        return _resent(row, row.tokens.get(wish.token, row.ordinal))

    async def _row(self, processing_id: UUID) -> Processing:
        row = await self._store.load(Processing, processing_id)
        if row is None:
            raise _refused("unknown_row")
        if row.is_letter:
            raise _refused("letter")
        if await is_deleted(self._store, row.item_id):
            raise _refused("item_deleted")
        if row.recipient is None:
            raise _refused("erased")
        if row.merge is None:
            raise _refused("merge_data_expired")
        return row

    async def _may(self, row: Processing) -> ResendAnswer | None:
        """Return the mailer's word about the row's latest mail, None where it never had one."""
        if row.latest_mail_id is None:
            return None
        answer = await self._mailer.may_resend(row.latest_mail_id)
        if answer is None:
            raise _refused("no_answer")
        if answer.state != "free":
            raise _refused("in_doubt" if answer.state == "in_doubt" else "busy")
        return answer

    async def _recipient(self, row: Processing, wish: Resend) -> dict[str, Any]:
        """Return the addressee as it is now, or as it was; raise `Refused` where it may get no mail."""
        address = Address(**row.destination)
        known = await self._contacts.known([address, address.base])
        resolved = resolve(known.get(address.place), known.get(address.base.place))
        run = await self._store.load(Run, row.run_id)
        if run and run.is_mailing and resolved.consent == "denied":
            raise _refused("no_consent")
        original: dict[str, Any] = row.recipient or {}
        if not resolved.verdict.correspondence:
            raise _refused("no_consent", "no_correspondence")
        if resolved.no_address == "contact_blocked":
            raise _refused("no_address", "contact_blocked")
        if wish.address == "original":
            if not original.get("email") or not is_email(original["email"]):
                raise _refused("no_address", "missing" if not original.get("email") else "invalid")
            return original
        if resolved.no_address:
            raise _refused("no_address", resolved.no_address)
        return resolved.recipient


async def is_deleted(store: Store, item_id: UUID) -> bool:
    """Return whether an item was deleted for good, so that nothing more is made or sent of it."""
    return await store.happened(DossierItem.Deleted, item_id)  # the item itself may hold many thousand destinations


def _resent(row: Processing, ordinal: int) -> Resent:
    return Resent(processing_id=row.id, mail_id=mail_id_of(row.id, ordinal), ordinal=ordinal)


def _refused(code: str, reason: str = "") -> Refused:
    return Refused([Wrong("processing_id", code, {"reason": reason} if reason else {})], status=409)
