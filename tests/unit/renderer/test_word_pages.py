"""Word layouts as PDF: translated once, they look as an office program would set them, or say why they can't."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from docx import Document

from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.press import Press
from services.renderer.adapters.reading.paper import off_the_page
from services.renderer.adapters.typst import Standard
from services.renderer.adapters.word.pages.declined import Declined
from services.renderer.adapters.word.pages.likeness import compared, text_of
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from services.renderer.adapters.word.template import DocxLayout
from shared.blobs import Blob, MemoryBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.renderer import Fault
from tests.office import converted, needs_office
from tests.unit.renderer.jobs import a_context, a_document, a_job
from tests.unit.renderer.test_word_letters import a_word_layout
from tests.unit.renderer.word_corpus import LONG, SHORT, by_hand, by_python_docx
from tests.unit.renderer.word_files import STYLES, document, field, p, r, table

CORPUS = by_hand() | by_python_docx()
DECLINED = {
    "a text box": ("a text box or a drawing",),
    "two columns": ("several columns",),
    "another font": ("the font Comic Sans MS",),
    "tracked changes": ("tracked changes",),
    "several sections": ("several sections",),
}
# An office program loses IF fields and switches when it saves, so these have none.
SAVED_BY_OFFICE = ("lists", "a table", "tab stops", "headings", "run looks", "repeated paragraphs", "pictures")


def values(merge: dict[str, Any], **job: Any) -> dict[str, Any]:
    """What a layout sees."""
    return context_of(a_job(context=a_context(merge=merge), **job), a_document(fields=()))


def pages_of(layout: bytes, merge: dict[str, Any] | None = None, language: str = "nl", **job: Any) -> list[str]:
    """What each page of a translated layout says, without white space."""
    pdf, _ = TranslatedLayout(layout, language).letter(values(SHORT if merge is None else merge, **job), "2026-11-24")
    opened = pypdfium2.PdfDocument(pdf)
    said = [text_of(page) for page in opened]
    opened.close()
    return said


@needs_office
def test_translated_layouts_look_as_an_office_program_sets_them(tmp_path: Path) -> None:
    """FR-39, A6: layouts made in three ways, with short values and with long ones."""
    saved = converted({name: CORPUS[name] for name in SAVED_BY_OFFICE}, tmp_path / "saved", "docx")
    layouts = {name: content for name, content in CORPUS.items() if name not in DECLINED}
    layouts |= {f"{name}, saved by an office program": content for name, content in saved.items()}
    ours, theirs = {}, {}
    for name, layout in layouts.items():
        translated, merged = TranslatedLayout(layout, "nl"), DocxLayout(layout, "nl")
        for size, merge in (("short", SHORT), ("long", LONG)):
            ours[f"{name}, {size}"], warnings = translated.letter(values(merge), "2026-11-24")
            theirs[f"{name}, {size}"], _ = merged.letter(values(merge), "2026-11-24")
            assert warnings == ()

    references = converted(theirs, tmp_path / "references")

    assert references.keys() == ours.keys()
    assert len(layouts) >= 25
    unlike = {name: compared(pdf, references[name]).reasons for name, pdf in ours.items()}
    assert {name: reasons for name, reasons in unlike.items() if reasons} == {}


@pytest.mark.parametrize("name", DECLINED)
def test_what_only_an_office_program_can_set_is_declined_by_name(name: str) -> None:
    with pytest.raises(Declined) as raised:
        TranslatedLayout(CORPUS[name], "nl")

    assert raised.value.reasons == DECLINED[name]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (p("<w:r><w:pict/></w:r>"), "a drawing of an older Word"),
        (p('<w:r><w:footnoteReference w:id="1"/></w:r>'), "footnotes"),
        (p(r("x", "<w:smallCaps/>")), "small capitals"),
        (p(r("x", "<w:unheardOf/>")), "the property unheardOf of letters"),
        (p(r("x"), looks="<w:framePr/>"), "a text frame"),
        (p(field("DATE \\@ d")), "the field DATE"),
        (
            p(r("x", '<w:color w:val="000&quot;); read(&quot;x"/>')),
            'something that Word does not write (the colour 000"); read("x)',
        ),
        (
            p(r("x"), looks="<w:shd w:val='pct25' w:fill='FFFFFF'/>"),
            "something that Word does not write (the pattern pct25)",
        ),
        (p("<w:unheardOf/>"), "the element unheardOf in a paragraph"),
        (
            table([p(r("{%tc for a in merge.rows %}")), p(r("x")), p(r("{%tc endfor %}"))]),
            "table columns that depend on values",
        ),
    ],
)
def test_each_thing_that_is_not_translated_has_a_name(body: str, reason: str) -> None:
    with pytest.raises(Declined) as raised:
        TranslatedLayout(document(body), "nl")

    assert raised.value.reasons == (reason,)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (p(r("{% for row in merge.rows %}{{ row.count }},{% endfor %}")), "2,12,1,"),
        (p(r("{% for row in merge.none %}x{% else %}niets{% endfor %}")), "niets"),
        (p(r("{% if merge.table > 9 %}veel{% elif merge.table > 5 %}genoeg{% else %}weinig{% endif %}")), "genoeg"),
        (p(r("{% if merge.table > 9 %}veel{% endif %}!")), "!"),
        (p(r("{% set double = merge.table * 2 %}{{ double }}")), "14"),
        (p(r("{% with a = 3 %}{{ a }}{% endwith %}")), "3"),
        (p(r("{{ merge.rows[0].what | upper }}")), "ROGGEBROOD"),
        (p(field('MERGEFIELD total \\# "#.##0,00"')), "1.234,50"),
        (p(r("{{ date | datum }}")), "24november2026"),
        (p(r("{{ merge.none }}x{{ merge.empty }}")), "[]x"),
    ],
)
def test_values_are_those_of_the_docx(body: str, said: str) -> None:
    """FR-38."""
    assert pages_of(document(body), SHORT | {"none": [], "empty": None}) == [said.replace(".", "")]


@pytest.mark.parametrize("name", ["#import", "$x$", "*b* _i_", '"); #panic()', "\\", "= H", "{{7*7}}"])
def test_a_value_is_never_markup(name: str) -> None:
    said = pages_of(document(p(r("<{{ merge.name }}>"))), {"name": name})

    assert said == [f"<{name}>".replace(" ", "").replace(".", "").replace("_", "")]


def test_line_breaks_and_tabs_of_a_value_are_set() -> None:
    assert pages_of(document(p(r("{{ merge.name }}"))), {"name": "a\tb\nc"}) == ["abc"]


@needs_office
def test_a_word_that_is_wider_than_its_line_is_broken_as_an_office_program_breaks_it(tmp_path: Path) -> None:
    """FR-39: nothing of a long name runs off the page, or out of its cell."""
    word = "Hottentottententententoonstellingsmakersvergadering"
    merge = {"name": word * 3, "part": f"een {word} na"}
    body = (
        p(r("Stichting "), field("MERGEFIELD name"), r(" en verder."))
        + table([p(field("MERGEFIELD name")), p(field("MERGEFIELD part")), p(r(word))])
        + p(field("MERGEFIELD part"), looks="<w:ind w:left='6000' w:hanging='500'/>")
    )

    ours, _ = TranslatedLayout(document(body), "nl").letter(values(merge), "2026-11-24")

    theirs = converted({"x": DocxLayout(document(body), "nl").letter(values(merge), "2026-11-24")[0]}, tmp_path)["x"]
    assert compared(ours, theirs).reasons == ()
    assert off_the_page(ours) is None


@needs_office
def test_a_table_breaks_over_pages_as_an_office_program_breaks_it(tmp_path: Path) -> None:
    """FR-39: its outer lines are not those of each page, and as many rows stand on each."""
    sides = ("top", "left", "bottom", "right")
    looks = "".join(f"<w:{side} w:val='single' w:sz='12' w:color='0B6B6B'/>" for side in sides)
    looks += "<w:insideH w:val='single' w:sz='4' w:color='D5DCE4'/>"
    body = table(*([p(r(f"rij {number}"))] for number in range(150)), looks=f"<w:tblBorders>{looks}</w:tblBorders>")

    ours, _ = TranslatedLayout(document(body), "nl").letter(values({}), "2026-11-24")

    likeness = compared(ours, converted({"x": document(body)}, tmp_path)["x"])
    assert (likeness.reasons, likeness.pages) == ((), (5, 5))
    assert likeness.off < 0.0005


def test_a_generic_pdf_names_its_fields() -> None:
    """A4."""
    body = (
        p(r("{{ recipient.name }}"))
        + p(r("{%p for row in merge.rows %}"))
        + p(r("{{ row.what }}"))
        + p(r("{%p endfor %}"))
    )

    assert pages_of(document(body), generic=True) == ["«recipientname»«mergerowswhat»"]


def test_a_field_that_is_not_there_is_named_as_in_the_docx() -> None:
    layout = TranslatedLayout(document(p(r("x")) + p(r("Stoel {{ merge.seat }}"))), "nl")

    with pytest.raises(Unmergeable, match=r"merge.seat .* \(paragraph 2 \(“Stoel") as raised:
        layout.letter(values(SHORT), "2026-11-24")

    assert (raised.value.field, raised.value.line) == ("merge.seat", 2)


def test_the_same_values_give_the_same_bytes() -> None:
    first, second = (TranslatedLayout(CORPUS["letter with logo"], "nl") for _ in range(2))

    pdf, _ = first.letter(values(LONG), "2026-11-24")
    first.letter(values(SHORT), "2026-11-24")

    assert pdf == second.letter(values(LONG), "2026-11-24")[0] == first.letter(values(LONG), "2026-11-24")[0]


def test_pages_are_numbered_and_the_first_has_its_own_header() -> None:
    said = pages_of(CORPUS["letter with logo"], LONG)

    assert [f"Pagina{number}van{len(said)}" in page for number, page in enumerate(said, 1)] == [True] * len(said)
    assert [page.startswith("OmschrijvingAantal") or "BakkerijVandenBerg" in page for page in said] == [True] * len(
        said
    )


def test_nothing_in_a_layout_is_code_of_ours() -> None:
    styles = STYLES.replace('"Standaard"', "'&quot;); #panic(&quot;'")
    body = p(r('"); #panic("\\ #panic() $x$')) + p(r("x"), looks="<w:pStyle w:val='&quot;); #panic(&quot;'/>")

    assert pages_of(document(body, styles=styles)) == ['");#panic("\\#panic()$x$x']


def test_what_differs_is_told() -> None:
    layouts = [document(p(r("Een")) + p(r("twee"))), document(p(r("Een")) + p(r("drie")))]
    longer = document(p(r("Een")) + p(r("twee"), looks="<w:pageBreakBefore/>"))
    darker = document(
        p(r("Een"))
        + p(r("twee"))
        + table([p()], looks="").replace("<w:tcPr>", '<w:tcPr><w:shd w:val="clear" w:fill="000000"/>')
    )
    one, two, three, four = (
        TranslatedLayout(each, "nl").letter(values({}), "2026-11-24")[0] for each in (*layouts, longer, darker)
    )

    assert compared(one, one).reasons == ()
    assert "page 1 reads otherwise" in compared(one, two).reasons[0]
    assert compared(one, three).reasons[0] == "1 pages instead of 2"
    assert compared(one, four).reasons == () or "looks otherwise" in compared(one, four).reasons[0]
    assert compared(one, four).off > 0.01


def test_a_read_only_word_layout_gives_a_pdf() -> None:
    """FR-8, FR-39, A6."""
    blobs = MemoryBlobs()
    layout = a_word_layout(blobs, document(p(r("Beste {{ recipient.name }}"))))

    [made] = Press(blobs).make([a_job(attachment_layout=layout, read_only=True)])

    attachment = getattr(made, "parts").attachment  # noqa: B009 -- a fault has none
    assert (attachment.filename, attachment.content_type) == ("brief.pdf", "application/pdf")
    assert blobs.get(attachment.sha256).startswith(b"%PDF-")


def test_a_read_only_layout_that_is_declined_says_why_and_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # where no office program is
    blobs = MemoryBlobs()
    [ref] = blobs.put_many([Blob(CORPUS["two columns"])])
    layout = a_word_layout(blobs, CORPUS["two columns"])

    [fault] = Press(blobs).make([a_job(attachment_layout=layout, read_only=True)])
    judged = Press(blobs).read(LayoutDocument(kind="word", sources={}, files={"nl": ref}))

    assert isinstance(fault, Fault)
    assert "several columns" in fault.detail
    assert "apt-get install libreoffice-writer-nogui" in fault.detail
    assert (judged.problems, judged.declined) == ((), {"nl": ("several columns",)})


def test_the_corpus_is_of_word_files() -> None:
    assert len(CORPUS) >= 20
    for content in CORPUS.values():
        assert list(Document(BytesIO(content)).iter_inner_content())


@pytest.mark.parametrize(
    ("standards", "claimed"),
    [
        (("a-2b",), {"pdfaid:part": "2", "pdfaid:conformance": "B"}),
        (("a-3a", "ua-1"), {"pdfaid:part": "3", "pdfaid:conformance": "A", "pdfuaid:part": "1"}),
    ],
)
def test_a_translated_layout_makes_a_pdf_to_keep(standards: tuple[Standard, ...], claimed: dict[str, str]) -> None:
    layout = TranslatedLayout(CORPUS["letter with logo"], "nl", standards)

    pdf, _ = layout.letter(values(SHORT), "2026-11-24")

    with pikepdf.open(BytesIO(pdf)) as opened:
        with opened.open_metadata() as told:
            assert {name: told[name] for name in claimed} == claimed
            assert told["dc:title"] == "Uitnodiging"
        assert "/StructTreeRoot" in opened.Root or "ua-1" not in standards
        assert not opened.check_pdf_syntax()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ merge.table + 1 }}", "8"),
        ("{{ merge.street ~ ' te ' ~ merge.city }}", "Molenstraat 12 te 1234 AB Utrecht"),
        ("{{ 'ja' if merge.table == 7 else 'nee' }}", "ja"),
        ("{{ merge.table is divisibleby 7 and 'zeven' or 'ander' }}", "zeven"),
        ("{{ '%03d' % merge.table }}", "007"),
    ],
)
def test_an_expression_says_in_a_pdf_what_it_says_in_the_document(source: str, said: str) -> None:
    """FR-39, A6: all of it, not its last term alone."""
    layout = document(p(r(source)))

    pdf, _ = TranslatedLayout(layout, "nl").letter(values(SHORT), "2026-11-24")
    docx, _ = DocxLayout(layout, "nl").letter(values(SHORT), "2026-11-24")

    assert [paragraph.text for paragraph in Document(BytesIO(docx)).paragraphs] == [said]
    with pypdfium2.PdfDocument(pdf) as opened:
        assert opened[0].get_textpage().get_text_range().strip() == said
