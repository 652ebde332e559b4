"""Jinja tags in Word layouts: what docxtpl makes of them, is made here, and what it leaves blank, is named."""

from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from lxml import etree  # type: ignore[import-untyped]

from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.template import DocxLayout
from tests.unit.renderer.jobs import a_context, a_document, a_job
from tests.unit.renderer.word_files import document, p, part, r, said, table

ROWS = [{"what": "Brood", "price": 2.5, "kind": "a"}, {"what": "Koek & <zo>", "price": 3, "kind": "b"}]
VALUES: dict[str, Any] = {"table": 7, "rows": ROWS, "none": [], "text": "a\nb\tc", "colour": "FFCC00", "empty": None}
NESTED = table([p(r("{{ row.what }}"))])


def merged(layout: bytes, *, generic: bool = False, language: str = "nl", **values: Any) -> bytes:
    """The document that a layout becomes."""
    job = a_job(context=a_context(merge=VALUES | values), generic=generic)
    return DocxLayout(layout, language).letter(context_of(job, a_document(fields=())), "2026-11-24")[0]


def by_docxtpl(layout: bytes) -> bytes:
    """What docxtpl makes of it."""
    template = DocxTemplate(BytesIO(layout))
    context = context_of(a_job(context=a_context(merge=VALUES)), a_document(fields=()))
    template.render(context, autoescape=True)
    made = BytesIO()
    template.save(made)
    return made.getvalue()


def shape(docx: bytes, name: str = "word/document.xml") -> list[Any]:
    """The paragraphs, tables and texts of a part, whatever runs they stand in."""
    return _shape(etree.fromstring(part(docx, name).encode()))


def _shape(element: Any) -> list[Any]:
    found: list[Any] = []
    for child in element:
        name = etree.QName(child).localname
        if name in {"t", "br", "tab", "drawing"}:
            word = {"t": child.text or ""}.get(name, f"<{name}>")
            found[-1:] = [found[-1] + word] if found and isinstance(found[-1], str) else [*found[-1:], word]
        elif name in {"p", "tbl", "tr", "tc", "gridSpan", "gridCol", "shd", "vMerge"}:
            found.append([name, *child.attrib.values()][: 1 if name in {"p", "tr", "gridCol"} else 9] + _shape(child))
        else:
            inner = _shape(child)
            if found and inner and isinstance(found[-1], str) and isinstance(inner[0], str):
                found[-1] += inner.pop(0)
            found += inner
    return [one for one in found if one != ""]


LAYOUTS = {
    "a value within text": p(r("Beste {{ recipient.name }}, dag")),
    "a value in pieces": p(r("Beste {"), r("{ recipi", "<w:b/>"), r("ent.name }"), r("}, dag")),
    "escaped": p(r("{{ merge.rows[1].what }}")),
    "line breaks and tabs": p(r("x {{ merge.text }} y", "<w:b/>")),
    "if within a line": p(r("a {% if merge.table > 5 %}"), r("veel", "<w:b/>"), r("{% else %}weinig{% endif %} b")),
    "else within a line": p(r("a {% if merge.table > 9 %}veel{% else %}weinig{% endif %} b")),
    "for within a line": p(
        r("{% for row in merge.rows %}{{ row.what }}{% if not loop.last %}, {% endif %}{% endfor %}")
    ),
    "paragraphs": p(r("{%p for row in merge.rows %}")) + p(r("- {{ row.what }}")) + p(r("{%p endfor %}")) + p(r("na")),
    "a paragraph left out": p(r("{%p if merge.none %}")) + p(r("weg")) + p(r("{%p endif %}")) + p(r("na")),
    "an if over paragraphs": p(r("a {% if merge.table %}b")) + p(r("c")) + p(r("d{% endif %} e")),
    "an if over paragraphs that is not": p(r("a {% if merge.none %}b")) + p(r("c")) + p(r("d{% endif %} e")),
    "rows": table(
        [p(r("Wat")), p(r("Prijs"))],
        [p(r("{%tr for row in merge.rows %}")), p()],
        [p(r("{{ row.what }}")), p(r("{{ row.price }}"))],
        [p(r("{%tr endfor %}")), p()],
        [p(r("Totaal")), p(r("{{ merge.rows | sum(attribute='price') }}"))],
    ),
    "columns": table(
        [p(r("{%tc for row in merge.rows %}")), p(r("{{ row.what }}")), p(r("{%tc endfor %}"))],
    ),
    "spanned": table([p(r("{% colspan 2 %}{{ merge.table }}"))], [p(r("x"))]),
    "shaded": table([p(r("{% cellbg merge.colour %}{{ merge.table }}")), p(r("x"))]),
    "comments": p(r("a{# niets #}b")) + p(r("{#p weg #}")) + p(r("c")),
    "set": p(r("{% set total = merge.table * 2 %}{{ total }}")),
    "literal braces": p(r("{_{ {{ merge.table }} }_}")),
    "smart quotes": p(r("{{ merge[“table”] }} {{ ’x’ }}")),
    "a table in a cell": table([NESTED.replace("row.what", "merge.table") + p(r("{{ merge.table }}"))]),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_text_and_structure_are_those_of_docxtpl(name: str) -> None:
    """FR-6, FR-38."""
    layout = document(LAYOUTS[name])

    assert shape(merged(layout)) == shape(by_docxtpl(layout))


def test_headers_and_footers_are_merged_as_docxtpl_merges_them() -> None:
    layout = document(
        p(r("x")),
        stories={
            "header1": ("default", p(r("Aan {{ recipient.name }}"))),
            "header2": ("first", p(r("Eerste {{ merge.table }}"))),
            "footer1": ("even", table([p(r("{{ subject }}"))])),
        },
        more="<w:titlePg/>",
    )

    ours, theirs = merged(layout), by_docxtpl(layout)

    for name in ("header1", "header2", "footer1"):
        assert shape(ours, f"word/{name}.xml") == shape(theirs, f"word/{name}.xml")
    assert "Aan Anna de Vries" in part(ours, "word/header1.xml")


def test_the_title_of_the_document_is_merged() -> None:
    made = BytesIO()
    layout = Document()
    layout.core_properties.title = "Brief aan {{ recipient.name }}"
    layout.save(made)

    assert Document(BytesIO(merged(made.getvalue()))).core_properties.title == "Brief aan Anna de Vries"


def test_a_row_may_repeat_itself() -> None:
    row = [p(r("{%tr for row in merge.rows %}{{ row.what }}")), p(r("{{ row.price }}{%tr endfor %}"))]

    assert said(merged(document(table(row)))) == ["Brood|2.5", "Koek & <zo>|3"]


def test_a_cell_is_never_left_without_a_paragraph() -> None:
    cell = p(r("{%p if merge.none %}")) + p(r("x")) + p(r("{%p endif %}"))

    docx = merged(document(table([cell, p(r("y"))])))

    assert said(docx) == ["|y"]
    assert '<w:tc><w:tcPr><w:tcW w:w="4500" w:type="dxa"/></w:tcPr></w:tc>' not in part(docx)


def test_dates_and_numbers_have_the_filters_of_mail_bodies() -> None:
    said_so = said(merged(document(p(r("{{ date | datum }}, {{ 1234.5 | getal(2) }}, {{ merge.empty | datum }}")))))

    assert said_so == ["24 november 2026, 1.234,50, "]


def test_a_generic_document_names_its_fields() -> None:
    """A4."""
    layout = document(p(r("{{ recipient.name }} {{ merge.table }}")) + LAYOUTS["paragraphs"])

    assert said(merged(layout, generic=True))[:2] == ["«recipient.name» «merge.table»", "- «merge.rows.what»"]


@pytest.mark.parametrize(
    ("body", "detail", "line"),
    [
        (
            p(r("x")) + p(r("Beste {{ recipient.nam }}")),
            "the field recipient.nam is unknown or has no value (paragraph 2 (“Beste {{ recipient.nam }}”))",
            2,
        ),
        (p(r("{{ naam }}")), "the field naam is unknown", 1),
        (
            LAYOUTS["rows"].replace("row.price", "row.prijs"),
            "the field row.prijs is unknown or has no value (table 1, row 3, cell 2, paragraph 6",
            6,
        ),
        (p(r("{{ merge.table")), "the tag {{ merge.table is not closed on the same line (paragraph 1", 1),
        (p(r("{% if merge.table")), "is not closed on the same line", 1),
        (p(r("{{ merge.table + }}")), "(paragraph 1", 1),
        (p(r("{% if merge.table %}x")), "{% if merge.table %} lacks its {% endif %}", 1),
        (p(r("x{% endif %}")), "{% endif %} closes nothing", 1),
        (p(r("{% for a in merge.rows %}{% endif %}")), "{% endif %} closes nothing", 1),
        (p(r("{% include 'x' %}")), "the tag {% include 'x' %} is not known in Word layouts", 1),
        (p(r("{%tr for x in y %}")), "stands in no table", 1),
        (table([p(r("{% if merge.table %}x"))]) + p(r("{% endif %}")), "stand in different parts", 1),
        (p(r("{{ 1 / 0 }}")), "division by zero", 1),
        (p(r("{{ ''.__class__ }}")), "", 1),
    ],
)
def test_each_fault_names_its_field_and_paragraph(body: str, detail: str, line: int) -> None:
    with pytest.raises(Unmergeable) as raised:
        merged(document(body))

    assert detail in raised.value.detail
    assert raised.value.line == line


def test_what_goes_from_one_cell_to_the_next_leaves_the_table_whole() -> None:
    row = [p(r("a{% if merge.none %}b")), p(r("c{% endif %}d"))]

    assert said(merged(document(table(row)))) == ["ad"]


def test_a_fault_in_a_header_names_it() -> None:
    layout = document(p(r("x")), stories={"header1": ("first", p(r("{{ merge.nowhere }}")))}, more="<w:titlePg/>")

    with pytest.raises(Unmergeable, match=r"merge.nowhere .* \(header of the first page, paragraph 1"):
        merged(layout)


def test_values_are_never_markup_or_tags() -> None:
    layout = document(p(r("{{ merge.text }}")))

    for name in ("{{7*7}}", "{% if %}", "</w:t></w:r><w:br/>", "<script>", "\ue0000\ue001", "]]>", "&amp;"):
        assert said(merged(layout, text=name)) == [name]


def test_the_same_values_give_the_same_bytes() -> None:
    layout = document(LAYOUTS["rows"])

    assert merged(layout) == merged(layout)


def test_repeated_pictures_have_numbers_of_their_own() -> None:
    picture = (
        '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="{{ row.what }}"/></wp:inline></w:drawing></w:r>'
    )
    body = (
        p(r("{%p for row in merge.rows %}"))
        + p(picture)
        + p(r("{%p endfor %}"))
        + p(picture.replace("row.what", "subject"))
    )

    xml = part(merged(document(body)))

    assert [xml.count(f'id="{number}"') for number in (1001, 1002, 1003)] == [1, 1, 1]
    assert 'descr="Koek &amp; &lt;zo&gt;"' in xml
