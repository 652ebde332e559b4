"""Opens a .docx without trusting it: counted while it inflates, parsed without entities, refused by name."""

import stat
import zlib
from io import BytesIO
from pathlib import PurePosixPath
from posixpath import join, normpath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from lxml import etree  # type: ignore[import-untyped]

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.images import wrong_with
from services.renderer.adapters.word.xml import Element, parsed

FILE = 10 * 2**20  # bytes of a .docx
INFLATED = 64 * 2**20  # bytes of all its parts
XML = 24 * 2**20  # bytes of its XML parts: a tree takes ten times as much
PARTS = 2000
_PIECE = 2**16
_FLAG_ENCRYPTED = 0x1
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_RASTER = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ico")


class Unfit(Unmergeable):
    """A file can't be a Word layout; `code` says why, in one word of those that the dossier has words for."""

    def __init__(self, code: str, detail: str) -> None:
        """Remember both."""
        super().__init__(detail)
        self.code = code


class Parcel:
    """The parts of a .docx by name, in their order, the XML ones parsed."""

    def __init__(self, content: bytes) -> None:
        """Open it; raise `Unfit` for what is no Word document or not a harmless one."""
        if len(content) > FILE:
            raise Unfit("word_too_large", f"a Word layout may have at most {FILE} bytes")
        self.parts = _inflated(content)
        self.trees: dict[str, Element] = {
            name: _tree(name, part) for name, part in self.parts.items() if name.endswith((".xml", ".rels"))
        }
        self.changed: set[str] = set()  # parts whose tree is no longer what the file held
        self.types = self._types()
        self.main = self._main()
        for name, part in self.parts.items():
            if self.type_of(name).startswith("image/") or name.lower().endswith(_RASTER):
                _check_image(name, part)

    def type_of(self, name: str) -> str:
        """Return the content type of a part."""
        return self.types.get("/" + name) or self.types.get(PurePosixPath(name).suffix.lower()) or ""

    def relations(self, name: str) -> list[Element]:
        """Return the relationships of a part (the parcel's own for an empty name)."""
        tree = self.trees.get(rels_of(name))
        return [] if tree is None else list(tree)

    def target(self, name: str, relation: Element) -> str:
        """Return the name of the part that a relationship of a part leads to."""
        said = relation.get("Target", "")
        return normpath(join("/", PurePosixPath(name).parent.as_posix(), said)).lstrip("/")

    def related(self, kind: str) -> Element | None:
        """Return the part of a kind that goes with the main document, None where there is none."""
        named = [one for one in self.relations(self.main) if one.get("Type", "").rpartition("/")[2] == kind]
        return self.trees.get(self.target(self.main, named[0])) if named else None

    def drop(self, name: str) -> None:
        """Leave a part out."""
        self.parts.pop(name, None)
        self.trees.pop(name, None)
        types = self.trees["[Content_Types].xml"]
        for one in types.findall("{*}Override"):
            if one.get("PartName") == "/" + name:
                types.remove(one)
                self.changed.add("[Content_Types].xml")

    def _types(self) -> dict[str, str]:
        tree = self.trees.get("[Content_Types].xml")
        if tree is None:
            raise Unfit("word_not_a_document", "this is not a Word document (.docx)")
        return {
            one.get("PartName") or "." + one.get("Extension", "").lower(): one.get("ContentType", "")
            for one in tree.iter("{*}Override", "{*}Default")
        }

    def _main(self) -> str:
        mains = [self.target("", one) for one in self.relations("") if one.get("Type") == _DOCUMENT]
        if len(mains) != 1 or mains[0] not in self.trees:
            raise Unfit("word_not_a_document", "this is not a Word document (.docx), or one saved as Strict Open XML")
        kind = self.type_of(mains[0])
        if "macroEnabled" in kind:
            raise Unfit("word_macros", "a layout can't hold macros: save it as a Word document (.docx)")
        if kind != _MAIN:
            raise Unfit("word_not_a_document", f"this is not a Word document (.docx) but {kind or 'of no known type'}")
        return mains[0]


def rels_of(name: str) -> str:
    """Return the name of the part that holds the relationships of a part."""
    path = PurePosixPath(name)
    return f"{path.parent.as_posix()}/_rels/{path.name}.rels".removeprefix("./")


def _inflated(content: bytes) -> dict[str, bytes]:
    try:
        with ZipFile(BytesIO(content)) as file:
            return _read(file)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise Unfit("word_not_a_document", "this is not a Word document (.docx): it can't be unpacked") from error


def _read(file: ZipFile) -> dict[str, bytes]:
    entries = file.infolist()
    if len(entries) > PARTS:
        raise Unfit("word_too_large", f"a Word layout may have at most {PARTS} parts")
    parts: dict[str, bytes] = {}
    left, xml_left = INFLATED, XML
    for entry in entries:
        _check_entry(entry, parts)
        if entry.is_dir():
            continue
        is_xml = entry.filename.endswith((".xml", ".rels"))
        part = _part(file, entry, min(left, xml_left) if is_xml else left)
        left -= len(part)
        xml_left -= len(part) if is_xml else 0
        parts[entry.filename] = part
    return parts


def _part(file: ZipFile, entry: ZipInfo, most: int) -> bytes:
    """Return a part, counted while it inflates: what the entry says of its size may be a lie."""
    part = bytearray()
    with file.open(entry) as inflating:
        while piece := inflating.read(_PIECE):
            part += piece
            if len(part) > most:
                raise Unfit("word_too_large", f"{entry.filename} makes the layout too large once it is unpacked")
    return bytes(part)


def _check_entry(entry: ZipInfo, parts: dict[str, bytes]) -> None:
    name = entry.filename
    steps = name.rstrip("/").split("/")
    odd = (
        name != entry.orig_filename
        or name.startswith("/")
        or "\\" in name
        or ":" in name
        or not name.isprintable()
        or any(step in {"", ".", ".."} for step in steps)
        or name.lower() in {known.lower() for known in parts}
        or stat.S_ISLNK(entry.external_attr >> 16)
        or entry.flag_bits & _FLAG_ENCRYPTED
        or entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}
    )
    if odd:
        raise Unfit("word_odd_parts", f"the file holds a part that no Word document has: {name[:80]!r}")


def _tree(name: str, part: bytes) -> Element:
    try:
        tree = parsed(part)
    except etree.XMLSyntaxError as error:
        raise Unfit("word_broken", f"{name} is not well written, or nested too deeply: {error.msg}") from error
    if tree.getroottree().docinfo.internalDTD is not None or b"<!DOCTYPE" in part:
        raise Unfit("word_doctype", f"{name} declares entities or a document type, which no Word document does")
    return tree


def _check_image(name: str, part: bytes) -> None:
    """Refuse an image that takes far more memory than its file; drawings (EMF, WMF, SVG) have no pixels."""
    if not name.lower().endswith(_RASTER):
        return
    if wrong := wrong_with(part):
        raise Unfit("word_image", f"{name} {wrong}")
