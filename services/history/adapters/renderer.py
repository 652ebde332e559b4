"""Asks the renderer at its door."""

from collections.abc import Sequence

from shared.contracts.asks import LettersMade, LettersWanted, LetterToPrint, PrintMade
from shared.messaging import Asking, NoAnswer, Refusal

_PATIENCE = 120.0  # seconds: some letters are made by an office program, and others may be made before


class AskedRenderer:
    """The renderer, asked over NATS."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def print_letters(self, letters: Sequence[LetterToPrint]) -> Sequence[PrintMade]:
        """Return what came of each letter, in order; raise NoAnswer."""
        wanted = LettersWanted(letters=tuple(letters))
        try:
            made = await self._asking.ask("renderer", "print-letters", wanted, LettersMade, timeout=_PATIENCE)
        except Refusal as refusal:  # while its engine is not to be had
            raise NoAnswer(refusal.detail) from refusal
        return made.results
