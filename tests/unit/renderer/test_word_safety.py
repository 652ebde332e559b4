"""Word files that mean harm, or that only a careless program would open: each is refused by name."""

import stat
import zlib
from io import BytesIO
from struct import pack
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import pytest
from PIL import Image

from services.renderer.adapters.word import parcel
from services.renderer.adapters.word.parcel import Unfit
from services.renderer.adapters.word.template import DocxLayout
from tests.unit.renderer.word_files import RELATIONS, document, field, p, part, r, simple, zipped

TEXT = p(r("Dag {{ recipient.name }}"))
PLAIN = document(TEXT)
RELATION = '<Relationship Id="rX" Type="{}" Target="{}"{}/>'
OUTSIDE = ' TargetMode="External"'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
CONTEXT = {"recipient": {"name": "Anna"}, "sender": {}, "destination": {}, "merge": {}, "subject": "", "date": ""}
SETTINGS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def changed(layout: bytes = PLAIN, **others: bytes | str | None) -> bytes:
    """A layout with some parts otherwise; `__` in a name is a slash, `_DOT_` a dot."""
    with ZipFile(BytesIO(layout)) as file:
        parts: dict[str, bytes | str] = {name: file.read(name) for name in file.namelist()}
    for name, content in others.items():
        if content is None:
            del parts[_name(name)]
        else:
            parts[_name(name)] = content
    return zipped(parts)


def _name(said: str) -> str:
    return "[Content_Types].xml" if said == "types" else said.replace("__", "/").replace("_DOT_", ".")


def with_entry(name: str, content: bytes = b"x", *, mode: int = 0o644, kind: int = ZIP_DEFLATED) -> bytes:
    """A layout with one more entry."""
    made = BytesIO(PLAIN)
    with ZipFile(made, "a") as file:
        entry = ZipInfo(name)
        entry.external_attr = mode << 16
        entry.compress_type = kind
        file.writestr(entry, content)
    return made.getvalue()


def with_relation(kind: str, target: str, mode: str = "") -> bytes:
    """A layout with one more relationship."""
    return document(TEXT, relations=RELATION.format(f"{RELATIONS}/{kind}", target, mode))


def an_image(width: int, height: int) -> bytes:
    """A PNG whose header says that it is so large."""
    made = BytesIO()
    Image.new("1", (1, 1)).save(made, "PNG")
    png = bytearray(made.getvalue())
    png[16:24] = pack(">II", width, height)
    png[29:33] = pack(">I", zlib.crc32(bytes(png[12:29])))
    return bytes(png)


def types(**replaced: str) -> str:
    """The content types of a plain layout, with texts replaced."""
    said = part(PLAIN, "[Content_Types].xml")
    for old, new in replaced.items():
        said = said.replace({"main": "wordprocessingml.document.main+xml", "end": "</Types>"}[old], new)
    return said


BINARY = '<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
HOSTILE = {
    "no zip": (b"PK\x03\x04nothing", "word_not_a_document"),
    "another zip": (zipped({"a.txt": "x"}), "word_not_a_document"),
    "no main document": (changed(word__document_DOT_xml=None), "word_not_a_document"),
    "a spreadsheet": (changed(types=types(main="spreadsheetml.sheet.main+xml")), "word_not_a_document"),
    "a macro document": (changed(types=types(main="ms-word.document.macroEnabled.main+xml")), "word_macros"),
    "a macro project": (changed(types=types(end=BINARY)), "word_macros"),
    "a macro relationship": (with_relation("vbaProject", "vbaProject.bin"), "word_macros"),
    "an active control": (with_relation("control", "activeX/activeX1.xml"), "word_macros"),
    "a macro button": (document(TEXT + p(field("MACROBUTTON Go hier"))), "word_macros"),
    "an entity bomb": (changed(word__styles_DOT_xml=f"{LAUGHS}<a>&b;</a>"), "word_doctype"),
    "an external entity": (
        changed(word__styles_DOT_xml='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>'),
        "word_doctype",
    ),
    "a document type": (
        changed(word__styles_DOT_xml='<!DOCTYPE a SYSTEM "http://x.example/x.dtd"><a/>'),
        "word_doctype",
    ),
    "entities in UTF-16": (
        changed(word__styles_DOT_xml=f'<?xml version="1.0" encoding="UTF-16"?>{LAUGHS}<a/>'.encode("utf-16")),
        "word_doctype",
    ),
    "broken XML": (changed(word__styles_DOT_xml="<a>"), "word_broken"),
    "deep nesting": (changed(word__styles_DOT_xml="<a>" * 5000 + "</a>" * 5000), "word_broken"),
    "an object": (with_relation("oleObject", "embeddings/oleObject1.bin"), "word_embedded"),
    "an embedded workbook": (with_relation("package", "embeddings/book.xlsx"), "word_embedded"),
    "another document": (with_relation("aFChunk", "x.html"), "word_embedded"),
    "a linked object": (with_relation("oleObject", "file:///x.xls", OUTSIDE), "word_embedded"),
    "a linked image": (with_relation("image", "http://tracker.example/x.png", OUTSIDE), "word_link"),
    "a local image": (with_relation("image", "file:///etc/passwd", OUTSIDE), "word_link"),
    "a script link": (with_relation("hyperlink", "javascript:alert(1)", OUTSIDE), "word_link"),
    "a share link": (with_relation("hyperlink", "file://server/share", OUTSIDE), "word_link"),
    "an included text": (document(p(field('INCLUDETEXT "c:\\\\x.docx"'))), "word_link"),
    "an included picture": (document(p(simple('INCLUDEPICTURE "http://x.example/x.png"'))), "word_link"),
    "a DDE link": (document(p(field("DDEAUTO c:\\\\windows\\\\cmd.exe"))), "word_link"),
    "a split DDE link": (document(p(field("DDE", "AUTO x"))), "word_link"),
    "a symlink": (with_entry("word/link.xml", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "word_odd_parts"),
    "a path upwards": (with_entry("word/../../x.xml", b"<a/>"), "word_odd_parts"),
    "an absolute path": (with_entry("/etc/x.xml", b"<a/>"), "word_odd_parts"),
    "a backslash": (with_entry("word\\x.xml", b"<a/>"), "word_odd_parts"),
    "a part twice": (with_entry("Word/Document.xml", b"<a/>"), "word_odd_parts"),
    "an odd name": (with_entry("word/x\u202e.xml", b"<a/>"), "word_odd_parts"),
    "an odd packing": (with_entry("word/x.bin", kind=ZIP_LZMA), "word_odd_parts"),
    "a bomb": (with_entry("word/x.bin", bytes(parcel.INFLATED + 1)), "word_too_large"),
    "a bomb of XML": (with_entry("word/x.xml", b" " * (parcel.XML + 1)), "word_too_large"),
    "a bomb of parts": (zipped({f"{number}": "" for number in range(parcel.PARTS + 1)}), "word_too_large"),
    "an image too wide": (changed(word__media__a_DOT_png=an_image(30_000, 30_000)), "word_image"),
    "an image too thin": (changed(word__media__a_DOT_png=an_image(1, 50_000)), "word_image"),
    "an image that is none": (changed(word__media__a_DOT_png=b"<script>"), "word_image"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_name(name: str) -> None:
    """FR-102: what is set up as a layout is harmless, whoever sends it."""
    content, code = HOSTILE[name]

    with pytest.raises(Unfit) as raised:
        DocxLayout(content, "nl")

    assert raised.value.code == code
    assert raised.value.detail


def test_a_size_that_lies_does_not_help() -> None:
    bomb = bytearray(with_entry("word/x.bin", bytes(parcel.INFLATED + 1)))
    honest = pack("<I", parcel.INFLATED + 1)
    assert bomb.count(honest) == 2

    for position in (bomb.index(honest), bomb.rindex(honest)):
        bomb[position : position + 4] = pack("<I", 10)

    with pytest.raises(Unfit):
        DocxLayout(bytes(bomb), "nl")


def test_a_file_too_large_is_not_opened() -> None:
    with pytest.raises(Unfit, match="at most"):
        DocxLayout(bytes(parcel.FILE + 1), "nl")


@pytest.mark.parametrize(
    "target", ["https://bakery.example/x?a=1&amp;b=2", "mailto:info@bakery.example", "tel:+31201234567"]
)
def test_links_for_a_reader_stay(target: str) -> None:
    layout = DocxLayout(with_relation("hyperlink", target, OUTSIDE), "nl")

    assert target in part(layout.letter(CONTEXT, "2026-11-24")[0], "word/_rels/document.xml.rels")


def test_what_ties_a_layout_to_a_data_source_or_a_template_is_taken_out() -> None:
    source = '<w:mailMerge><w:connectString w:val="secret"/><w:dataSource r:id="rS"/></w:mailMerge>'
    layout = changed(
        PLAIN,
        word__settings_DOT_xml=f'<w:settings {SETTINGS}>{source}<w:attachedTemplate r:id="rT"/><w:zoom w:percent="100"/></w:settings>',
        word___rels__settings_DOT_xml_DOT_rels='<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rT" Type="{RELATIONS}/attachedTemplate" Target="file:///c:/brief.dotm" TargetMode="External"/>'
        f'<Relationship Id="rS" Type="{RELATIONS}/mailMergeSource" Target="file:///c:/klanten.xlsx" TargetMode="External"/>'
        f'<Relationship Id="rD" Type="{RELATIONS}/recipientData" Target="recipientData.xml"/></Relationships>',
        word__recipientData_DOT_xml="<recipients/>",
    )

    docx, _ = DocxLayout(layout, "nl").letter(CONTEXT, "2026-11-24")

    assert "secret" not in part(docx, "word/settings.xml")
    assert "zoom" in part(docx, "word/settings.xml")
    assert "Relationship " not in part(docx, "word/_rels/settings.xml.rels")
    with ZipFile(BytesIO(docx)) as file:
        assert "word/recipientData.xml" not in file.namelist()
