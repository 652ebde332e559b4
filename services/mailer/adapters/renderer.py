"""Asks the renderer at its door."""

from uuid import UUID

from shared.contracts.asks import PartsMade, PartsWanted
from shared.contracts.message import Parts
from shared.messaging import Asking, NoAnswer, Refusal

_RENDERING = 30.0  # seconds; LibreOffice may have to start first


class AskedRenderer:
    """The renderer, asked over NATS."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def parts_of(self, processing_id: UUID, mail_id: UUID) -> Parts:
        """Have the parts of a mail made again; raise `Refusal`, also where nobody answers in time."""
        wanted = PartsWanted(processing_id=processing_id, mail_id=mail_id)
        try:
            made = await self._asking.ask("renderer", "parts", wanted, PartsMade, timeout=_RENDERING)
        except NoAnswer as silence:
            raise Refusal("no_answer", str(silence)) from silence
        return made.parts
