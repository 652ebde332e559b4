"""Fields of Word that stand for more than one value: addresses, greetings, sums of tables, and rows given as lists."""

from typing import Any

import pytest

from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.reading.of_word import read_word
from services.renderer.adapters.reading.used import Used
from services.renderer.adapters.word.template import DocxLayout
from tests.unit.renderer.jobs import a_context, a_document, a_job
from tests.unit.renderer.test_word_fields import merged, shown
from tests.unit.renderer.test_word_pages import pages_of
from tests.unit.renderer.word_files import document, field, p, r, said, table

HOME = {"street": "Molenstraat 12", "postcode": "1234 AB", "city": "Utrecht", "country": "Nederland"}
LINES = [["Brood", 7.0], ["Taart", 1234.5]]


def rows(*columns: str, foot: str) -> str:
    """A table with a head, a row that is repeated for each line, and a foot."""
    first, *others, last = (p(field(f"MERGEFIELD {column}")) for column in columns)
    start, end = (field(f"MERGEFIELD Table{edge}:lines") for edge in ("Start", "End"))
    repeated = [first.replace("<w:p>", f"<w:p>{start}", 1), *others, last.replace("</w:p>", f"{end}</w:p>", 1)]
    return table([p(r("kop"))] * len(columns), repeated, [p(r("Totaal"))] * (len(columns) - 1) + [foot])


@pytest.mark.parametrize(
    ("code", "values", "lines"),
    [
        ("ADDRESSBLOCK", HOME, "Anna de Vries\nMolenstraat 12\n1234 AB  Utrecht\nNederland"),
        ('ADDRESSBLOCK \\f "<<_FIRST0_>>" \\l 1043 \\c 0', HOME, "Anna de Vries\nMolenstraat 12\n1234 AB  Utrecht"),
        ('ADDRESSBLOCK \\c 2 \\e "Nederland"', HOME, "Anna de Vries\nMolenstraat 12\n1234 AB  Utrecht"),
        ('ADDRESSBLOCK \\c 2 \\e "België"', HOME, "Anna de Vries\nMolenstraat 12\n1234 AB  Utrecht\nNederland"),
        ("ADDRESSBLOCK", {"plaats": "Gent", "straat": None}, "Anna de Vries\nGent"),
        ("ADDRESSBLOCK", {"attention_line": "t.a.v. de inkoop"}, "Anna de Vries\nt.a.v. de inkoop"),
        ("GREETINGLINE", {}, "Geachte Anna de Vries,"),
        ('GREETINGLINE \\f "<<_BEFORE_ Beste >><<_FIRST0_>><<_AFTER_ !>>" \\l 1043', {}, "Beste Anna de Vries!"),
        ("GREETINGLINE", {"letter_salutation": "Lieve Anna,"}, "Lieve Anna,"),
    ],
)
def test_an_address_and_a_greeting_are_made_of_what_is_known(code: str, values: dict[str, Any], lines: str) -> None:
    """FR-6, FR-38: as Word's own buttons put them."""
    assert shown(field(code), **values) == lines


@pytest.mark.parametrize(
    ("code", "language", "words"),
    [
        ("GREETINGLINE", "nl", "Geachte heer of mevrouw,"),
        ("GREETINGLINE", "en", "Dear Sir or Madam,"),
        ('GREETINGLINE \\e "Beste lezer,"', "nl", "Beste lezer,"),
    ],
)
def test_nobody_by_name_is_greeted_too(code: str, language: str, words: str) -> None:
    job = a_job(context=a_context(recipient={"name": "", "email": "x@bakery.example", "language": "nl"}))
    docx, _ = DocxLayout(document(p(field(code))), language).letter(
        context_of(job, a_document(fields=())), "2026-11-24"
    )

    assert said(docx) == [words]


def test_an_address_may_be_compared() -> None:
    choice = field("IF ", field("GREETINGLINE"), ' = "Geachte Anna*" "ja" "nee"')

    assert shown(choice) == "ja"


def test_what_an_address_is_made_of_may_be_absent() -> None:
    used = Used()

    read_word(document(p(field("ADDRESSBLOCK"), field("GREETINGLINE"))), "nl.docx", used, ("plaats",))

    fields = ("attention_line", "street", "postcode", "plaats", "country", "salutation")
    absent = dict.fromkeys(["recipient.name", *(f"merge.{name}" for name in fields)], False)
    assert {one.path: one.required for one in used.placeholders()} == absent


def test_a_row_is_a_list_of_values_in_the_order_of_its_fields_or_names_them() -> None:
    body = rows("what", "amount", foot=p())
    named = [{"amount": 7.0, "what": "Brood"}, {"what": "Taart", "amount": 1234.5}]

    assert said(merged(body, lines=LINES)) == said(merged(body, lines=named))
    assert said(merged(body, lines=[["Brood"], ["Taart", 2, "te veel"]]))[1:3] == ["Brood|", "Taart|2"]
    assert said(merged(body, lines=["Brood"]))[1] == "Brood|"


def test_the_fields_of_a_row_are_those_of_its_list() -> None:
    used = Used()

    read_word(document(rows("what", "amount", foot=p())), "nl.docx", used, ())

    assert [one.path for one in used.placeholders()] == ["merge.lines[].what", "merge.lines[].amount"]


@pytest.mark.parametrize(
    ("foot", "lines", "total"),
    [
        ('=SUM(ABOVE) \\# "#.##0,00"', LINES, "1.241,50"),
        ("=SUM(ABOVE)", LINES, "1241,5"),
        (" = sum( above ) ", LINES, "1241,5"),
        ("=SUM(ABOVE)", [], "0"),
        ("=SUM(ABOVE)", [["a", "12,50"], ["b", "gratis"], ["c", None]], "12,5"),
        ("=SUM(ABOVE)", [["a", 0.1], ["b", 0.2]], "0,3"),
    ],
)
def test_the_foot_of_a_table_adds_up_what_stands_above(foot: str, lines: list[Any], total: str) -> None:
    """FR-38: a document has the sum of its own values, not that of the layout."""
    body = rows("what", "amount", foot=p(field(foot, shows="99")))

    assert said(merged(body, lines=lines))[-1] == f"Totaal|{total}"
    assert pages_of(document(body), {"lines": lines})[0].endswith(f"Totaal{total}".replace(".", ""))


def test_numbers_of_the_layout_and_single_fields_are_added_too() -> None:
    body = table(
        [p(r("10,00"))], [p(field('MERGEFIELD Bedrag \\# "0,00"'))], [p(r("tekst"))], [p(field("=SUM(ABOVE)"))]
    )

    assert said(merged(body))[-1] == "1244,50"


def test_a_generic_document_names_the_sum() -> None:
    """A4."""
    assert said(merged(rows("what", "amount", foot=p(field("=SUM(ABOVE)"))), generic=True))[-1] == "Totaal|«sum»"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (rows("what", "amount", foot=p(field("=SUM(LEFT)"))), "of formulas, SUM(ABOVE) can"),
        (rows("what", "amount", foot=p(field("=B2*2"))), "of formulas, SUM(ABOVE) can"),
        (
            table([p(field("MERGEFIELD Aantal"), field("MERGEFIELD Bedrag"))], [p(field("=SUM(ABOVE)"))]),
            "one merge field",
        ),
        (table([p(r("{{ merge.Aantal }}"))], [p(field("=SUM(ABOVE)"))]), "and no tags"),
        (p(field("NEXT")), "use TableStart and TableEnd"),
        (p(field("FILLIN x")), "of which the request gives the value"),
        (p(field("MERGEFIELD Aantal \\* CardText")), "a number in words or other signs, is not made here"),
        (p(field("MERGEFIELD Aantal \\* OrdText")), "use a merge field of its own"),
        (p(field("MERGEFIELD Bedrag \\* DollarText")), "use a merge field of its own"),
    ],
)
def test_what_is_not_worked_out_is_refused_by_name(body: str, detail: str) -> None:
    with pytest.raises(Unmergeable, match=detail.replace("(", r"\(").replace(")", r"\)")):
        merged(body)


def test_a_sum_of_a_table_without_values_stays_as_it_is() -> None:
    assert said(merged(table([p(r("1"))], [p(field("=SUM(ABOVE)", shows="1"))]))) == ["1", "1"]


def test_a_text_of_an_if_field_keeps_its_tabs_and_line_breaks() -> None:
    tab, line = "<w:r><w:tab/></w:r>", "<w:r><w:br/></w:r>"
    choice = field(' IF 1 = 1 "een', tab, "twee", line, 'drie" ')

    assert shown(choice) == "een\ttwee\ndrie"
