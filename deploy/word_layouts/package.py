"""The parts of a .docx around its body, and the zip that holds them: the same bytes for the same parts."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from deploy.word_layouts.markup import twips

_PARTS = Path(__file__).parent / "parts"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:wp="{_DRAWING}/wordprocessingDrawing" '
    f'xmlns:a="{_DRAWING}/main" xmlns:pic="{_DRAWING}/picture"'
)
MARK = "mark"  # the relationship of the picture
_MARK = (MARK, f"{_OFFICE}/image", "media/mark.png")
_DAY = (2026, 11, 24, 0, 0, 0)


@dataclass(frozen=True)
class Paper:
    """A page in millimetres; headers and footers begin so far from the edges."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    header: float
    footer: float

    @property
    def room(self) -> float:
        """How wide text is."""
        return self.width - self.left - self.right


@dataclass(frozen=True)
class Sheet:
    """What a document says: its body, and its headers and footers by their type: `default` or `first`."""

    body: str
    headers: dict[str, str] = field(default_factory=dict)
    footers: dict[str, str] = field(default_factory=dict)


def docx(sheet: Sheet, paper: Paper, language: str, title: str) -> bytes:
    """Return a Word document, called by this title until it is merged."""
    stories = {f"header-{kind}": said for kind, said in sheet.headers.items()}
    stories |= {f"footer-{kind}": said for kind, said in sheet.footers.items()}
    parts = {
        "[Content_Types].xml": _types(stories),
        "_rels/.rels": _relations(
            ("document", f"{_OFFICE}/officeDocument", "word/document.xml"),
            ("core", f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _core(title, language),
        "word/document.xml": _document(sheet, paper),
        "word/_rels/document.xml.rels": _relations(
            *((name, f"{_OFFICE}/{name}", f"{name}.xml") for name in ("styles", "settings")),
            *((name, f"{_OFFICE}/{name.partition('-')[0]}", f"{name}.xml") for name in stories),
            *([_MARK] if _shows_mark(sheet.body) else []),
        ),
        "word/styles.xml": (_PARTS / "styles.xml").read_text("utf-8").replace("LANGUAGE", language),
        "word/settings.xml": (_PARTS / "settings.xml").read_text("utf-8"),
    }
    for name, said in stories.items():
        kind = "hdr" if name.startswith("header") else "ftr"
        parts[f"word/{name}.xml"] = f"{_DECLARED}<w:{kind} {_NAMES}>{said}</w:{kind}>"
        if _shows_mark(said):
            parts[f"word/_rels/{name}.xml.rels"] = _relations(_MARK)
    mark = (_PARTS / "mark.png").read_bytes()
    return _zipped({name: part.encode() for name, part in parts.items()} | {"word/media/mark.png": mark})


def _document(sheet: Sheet, paper: Paper) -> str:
    references = "".join(
        f'<w:{story}Reference w:type="{kind}" r:id="{story}-{kind}"/>'
        for story, kinds in (("header", sheet.headers), ("footer", sheet.footers))
        for kind in kinds
    )
    margins = " ".join(
        f'w:{side}="{twips(getattr(paper, side))}"' for side in ("top", "right", "bottom", "left", "header", "footer")
    )
    turned = ' w:orient="landscape"' if paper.width > paper.height else ""
    return (
        f"{_DECLARED}<w:document {_NAMES}><w:body>{sheet.body}<w:sectPr>{references}"
        f'<w:pgSz w:w="{twips(paper.width)}" w:h="{twips(paper.height)}"{turned}/>'
        f'<w:pgMar {margins} w:gutter="0"/><w:cols w:space="708"/>{"<w:titlePg/>" if "first" in sheet.headers else ""}'
        "</w:sectPr></w:body></w:document>"
    )


def _types(stories: dict[str, str]) -> str:
    kinds = {"document": "document.main", "styles": "styles", "settings": "settings"}
    kinds |= {name: name.partition("-")[0] for name in stories}
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_WORD}.{kind}+xml"/>' for name, kind in kinds.items()
    )
    core = "application/vnd.openxmlformats-package.core-properties+xml"
    return (
        f'{_DECLARED}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        f'{overrides}<Override PartName="/docProps/core.xml" ContentType="{core}"/></Types>'
    )


def _relations(*relations: tuple[str, str, str]) -> str:
    said = "".join(f'<Relationship Id="{name}" Type="{kind}" Target="{at}"/>' for name, kind, at in relations)
    return f'{_DECLARED}<Relationships xmlns="{_PACKAGE}/relationships">{said}</Relationships>'


def _core(title: str, language: str) -> str:
    return (
        f'{_DECLARED}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        f"<dc:language>{language}</dc:language></cp:coreProperties>"
    )


def _shows_mark(said: str) -> bool:
    return f'r:embed="{MARK}"' in said


def _zipped(parts: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as file:
        for name, content in parts.items():
            entry = ZipInfo(name, _DAY)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            file.writestr(entry, content)
    return made.getvalue()
