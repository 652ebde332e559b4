"""Looks at pages for words that are too long for them, which nobody could read on paper."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pypdfium2

_SLACK = 2.0  # points: a letter may lean over its own edge
_LEAST = 4.0  # points that the highest letters of a page have, if they are to be read
_SHOWN = 40  # letters of a word that runs off
_LONG = re.compile(r"\S{40,}")  # a shorter word fits on a page, unless its letters are those of a poster

_Box = tuple[float, float, float, float]  # left, bottom, right, top


def off_the_page(pdf: bytes) -> str | None:
    """Return which page has words that are too long for it, and how they begin; None where all of them fit."""
    found = _off(pdf)
    return f"page {found[0]}: {found[1]}…" if found else None


def noticed(pdf: bytes, context: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a warning of a letter in which a word is too long for its page; it is not told, for it is personal."""
    if not _LONG.search(json.dumps(context, ensure_ascii=False, default=str)):
        return ()
    found = _off(pdf)
    return (f"a word is too long for page {found[0]}",) if found else ()


def _off(pdf: bytes) -> tuple[int, str] | None:
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document, start=1):
            said = page.get_textpage()
            boxes = [said.get_rect(index) for index in range(said.count_rects())]
            outside = [box for box in boxes if _is_outside(box, page.get_bbox())]
            if boxes and max(top - bottom for _, bottom, _, top in boxes) < _LEAST:
                outside = boxes  # HTML is set ever smaller until its longest word fits
            if outside:
                return number, said.get_text_bounded(*outside[0])[:_SHOWN].strip()
    return None


def _is_outside(box: _Box, paper: _Box) -> bool:
    before = any(box[side] < paper[side] - _SLACK for side in (0, 1))
    return before or any(box[side] > paper[side] + _SLACK for side in (2, 3))
