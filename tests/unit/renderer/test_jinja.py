"""Mail bodies in Jinja2: what comes out, which faults are named, and what stays harmless."""

import pytest

from services.renderer.adapters.bodies import BodyLayout
from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.jinja import Merge, filename_of
from services.renderer.domain import Job
from tests.unit.renderer.jobs import TEXT, a_context, a_document, a_job, named


def body_of(job: Job, **sources: str) -> tuple[str, str | None]:
    """The text and HTML that these sources make of a job."""
    return BodyLayout(sources, "nl").body(context_of(job, a_document()))


def fault_of(source: str, *, html: bool = False) -> Unmergeable:
    """What is wrong with a source, or with merging it."""
    with pytest.raises(Unmergeable) as raised:
        Merge(source, "nl", html=html)(context_of(a_job(), a_document()))
    return raised.value


def test_a_text_layout_makes_text_alone() -> None:
    job = a_job(context=a_context(merge={"table": 7}))

    assert body_of(job, text=TEXT) == ("Beste Anna de Vries,\nUw tafel: 7\n", None)


def test_an_optional_field_without_a_value_shows_nothing() -> None:
    assert body_of(a_job(), text="[{{ merge.table }}]") == ("[]", None)


def test_the_text_of_a_page_is_what_it_says_if_nobody_wrote_one() -> None:
    page = "<p>Beste {{ recipient.name }}</p><p><a href='https://bakery.example'>Kom</a></p>"

    text, html = body_of(a_job(), html=page)

    assert text == "Beste Anna de Vries\n\n[Kom](https://bakery.example)\n"
    assert html is not None
    assert "<p>Beste Anna de Vries</p>" in html


def test_a_date_is_written_in_words() -> None:
    context = context_of(a_job(), a_document())

    assert Merge("{{ date | datum }}", "nl")(context) == "24 november 2026"
    assert Merge("{{ date | datum }}", "en")(context) == "24 November 2026"
    assert Merge("{{ date | datum }}", "de")(context) == "24. November 2026"


@pytest.mark.parametrize("name", ["{{7*7}}", "<script>alert(1)</script>", '"><img src=x>', "{% raw %}", "#import"])
def test_a_name_is_never_markup(name: str) -> None:
    text, html = body_of(a_job(context=named(name)), text="{{ recipient.name }}", html="<p>{{ recipient.name }}</p>")

    assert text == name
    assert html is not None
    assert "<script" not in html
    assert "<img" not in html
    assert "49" not in html


def test_a_name_turns_no_line_around() -> None:
    text, _ = body_of(a_job(context=named("An\u202ena\0 \ud800X")), text="{{ recipient.name }}")

    assert text == "Anna X"


def test_a_fault_names_the_field_as_written_and_its_line() -> None:
    fault = fault_of("Beste {{ recipient.name }},\n\nUw stoel: {{ merge.seat }}\n")

    assert (fault.field, fault.line) == ("merge.seat", 3)


def test_a_fault_in_a_page_names_the_line_of_the_source() -> None:
    style = "<html><head><style>\np { color: red }\n</style></head>\n<body>\n"

    fault = fault_of(style + "<p>{{ merge.table }}</p>\n<p>{{ merge.seat }}</p></body></html>", html=True)

    assert (fault.field, fault.line) == ("merge.seat", 6)


@pytest.mark.parametrize(
    ("source", "field", "line"),
    [
        ("\n{{ naam }}", "naam", 2),
        ("{{ merge.table.seat }}", "merge.table.seat", 1),
        ("x\n{% if %}", None, 2),
        ("x\n\n{% for row in rows %}", None, 3),
        ("\n{{ 1 / 0 }}", None, 2),
        ("\n{{ recipient.name | datum }}", None, 2),
        ("{{ recipient.__class__.__mro__ }}", None, 1),
        ("\n{{ recipient.update({'name': 'X'}) }}", None, 2),
        ("{{ range(10 ** 9) | length }}", None, 1),
    ],
)
def test_each_fault_has_its_line(source: str, field: str | None, line: int) -> None:
    fault = fault_of(source)

    assert (fault.field, fault.line) == (field, line)


@pytest.mark.parametrize("source", ["{{ [1, 2] | random }}", "{{ lipsum() }}"])
def test_nothing_in_a_mail_is_chance(source: str) -> None:
    fault_of(source)


def test_a_layout_without_a_body_is_at_fault() -> None:
    with pytest.raises(Unmergeable, match="no mail body"):
        BodyLayout({"typst": "x"}, "nl")


def test_a_generic_body_shows_fields_even_of_rows() -> None:
    source = (
        "{{ recipient.name }}{% for row in merge.table %} {{ row.what }} {{ row[0] }}{% endfor %} {{ date | datum }}"
    )

    text, _ = body_of(a_job(generic=True), text=source)

    assert text == "«recipient.name» «merge.table.what» «merge.table.0» 24 november 2026"


@pytest.mark.parametrize(
    ("source", "filename"),
    [
        ("Brief {{ recipient.name }}.pdf", "Brief Anna de Vries.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ("a\nb\x00:c", "a b c.pdf"),
        ("{{ merge.table }}", "letter.pdf"),
        ("x" * 500, "x" * 120 + ".pdf"),
        (None, "letter.pdf"),
    ],
)
def test_a_filename_fits_any_file_system(source: str | None, filename: str) -> None:
    merge = Merge(source, "nl") if source else None

    assert filename_of(merge, context_of(a_job(), a_document()), "letter") == filename


@pytest.mark.parametrize(
    ("source", "dutch", "english"),
    [
        ("{{ date | datum }}", "24 november 2026", "24 November 2026"),
        ("{{ date | date('short') }}", "24-11-2026", "24/11/2026"),
        ("{{ date | date('EEEE d MMM') }}", "dinsdag 24 nov", "Tuesday 24 Nov"),
        ("{{ 1234.5 | money }}", "€\xa01.234,50", "€1,234.50"),
        ("{{ '1234.5' | geld('USD') }}", "US$\xa01.234,50", "US$1,234.50"),
        ("{{ 1234567.891 | number }}", "1.234.567,891", "1,234,567.891"),
        ("{{ 1234.5 | getal(2) }}", "1.234,50", "1,234.50"),
        ("{{ none | money }}", "", ""),
    ],
)
def test_dates_amounts_and_numbers_are_in_the_form_of_the_language(source: str, dutch: str, english: str) -> None:
    assert Merge(source, "nl")(a_context()) == dutch
    assert Merge(source, "en")(a_context()) == english


@pytest.mark.parametrize("source", ["{{ 'tien' | money }}", "{{ 'nan' | number }}", "{{ 'morgen' | date }}"])
def test_what_has_no_such_form_is_a_fault_with_its_line(source: str) -> None:
    with pytest.raises(Unmergeable) as raised:
        Merge("\n" + source, "nl")(a_context())

    assert raised.value.line == 2
