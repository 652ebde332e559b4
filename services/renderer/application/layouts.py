"""Layouts: judged before the dossier records them."""

from services.renderer.domain import Reader
from shared.contracts.layouts import LayoutJudged, LayoutWanted


class Layouts:
    """Says whether layouts can be merged."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def judge(self, wanted: LayoutWanted) -> LayoutJudged:
        """Return all that is wrong with a layout; raise `EngineUnavailable` where that can't be known now."""
        return await self._reader.read(wanted.document)
