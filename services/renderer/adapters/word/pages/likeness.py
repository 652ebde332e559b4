"""Compares a translated Word layout with what an office program makes of it: pages, text, and how they look."""

import ctypes
from dataclasses import dataclass
from itertools import zip_longest
from operator import itemgetter

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

DPI = 100
MOST = 0.02  # of the pixels of a page may differ
_NOTICEABLE = 64  # of 255: what an eye sees as another shade
_NOT_READ = "\u00ad\u200b\ufffe\u2011-._"  # hyphens, and leaders, of which one more or less fills a line
_BULLETS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0fc": "✓", "\uf0d8": "➢"}  # in the font of symbols, and in any other
_LINE = 3.0  # points within which letters stand on one line


@dataclass(frozen=True)
class Likeness:
    """How two PDFs compare; without `reasons` they are alike."""

    pages: tuple[int, int]
    off: float  # the share of pixels that differ, on the page where most do
    reasons: tuple[str, ...]


def compared(ours: bytes, reference: bytes) -> Likeness:
    """Return how much our pages are like those of the reference: as many, the same text in order, few pixels off."""
    first, second = pypdfium2.PdfDocument(ours), pypdfium2.PdfDocument(reference)
    try:
        pages = len(first), len(second)
        reasons = [f"{pages[0]} pages instead of {pages[1]}"] if pages[0] != pages[1] else []
        off = 0.0
        for number, (one, other) in enumerate(zip(first, second, strict=False), start=1):
            if place := _otherwise(text_of(one), text_of(other)):
                reasons.append(f"page {number} reads otherwise: {place}")
            share = _share_off(_image(one), _image(other))
            if share > MOST:
                reasons.append(f"page {number} looks otherwise: {share:.1%} of its pixels")
            off = max(off, share)
        return Likeness(pages, off, tuple(reasons))
    finally:
        first.close()
        second.close()


def text_of(page: pypdfium2.PdfPage) -> str:
    """Return the text of a page from top to bottom and left to right, without white space."""
    lines: dict[float, list[tuple[float, str]]] = {}
    text = page.get_textpage()
    for number in range(text.count_chars()):
        letter = chr(pypdfium2.raw.FPDFText_GetUnicode(text.raw, number))
        if letter.isspace() or letter in _NOT_READ:
            continue
        x, y = ctypes.c_double(), ctypes.c_double()
        pypdfium2.raw.FPDFText_GetCharOrigin(text.raw, number, x, y)
        line = next((known for known in lines if abs(known - y.value) < _LINE), y.value)
        lines.setdefault(line, []).append((x.value, _BULLETS.get(letter, letter)))
    in_order = (letter for y in sorted(lines, reverse=True) for letter in sorted(lines[y], key=itemgetter(0)))
    return "".join(letter for _, letter in in_order)  # the letters of a ligature stand at one place, in their order


def _otherwise(ours: str, reference: str) -> str:
    """Return where two texts part, empty where they do not."""
    at = next((n for n, (a, b) in enumerate(zip_longest(ours, reference)) if a != b), None)
    return "" if at is None else f"“…{ours[max(0, at - 15) : at + 15]}” for “…{reference[max(0, at - 15) : at + 15]}”"


def _image(page: pypdfium2.PdfPage) -> Image.Image:
    image: Image.Image = page.render(scale=DPI / 72).to_pil().convert("L")
    return image


def _share_off(ours: Image.Image, reference: Image.Image) -> float:
    """Return the share of pixels for which the other page has nothing alike within one pixel (a quarter of a mm)."""
    other = reference if reference.size == ours.size else reference.resize(ours.size)
    off = ImageChops.lighter(_strange(ours, other), _strange(other, ours)).histogram()
    return sum(off[_NOTICEABLE:]) / (ours.width * ours.height)


def _strange(image: Image.Image, other: Image.Image) -> Image.Image:
    """Return how far each pixel lies outside of what the other image has around it."""
    darker = ImageChops.subtract(other.filter(ImageFilter.MinFilter(3)), image)
    return ImageChops.lighter(darker, ImageChops.subtract(image, other.filter(ImageFilter.MaxFilter(3))))
