"""Layouts: judged before the dossier records them; and which formats they become."""

from collections.abc import Callable

from services.renderer.domain import Reader
from shared.contracts.layouts import FormatsTold, LayoutJudged, LayoutWanted


class Layouts:
    """Says whether layouts can be merged."""

    def __init__(self, reader: Reader, formats: Callable[[], FormatsTold]) -> None:
        self._reader = reader
        self._formats = formats

    async def judge(self, wanted: LayoutWanted) -> LayoutJudged:
        """Return all that is wrong with a layout; raise `EngineUnavailable` where that can't be known now."""
        return await self._reader.read(wanted.document)

    def formats(self) -> FormatsTold:
        """Return which formats are made, and by what (FR-105, FR-106)."""
        return self._formats()
