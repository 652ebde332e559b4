"""Word documents for tests, written by hand in the XML dialect that Word saves."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from docx import Document

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
NAMESPACES = (
    f'{_W} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" mc:Ignorable="w14"'
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
SECTION = (
    '<w:sectPr>{references}<w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1417" w:right="1417" w:bottom="1417" w:left="1417" w:header="708" w:footer="708" w:gutter="0"/>'
    "{more}</w:sectPr>"
)
SETTINGS = (
    f'<w:settings {_W}><w:defaultTabStop w:val="708"/><w:compat><w:compatSetting w:name="compatibilityMode" '
    'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>'
)
STYLES = (
    f"<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>"
    '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="22"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="259" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
    '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Standaard"><w:name w:val="Normal"/>'
    "</w:style></w:styles>"
)


def document(
    body: str,
    *,
    parts: Mapping[str, str | bytes] | None = None,
    stories: Mapping[str, tuple[str, str]] | None = None,
    styles: str = STYLES,
    more: str = "",
    relations: str = "",
) -> bytes:
    """Return a .docx with this body; `stories` are headers and footers: name → (type, content)."""
    stories = stories or {}
    references = "".join(
        f'<w:{_kind(name)}Reference w:type="{kind}" r:id="{name}"/>' for name, (kind, _) in stories.items()
    )
    section = SECTION.format(references=references, more=more)
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(stories, parts or {}),
        "_rels/.rels": _rels(f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="word/document.xml"/>'),
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}{section}</w:body></w:document>",
        "word/styles.xml": styles,
        "word/_rels/document.xml.rels": _rels(
            f'<Relationship Id="styles" Type="{RELATIONS}/styles" Target="styles.xml"/>'
            f'<Relationship Id="settings" Type="{RELATIONS}/settings" Target="settings.xml"/>'
            + "".join(
                f'<Relationship Id="{name}" Type="{RELATIONS}/{_kind(name)}" Target="{name}.xml"/>' for name in stories
            )
            + relations
        ),
        **{
            f"word/{name}.xml": f"<w:{'hdr' if _kind(name) == 'header' else 'ftr'} {NAMESPACES}>{content}"
            f"</w:{'hdr' if _kind(name) == 'header' else 'ftr'}>"
            for name, (_, content) in stories.items()
        },
        "word/settings.xml": SETTINGS,
        **(parts or {}),
    }
    return zipped(files)


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip file."""
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return written.getvalue()


def p(*runs: str, looks: str = "") -> str:
    """A paragraph."""
    return f"<w:p>{f'<w:pPr>{looks}</w:pPr>' if looks else ''}{''.join(runs)}</w:p>"


def r(said: str, looks: str = "") -> str:
    """A run."""
    return f'<w:r>{_rpr(looks)}<w:t xml:space="preserve">{escape(said)}</w:t></w:r>'


def field(*code: str, shows: str = "«veld»", looks: str = "") -> str:
    """A field as Word saves it: begin, instruction in pieces (or fields within it), what it shows, end."""
    pieces = "".join(
        piece
        if piece.startswith("<")
        else f'<w:r>{_rpr(looks)}<w:instrText xml:space="preserve">{escape(piece)}</w:instrText></w:r>'
        for piece in code
    )
    return f"{char('begin', looks)}{pieces}{char('separate', looks)}{r(shows, looks)}{char('end', looks)}"


def char(kind: str, looks: str = "") -> str:
    """The beginning, middle or end of a field."""
    return f'<w:r>{_rpr(looks)}<w:fldChar w:fldCharType="{kind}"/></w:r>'


def simple(code: str, shows: str = "«veld»") -> str:
    """A field in one element."""
    return f'<w:fldSimple w:instr="{escape(code, {chr(34): "&quot;"})}">{r(shows)}</w:fldSimple>'


def table(*rows: list[str], looks: str = "") -> str:
    """A table of cells, each a paragraph or more."""
    grid = "".join(f'<w:gridCol w:w="{9000 // len(rows[0])}"/>' for _ in rows[0])
    cell = '<w:tc><w:tcPr><w:tcW w:w="{}" w:type="dxa"/></w:tcPr>{}</w:tc>'
    body = "".join(f"<w:tr>{''.join(cell.format(9000 // len(row), content) for content in row)}</w:tr>" for row in rows)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/>{looks}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>'
    )


def said(docx: bytes) -> list[str]:
    """What each paragraph of the body says, those in tables after `row|` of cells."""
    body = Document(BytesIO(docx))
    lines = []
    for block in body.iter_inner_content():
        if hasattr(block, "rows"):
            lines += ["|".join(cell.text for cell in _unmerged(row.cells)) for row in block.rows]
        else:
            lines.append(block.text)
    return lines


def _unmerged(cells: Sequence[Any]) -> list[Any]:
    """Each cell once, however many columns it spans."""
    return list({id(cell._tc): cell for cell in cells}.values())


def part(docx: bytes, name: str = "word/document.xml") -> str:
    """A part as text."""
    with ZipFile(BytesIO(docx)) as file:
        return file.read(name).decode()


def _rpr(looks: str) -> str:
    return f"<w:rPr>{looks}</w:rPr>" if looks else ""


def _kind(name: str) -> str:
    return name.rstrip("0123456789")


def _rels(relations: str) -> str:
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>'


def _content_types(stories: Mapping[str, tuple[str, str]], parts: Mapping[str, str | bytes]) -> str:
    overrides = {"document": "document.main", "styles": "styles", "settings": "settings"} | {
        name: _kind(name) for name in stories
    }
    overrides |= {
        name.removeprefix("word/").removesuffix(".xml"): name.removeprefix("word/").removesuffix(".xml")
        for name in parts
        if name.startswith("word/") and name.count("/") == 1 and name.endswith(".xml")
    }
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        + "".join(
            f'<Override PartName="/word/{name}.xml" ContentType="{_TYPES}.{kind}+xml"/>'
            for name, kind in overrides.items()
        )
        + "</Types>"
    )
