"""The supplied layouts, made by the engines that they are written for."""

from typing import Any

import pypdfium2
import pytest

from services.dossier.layouts import supplied
from services.renderer.adapters.press import Press
from shared.blobs import MemoryBlobs
from tests.unit.renderer.jobs import a_context, a_job, kept

ROWS = [[f"Artikel {number}", number, 1234.5 * number] for number in range(1, 9)]
LETTER = {
    "street": "Molenstraat 12",
    "postcode": "1234 AB",
    "city": "Utrecht",
    "reference": "2026-0417",
    "rows": ROWS,
    "total": -44442,
}
INVITATION = {
    "event": "Jaarbijeenkomst",
    "day": "2026-12-17",
    "place": "De Oude Meelfabriek",
    "table": 7,
    "answer_before": "2026-12-01",
    "answer_link": "https://bakery.example/kom?u=4&x=1",
}
MONSTER: dict[str, Any] = {
    "recipient": {"name": "Wolfeschlegelsteinhausenbergerdorff" * 8, "email": None, "language": "nl"},
    "subject": "Een onderwerp zonder eind " * 10,
    "sender": None,
}


def made(layout_id: str, **others: Any) -> tuple[str, str, bytes]:
    """The text, the page and the letter of a supplied layout."""
    blobs = MemoryBlobs()
    layout = kept(blobs, supplied()[layout_id], layout_id)
    role = "body_layout" if layout_id == "invitation" else "attachment_layout"
    [result] = Press(blobs).make([a_job(**{role: layout, **others})])
    assert not hasattr(result, "detail"), result
    parts: Any = result.parts
    text, page, letter = (
        blobs.get(part.sha256) if part else b"" for part in (parts.text, parts.html, parts.attachment)
    )
    return text.decode(), page.decode(), letter


def pages(pdf: bytes) -> list[str]:
    """What each page of a letter says."""
    document = pypdfium2.PdfDocument(pdf)
    said = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    document.close()
    return said


@pytest.mark.parametrize(("language", "day"), [("nl", "24 november 2026"), ("en", "24 November 2026")])
def test_a_letter_needs_only_a_recipient_a_subject_and_a_date(language: str, day: str) -> None:
    context = {"recipient": {"name": "Ελένη"}, "subject": "Αίτηση", "date": "2026-11-24"}

    [said] = pages(made("letter", language=language, context=context)[2])

    assert {"Ελένη", "Αίτηση", day} <= {line.strip() for line in said.split("\n")}


def test_a_letter_has_a_table_of_eight_rows_on_one_page() -> None:
    pdf = made("letter", context=a_context(merge=LETTER))[2]

    [said] = pages(pdf)

    assert [f"Artikel {number}" in said for number in range(1, 9)] == [True] * 8
    assert "€\u00a09.876,00" in said
    assert "–€\u00a044.442,00" in said
    assert "Pagina 1 van 1" in said
    assert len(pdf) >= 25_000  # bytes; its fonts travel along


def test_a_long_table_goes_on_overleaf_under_its_head() -> None:
    rows = [["Een omschrijving die op één regel niet past en daarom haar eigen hoogte krijgt", 1, "vrij"], *ROWS * 6]

    said = pages(made("letter", context=a_context(merge={"rows": rows}))[2])

    assert [f"Pagina {number} van {len(said)}" in page for number, page in enumerate(said, 1)] == [True] * len(said)
    assert "Omschrijving" in said[1]


@pytest.mark.parametrize("layout_id", sorted(name for name, one in supplied().items() if one.kind != "word"))
@pytest.mark.parametrize("language", ["nl", "en"])
def test_monstrous_names_and_absent_senders_break_nothing(layout_id: str, language: str) -> None:
    made(layout_id, language=language, context=a_context(**MONSTER))


def test_a_generic_letter_names_its_fields() -> None:
    """A4."""
    [said] = pages(made("letter", generic=True)[2])

    for field in ("recipient.name", "merge.street", "merge.city", "merge.rows", "merge.total"):
        assert f"«{field}»" in said


@pytest.mark.parametrize("layout_id", ["statement", "appointment"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_statement_and_a_card_need_only_a_recipient_a_subject_and_a_date(layout_id: str, language: str) -> None:
    context = {"recipient": {"name": "Ελένη"}, "subject": "Αίτηση", "date": "2026-11-24"}

    [said] = pages(made(layout_id, language=language, context=context)[2])

    assert "Ελένη" in said
    assert "Αίτηση" in said
    assert "None" not in said


def test_a_statement_adds_up_over_its_pages_under_its_head() -> None:
    lines = [[f"2026-01-{1 + number % 28:02}", f"Boeking {number}", 10.25] for number in range(80)]
    merge = {"lines": lines, "opening_balance": -20, "account": "NL91 ABNA 0417 1643 00", "pay_before": "2026-12-15"}

    said = pages(made("statement", context=a_context(merge=merge))[2])

    assert len(said) > 1
    assert [f"Pagina {number} van {len(said)}" in page for number, page in enumerate(said, 1)] == [True] * len(said)
    assert ["Omschrijving" in page for page in said] == [True] * len(said)
    assert "€\u00a0800,00" in said[-1]  # -20 + 80 × 10.25
    assert "15-12-2026" in said[-1]
    assert "NL91 ABNA 0417 1643 00" in said[-1]


@pytest.mark.parametrize(
    ("opening", "says"),
    [(10, "over te maken"), (-10, "te goed"), (0, "Er staat niets open")],
)
def test_a_statement_says_what_is_to_be_done(opening: int, says: str) -> None:
    [said] = pages(made("statement", context=a_context(merge={"opening_balance": opening}))[2])

    assert says in said


def test_a_card_says_when_and_where() -> None:
    merge = {"day": "2026-12-17", "time": "14.30", "place": "De Oude Meelfabriek", "phone": "030 123 45 67"}

    [said] = pages(made("appointment", context=a_context(merge=merge))[2])

    assert "donderdag 17 december 2026 om 14.30 uur" in said
    assert "De Oude Meelfabriek" in said
    assert "030 123 45 67" in said


@pytest.mark.parametrize(
    ("layout_id", "fields"),
    [("statement", ("merge.lines", "merge.opening_balance")), ("appointment", ("merge.day", "merge.place"))],
)
def test_a_generic_statement_or_card_names_its_fields(layout_id: str, fields: tuple[str, ...]) -> None:
    """A4."""
    [said] = pages(made(layout_id, generic=True)[2])

    for field in ("recipient.name", *fields):
        assert f"«{field}»" in said.replace("\n", "")


def test_an_invitation_needs_only_a_recipient_a_subject_and_a_date() -> None:
    context = {"recipient": {"name": "Anna"}, "subject": "Kom je?", "date": "2026-11-24"}

    text, page, _ = made("invitation", context=context)

    for body in (text, page):
        assert "Beste Anna," in body
        assert "Kom je?" in body
        assert "None" not in body
    assert "Uw tafel" not in text


@pytest.mark.parametrize(
    ("language", "facts"),
    [
        ("nl", ("Beste Anna de Vries,", "Uw tafel", "17 december 2026", "1 december 2026")),
        ("en", ("Dear Anna de Vries,", "Your table", "17 December 2026", "1 December 2026")),
    ],
)
def test_an_invitation_says_the_same_in_text_and_in_html(language: str, facts: tuple[str, ...]) -> None:
    text, page, _ = made("invitation", language=language, context=a_context(merge=INVITATION))

    assert [fact for fact in (*facts, "De Oude Meelfabriek") if fact not in text or fact not in page] == []
    assert "https://bakery.example/kom?u=4&x=1" in text
    assert 'href="https://bakery.example/kom?u=4&amp;x=1"' in page


def test_every_style_of_an_invitation_stands_in_its_elements() -> None:
    _, page, _ = made("invitation", context=a_context(merge=INVITATION))

    assert '<h1 style="' in page
    assert page.count("<style>") == 1  # for small screens
    assert "@media" in page
