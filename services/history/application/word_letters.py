"""Word letters that are printed with others: the renderer makes a PDF of each as it stands (R-14)."""

import asyncio
from collections.abc import Sequence
from itertools import repeat

from services.history.application.ports import Printer
from services.history.domain.printing import PrintRow
from shared.blobs import Blobs
from shared.contracts.asks import LetterToPrint, PrintMade
from shared.contracts.drafts import Preview
from shared.messaging import NoAnswer

_TRIES = 5  # of a section, once the file is being written


class WordLetters:
    """Has PDFs made of Word letters; `pause` is the seconds before a printer is asked again that gave no answer."""

    def __init__(self, printer: Printer, blobs: Blobs, pause: float = 2.0) -> None:
        self._printer = printer
        self._blobs = blobs
        self._pause = pause

    async def unprintable(self, rows: Sequence[PrintRow]) -> dict[str, str]:
        """Return why no letter of a layout can be printed here, by the SHA-256 of each such layout version.

        Raises NoAnswer.
        """
        of_layouts: dict[str, list[PrintRow]] = {}
        for row in rows:
            if row.is_word and row.letter_layout:
                of_layouts.setdefault(row.letter_layout.sha256, []).append(row)
        faults: dict[str, str] = {}
        for layout, letters in of_layouts.items():
            made = await self._printer.print_letters([_named(row) for row in _samples(letters)])
            await asyncio.to_thread(self._taken, made)
            said = [one.fault.detail for one in made if one.fault]
            if len(said) == len(made):
                faults[layout] = said[0]
        return faults

    async def pdfs(self, rows: Sequence[PrintRow]) -> list[bytes | None]:
        """Return a PDF of each letter, None where it can't be made; raise NoAnswer once asking again is in vain."""
        letters = [_named(row) for row in rows]
        for pause in repeat(self._pause, _TRIES - 1 if letters else 0):
            try:
                return await asyncio.to_thread(self._taken, await self._printer.print_letters(letters))
            except NoAnswer:
                await asyncio.sleep(pause)
        return await asyncio.to_thread(self._taken, await self._printer.print_letters(letters)) if letters else []

    def _taken(self, made: Sequence[PrintMade]) -> list[bytes | None]:
        """Return what lies in the blobs, and take those away."""
        refs = [one.preview.sha256 for one in made if one.preview]
        contents = self._blobs.get_many(refs)
        self._blobs.delete(refs, only_transient=True)
        return [
            Preview.model_validate_json(contents[one.preview.sha256]).attachment if one.preview else None
            for one in made
        ]


def _named(row: PrintRow) -> LetterToPrint:
    if row.letter_sha256 is None or row.letter_layout is None or row.letter_made_at is None:
        raise ValueError("a row without a Word letter")
    return LetterToPrint(sha256=row.letter_sha256, layout=row.letter_layout, made_on=row.letter_made_at.date())


def _samples(rows: Sequence[PrintRow]) -> list[PrintRow]:
    """Return the first, the last and one between: one alone may be at fault itself."""
    return [rows[at] for at in sorted({0, len(rows) // 2, len(rows) - 1})]
