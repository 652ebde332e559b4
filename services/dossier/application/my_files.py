"""My files: attachments that could not be opened at a finish, until their operator takes them away (FR-53, A9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from services.dossier.domain.identity import run_id_of
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.run import Run
from shared.store import Row, Store


@dataclass(frozen=True, slots=True)
class MyFile:
    """What a finish left to be opened: the attachment of one item, or those of a whole run (`item_id` None)."""

    id: UUID
    owner: str
    run_id: UUID
    item_id: UUID | None
    subject: str
    items: int
    at: datetime


class FileTable(Protocol):
    """The table of files, each its owner's alone."""

    def put(self, file: MyFile) -> Row:
        """Return the row that keeps a file; one kept before stays as it was."""
        ...

    async def page(self, owner: str, before: tuple[float, str] | None, limit: int) -> Sequence[MyFile]:
        """Return up to `limit` files of an owner, newest first, those before a time and id."""
        ...

    async def remove(self, file_id: UUID, owner: str) -> bool:
        """Take a file of this owner away; return whether there was one."""
        ...


class MyFiles:
    """The files of each operator."""

    def __init__(self, store: Store, table: FileTable) -> None:
        self._store = store
        self._table = table

    async def page(self, operator: Operator, before: tuple[float, str] | None, limit: int) -> Sequence[MyFile]:
        """Return the operator's files, newest first."""
        return await self._table.page(operator.owner, before, limit)

    def kept(
        self, operator: Operator, run_id: UUID, item_id: UUID | None, subject: str, items: int, at: datetime
    ) -> Row:
        """Return the row that keeps what a finish made; the same finish is kept once."""
        return self._table.put(MyFile(_id(run_id, operator), operator.owner, run_id, item_id, subject, items, at))

    async def put(self, draft_id: UUID, operator: Operator, at: datetime) -> None:
        """Keep what the finish of a draft made, since opening it failed; raise `Refused` (404) for another's draft."""
        run = await self._store.load(Run, run_id_of(str(draft_id)))
        if run is None or run.owner != operator.owner:
            raise Refused([Wrong("draft_id", "unknown_draft")], status=404)
        item_id = UUID(run.item_ids[0]) if run.items == 1 else None
        subject = str(run.content["subject"])
        await self._store.record(rows=[self.kept(operator, run.id, item_id, subject, run.items, at)])

    async def remove(self, file_id: UUID, operator: Operator) -> None:
        """Take a file away; raise `Refused` (404) where the operator has none of this id."""
        if not await self._table.remove(file_id, operator.owner):
            raise Refused([Wrong("", "unknown_file")], status=404)


def _id(run_id: UUID, operator: Operator) -> UUID:
    return uuid5(run_id, f"file|{operator.owner}")
