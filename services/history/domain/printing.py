"""The letters of a run that are printed together: which they are, in what order, and who has none (R-14)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.message import LayoutVersion

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_NUMBER = re.compile(r"(\d+)")
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # not in the name of a file


@dataclass(frozen=True, slots=True)
class PrintRow:
    """A row of a run, with the latest letter that was made of it, if any."""

    processing_id: UUID
    recipient_name: str | None
    kind: str | None
    number: str | None
    status: str
    reason: str | None
    letter_sha256: str | None
    letter_type: str | None
    letter_layout: LayoutVersion | None
    letter_made_at: datetime | None

    @property
    def is_word(self) -> bool:
        """Whether its letter is a Word document, which is made into a PDF when it is printed."""
        return self.letter_type == DOCX and self.letter_layout is not None


@dataclass(frozen=True, slots=True)
class Missing:
    """A row that is not in the print file, and why: the status of the row, or what there is of its letter."""

    row: PrintRow
    reason: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class PrintFile:
    """What a print file is called, and the letters in it in the order printed; `missing` are not."""

    filename: str
    sort: str
    sortable: tuple[str, ...]
    letters: tuple[PrintRow, ...]
    missing: tuple[Missing, ...]


def filename_of(layout_name: str) -> str:
    """Return what the print file of letters of a layout is called (R-14)."""
    return f"Output {_UNFIT.sub(' ', layout_name).strip()}.pdf"


def why_not(row: PrintRow) -> str | None:
    """Return why a row has no letter that can be printed, None for one that has."""
    if row.letter_sha256 is None:
        return row.reason or row.status
    return None if row.letter_type == PDF or row.is_word else "not_pdf"


def in_order(rows: Iterable[PrintRow], values: Iterable[Any]) -> list[PrintRow]:
    """Return rows sorted by a value of each as people sort; those without come last, equal ones keep their order."""
    return [row for row, _ in sorted(zip(rows, values, strict=True), key=lambda pair: _key(pair[1]))]


def _key(value: float | str | None) -> tuple[int, Sequence[Any]]:
    if value is None or value == "":
        return 2, ()
    if not isinstance(value, str):
        return 0, ((float(value),),)
    return (0, ((float(value),),)) if value.isascii() and value.isdigit() else (1, _words(value))


def _words(text: str) -> Sequence[Any]:
    """Return a text to be compared: neither case nor accents count, and a number in it does as a number."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    pieces = _NUMBER.split(plain.strip())
    return tuple((1, int(piece), "") if piece.isdecimal() else (2, 0, piece) for piece in pieces if piece)
