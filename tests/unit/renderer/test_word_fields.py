"""Merge fields of Word, in every way that Word writes them, and what they say of a recipient."""

from typing import Any

import pytest

from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.template import DocxLayout
from tests.unit.renderer.jobs import a_context, a_document, a_job
from tests.unit.renderer.word_files import char, document, field, p, part, r, said, simple, table

BOLD = "<w:b/>"
VALUES = {
    "naam_klant": "Anna",
    "Bedrag": 1234.5,
    "Korting": -0.004,
    "Datum": "2026-03-01",
    "Moment": "2026-03-01T14:05:00",
    "Leeg": None,
    "Lid": True,
    "Aantal": 7,
    "Tekst": "eerste\ntweede\tkolom",
    "Regels": [{"Wat": "Brood", "Prijs": 2.5}, {"Wat": "Koek & zo", "Prijs": 3}],
}


def merged(*body: str, generic: bool = False, language: str = "nl", **values: Any) -> bytes:
    """The document that a body becomes."""
    job = a_job(context=a_context(merge=VALUES | values), generic=generic)
    return DocxLayout(document("".join(body)), language).letter(context_of(job, a_document(fields=())), "2026-11-24")[0]


def shown(*runs: str, **others: Any) -> str:
    """What a paragraph says once it is merged."""
    return "|".join(said(merged(p(*runs), **others)))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("MERGEFIELD naam_klant", "Anna"),
        (' MERGEFIELD  "Naam Klant"  \\* MERGEFORMAT ', "Anna"),
        ("mergefield NAAMKLANT", "Anna"),
        ("MERGEFIELD merge.naam_klant", "Anna"),
        ("MERGEFIELD recipient.name", "Anna de Vries"),
        ("MERGEFIELD name", "Anna de Vries"),
        ("MERGEFIELD Sender_Name", "Bakkerij Van den Berg"),
        ("MERGEFIELD subject", "Uitnodiging"),
        ("MERGEFIELD Leeg", ""),
        ("MERGEFIELD Lid", "true"),
        ("MERGEFIELD Bedrag", "1234,5"),
        ("MERGEFIELD naam_klant \\* Upper", "ANNA"),
        ("MERGEFIELD name \\* lower", "anna de vries"),
        ("MERGEFIELD name \\* Lower \\* FirstCap", "Anna de vries"),
        ("MERGEFIELD name \\* Caps", "Anna De Vries"),
        ('MERGEFIELD Datum \\@ "d MMMM yyyy"', "1 maart 2026"),
        ("MERGEFIELD Datum \\@ dd-MM-yy", "01-03-26"),
        ("MERGEFIELD Datum \\@ \"dddd d MMM 'om' H:mm\"", "zondag 1 mrt om 0:00"),
        ('MERGEFIELD Moment \\@ "HH:mm am/pm"', "14:05 PM"),
        ('MERGEFIELD naam_klant \\@ "d MMMM"', "Anna"),
        ('MERGEFIELD Bedrag \\# "#.##0,00"', "1.234,50"),
        ('MERGEFIELD Bedrag \\# "€ #.##0,00;(#.##0,00)"', "€ 1.234,50"),
        ("MERGEFIELD Bedrag \\# 0", "1235"),
        ("MERGEFIELD Aantal \\# 000", "007"),
        ('MERGEFIELD Korting \\# "0,00"', "0,00"),
        ('MERGEFIELD Bedrag \\# "0,0##"', "1234,5"),
        ('MERGEFIELD naam_klant \\b "t.a.v. " \\f "!"', "t.a.v. Anna!"),
        ('MERGEFIELD Leeg \\b "t.a.v. " \\f "!"', ""),
    ],
)
def test_a_merge_field_says_its_value_as_its_switches_ask(code: str, text: str) -> None:
    """FR-6, FR-38."""
    assert shown(field(code)) == text
    assert shown(simple(code)) == text


def test_dates_and_numbers_speak_the_language_of_the_layout() -> None:
    assert shown(field('MERGEFIELD Datum \\@ "dddd d MMMM yyyy"'), language="en") == "Sunday 1 March 2026"
    assert shown(field('MERGEFIELD Bedrag \\# "#,##0.00"'), language="en") == "1,234.50"
    assert shown(field("MERGEFIELD Bedrag"), language="en") == "1234.5"


def test_a_field_may_be_split_anyhow() -> None:
    runs = (
        char("begin")
        + '<w:r><w:instrText xml:space="preserve"> MERGE</w:instrText></w:r><w:proofErr w:type="spellStart"/>'
        + "<w:r><w:instrText>FIELD naam_</w:instrText></w:r><w:bookmarkStart w:id='0' w:name='x'/>"
        + "<w:r><w:instrText>klant </w:instrText><w:fldChar w:fldCharType='separate'/><w:t>«naam</w:t></w:r>"
        + r("_klant»")
        + char("end")
    )

    assert shown(r("Beste "), runs, r(",")) == "Beste Anna,"


def test_a_value_looks_as_the_field_did() -> None:
    bold = part(merged(p(field("MERGEFIELD naam_klant \\* MERGEFORMAT", looks=BOLD))))
    plain = part(merged(p(field("MERGEFIELD naam_klant"))))

    assert '<w:rPr><w:b/></w:rPr><w:t xml:space="preserve">Anna</w:t>' in bold
    assert "<w:b/>" not in plain


def test_line_breaks_and_tabs_of_a_value_are_those_of_word() -> None:
    docx = merged(p(field("MERGEFIELD Tekst")))

    assert "eerste</w:t><w:br/>" in part(docx)
    assert said(docx) == ["eerste\ntweede\tkolom"]


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        ('{naam_klant} = "Anna"', True),
        ('{naam_klant} = "anna"', False),
        ('{naam_klant} <> "Anna"', False),
        ("{Aantal} = 7", True),
        ("{Aantal} < 10", True),
        ("{Aantal} > 10", False),
        ("{Aantal} >= 7", True),
        ("{Aantal} <= 6", False),
        ('{Bedrag} > "1.000,00"', True),
        ('{naam_klant} = "A*"', True),
        ('{naam_klant} = "A?na"', True),
        ('{naam_klant} <> "B*"', True),
        ('{Leeg} = ""', True),
        ("{Lid} = true", True),
        ('"{naam_klant} de Vries" = {name}', True),
    ],
)
def test_a_field_if_chooses_by_its_comparison(comparison: str, holds: bool) -> None:
    pieces: list[str] = [" IF "]
    for number, piece in enumerate(comparison.replace("}", "{").split("{")):
        pieces.append(field(f" MERGEFIELD {piece} ") if number % 2 else piece)

    assert shown(field(*pieces, ' "ja" "nee" ')) == ("ja" if holds else "nee")


def test_the_texts_of_an_if_may_hold_fields_and_looks_of_their_own() -> None:
    bold = f"<w:r><w:rPr>{BOLD}</w:rPr><w:instrText>zeer</w:instrText></w:r>"
    choice = field(
        "IF ", field("MERGEFIELD Aantal"), ' > 5 "u bent ', bold, " welkom, ", field("MERGEFIELD name"), '" "–"'
    )

    docx = merged(p(r("Ja, "), choice, r(".")))

    assert said(docx) == ["Ja, u bent zeer welkom, Anna de Vries."]
    assert f'<w:rPr>{BOLD}</w:rPr><w:t xml:space="preserve">zeer</w:t>' in part(docx)
    assert shown(r("Ja, "), choice, r("."), Aantal=2) == "Ja, –."


def test_an_if_may_stand_within_an_if_and_leave_the_other_text_out() -> None:
    inner = field("IF ", field("MERGEFIELD Lid"), ' = "true" "lid" "geen lid"')
    choice = field("IF ", field("MERGEFIELD Aantal"), ' = "7" "zeven, ', inner, '" \\* MERGEFORMAT')

    assert shown(choice) == "zeven, lid"
    assert shown(choice, Lid=False) == "zeven, geen lid"
    assert shown(choice, Aantal=8) == ""


def test_an_if_may_go_over_paragraphs() -> None:
    code = '<w:r><w:instrText xml:space="preserve">{}</w:instrText></w:r>'
    body = (
        p(r("Voor "), char("begin"), code.format("IF "), field("MERGEFIELD Aantal"), code.format(' = "7" "een'))
        + p(code.format('twee" "geen"'), char("separate"), r("een"))
        + p(r("twee"), char("end"), r(" na"))
    )

    assert said(merged(body)) == ["Voor een", "twee na"]
    assert said(merged(body, Aantal=1)) == ["Voor geen na"]


def test_rows_between_table_start_and_table_end_are_repeated() -> None:
    row = [
        p(field("MERGEFIELD TableStart:Regels"), field("MERGEFIELD Wat")),
        p(
            field('MERGEFIELD Prijs \\# "0,00"'),
            r(" voor "),
            field("MERGEFIELD naam_klant"),
            field("MERGEFIELD TableEnd:Regels"),
        ),
    ]
    body = table([p(r("Wat")), p(r("Prijs"))], row)

    assert said(merged(body)) == ["Wat|Prijs", "Brood|2,50 voor Anna", "Koek & zo|3,00 voor Anna"]
    assert said(merged(body, Regels=[])) == ["Wat|Prijs"]
    assert said(merged(body, generic=True))[1] == "«merge.Regels.Wat»|«merge.Regels.Prijs» voor «merge.naam_klant»"


def test_paragraphs_between_table_start_and_table_end_are_repeated() -> None:
    body = (
        p(field("MERGEFIELD TableStart:Regels"))
        + p(field("MERGEFIELD Wat"))
        + p(field("MERGEFIELD TableEnd:Regels"))
        + p(
            r("en: "),
            field("MERGEFIELD TableStart:Regels"),
            field("MERGEFIELD Wat"),
            r("; "),
            field("MERGEFIELD TableEnd:Regels"),
        )
    )

    assert [line for line in said(merged(body)) if line] == ["Brood", "Koek & zo", "en: Brood; Koek & zo; "]


def test_a_generic_document_names_its_fields() -> None:
    """A4."""
    body = p(
        field("MERGEFIELD naam_klant"),
        r(" en "),
        field("MERGEFIELD name \\* Upper"),
        r(" en "),
        field("MERGEFIELD Onbekend"),
    )

    assert said(merged(body, generic=True)) == ["«merge.naam_klant» en «recipient.name» en «Onbekend»"]


def test_other_fields_stay_as_they_are() -> None:
    link = field('HYPERLINK "https://bakery.example/', field("MERGEFIELD naam_klant"), '"', shows="hier")
    docx = merged(p(r("Pagina "), field("PAGE", shows="1"), r(", "), simple("NUMPAGES", "3"), link))

    assert said(docx) == ["Pagina 1, hier"]  # python-docx passes over what stands in one element
    assert "PAGE" in part(docx)
    assert "https://bakery.example/</w:instrText></w:r><w:r><w:instrText>Anna</w:instrText>" in part(docx).replace(
        ' xml:space="preserve"', ""
    )


@pytest.mark.parametrize(
    ("body", "detail", "line"),
    [
        (
            p(r("a")) + p(field("MERGEFIELD Stoel")),
            "the field Stoel is unknown or has no value (paragraph 2 (“«veld»”))",
            2,
        ),
        (p(field("IF ", field("MERGEFIELD Stoel"), ' = 1 "a"')), "the field Stoel is unknown", 1),
        (p(field("MERGEFIELD ")), "names no field", 1),
        (p(field("MERGEFIELD Aantal \\* Onbekend")), "the switch \\* Onbekend is not known here", 1),
        (p(field("MERGEREC")), "the field MERGEREC can't be merged here", 1),
        (p(field("= ", field("MERGEFIELD Aantal"), " * 2")), "the field = can't be merged here", 1),
        (p(field("QUOTE ", field("MERGEFIELD Aantal"))), "within the field QUOTE", 1),
        (p(field("IF ", field("MERGEFIELD Aantal"), ' ~ 1 "a"')), "compares by one of =, <>", 1),
        (p(field("IF ", field("MERGEFIELD Aantal"), ' = 1 "a')), "lacks its closing quote", 1),
        (p(field("IF 1 = 1")), "is not complete", 1),
        (p(char("begin"), r("x")), "lacks its beginning or its end", 1),
        (p(field("MERGEFIELD TableStart:Regels")), "TableStart:Regels lacks its TableEnd", 1),
        (p(field("MERGEFIELD TableEnd:Regels")), "TableEnd:Regels has no TableStart", 1),
        (table([p(r("x")), p(field("MERGEFIELD Stoel"))]), "(table 1, row 1, cell 2, paragraph 2 (“«veld»”))", 2),
        (p(field("MERGEFIELD TableStart:Aantal"), field("MERGEFIELD TableEnd:Aantal")), "Aantal is no list of rows", 1),
        (p(field("MERGEFIELD Regels")), "it is a list or a group", 1),
    ],
)
def test_each_fault_names_its_field_and_paragraph(body: str, detail: str, line: int) -> None:
    with pytest.raises(Unmergeable) as raised:
        merged(body)

    assert detail in raised.value.detail
    assert raised.value.line == line
