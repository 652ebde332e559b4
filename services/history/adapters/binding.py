"""Binds letters into one PDF, section by section, so that a run of any size takes the memory of one section."""

import ctypes
import hashlib
import io
import re
import threading
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2
from pypdfium2 import raw

_PDFIUM = threading.Lock()  # it works for one thread at a time
_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_A4, _MARGIN, _LETTER = (595.0, 842.0), 72.0, 12.0  # points
_WIDE = ctypes.POINTER(raw.FPDF_WCHAR)
_CATALOG, _PAGES = 1, 2  # written last, when all sections are known
_REMEMBERED = 10_000  # streams that may come again: pictures, colour profiles, fonts with the same letters
# Strings and names are passed over: what stands in them is no reference. PDFium escapes every parenthesis in a string.
_TOKEN = re.compile(rb"\((?:[^()\\]|\\.)*\)|/[^\s()<>\[\]{}/%]+|(stream)\r?\n|(\d+) \d+ R\b", re.DOTALL)
_ENTRY = re.compile(rb"(\d{10}) \d{5} ([nf])")


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of a section: its content without `obj` and `endobj`, its references by place, whether it has bytes."""

    content: bytes
    references: tuple[tuple[int, int, int], ...]  # from, to, number
    is_stream: bool

    def numbered(self, numbers: Mapping[int, int]) -> bytes:
        """Return the content with its references by new numbers; one to what is not there is null."""
        pieces, at = [], 0
        for start, end, number in self.references:
            new = numbers.get(number)
            pieces += [self.content[at:start], b"null" if new is None else b"%d 0 R" % new]
            at = end
        return b"".join([*pieces, self.content[at:]])


class Binding:
    """One PDF in the making: what `add` and `end` return is the file, piece after piece."""

    def __init__(self) -> None:
        """Begin an empty file."""
        self._offsets = array("Q", [0, 0, 0])  # of each object by its number
        self._length = 0
        self._sections: list[int] = []
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self.pages = 0

    def add(self, letters: Sequence[bytes]) -> bytes:
        """Return the next piece of the file, which holds the pages of these letters in order."""
        pages, section = _imported(letters)
        root, objects = _objects(section)
        tree = _only(objects[root])
        del objects[root]
        numbers = self._numbered(objects)
        self.pages += pages
        self._sections.append(numbers[tree])
        begun = [b"" if self._length else _HEAD]
        self._length += len(begun[0])
        written = (number for number, new in numbers.items() if not self._offsets[new])
        return b"".join([*begun, *(self._written(objects, numbers, number, tree) for number in written)])

    def note(self, lines: Sequence[str]) -> bytes:
        """Return a PDF of one page that says these lines, in the letters of Latin-1."""
        return _page_of(lines)

    def end(self) -> bytes:
        """Return the last piece of the file."""
        kids = b" ".join(b"%d 0 R" % section for section in self._sections)
        last = [
            self._object(_PAGES, b"<</Type/Pages/Count %d/Kids[%s]>>" % (self.pages, kids)),
            self._object(_CATALOG, b"<</Type/Catalog/Pages %d 0 R>>" % _PAGES),
        ]
        at = self._length
        self._offsets.append(at)
        return b"".join([*last, self._places(), b"startxref\n%d\n%%%%EOF\n" % at])

    def _numbered(self, objects: Mapping[int, _Object]) -> dict[int, int]:
        """Return the new number of each object; bytes that were written before keep the number that they have."""
        numbers: dict[int, int] = {}
        for number, found in objects.items():
            alike = hashlib.blake2b(found.content, digest_size=16).digest()
            leaf = found.is_stream and not found.references
            if leaf and alike in self._known:
                self._known.move_to_end(alike)
                numbers[number] = self._known[alike]
                continue
            numbers[number] = len(self._offsets)
            self._offsets.append(0)
            if leaf:
                self._known[alike] = numbers[number]
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return numbers

    def _written(self, objects: Mapping[int, _Object], numbers: Mapping[int, int], number: int, tree: int) -> bytes:
        content = objects[number].numbered(numbers)
        if number == tree:
            content = content.replace(b"<<", b"<</Parent %d 0 R" % _PAGES, 1)
        return self._object(numbers[number], content)

    def _object(self, number: int, content: bytes) -> bytes:
        written = b"%d 0 obj\n%s\nendobj\n" % (number, content)
        self._offsets[number] = self._length
        self._length += len(written)
        return written

    def _places(self) -> bytes:
        """Return where each object stands, as a stream (ISO 32000-1 7.5.8): a table ends at 10 GB."""
        entries = zlib.compress(
            b"\0" * 8 + b"".join(b"\1" + offset.to_bytes(6, "big") + b"\0" for offset in self._offsets[1:])
        )
        facts = b"/Type/XRef/Size %d/W[1 6 1]/Root %d 0 R/Filter/FlateDecode/Length %d" % (
            len(self._offsets),
            _CATALOG,
            len(entries),
        )
        number = len(self._offsets) - 1
        return b"%d 0 obj\n<<%s>>stream\n%s\nendstream\nendobj\n" % (number, facts, entries)


def _imported(letters: Sequence[bytes]) -> tuple[int, bytes]:
    """Return how many pages letters have, and one PDF of them all, written by PDFium in its plain way."""
    with _PDFIUM, pypdfium2.PdfDocument.new() as section:
        for letter in letters:
            with pypdfium2.PdfDocument(letter) as opened:
                section.import_pages(opened)
        written = io.BytesIO()
        section.save(written)
        return len(section), written.getvalue()


def _page_of(lines: Sequence[str]) -> bytes:
    with _PDFIUM, pypdfium2.PdfDocument.new() as document:
        page = document.new_page(*_A4)
        font = raw.FPDFText_LoadStandardFont(document, b"Helvetica")
        for number, line in enumerate(lines):
            text = raw.FPDFPageObj_CreateTextObj(document, font, _LETTER)
            said = ctypes.create_string_buffer(f"{line}\0".encode("utf-16-le"))
            raw.FPDFText_SetText(text, ctypes.cast(said, _WIDE))
            raw.FPDFPageObj_Transform(text, 1, 0, 0, 1, _MARGIN, _A4[1] - _MARGIN - number * 1.6 * _LETTER)
            raw.FPDFPage_InsertObject(page, text)
        page.gen_content()
        raw.FPDFFont_Close(font)
        written = io.BytesIO()
        document.save(written)
        return written.getvalue()


def _objects(section: bytes) -> tuple[int, dict[int, _Object]]:
    """Return the number of the catalog of a PDF as PDFium writes it, and its objects by number, the Info left out."""
    table = int(section[section.rindex(b"startxref") + 9 :].split(maxsplit=1)[0])
    tail = section[table:]
    entries = _ENTRY.findall(tail)
    first = int(tail.split(maxsplit=2)[1])
    used = sorted((int(at), number) for number, (at, kind) in enumerate(entries, first) if kind == b"n")
    left_out = _named(tail, b"Info")
    objects = {
        number: _read(section[at:end]) for (at, number), (end, _) in pairwise([*used, (table, 0)]) if number != left_out
    }
    root = _named(tail, b"Root")
    if root is None:
        raise ValueError("a PDF without a catalog")
    return root, objects


def _named(tail: bytes, name: bytes) -> int | None:
    found = re.search(rb"/%s (\d+) \d+ R" % name, tail)
    return int(found[1]) if found else None


def _read(written: bytes) -> _Object:
    content = written[written.index(b"obj") + 3 : written.rindex(b"endobj")].strip(b"\r\n")
    references: list[tuple[int, int, int]] = []
    for token in _TOKEN.finditer(content):
        if token[1]:
            return _Object(content, tuple(references), is_stream=True)
        if token[2]:
            references.append((token.start(), token.end(), int(token[2])))
    return _Object(content, tuple(references), is_stream=False)


def _only(catalog: _Object) -> int:
    """Return the one thing that the catalog of a section refers to: its tree of pages."""
    [(_, _, number)] = catalog.references
    return number
