"""Letters in Typst: what comes out, which faults are named, and what stays harmless."""

import contextlib
import io
import tempfile
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from services.dossier.layouts import supplied
from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.glyphs import not_shown
from services.renderer.adapters.typst import OFFLINE, LetterLayout, Standard
from services.renderer.domain import Job
from tests.unit.renderer.jobs import LETTER, a_document, a_job, named

DATA = "#let data = json(bytes(sys.inputs.data))\n"


def letter_of(job: Job, source: str = LETTER) -> bytes:
    """The PDF that a source makes of a job."""
    return LetterLayout({"typst": source}, "nl").letter(context_of(job, a_document()), "2026-11-24")[0]


def said_by(pdf: bytes) -> str:
    """The text on all pages."""
    document = pypdfium2.PdfDocument(pdf)
    said = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return said


def fault_of(source: str) -> Unmergeable:
    """What is wrong with a source, or with merging it."""
    with pytest.raises(Unmergeable) as raised:
        letter_of(a_job(), source)
    return raised.value


def test_a_letter_says_what_its_layout_says() -> None:
    assert "Beste Anna de Vries" in said_by(letter_of(a_job()))


def test_a_layout_makes_one_letter_after_another() -> None:
    layout = LetterLayout({"typst": LETTER}, "nl")

    names = ["Anna", "Βασίλης", "Наталья"]
    letters = [layout.letter(context_of(a_job(context=named(name)), a_document()), "2026-11-24")[0] for name in names]

    assert [f"Beste {name}" in said_by(pdf) for name, pdf in zip(names, letters, strict=True)] == [True] * 3


def test_a_letter_is_the_same_bytes_whatever_was_made_before_it() -> None:
    sources = {"typst": LETTER + "#datetime.today().display()"}
    layout = LetterLayout(sources, "nl")
    anna, long_named = (context_of(a_job(context=named(name)), a_document()) for name in ("Anna", "Anna " * 2000))

    first, _ = layout.letter(anna, "2026-11-24")
    _ = [layout.letter(long_named, "2026-11-24"), layout.letter(anna, "2026-11-25")]
    again, _ = layout.letter(anna, "2026-11-24")

    assert first == again == LetterLayout(sources, "nl").letter(anna, "2026-11-24")[0]


@pytest.mark.parametrize("ending", ["", "#panic()"])
def test_nothing_of_a_letter_lies_about_once_it_is_made(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    layout = LetterLayout({"typst": LETTER + ending}, "nl")

    with contextlib.suppress(Unmergeable):
        layout.letter(context_of(a_job(context=named("Zeldzame Zus")), a_document()), "2026-11-24")

    assert [file.name for file in tmp_path.rglob("*") if file.is_file() and b"Zus" in file.read_bytes()] == []


@pytest.mark.parametrize(
    "name", ["{{7*7}}", "<script>", '#import "x"', '#read("/etc/passwd")', "$x$", "*b* _i_", "= H", "\\u{41}", '"']
)
def test_a_name_is_never_markup(name: str) -> None:
    assert f"Beste {name}" in said_by(letter_of(a_job(context=named(name))))


def test_a_name_turns_no_line_around_and_ends_no_text() -> None:
    assert "Beste Anna X" in said_by(letter_of(a_job(context=named("An\u202ena\0 \ud800X"))))


def test_the_day_of_a_letter_is_its_document_date() -> None:
    said = said_by(letter_of(a_job(), DATA + "#data.long_date, #datetime.today().display()"))

    assert "24 november 2026, 2026-11-24" in said


@pytest.mark.parametrize(
    ("source", "field", "line"),
    [
        (DATA + "\n#data.merge.seat", "data.merge.seat", 3),
        (DATA + "#let f(x) = x.merge.seat\n\n#f(data)", "x.merge.seat", 2),
        ("\n#naam", "naam", 2),
        ("#naam", "naam", 1),
        ("\n\n#let f( = x", None, 3),
        ('#read("/etc/passwd")', None, 1),
        ('#read("../../etc/passwd")', None, 1),
        ("\n#while true {}", None, 2),
    ],
)
def test_each_fault_has_its_line(source: str, field: str | None, line: int) -> None:
    fault = fault_of(source)

    assert (fault.field, fault.line) == (field, line)


@pytest.mark.parametrize("wish", ['import "@preview/cetz:0.3.0": *', 'include("@preview/cetz:0.3.0")'])
def test_a_package_is_refused_before_anything_is_set(wish: str) -> None:
    with pytest.raises(Unmergeable, match="can't import packages") as raised:
        LetterLayout({"typst": f"x\n#{wish}"}, "nl")

    assert raised.value.line == 2


def test_a_package_under_another_name_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, nowhere in OFFLINE.items():
        monkeypatch.setenv(name, nowhere)

    fault = fault_of('#let name = "@pre" + "view/cetz:0.3.0"\n#import name: *')

    assert fault.line == 2
    assert "refused" in fault.detail


def test_a_layout_without_a_letter_is_at_fault() -> None:
    with pytest.raises(Unmergeable, match="no letter"):
        LetterLayout({"text": "x"}, "nl")


def test_a_font_that_is_not_there_is_warned_of() -> None:
    layout = LetterLayout({"typst": '#set text(font: "Comic Sans")\nx'}, "nl")

    _, warnings = layout.letter(context_of(a_job(), a_document()), "2026-11-24")

    assert warnings == ("unknown font family: comic sans (line 1)",)


@pytest.mark.parametrize(
    "name", ["Ελένη Παπαδοπούλου", "Иван Петров", "王小明", "佐藤 花子", "Zoë 🎉 de Boer", "Łukasz ✓"]
)
def test_a_name_in_any_script_is_shown(name: str) -> None:
    job = a_job(context=named(name))

    pdf, warnings = LetterLayout({"typst": LETTER}, "nl").letter(context_of(job, a_document()), "2026-11-24")

    assert f"Beste {name}" in said_by(pdf)
    assert warnings == ()


def test_an_arabic_name_is_shown_joined_and_from_right_to_left() -> None:
    letters = "محمد"

    said = said_by(letter_of(a_job(context=named(letters))))

    assert letters in said


def test_a_character_that_no_font_has_is_warned_of() -> None:
    job = a_job(context=named("Anna ក ក"))

    _, warnings = LetterLayout({"typst": LETTER}, "nl").letter(context_of(job, a_document()), "2026-11-24")

    assert warnings == ("no font has the character U+1780",)


def test_what_is_not_seen_needs_no_font() -> None:
    assert not_shown("Anna\u200dde\u200bVries\ufe0f\n") == []


@pytest.mark.parametrize(
    ("standards", "claimed"),
    [
        (("a-2b",), {"pdfaid:part": "2", "pdfaid:conformance": "B"}),
        (("a-3a", "ua-1"), {"pdfaid:part": "3", "pdfaid:conformance": "A", "pdfuaid:part": "1"}),
    ],
)
def test_a_pdf_to_keep_says_so_and_has_what_that_takes(
    standards: tuple[Standard, ...], claimed: dict[str, str]
) -> None:
    document = supplied()["letter"]
    layout = LetterLayout(document.sources["nl"], "nl", standards)

    pdf, _ = layout.letter(context_of(a_job(), document), "2026-11-24")

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        with opened.open_metadata() as told:
            assert {name: told[name] for name in claimed} == claimed
        assert opened.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert ("/StructTreeRoot" in opened.Root) == ("/MarkInfo" in opened.Root) == ("/Lang" in opened.Root)
        assert "/StructTreeRoot" in opened.Root or "ua-1" not in standards
        assert all("/FontFile" in str(list(font.FontDescriptor.keys())) for font in _fonts_of(opened))
        assert not opened.check_pdf_syntax()


def test_a_letter_of_a_standard_is_the_same_bytes_each_time() -> None:
    document = supplied()["letter"]

    made = {
        LetterLayout(document.sources["nl"], "nl", ("a-3a", "ua-1")).letter(
            context_of(a_job(), document), "2026-11-24"
        )[0]
        for _ in range(2)
    }

    assert len(made) == 1


def _fonts_of(opened: pikepdf.Pdf) -> list[pikepdf.Object]:
    return [
        inner
        for page in opened.pages
        for font in page.Resources.Font.values()
        for inner in font.get("/DescendantFonts", [font])
    ]
