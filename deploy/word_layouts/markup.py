"""Words, fields, paragraphs and tables in the XML that Word saves."""

from xml.sax.saxutils import escape

Cell = str
RIGHT = '<w:jc w:val="right"/>'
_EMU = 36000  # to a millimetre


def twips(millimetres: float) -> int:
    """Return a length as Word writes it, in twentieths of a point."""
    return round(millimetres * 1440 / 25.4)


def run(said: str, style: str = "") -> str:
    """Text, in a style of letters."""
    return f'<w:r>{_looks(style)}<w:t xml:space="preserve">{escape(said)}</w:t></w:r>'


def field(*instruction: str, shows: str, style: str = "") -> str:
    """A field: its instruction, in pieces or with fields within it, and what Word shows of it before it is merged."""
    code = "".join(
        piece
        if piece.startswith("<")
        else f'<w:r>{_looks(style)}<w:instrText xml:space="preserve">{escape(piece)}</w:instrText></w:r>'
        for piece in instruction
    )
    ends = {kind: f'<w:r>{_looks(style)}<w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in _KINDS}
    return f"{ends['begin']}{code}{ends['separate']}{run(shows, style)}{ends['end']}"


def merge(name: str, switches: str = "", style: str = "") -> str:
    """A merge field."""
    return field(f" MERGEFIELD {name} {switches}".rstrip() + " ", shows=f"«{name}»", style=style)


def where(name: str, *then: str, otherwise: tuple[str, ...] = (), style: str = "") -> str:
    """An IF field: what is shown where a merge field has a value, and where it has none."""
    pieces = [" IF ", merge(name, style=style), ' <> "" "', *then, '" "', *otherwise, '" ']
    return field(*_joined(pieces), shows=f"«{name}?»", style=style)


def p(style: str, *runs: str, looks: str = "") -> str:
    """A paragraph."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{looks}</w:pPr>{"".join(runs)}</w:p>'


def tag(said: str) -> str:
    """A paragraph that is a tag: it decides on what follows, and is not printed."""
    return p("Tag", run(f"{{%p {said} %}}"))


def cell(width: float, *paragraphs: str, looks: str = "") -> Cell:
    """A cell, so many millimetres wide."""
    said = "".join(paragraphs) or p("Cell")
    return f'<w:tc><w:tcPr><w:tcW w:w="{twips(width)}" w:type="dxa"/>{looks}</w:tcPr>{said}</w:tc>'


def row(*cells: Cell, head: bool = False, high: float = 0) -> str:
    """A row that no page break cuts; a `head` stands at the top of each page; at least so many millimetres high."""
    least = f'<w:trHeight w:val="{twips(high)}"/>' if high else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{least}{'<w:tblHeader/>' if head else ''}</w:trPr>{''.join(cells)}</w:tr>"


def tag_row(said: str, *widths: float) -> str:
    """A row that is a tag: it decides on the rows that follow, and is not printed."""
    span = f'<w:gridSpan w:val="{len(widths)}"/>'
    return f"<w:tr>{cell(sum(widths), p('Tag', run(f'{{%tr {said} %}}')), looks=span)}</w:tr>"


def table(style: str, widths: tuple[float, ...], *rows: str) -> str:
    """A table with columns of so many millimetres."""
    grid = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in widths)
    whole = sum(twips(width) for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{whole}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0000"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{''.join(rows)}</w:tbl>"
    )


def picture(relation: str, width: float, height: float, said: str) -> str:
    """A picture in a line, in millimetres, and what is read aloud for it."""
    across, down = round(width * _EMU), round(height * _EMU)
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{across}" cy="{down}"/>'
        f'<wp:docPr id="1" name="{escape(said)}" descr="{escape(said)}"/><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" name="{escape(said)}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr>'
        '<a:xfrm><a:off x="0" y="0"/>'
        f'<a:ext cx="{across}" cy="{down}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


_KINDS = ("begin", "separate", "end")


def _looks(style: str) -> str:
    return f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""


def _joined(pieces: list[str]) -> list[str]:
    """Return pieces with texts that follow one another as one: an instruction is no more than it must be."""
    joined: list[str] = []
    for piece in pieces:
        if joined and not piece.startswith("<") and not joined[-1].startswith("<"):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined
