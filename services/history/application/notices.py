"""What somebody is told of runs of his own that ended (R-30)."""

from datetime import UTC, datetime
from uuid import UUID

from services.history.application.history import Page, page_of
from services.history.application.ports import NoticeBook
from services.history.application.refused import Refused
from services.history.domain.looking import Cursor
from services.history.domain.notice import Notice


class Notices:
    """Tells each of his own runs alone."""

    def __init__(self, book: NoticeBook) -> None:
        self._book = book

    async def of(self, name: str, limit: int, after: Cursor | None = None, *, unread: bool = False) -> Page[Notice]:
        """Return a page of somebody's notices, the latest first."""
        found = await self._book.page(name, limit + 1, after, unread=unread)
        return page_of(found, limit, lambda notice: Cursor(notice.ended_at, notice.run_id))

    async def unread(self, name: str) -> int:
        """Return how many notices somebody has not read."""
        return await self._book.unread(name)

    async def read(self, name: str, run_id: UUID) -> None:
        """Mark somebody's notice of a run as read; raise Refused `unknown_notice`."""
        if not await self._book.mark(name, run_id, datetime.now(UTC)):
            raise Refused("unknown_notice")

    async def read_all(self, name: str) -> None:
        """Mark all notices of somebody as read."""
        await self._book.mark(name, None, datetime.now(UTC))
