"""Item types are set up, copied and looked up, supplied ones stay as they are; a request obeys the type it names."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from services.dossier.application.ports import Tables
from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.intake import Intake
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_type import SUPPLIED, DossierItemType, ItemType, ItemTypeFacts
from services.dossier.domain.layout import OF_BODIES
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.separately import TickBox, tick_box
from services.dossier.domain.text import is_number
from services.dossier.domain.type_rules import Ruled, features_of, obey
from services.dossier.domain.workflow import Name
from shared.store import Conflict, Row, Store

_NAME = 80
_COPIED = {"nl": "{name} (kopie)", "en": "{name} (copy)"}


class ItemTypeTables(Protocol):
    """The types that were set up here, and the series that their items are numbered in."""

    def item_type(self, kind: ItemType) -> Row:
        """Return the row that keeps a type; recording it conflicts where another type has its code."""
        ...

    async def item_types(self) -> dict[str, ItemType]:
        """Return the types by id in order."""
        ...

    async def find(self, type_id: str) -> ItemType | None:
        """Return one type, None where there is none."""
        ...

    def reached(self, series: str, number: int) -> Row:
        """Return the row change after which a series goes on beyond `number`; it never goes back."""
        ...

    async def last_number(self, series: str) -> int:
        """Return the number last used in a series, 0 where none was."""
        ...

    async def take_numbers(self, series: str, count: int) -> int:
        """Take the next numbers of a series, durably, and return the first; nobody else gets them."""
        ...


@dataclass(frozen=True, slots=True)
class Separately:
    """What the box "record separately" may be for an item of these features, and the workflow it then enters."""

    box: TickBox
    workflow_id: str | None


class ItemTypes:
    """The types of dossier item."""

    def __init__(self, store: Store, tables: Tables, types: ItemTypeTables) -> None:
        self._store = store
        self._tables = tables
        self._types = types

    async def all(self) -> list[ItemType]:
        """Return the types, supplied ones first."""
        return [*SUPPLIED.values(), *(await self._types.item_types()).values()]

    async def find(self, type_id: str) -> ItemType | None:
        """Return a type, None where there is none."""
        if not is_number(type_id):
            return None
        return SUPPLIED.get(type_id) or await self._types.find(type_id)

    async def one(self, type_id: str) -> ItemType:
        """Return a type with the number its items last got; raise `Refused` (404) where there is none."""
        kind = await self.find(type_id)
        if kind is None:
            raise Refused([Wrong("", "unknown_item_type", {"type": type_id[:_NAME]})], status=404)
        last = max(kind.facts.last_number, await self._types.last_number(_series(type_id)))
        return replace(kind, facts=kind.facts.model_copy(update={"last_number": last}))

    async def put(self, type_id: str, facts: ItemTypeFacts) -> ItemType:
        """Set up a type, as its next version if anything differs; raise `Refused` for a supplied or wrong one."""
        await self._check(type_id, facts)
        return await self._put(type_id, facts, _changed)

    async def copy(self, type_id: str, as_id: str, name: Name | None = None, code: int | None = None) -> ItemType:
        """Set up a copy under another id; raise `Refused` for an unknown type or a taken id."""
        original = (await self.one(type_id)).facts
        named = name or {spoken: _COPIED[spoken].format(name=said)[:200] for spoken, said in original.name.items()}
        facts = original.model_copy(update={"name": named, "code": code, "last_number": 0})
        await self._check(as_id, facts)
        return await self._put(as_id, facts, _taken)

    async def obeyed(self, intake: Intake, at: datetime) -> Ruled:
        """Return a request by the rules of its type; what it breaks, and a cause that there is not, are its wrongs."""
        ruled = await asyncio.to_thread(obey, intake, await self.find(intake.type), at)
        cause = intake.cause_item_id
        if cause is None or await self._store.load(DossierItem, cause) is not None:
            return ruled
        return replace(ruled, wrongs=(*ruled.wrongs, Wrong("cause_item_id", "unknown_cause", {"item": str(cause)})))

    async def separately(self, type_id: str, features: dict[str, int | None], destinations: int) -> Separately:
        """Return what the box may be once the features are filled (A13); raise `Refused` for features it can't have."""
        facts = (await self.one(type_id)).facts
        chosen, workflow_id = features_of(facts, features)
        if chosen.wrongs:
            raise Refused([replace(wrong, field=f"features.{wrong.field}") for wrong in chosen.wrongs])
        auto_document = facts.auto_document_layout_id is not None
        return Separately(tick_box(destinations, auto_document=auto_document, workflow=bool(workflow_id)), workflow_id)

    async def number(self, ruled: Ruled, items: int) -> int | None:
        """Take the numbers of so many items, and return the first; None where the type doesn't number them."""
        if ruled.facts is None or not ruled.facts.numbering:
            return None
        return await self._types.take_numbers(_series(ruled.intake.type), items)

    async def _check(self, type_id: str, facts: ItemTypeFacts) -> None:
        if type_id in SUPPLIED:
            raise Refused([Wrong("id", "supplied_item_type", {"type": type_id})], status=409)
        wrongs = facts.wrongs() + await self._unknown(facts)
        if not is_number(type_id) or len(type_id) > _NAME or "/" in type_id:
            wrongs = [Wrong("id", "wrong_number"), *wrongs]
        if wrongs:
            raise Refused(wrongs)

    async def _unknown(self, facts: ItemTypeFacts) -> list[Wrong]:
        """Return what it names of the set-up and is not there, or is of another kind."""
        layouts, senders = await self._tables.set_up("layout"), await self._tables.set_up("sender")
        workflows = await self._tables.set_up("workflow")
        auto = [("auto_document_layout_id", facts.auto_document_layout_id)]
        on = facts.on_intake
        letters = auto + ([("on_intake.attachment_layout_id", on.attachment_layout_id)] if on else [])
        bodies = [("on_intake.body_layout_id", on.body_layout_id)] if on else []
        wrongs = [
            Wrong(field, "unknown_layout", {"layout": layout})
            for field, layout in letters + bodies
            if layout and layout not in layouts
        ]
        for field, layout in letters + bodies:
            kind = layouts[layout]["kind"] if layout in layouts else None
            if layout and kind and (kind in OF_BODIES) != ((field, layout) in bodies):
                wrongs.append(Wrong(field, "layout_kind", {"layout": layout, "kind": kind}))
        if on and on.sender_id and on.sender_id not in senders:
            wrongs.append(Wrong("on_intake.sender_id", "unknown_sender", {"sender": on.sender_id}))
        entered = [("workflow_id", facts.workflow_id)]
        combinations = enumerate(facts.features.combinations)
        entered += [(f"features.combinations[{n}].workflow_id", one.workflow_id) for n, one in combinations]
        return wrongs + [
            Wrong(field, "unknown_workflow", {"workflow": workflow})
            for field, workflow in entered
            if workflow and workflow not in workflows
        ]

    async def _put(
        self, type_id: str, facts: ItemTypeFacts, change: Callable[[DossierItemType, dict[str, Any]], None]
    ) -> ItemType:
        """Record or change a type; of two at once the later one finds the earlier's, and its code taken."""
        said = facts.model_dump(mode="json")
        while True:
            await self._check_code(type_id, facts.code)
            aggregate = await self._store.load(DossierItemType, setup_id_of("item-type", type_id))
            if aggregate is None:
                aggregate = DossierItemType.record(type_id, said)
            else:
                change(aggregate, said)
            if not aggregate.pending_events:
                return await self.one(type_id)
            rows = [
                self._types.item_type(aggregate.as_it_is()),
                self._types.reached(_series(type_id), facts.last_number),
            ]
            try:
                await self._store.record(aggregate, rows=rows)
            except Conflict:
                continue
            return await self.one(type_id)

    async def _check_code(self, type_id: str, code: int | None) -> None:
        for other in (await self._types.item_types()).values():
            if code is not None and other.code == code and other.id != type_id:
                raise Refused([Wrong("code", "code_taken", {"code": code, "type": other.id})], status=409)


def _series(type_id: str) -> str:
    return f"item-type|{type_id}"


def _changed(kind: DossierItemType, facts: dict[str, Any]) -> None:
    kind.change(facts)


def _taken(kind: DossierItemType, facts: dict[str, Any]) -> None:
    """Let a copy that was made already stand, and refuse an id that is another type's."""
    if kind.facts != facts:
        raise Refused([Wrong("id", "item_type_id_taken", {"type": kind.type_id})], status=409)
