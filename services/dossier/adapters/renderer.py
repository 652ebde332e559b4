"""Asks the renderer at its doors."""

from typing import TypeVar

import structlog
from pydantic import BaseModel

from shared.contracts.dossier import LayoutDocument
from shared.contracts.drafts import PreviewMade, PreviewWanted, TriedOut, TryOut
from shared.contracts.layouts import FormatsTold, FormatsWanted, LayoutJudged, LayoutWanted
from shared.messaging import Asking, NoAnswer, Refusal

_log = structlog.get_logger()
_JUDGING = 30.0  # seconds: a Word layout may be made by LibreOffice too, to be compared
A = TypeVar("A", bound=BaseModel)


class AskedRenderer:
    """The renderer, asked over NATS."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def preview(self, wanted: PreviewWanted) -> PreviewMade | None:
        """Return one recipient's message to be looked at, None where nobody answers in time."""
        return await self._ask("preview", wanted, PreviewMade)

    async def try_out(self, wanted: TryOut) -> TriedOut | None:
        """Return what would come of each recipient's message, None where nobody answers in time."""
        return await self._ask("try-out", wanted, TriedOut)

    async def judge(self, document: LayoutDocument) -> LayoutJudged | None:
        """Return what is found in a layout, None where nobody answers in time."""
        return await self._ask("judge-layout", LayoutWanted(document=document), LayoutJudged, _JUDGING)

    async def formats(self) -> FormatsTold | None:
        """Return which formats are made, None where nobody answers in time."""
        return await self._ask("formats", FormatsWanted(), FormatsTold)

    async def _ask(self, wish: str, question: BaseModel, answer: type[A], timeout: float | None = None) -> A | None:
        try:
            return await self._asking.ask("renderer", wish, question, answer, timeout=timeout)
        except (NoAnswer, Refusal) as error:  # it refuses only while its engine is not to be had
            _log.warning("the renderer does not answer", wish=wish, error=str(error))
            return None
