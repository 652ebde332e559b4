"""Word layouts of every kind that offices have, written by hand as Word writes and made by python-docx, with values."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt, RGBColor
from PIL import Image, ImageDraw

from tests.unit.renderer.word_files import RELATIONS, document, field, p, r, simple, table

ROWS = [
    {"what": "Roggebrood", "count": 2, "price": 3.5},
    {"what": "Krentenbollen, per zes verpakt", "count": 12, "price": 0.65},
    {"what": "Appeltaart", "count": 1, "price": 18.95},
]
SHORT: dict[str, Any] = {
    "street": "Molenstraat 12",
    "city": "1234 AB Utrecht",
    "table": 7,
    "member": "ja",
    "rows": ROWS,
    "total": 1234.5,
    "day": "2026-12-17",
    "text": "Wij kijken uit naar uw komst.",
    "items": ["eerste", "tweede", "derde"],
}
LONG: dict[str, Any] = {
    **SHORT,
    "street": "Burgemeester van Wolfeschlegelsteinhausenbergerdorfflaan 1234 bis, derde verdieping",
    "table": 128,
    "member": "nee",
    "rows": [{**row, "what": f"{row['what']} nummer {number}"} for number in range(1, 16) for row in ROWS],
    "text": "Wij kijken uit naar uw komst en hopen dat u de tijd vindt om ook de tentoonstelling te bezoeken. " * 6,
    "items": [f"punt {number} van de lijst, dat wat langer is dan de andere punten" for number in range(1, 12)],
}
PLAIN = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. "


def logo() -> bytes:
    """A small picture."""
    image = Image.new("RGB", (180, 60), "#1f5fa8")
    drawing = ImageDraw.Draw(image)
    drawing.ellipse((8, 8, 52, 52), fill="white")
    drawing.rectangle((70, 22, 170, 38), fill="#f2b632")
    made = BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def drawing(relation: str, width: int, height: int) -> str:
    """A run with a picture in the line."""
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
        f'<wp:docPr id="1" name="logo"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        f'<pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="logo"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{relation}"/>'
        f'<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    )


def floating(relation: str, across: tuple[str, str], down: tuple[str, str]) -> str:
    """A run with a picture that floats over the text, placed by (relative to, offset or alignment) each way."""
    places = "".join(
        f'<wp:position{way} relativeFrom="{relative}">{f"<wp:posOffset>{said}</wp:posOffset>" if said.lstrip("-").isdigit() else f"<wp:align>{said}</wp:align>"}</wp:position{way}>'
        for way, (relative, said) in (("H", across), ("V", down))
    )
    inline = drawing(relation, 1714500, 571500)
    frame = inline[inline.index("<wp:extent") : inline.index("</wp:inline>")]
    extent, rest = frame.split("/>", 1)
    return (
        '<w:r><w:drawing><wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="2" behindDoc="1" locked="0" layoutInCell="1" allowOverlap="1">'
        f'<wp:simplePos x="0" y="0"/>{places}{extent}/><wp:effectExtent l="0" t="0" r="0" b="0"/><wp:wrapNone/>{rest}</wp:anchor></w:drawing></w:r>'
    )


def page_of_pages() -> str:
    """Pagina x van y, in both ways that Word writes fields."""
    return r("Pagina ") + field("PAGE", shows="1") + r(" van ") + simple("NUMPAGES", "1")


LETTER_LOOKS = "<w:tblBorders><w:top w:val='single' w:sz='8' w:color='1F5FA8'/><w:bottom w:val='single' w:sz='8' w:color='1F5FA8'/><w:insideH w:val='single' w:sz='4' w:color='BFBFBF'/></w:tblBorders>"
_RIGHT, _BOLD = "<w:jc w:val='right'/>", "<w:b/>"
_TIGHT = "<w:spacing w:after='0' w:line='240' w:lineRule='auto'/>"


def by_hand() -> dict[str, bytes]:
    """Layouts in the XML that Word saves."""
    picture = f'<Relationship Id="logo" Type="{RELATIONS}/image" Target="media/logo.png"/>'
    address = "".join(p(field(f"MERGEFIELD {name}"), looks=_TIGHT) for name in ("recipient.name", "street", "city"))
    lines = table(
        [p(r("Omschrijving", _BOLD)), p(r("Aantal", _BOLD), looks=_RIGHT), p(r("Prijs", _BOLD), looks=_RIGHT)],
        [
            p(field("MERGEFIELD TableStart:rows"), field("MERGEFIELD what")),
            p(field("MERGEFIELD count"), looks=_RIGHT),
            p(field('MERGEFIELD price \\# "#.##0,00"'), field("MERGEFIELD TableEnd:rows"), looks=_RIGHT),
        ],
        [p(r("Totaal", _BOLD)), p(), p(field('MERGEFIELD total \\# "€ #.##0,00"', looks=_BOLD), looks=_RIGHT)],
        looks=LETTER_LOOKS,
    )
    choice = field(
        "IF ", field("MERGEFIELD member"), ' = "ja" "Als lid krijgt u korting." "Word lid en krijg korting."'
    )
    return {
        "plain text": document(p(r("Beste {{ recipient.name }},")) + p(r(PLAIN * 4)) + p(r("{{ merge.text }}"))),
        "justified": document(p(r(PLAIN * 6 + "{{ merge.text }}"), looks="<w:jc w:val='both'/>") * 3),
        "merge fields": document(
            address
            + p(r("Utrecht, "), field('MERGEFIELD day \\@ "d MMMM yyyy"'))
            + p(choice)
            + p(field("MERGEFIELD text"))
        ),
        "letter with logo": document(
            address
            + p()
            + p(r("Utrecht, {{ date | datum }}"))
            + p(r("Factuur {{ merge.table }}", "<w:b/><w:sz w:val='28'/>"))
            + p(choice)
            + lines
            + p()
            + p(field("MERGEFIELD text"))
            + p(r("Met vriendelijke groet,")),
            stories={
                "header1": (
                    "first",
                    p(drawing("logo", 1714500, 571500))
                    + p(r("Bakkerij Van den Berg", "<w:color w:val='1F5FA8'/>"), looks=_RIGHT),
                ),
                "header2": ("default", p(r("Bakkerij Van den Berg"), looks=_RIGHT)),
                "footer1": ("default", p(page_of_pages(), looks="<w:jc w:val='center'/>")),
                "footer2": ("first", p(page_of_pages(), looks="<w:jc w:val='center'/>")),
            },
            more="<w:titlePg/>",
            parts={
                "word/media/logo.png": logo(),
                "word/_rels/header1.xml.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{picture}</Relationships>',
            },
        ),
        "tab stops": document(
            p(
                r("Ons kenmerk:"),
                "<w:r><w:tab/></w:r>",
                r("{{ merge.table }}"),
                looks="<w:tabs><w:tab w:val='left' w:pos='2268'/></w:tabs>",
            )
            + p(
                r("Datum:"),
                "<w:r><w:tab/></w:r>",
                r("{{ date | datum }}"),
                looks="<w:tabs><w:tab w:val='left' w:pos='2268'/></w:tabs>",
            )
            + p(
                r("Links"),
                "<w:r><w:tab/></w:r>",
                r("midden {{ merge.table }}"),
                "<w:r><w:tab/></w:r>",
                r("rechts"),
                looks="<w:tabs><w:tab w:val='center' w:pos='4536'/><w:tab w:val='right' w:pos='9072'/></w:tabs>",
            )
            + p(
                r("Inhoud"),
                "<w:r><w:tab/></w:r>",
                r("{{ merge.table }}"),
                looks="<w:tabs><w:tab w:val='right' w:leader='dot' w:pos='9072'/></w:tabs>",
            )
            + p(r("a"), "<w:r><w:tab/></w:r>", r("b"), "<w:r><w:tab/></w:r>", r("c"))
        ),
        "indents": document(
            p(r(PLAIN * 2), looks="<w:ind w:left='720'/>")
            + p(r(PLAIN * 2), looks="<w:ind w:left='720' w:hanging='720'/>")
            + p(r(PLAIN * 2), looks="<w:ind w:firstLine='567' w:right='1134'/>")
            + p(
                r("{{ merge.text }}"),
                looks="<w:ind w:left='1134' w:right='567'/><w:spacing w:before='240' w:after='240'/>",
            )
        ),
        "line spacing": document(
            "".join(
                p(r(PLAIN * 2), looks=f"<w:spacing w:after='120' w:line='{line}' w:lineRule='{rule}'/>")
                for line, rule in (
                    (240, "auto"),
                    (360, "auto"),
                    (480, "auto"),
                    (400, "exact"),
                    (400, "atLeast"),
                    (200, "atLeast"),
                )
            )
        ),
        "run looks": document(
            p(
                r("vet ", _BOLD),
                r("cursief ", "<w:i/>"),
                r("beide ", "<w:b/><w:i/>"),
                r("onderstreept", "<w:u w:val='single'/>"),
                r(" doorgehaald", "<w:strike/>"),
                r(" rood", "<w:color w:val='C00000'/>"),
                r(" geel", "<w:highlight w:val='yellow'/>"),
                r(" groot", "<w:sz w:val='40'/>"),
                r(" kapitaal", "<w:caps/>"),
                r(" x"),
                r("2", "<w:vertAlign w:val='superscript'/>"),
                r(" H"),
                r("2", "<w:vertAlign w:val='subscript'/>"),
                r("O {{ merge.table }}"),
            )
            + p(
                r("Arial", "<w:rFonts w:ascii='Arial' w:hAnsi='Arial'/>"),
                r(" en Times", "<w:rFonts w:ascii='Times New Roman' w:hAnsi='Times New Roman'/>"),
                r(" gespatieerd", "<w:spacing w:val='40'/>"),
            )
        ),
        "page breaks": document(
            p(r("Eerste bladzijde {{ merge.table }}"))
            + p('<w:r><w:br w:type="page"/></w:r>')
            + p(r("Tweede bladzijde"))
            + p(r("Derde"), looks="<w:pageBreakBefore/>")
            + p(r("einde"), '<w:r><w:br w:type="page"/></w:r>', r("vierde"))
        ),
        "long table": document(
            p(r("Overzicht"))
            + lines.replace("<w:tr><w:tc>", "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr><w:tc>", 1)
            + p(r("Na de tabel"))
        ),
        "a text box": document(
            p(
                '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:t>x</w:t></mc:Choice></mc:AlternateContent></w:r>'
            )
            + p(r("{{ merge.text }}"))
        ),
        "two columns": document(p(r(PLAIN * 10)), more="<w:cols w:num='2' w:space='708'/>"),
        "another font": document(
            p(r("Beste {{ recipient.name }}", "<w:rFonts w:ascii='Comic Sans MS' w:hAnsi='Comic Sans MS'/>"))
        ),
        "tracked changes": document(
            p('<w:ins w:id="1" w:author="x"><w:r><w:t>nieuw</w:t></w:r></w:ins>', r("{{ merge.text }}"))
        ),
        "floating pictures": document(
            p(r("Een brief"))
            + p(floating("logo", ("column", "2857500"), ("paragraph", "190500")), r(PLAIN))
            + p(r("{{ merge.text }}")),
            stories={
                "header1": (
                    "default",
                    p(floating("logo", ("page", "right"), ("page", "381000")), r("Bakkerij Van den Berg")),
                )
            },
            relations=picture,
            parts={
                "word/media/logo.png": logo(),
                "word/_rels/header1.xml.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{picture}</Relationships>',
            },
        ),
        "decimal tab stops": document(
            "".join(
                p(
                    r(label),
                    "<w:r><w:tab/></w:r>",
                    r(value),
                    looks="<w:tabs><w:tab w:val='decimal' w:pos='5000'/></w:tabs>",
                )
                for label, value in (("Totaal", "{{ merge.total | getal(2) }}"), ("Korting", "12,5"), ("Aantal", "7"))
            )
        ),
        "framed paragraphs": document(
            p(r("Koptekst"), looks="<w:pBdr><w:bottom w:val='single' w:sz='8' w:space='1' w:color='1F5FA8'/></w:pBdr>")
            + p(r(PLAIN), looks="<w:shd w:val='clear' w:color='auto' w:fill='E7EEF7'/>")
            + p(r("{{ merge.text }}"))
        ),
        "repeated paragraphs": document(
            p(r("{%p for item in merge.items %}"))
            + p(r("– {{ item }}"), looks="<w:ind w:left='360'/>")
            + p(r("{%p endfor %}"))
            + p(r("{%p if merge.table > 100 %}"))
            + p(r("Een grote tafel.", _BOLD))
            + p(r("{%p else %}"))
            + p(r("Een kleine tafel."))
            + p(r("{%p endif %}"))
        ),
    }


def _calibri(layout: Any, font: str = "Calibri", size: float = 11) -> Any:
    """The document, its text in a font that we have."""
    style = layout.styles["Normal"]
    style.font.size = Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), font)
    section = layout.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.5)
    return layout


def _headings(layout: Any) -> None:
    for number, name in ((1, "Heading 1"), (2, "Heading 2")):
        style = layout.styles[name]
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            del fonts.attrib[attribute]
        fonts.set(qn("w:ascii"), "Calibri")
        layout.add_heading(f"Kop van niveau {number}: {{{{ subject }}}}", number)
        layout.add_paragraph(PLAIN * 3)


def _lists(layout: Any) -> None:
    for style in ("List Bullet", "List Number", "List Bullet 2"):
        for number in range(1, 4):
            layout.add_paragraph(f"{style} {number} {{{{ merge.table }}}}", style=style)
    layout.add_paragraph("{%p for item in merge['items'] %}")
    layout.add_paragraph("{{ item }}", style="List Number")
    layout.add_paragraph("{%p endfor %}")


def _table(layout: Any) -> None:
    grid = layout.add_table(4, 3, "Table Grid")
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    grid.cell(0, 0).merge(grid.cell(0, 1)).text = "Twee kolommen"
    grid.cell(0, 2).text = "Een"
    grid.cell(1, 0).merge(grid.cell(2, 0)).text = "Twee rijen"
    for place in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2)):
        grid.cell(*place).text = f"{place[0]}, {place[1]}: {{{{ merge.table }}}}"
    shade = grid.cell(3, 2)._tc.get_or_add_tcPr()
    shade.append(shade.makeelement(qn("w:shd"), {qn("w:val"): "clear", qn("w:fill"): "FFE699"}))


def _pictures(layout: Any) -> None:
    layout.add_picture(BytesIO(logo()), width=Cm(5))
    paragraph = layout.add_paragraph("Een beeld ")
    paragraph.add_run().add_picture(BytesIO(logo()), height=Cm(0.8))
    paragraph.add_run(" in de regel van {{ recipient.name }}.")


def _tabbed(layout: Any) -> None:
    for label, value in (
        ("Naam", "{{ recipient.name }}"),
        ("Adres", "{{ merge.street }}"),
        ("Plaats", "{{ merge.city }}"),
    ):
        paragraph = layout.add_paragraph(f"{label}\t{value}")
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(4))
        paragraph.paragraph_format.space_after = Pt(0)
    paragraph = layout.add_paragraph("Totaal\t{{ merge.total | getal(2) }}")
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(16), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _aligned(layout: Any) -> None:
    for align in (
        WD_ALIGN_PARAGRAPH.LEFT,
        WD_ALIGN_PARAGRAPH.CENTER,
        WD_ALIGN_PARAGRAPH.RIGHT,
        WD_ALIGN_PARAGRAPH.JUSTIFY,
    ):
        paragraph = layout.add_paragraph(PLAIN * 2)
        paragraph.alignment = align
        paragraph.runs[0].font.color.rgb = RGBColor(0x33, 0x33, 0x99)
    layout.add_paragraph("Slot").add_run().add_break(WD_BREAK.LINE)


def _several_sections(layout: Any) -> None:
    layout.add_paragraph("{{ merge.text }}")
    layout.add_section()
    layout.add_paragraph("Nog een")


def _arial(layout: Any) -> None:
    _calibri(layout, "Arial", 10)
    layout.sections[0].header.paragraphs[0].text = "Kop\t\t{{ recipient.name }}"
    layout.sections[0].footer.paragraphs[0].text = "Voet van {{ sender.name }}"
    for _ in range(3):
        layout.add_paragraph(PLAIN * 3 + "{{ merge.text }}")


def _times(layout: Any) -> None:
    _calibri(layout, "Times New Roman", 12)
    layout.add_paragraph("Geachte {{ recipient.name }},")
    for _ in range(3):
        layout.add_paragraph(PLAIN * 3 + "{{ merge.text }}")


def by_python_docx() -> dict[str, bytes]:
    """Layouts that a program made."""
    return {
        name: _saved(make)
        for name, make in {
            "headings": _headings, "lists": _lists, "a table": _table, "pictures": _pictures, "tabbed": _tabbed,
            "aligned": _aligned, "several sections": _several_sections, "Arial": _arial, "Times": _times,
        }.items()
    }  # fmt: skip


def _saved(make: Callable[[Any], None]) -> bytes:
    layout = _calibri(Document())
    make(layout)
    made = BytesIO()
    layout.save(made)
    return made.getvalue()
