"""Which characters the fonts of the house can show, read from their own tables (OpenType, `cmap`)."""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent.parent / "fonts"
_INVISIBLE = frozenset((0x0A, 0x0D, 0x09, 0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFE0E, 0xFE0F, 0xFEFF))
_COMMON = 0x17F  # Latin up to here is in every font of ours, and is nearly all there is
_BY_SEGMENTS, _BY_GROUPS = 4, 12  # formats of a `cmap`: the Basic Multilingual Plane, and all planes


def not_shown(text: str) -> list[str]:
    """Return the characters of a text that no font of the house has, as U+0000, in their order."""
    rare = sorted({ord(letter) for letter in text if ord(letter) > _COMMON})
    return [f"U+{point:04X}" for point in rare if point not in _INVISIBLE and point not in _shown()]


@cache
def _shown() -> frozenset[int]:
    return frozenset(point for path in sorted(FONTS.glob("*.ttf")) for point in _points(path.read_bytes()))


def _points(font: bytes) -> Iterator[int]:
    number = struct.unpack_from(">H", font, 4)[0]
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * number, 16)}
    base = tables[b"cmap"]
    for record in range(struct.unpack_from(">H", font, base + 2)[0]):
        at = base + struct.unpack_from(">I", font, base + 8 + 8 * record)[0]
        kind = struct.unpack_from(">H", font, at)[0]
        if kind == _BY_SEGMENTS:
            yield from _of_segments(font, at)
        elif kind == _BY_GROUPS:
            for group in range(struct.unpack_from(">I", font, at + 12)[0]):
                first, last, _ = struct.unpack_from(">III", font, at + 16 + 12 * group)
                yield from range(first, last + 1)


def _of_segments(font: bytes, at: int) -> Iterator[int]:
    twice = struct.unpack_from(">H", font, at + 6)[0]
    lasts = struct.unpack_from(f">{twice // 2}H", font, at + 14)
    firsts = struct.unpack_from(f">{twice // 2}H", font, at + 16 + twice)
    for first, last in zip(firsts, lasts, strict=True):
        yield from range(first, min(last, 0xFFFE) + 1)
