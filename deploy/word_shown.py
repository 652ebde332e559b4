"""A process that shows the first page of a .docx as LibreOffice does on a screen: `python -m deploy.word_shown`.

It speaks LibreOfficeKit, as the renderer does for PDFs; an export as PNG would take more of LibreOffice.
"""

import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_size_t, c_ubyte, c_void_p, cast, string_at
from pathlib import Path

from PIL import Image

from services.renderer.adapters.office.kit import Kit

_WIDTH = 920  # pixels


class _Showing(Structure):
    """The functions of an opened document, up to those that show it, in the order of LibreOfficeKit.h."""

    _fields_ = (
        ("size", c_size_t),
        ("destroy", CFUNCTYPE(None, c_void_p)),
        ("save_as", c_void_p),
        ("document_type", c_void_p),
        ("parts", c_void_p),
        ("page_rectangles", CFUNCTYPE(c_void_p, c_void_p)),
        ("part", c_void_p),
        ("set_part", c_void_p),
        ("part_name", c_void_p),
        ("set_part_mode", c_void_p),
        ("paint_tile", CFUNCTYPE(None, c_void_p, POINTER(c_ubyte), c_int, c_int, c_int, c_int, c_int, c_int)),
        ("tile_mode", c_void_p),
        ("document_size", c_void_p),
        ("initialize_for_rendering", CFUNCTYPE(None, c_void_p, c_char_p)),
    )


def shown(kit: Kit, source: str) -> Image.Image:
    """Return the first page of the document at a `file:` URL."""
    document = kit.opened(source)
    calls = cast(cast(document, POINTER(c_void_p))[0] or 0, POINTER(_Showing)).contents
    calls.initialize_for_rendering(document, None)
    first = string_at(calls.page_rectangles(document)).decode().split(";")[0]
    x, y, width, height = (int(length) for length in first.split(","))
    size = (_WIDTH, round(_WIDTH * height / width))
    pixels = (c_ubyte * (size[0] * size[1] * 4))()
    calls.paint_tile(document, pixels, *size, x, y, width, height)
    calls.destroy(document)
    return Image.frombytes("RGBA", size, bytes(pixels), "raw", "BGRA").convert("RGB")


if __name__ == "__main__":
    library, folder, profile, source, target = sys.argv[1:]
    shown(Kit(library, folder, profile), Path(source).as_uri()).save(target)
