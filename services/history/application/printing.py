"""One print file of all letters of a run (R-14): planned first, then written section by section, whatever its size."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from services.history.application.history import History
from services.history.application.ports import Binding, Doors, Letters
from services.history.application.refused import Refused
from services.history.application.word_letters import WordLetters
from services.history.domain.printing import Missing, PrintFile, PrintRow, filename_of, in_order, why_not
from shared.blobs import Blobs
from shared.contracts.asks import PrintFound, PrintWanted, SortValuesFound, SortValuesWanted

RUN_ORDER = "run"
_SECTION = 25  # letters that are in memory at a time
_AT_ONCE = 200  # rows that the dossier is asked about at a time
_BY_NAME = "recipient.name"


class Printing:
    """Plans and writes print files."""

    def __init__(
        self,
        history: History,
        letters: Letters,
        doors: Doors,
        blobs: Blobs,
        binding: Callable[[], Binding],
        word: WordLetters,
    ) -> None:
        self._history = history
        self._letters = letters
        self._doors = doors
        self._blobs = blobs
        self._binding = binding
        self._word = word

    async def plan(self, run_id: UUID, sort: str | None) -> PrintFile:
        """Return the print file of a run, sorted as asked, else as its layout says, else in the order of the run.

        Raises Refused `unknown_run`, `not_letters`, `letters_to_come` while any is being made, `not_sortable`,
        `nothing_to_print`, or `not_printable` where there are Word letters alone that can't be printed here; NoAnswer
        where the dossier, or for Word letters the renderer, says nothing.
        """
        run = await self._history.run(run_id)
        found = await self._doors.ask("dossier", "print", PrintWanted(run_id=run_id), PrintFound)
        by = sort or found.sort_by or RUN_ORDER
        sortable = (RUN_ORDER, *found.sortable)
        if by not in sortable:
            raise Refused("not_sortable")
        if not run.complete:
            raise Refused("letters_to_come")
        rows = await self._letters.of_run(run_id)
        printed, missing = await asyncio.to_thread(self._parted, rows)
        unprintable = await self._word.unprintable(printed)
        printed, missing = _without(unprintable, printed, missing)
        if not printed and unprintable:
            raise Refused("not_printable", next(iter(unprintable.values())))
        if not printed:
            raise Refused("nothing_to_print")
        letters = await self._sorted(printed, by)
        return PrintFile(filename_of(found.layout_name), by, sortable, tuple(letters), tuple(missing))

    async def written(self, file: PrintFile, instead: Callable[[PrintRow], Sequence[str]]) -> AsyncIterator[bytes]:
        """Yield a print file piece by piece; a page with the lines `instead` stands for a letter that can't be made.

        Raises BlobMissing where a letter was erased since it was planned, NoAnswer where the renderer is gone.
        """
        binding, letters = self._binding(), iter(file.letters)
        while section := list(islice(letters, _SECTION)):
            made = await self._word.pdfs([row for row in section if row.is_word])
            yield await asyncio.to_thread(self._bound, binding, section, iter(made), instead)
        yield binding.end()

    def _bound(
        self,
        binding: Binding,
        section: Sequence[PrintRow],
        made: Iterator[bytes | None],
        instead: Callable[[PrintRow], Sequence[str]],
    ) -> bytes:
        pdfs = [next(made) if row.is_word else self._blobs.get(row.letter_sha256 or "") for row in section]
        return binding.add([pdf or binding.note(instead(row)) for row, pdf in zip(section, pdfs, strict=True)])

    def _parted(self, rows: Sequence[PrintRow]) -> tuple[list[PrintRow], list[Missing]]:
        """Return the rows whose letter can be printed, and the others with why not."""
        reasons = [why_not(row) or self._gone(row) for row in rows]
        told = list(zip(rows, reasons, strict=True))
        return [row for row, why in told if not why], [Missing(row, why) for row, why in told if why]

    def _gone(self, row: PrintRow) -> str | None:
        return None if self._blobs.has(row.letter_sha256 or "") else "file_gone"

    async def _sorted(self, rows: list[PrintRow], by: str) -> list[PrintRow]:
        if by == RUN_ORDER:
            return rows
        if by == _BY_NAME:
            return in_order(rows, [row.recipient_name for row in rows])
        field = by.removeprefix("merge.")
        values: list[Any] = []
        for some in _bunches(rows):
            wanted = SortValuesWanted(field=field, processing_ids=tuple(row.processing_id for row in some))
            values += (await self._doors.ask("dossier", "sort-values", wanted, SortValuesFound)).values
        return in_order(rows, values)


def _without(
    unprintable: Mapping[str, str], printed: Sequence[PrintRow], missing: Sequence[Missing]
) -> tuple[list[PrintRow], list[Missing]]:
    """Return the rows without those of layouts that can't be printed here, which are missing with the reason."""
    why = [unprintable.get(row.letter_layout.sha256) if row.is_word and row.letter_layout else None for row in printed]
    told = list(zip(printed, why, strict=True))
    unmade = [Missing(row, "not_pdf", detail) for row, detail in told if detail]
    return [row for row, detail in told if detail is None], [*missing, *unmade]


def _bunches(rows: Sequence[PrintRow]) -> Iterator[Sequence[PrintRow]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
