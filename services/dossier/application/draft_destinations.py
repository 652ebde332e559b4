"""The destinations of drafts: checked and frozen when a draft is opened, read page by page, and whole at its finish."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from services.dossier.application.contacts import Contacts
from services.dossier.application.draft_store import DraftTable
from services.dossier.domain.contact_facts import address_wrongs
from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.draft import Draft
from services.dossier.domain.draft_destinations import CHUNK, freeze, person_of, thaw
from services.dossier.domain.identity import Address
from services.dossier.domain.refusal import TOLD, Refused, Wrong
from shared.store import Store, seal, unseal

_AT_ONCE = 5 * CHUNK  # contacts looked up together


class DraftDestinations:
    """Freezes and thaws destinations; what is personal of them opens with the keys of their contacts only."""

    def __init__(self, store: Store, table: DraftTable, contacts: Contacts) -> None:
        self._store = store
        self._table = table
        self._contacts = contacts

    async def freeze(self, draft_id: UUID, given: Sequence[GivenDestination]) -> list[bytes]:
        """Return the destinations in frozen chunks; raise `Refused` where one is of a contact that nobody knows."""
        chunks: list[bytes] = []
        wrongs: list[Wrong] = []
        for first in range(0, len(given), _AT_ONCE):
            bunch = given[first : first + _AT_ONCE]
            known = await self._contacts.known({one.address for one in bunch})
            unknown = (n for n, one in enumerate(bunch, first) if not one.recipient and one.address.place not in known)
            wrongs += [Wrong(f"destinations[{n}]", "unknown_contact", {"contact": _named(given[n])}) for n in unknown]
            people = [(one, person_of(one, known)) for one in bunch]
            chunks += await asyncio.to_thread(self._frozen, draft_id, first // CHUNK, people)
        if wrongs:
            raise Refused(wrongs[:TOLD])
        return chunks

    async def page(self, draft: Draft, after: int, limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` destinations after the first `after`, a single one at the contact chosen (FR-29)."""
        found: list[dict[str, Any]] = []
        while len(found) < limit and after + len(found) < draft.count:
            number, start = divmod(after + len(found), CHUNK)
            found += (await self._chunk(draft, number))[start : start + limit - len(found)]
        return [_with_contact(found[0], draft.values.get("contact_id"))] if found and draft.count == 1 else found

    async def each(self, draft: Draft) -> AsyncIterator[tuple[int, dict[str, Any]]]:
        """Yield every destination with its number."""
        for start in range(0, draft.count, CHUNK):
            for number, said in enumerate(await self.page(draft, start, CHUNK), start):
                yield number, said

    async def check_contact(self, draft: Draft) -> None:
        """Raise `Refused` where the contact chosen for the draft's one destination is not there."""
        [given] = await self.page(draft, 0, 1)
        if wrongs := address_wrongs(given["kind"], given["number"], given["contact_id"]):
            raise Refused(wrongs)
        address = Address.of(given["kind"], given["number"], given["contact_id"])
        if not given.get("recipient") and address.place not in await self._contacts.known([address]):
            raise Refused([Wrong("contact_id", "unknown_contact", {"contact": _shown(address)})])

    async def _chunk(self, draft: Draft, number: int) -> list[dict[str, Any]]:
        frozen = await self._table.chunk(draft.id, number)
        if frozen is None:  # finished or given up this very moment
            raise Refused([Wrong("", "unknown_draft")], status=404)
        return await asyncio.to_thread(thaw, draft.id, number, frozen, self._unseal)

    def _frozen(self, draft_id: UUID, first: int, people: Sequence[tuple[GivenDestination, str | None]]) -> list[bytes]:
        self._store.keyring.make({person for _, person in people if person})
        return [
            freeze(draft_id, first + n, people[start : start + CHUNK], self._seal)
            for n, start in enumerate(range(0, len(people), CHUNK))
        ]

    def _seal(self, person: str, personal: dict[str, Any], place: bytes) -> bytes | None:
        key = self._store.keyring.find(person)
        return seal(key, personal, place) if key else None

    def _unseal(self, person: str, sealed: bytes, place: bytes) -> dict[str, Any] | None:
        key = self._store.keyring.find(person)
        return unseal(key, sealed, place) if key else None


def _with_contact(given: dict[str, Any], contact_id: str | None) -> dict[str, Any]:
    """Return the destination at this contact; what was said of the one before is not said of this one."""
    if contact_id == given["contact_id"]:
        return given
    return {name: value for name, value in given.items() if name != "recipient"} | {"contact_id": contact_id}


def _named(given: GivenDestination) -> str:
    return _shown(given.address)


def _shown(address: Address) -> str:
    return " ".join(filter(None, address))[:200]
