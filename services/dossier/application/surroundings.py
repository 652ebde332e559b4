"""What a draft is looked at with, each time anew, and what is wrong with it by the rules of its type and the set-up."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.dossier.application.item_types import ItemTypes
from services.dossier.application.judging import all_set_up
from services.dossier.application.ports import Tables
from services.dossier.domain.choice import choose
from services.dossier.domain.destinations import GivenDestination
from services.dossier.domain.draft import Draft
from services.dossier.domain.draft_request import opening, prevents_opening
from services.dossier.domain.draft_rules import rules_of
from services.dossier.domain.intake import read
from services.dossier.domain.item_type import ItemTypeFacts
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.steps import Around


class Surroundings:
    """Looks up what stands around drafts, so that what was set up meanwhile is there at once (FR-34)."""

    def __init__(self, tables: Tables, types: ItemTypes) -> None:
        self._tables = tables
        self._types = types

    async def of(self, draft: Draft, operator: Operator) -> Around:
        """Return what stands around a draft now."""
        return Around(rules_of(await self.type_of(draft.type), draft), await all_set_up(self._tables, operator.me))

    async def type_of(self, name: str) -> ItemTypeFacts:
        """Return what is set of a type; raise `Refused` for one that there is not."""
        kind = await self._types.find(name)
        if kind is None:
            raise Refused([Wrong("type", "unknown_type", {"type": name[:40]})])
        return kind.facts

    async def judged(self, said: Mapping[str, Any], around: Around) -> list[Wrong]:
        """Return what is wrong with a provisional request, whatever its addressees."""
        try:
            intake = read(said).as_shown()
        except Refused as refused:
            return list(refused.wrongs)
        ruled = await self._types.obeyed(intake, datetime.now(UTC))
        choice = choose(ruled.intake, around.set_up, ruled.auto_document_layout_id)
        return [*ruled.wrongs, *choice.wrongs]

    async def check_opening(self, draft_id: UUID, name: str, given: list[GivenDestination]) -> None:
        """Raise `Refused` where no draft of this type can be for these destinations."""
        try:
            intake = await asyncio.to_thread(read, opening(draft_id, name, given))
            wrongs = (await self._types.obeyed(intake, datetime.now(UTC))).wrongs
        except Refused as refused:
            wrongs = refused.wrongs
        if prevented := [wrong for wrong in wrongs if prevents_opening(wrong)]:
            raise Refused(prevented)
