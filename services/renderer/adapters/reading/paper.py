"""Looks at pages for words that run off them, which nobody would see on paper."""

import pypdfium2

_SLACK = 2.0  # points: a letter may lean over its own edge
_SHOWN = 40  # letters of a word that runs off


def off_the_page(pdf: bytes) -> str | None:
    """Return which page has words that run off it, and how they begin; None where all of them stay on it."""
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document, start=1):
            left, bottom, right, top = page.get_bbox()
            said = page.get_textpage()
            for index in range(said.count_rects()):
                box = said.get_rect(index)
                if (
                    box[0] < left - _SLACK
                    or box[1] < bottom - _SLACK
                    or box[2] > right + _SLACK
                    or box[3] > top + _SLACK
                ):
                    return f"page {number}: {said.get_text_bounded(*box)[:_SHOWN].strip()}…"
    return None
