"""Where drafts are kept: beside the events, since they are nobody's facts yet, and with their destinations apart."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.dossier.domain.draft import Draft
from shared.store import Condition, Row


class DraftTable(Protocol):
    """The table of drafts, each of which is its owner's alone."""

    def opened(self, draft: Draft, chunks: Iterable[bytes]) -> list[Row]:
        """Return the rows that keep a new draft and its frozen destinations."""
        ...

    async def find(self, draft_id: UUID, owner: str) -> Draft | None:
        """Return a draft of this owner."""
        ...

    async def of(self, owner: str) -> Sequence[Draft]:
        """Return the drafts of an owner, the one changed last first."""
        ...

    async def count(self, owner: str) -> int:
        """Return how many drafts an owner has."""
        ...

    async def change(self, draft: Draft) -> bool:
        """Keep a draft as it now is, as the version after the one it was read in; return False if that is gone."""
        ...

    async def chunk(self, draft_id: UUID, number: int) -> bytes | None:
        """Return a chunk of a draft's destinations, None after the last."""
        ...

    def removed(self, draft_id: UUID) -> list[Row]:
        """Return the changes that leave nothing of a draft."""
        ...

    def let_go(self, draft: Draft) -> Condition:
        """Return what leaves nothing of a draft, and says no where it is no longer as it was read."""
        ...

    async def remove_older(self, than: datetime) -> int:
        """Leave nothing of the drafts not changed since then; return how many those were."""
        ...
