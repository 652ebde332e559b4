"""Which of our fonts stand for the fonts of a Word layout, and how high their lines are."""

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.renderer.adapters.glyphs import FONTS

_STAND_FOR = {
    "calibri": "Carlito",
    "calibri light": "Carlito",
    "carlito": "Carlito",
    "arial": "Liberation Sans",
    "helvetica": "Liberation Sans",
    "liberation sans": "Liberation Sans",
    "times new roman": "Liberation Serif",
    "times": "Liberation Serif",
    "liberation serif": "Liberation Serif",
    "noto sans": "Noto Sans",
}
_FILES = {"Carlito": "Carlito", "Liberation Sans": "LiberationSans", "Liberation Serif": "LiberationSerif"}


@dataclass(frozen=True)
class Typeface:
    """A font by name, and the heights of a line above and below the base line, as parts of its size."""

    name: str
    above: float
    below: float


def typeface(name: str) -> Typeface | None:
    """Return the font of ours that has the same widths as one of Word's, None where there is none."""
    ours = _STAND_FOR.get(name.strip().lower())
    return _measured(ours) if ours else None


@cache
def _measured(name: str) -> Typeface:
    """Return a font as it is measured: an office program adds the gap between lines above them (`hhea`, OpenType)."""
    font = _file(name).read_bytes()
    number = struct.unpack_from(">H", font, 4)[0]
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * number, 16)}
    size = struct.unpack_from(">H", font, tables[b"head"] + 18)[0]
    above, below, gap = struct.unpack_from(">hhh", font, tables[b"hhea"] + 4)
    return Typeface(name, (above + gap) / size, -below / size)


def _file(name: str) -> Path:
    return FONTS / f"{_FILES.get(name, name.replace(' ', ''))}-Regular.ttf"
