"""The supplied Word layouts: built from parts that can be read, translated, and alike in every way they are made."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypdfium2
import pytest

from deploy.word_layouts import built
from services.dossier.layouts import files, supplied
from services.renderer.adapters.context import context_of
from services.renderer.adapters.press import Press
from services.renderer.adapters.word.pages.likeness import compared
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from services.renderer.adapters.word.template import DocxLayout
from services.renderer.domain import Made
from shared.blobs import Blob, MemoryBlobs
from tests.office import converted, needs_office
from tests.unit.renderer.jobs import a_context, a_job, kept
from tests.unit.renderer.word_files import said

WORD = {name: document for name, document in supplied().items() if document.kind == "word"}
ADDRESS = {"street": "Molenstraat 12", "postcode": "1234 AB", "city": "Utrecht", "reference": "2026-0417"}
SHORT: dict[str, dict[str, Any]] = {
    "letter-word": ADDRESS | {"rows": [["Roggebrood", 2, 7], ["Taart", 1, 1234.5]], "total": 1241.5},
    "invitation-word": ADDRESS
    | {"event": "Jaarbijeenkomst", "day": "2026-12-17", "place": "De Oude Meelfabriek", "table": 7}
    | {"answer_before": "2026-12-01", "answer_link": "https://bakery.example/kom"}
    | {"programme": [{"time": "16.00", "what": "Welkom"}]},
    "statement-word": ADDRESS
    | {"period_from": "2026-10-01", "period_to": "2026-10-31", "opening_balance": 112.5}
    | {"lines": [["2026-10-04", "Factuur", 240], ["2026-10-21", "Betaling", -112.5]]}
    | {"account": "NL91 ABNA 0417 1643 00", "pay_before": "2026-12-15"},
    "appointment-word": {
        "day": "2026-12-17",
        "time": "14.30",
        "place": "De Oude Meelfabriek",
        "phone": "030 123 45 67",
    },
}
LONG = {
    **SHORT,
    "letter-word": SHORT["letter-word"]
    | {"rows": [[f"Artikel {n}, en wat er verder van te zeggen is", n, n * 10.5] for n in range(1, 70)]},
    "statement-word": SHORT["statement-word"]
    | {"lines": [[f"2026-10-{1 + n % 28:02}", f"Boeking {n}", 10.25] for n in range(80)]},
}


def made(layout_id: str, *, read_only: bool = True, **job: Any) -> bytes:
    """What a supplied layout makes."""
    blobs = MemoryBlobs()
    blobs.put_many([Blob(content) for content in files()])
    layout = kept(blobs, WORD[layout_id], layout_id)
    [result] = Press(blobs).make([a_job(attachment_layout=layout, read_only=read_only, **job)])
    assert isinstance(result, Made), result
    assert result.warnings == ()
    assert result.parts.attachment
    return blobs.get(result.parts.attachment.sha256)


def pages(pdf: bytes) -> list[str]:
    """What each page says."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def test_the_documents_are_what_their_parts_build() -> None:
    """FR-102."""
    for path, content in built().items():
        with ZipFile(BytesIO(content)) as now, ZipFile(path) as supplied_:
            assert {name: now.read(name) for name in now.namelist()} == {
                name: supplied_.read(name) for name in supplied_.namelist()
            }, path
    assert len(built()) == len(files())


@pytest.mark.parametrize("layout_id", WORD)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_word_layout_needs_only_a_recipient_a_subject_and_a_date(layout_id: str, language: str) -> None:
    context = {"recipient": {"name": "Ελένη"}, "subject": "Αίτηση", "date": "2026-11-24"}

    [printed] = pages(made(layout_id, language=language, context=context))
    written = "\n".join(said(made(layout_id, language=language, context=context, read_only=False)))

    for told in (printed, written):
        assert "Ελένη" in told
        assert "Αίτηση" in told
        assert not [odd for odd in ("None", "{%", "{{", "«", "MERGEFIELD") if odd in told]


@needs_office
def test_supplied_word_layouts_are_alike_as_libreoffice_and_we_print_them(tmp_path: Path) -> None:
    """FR-39, A6: over several pages too, in both languages, no pixel in a thousand is otherwise."""
    ours, theirs = {}, {}
    for path, content in built().items():
        layout_id, language = path.parent.parent.name, path.parent.name
        translated, merged = TranslatedLayout(content, language), DocxLayout(content, language)
        for size, merge in (("bare", {}), ("short", SHORT[layout_id]), ("long", LONG[layout_id])):
            job = a_job(language=language, context=a_context(merge=merge))
            context = context_of(job, WORD[layout_id])
            name = f"{layout_id}-{language}-{size}"
            ours[name], _ = translated.letter(context, "2026-11-24")
            theirs[name], _ = merged.letter(context, "2026-11-24")

    references = converted(theirs, tmp_path)

    likeness = {name: compared(pdf, references[name]) for name, pdf in ours.items()}
    assert {name: one.reasons for name, one in likeness.items() if one.reasons or one.off > 0.001} == {}
    assert max(one.pages[0] for one in likeness.values()) > 2


def test_a_statement_adds_up_over_its_pages_under_its_head() -> None:
    printed = pages(made("statement-word", context=a_context(merge=LONG["statement-word"])))

    assert len(printed) > 1
    assert [f"Pagina {number} van {len(printed)}" in page for number, page in enumerate(printed, 1)] == [True] * len(
        printed
    )
    assert ["Omschrijving" in page for page in printed[:-1]] == [True] * (len(printed) - 1)
    assert "€ 932,50" in printed[-1]  # 112.50 + 80 × 10.25
    assert "NL91 ABNA 0417 1643 00" in printed[-1]


def test_rows_are_taken_as_the_other_layouts_take_them_and_by_name() -> None:
    by_name = [{"description": "Roggebrood", "quantity": 2, "amount": 7}]

    [listed] = pages(made("letter-word", context=a_context(merge=SHORT["letter-word"])))
    [named] = pages(made("letter-word", context=a_context(merge={"rows": by_name})))

    assert "€ 1.234,50" in listed
    assert "€ 1.241,50" in listed
    assert "Roggebrood" in named
    assert "€ 7,00" in named
    assert "Totaal" not in named


@pytest.mark.parametrize(
    ("language", "facts"),
    [
        ("nl", ("Beste Anna de Vries,", "donderdag 17 december 2026 om 14.30 uur", "(030 123 45 67)")),
        ("en", ("Dear Anna de Vries,", "Thursday 17 December 2026 at 14.30", "(030 123 45 67)")),
    ],
)
def test_a_card_says_when_and_where(language: str, facts: tuple[str, ...]) -> None:
    [card] = pages(made("appointment-word", language=language, context=a_context(merge=SHORT["appointment-word"])))

    assert [fact for fact in (*facts, "De Oude Meelfabriek") if fact not in card] == []


@pytest.mark.parametrize("layout_id", WORD)
def test_a_generic_letter_names_its_fields(layout_id: str) -> None:
    """A4."""
    printed = "".join(pages(made(layout_id, generic=True))).replace("\n", "")

    assert "«recipient.name»" in printed
    assert "«merge.reference»" in printed


def test_monstrous_names_break_nothing() -> None:
    monster = {"recipient": {"name": "Wolfeschlegelsteinhausenbergerdorff" * 8, "language": "nl"}, "sender": None}

    for layout_id in WORD:
        made(layout_id, context=a_context(subject="Een onderwerp zonder eind " * 10, **monster))
