"""Drafts: opened for frozen destinations, changed step by step, resumed or given up; each its operator's alone."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog

from services.dossier.application.contacts import Contacts
from services.dossier.application.draft_destinations import DraftDestinations
from services.dossier.application.draft_store import DraftTable
from services.dossier.application.field_settings import FieldSettings
from services.dossier.application.surroundings import Surroundings
from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.draft import Changes, Draft, DraftOpening, changed
from services.dossier.domain.draft_request import points, provisional, refusals
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.steps import Step, steps, warnings
from shared.store import Store, StoreUnavailable

_log = structlog.get_logger()
MOST = 100  # drafts of one operator
KEPT = timedelta(days=90)  # a draft that nobody touches
_EVERY = 3600.0  # seconds between looks for old ones


@dataclass(frozen=True, slots=True)
class Looked:
    """A draft as it is shown: its steps, what is warned of, and what would be refused at a finish now."""

    draft: Draft
    steps: list[Step]
    warnings: list[Wrong]
    wrongs: list[Wrong]


class Drafts:
    """The drafts of all operators; to everyone but its owner a draft does not exist."""

    def __init__(
        self,
        store: Store,
        table: DraftTable,
        contacts: Contacts,
        destinations: DraftDestinations,
        surroundings: Surroundings,
        field_settings: FieldSettings,
    ) -> None:
        self._store = store
        self._table = table
        self._contacts = contacts
        self._destinations = destinations
        self._surroundings = surroundings
        self._field_settings = field_settings

    async def open(self, opening: DraftOpening, operator: Operator) -> Looked:
        """Open a draft whose destinations are frozen now (A3); raise `Refused` for a wrong type or destination."""
        if await self._table.count(operator.owner) >= MOST:
            raise Refused([Wrong("", "too_many_drafts", {"most": MOST})], status=409)
        found = await self._found(opening)
        draft_id, now = uuid4(), datetime.now(UTC)
        await self._surroundings.check_opening(draft_id, opening.type, found)
        chunks = await self._destinations.freeze(draft_id, found)
        begun = await self._begun(opening, found)
        draft = Draft.open(
            await self._field_settings.holding(operator),
            begun,
            id=draft_id,
            owner=operator.owner,
            type=opening.type,
            count=len(found),
            kinds=dict(Counter(given.kind for given in found)),
            opened_at=now,
            changed_at=now,
        )
        looked = await self.looked(draft, operator)
        await self._store.record(rows=self._table.opened(draft, chunks))
        return looked

    async def of(self, operator: Operator) -> Sequence[Draft]:
        """Return the operator's drafts, the one changed last first."""
        return await self._table.of(operator.owner)

    async def one(self, draft_id: UUID, operator: Operator) -> Draft:
        """Return a draft; raise `Refused` (404) where the operator has none of this id."""
        draft = await self._table.find(draft_id, operator.owner)
        if draft is None:
            raise Refused([Wrong("", "unknown_draft")], status=404)
        return draft

    async def look(self, draft_id: UUID, operator: Operator) -> Looked:
        """Return a draft as it is shown."""
        return await self.looked(await self.one(draft_id, operator), operator)

    async def change(self, draft_id: UUID, changes: Changes, operator: Operator) -> Looked:
        """Change a draft; raise `Refused`, nothing changed, for what the fields given cannot hold."""
        while True:
            draft = await self.one(draft_id, operator)
            around = await self._surroundings.of(draft, operator)
            after = replace(changed(draft, changes, around.set_up.senders), changed_at=datetime.now(UTC))
            looked = await self.looked(after, operator)
            if wrongs := refusals(changes, looked.steps, looked.wrongs):
                raise Refused(wrongs)
            if draft.count == 1 and "contact_id" in changes.model_fields_set:
                await self._destinations.check_contact(after)
            if await self._table.change(after):
                return looked

    async def discard(self, draft_id: UUID, operator: Operator) -> None:
        """Give a draft up: nothing of it is left (FR-97)."""
        await self.one(draft_id, operator)
        await self._store.record(rows=self._table.removed(draft_id))

    async def destinations(self, draft_id: UUID, operator: Operator, after: int, limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` destinations of a draft, those after the first `after`."""
        draft = await self.one(draft_id, operator)
        return await self._destinations.page(draft, after, limit)

    async def sweep(self) -> int:
        """Leave nothing of the drafts that nobody touched for so long; return how many those were."""
        return await self._table.remove_older(datetime.now(UTC) - KEPT)

    async def run(self) -> None:
        """Sweep from time to time, until cancelled."""
        while True:
            try:
                await self.sweep()
            except StoreUnavailable as error:
                _log.warning("old drafts wait for the database", error=str(error))
            await asyncio.sleep(_EVERY)

    async def looked(self, draft: Draft, operator: Operator) -> Looked:
        """Return a draft as it is shown to this operator."""
        around = await self._surroundings.of(draft, operator)
        made = steps(draft, around)
        judged = await self._surroundings.judged(provisional(draft, made, operator.name), around)
        return Looked(draft, made, list(warnings(draft, around)), points(made, judged, around.rules.box))

    async def _begun(self, opening: DraftOpening, found: Sequence[GivenDestination]) -> dict[str, Any]:
        """Return the values that a draft begins with: the contact ticked, and an issue method that its type has."""
        methods = (await self._surroundings.type_of(opening.type)).issue_methods
        begun = {} if "none" in methods else {"issue_method": methods[0]}
        contact_id = found[0].contact_id if len(found) == 1 else None
        return begun | ({"contact_id": contact_id} if contact_id else {})

    async def _found(self, opening: DraftOpening) -> list[GivenDestination]:
        """Return the destinations that are named, or all that are found (A3)."""
        if opening.filter is None:
            return opening.destinations or []
        if opening.destinations is not None:
            raise Refused([Wrong("filter", "destinations_or_filter")])
        found = await self._contacts.addresses_of(opening.filter)
        return [GivenDestination.model_validate(address._asdict()) for address in found]
