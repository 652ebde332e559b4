"""Mails in MJML: what comes out, which faults are named, and what stays out."""

import pytest

from services.renderer.adapters.bodies import BodyLayout
from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from tests.unit.renderer.jobs import a_context, a_document, a_job

PAGE = """<mjml>
<mj-head><mj-title>{{ subject }}</mj-title><mj-attributes><mj-all font-family="Open Sans" /></mj-attributes></mj-head>
<mj-body>
  <mj-raw>{% for seat in merge.table or [] %}</mj-raw>
  <mj-section><mj-column><mj-text>Beste {{ recipient.name }}, stoel {{ seat }}</mj-text></mj-column></mj-section>
  <mj-raw>{% endfor %}</mj-raw>
  <mj-section><mj-column><mj-button href="{{ sender.address }}">Ja</mj-button></mj-column></mj-section>
</mj-body>
</mjml>"""


def body_of(page: str, **merge: object) -> tuple[str, str | None]:
    """The text and HTML of a mail."""
    return BodyLayout({"mjml": page}, "nl").body(context_of(a_job(context=a_context(merge=merge)), a_document()))


def test_a_mail_is_made_of_mjml_with_its_loops_and_a_text_of_its_own() -> None:
    """FR-6."""
    text, html = body_of(PAGE, table=["A1", "A2"])

    assert html is not None
    assert html.count("Beste Anna de Vries, stoel A") == 2
    assert "Beste Anna de Vries, stoel A2" in text
    assert "<table" in html
    assert "{%" not in html + text


def test_what_a_reader_would_fetch_is_not_in_it() -> None:
    _, html = body_of(PAGE, table=["A1"])

    assert html is not None
    assert "fonts.googleapis.com" not in html
    assert "<link" not in html


def test_a_name_is_never_markup() -> None:
    _, html = body_of(PAGE, table=["<script>alert(1)</script>"])

    assert html is not None
    assert "<script>alert" not in html


def test_a_fault_names_the_field_and_the_line_of_the_source() -> None:
    with pytest.raises(Unmergeable) as raised:
        body_of(PAGE.replace("{{ seat }}", "{{ merge.chair }}"), table=["A1"])

    assert (raised.value.field, raised.value.line) == ("merge.chair", 5)


@pytest.mark.parametrize(
    "page",
    [
        "hello",
        "<mjml><mj-body><mj-text></mj-body></mjml>",
        '<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>',
        '<mjml><mj-body><mj-include path="https://mail.example/x.mjml" /></mj-body></mjml>',
    ],
)
def test_what_is_no_mjml_or_lies_elsewhere_is_a_fault(page: str) -> None:
    with pytest.raises(Unmergeable, match="this is not MJML"):
        body_of(page)


def test_the_engines_that_took_part_are_told() -> None:
    assert BodyLayout({"mjml": PAGE}, "nl").engines.keys() == {"jinja2", "css-inline", "mjml-python", "inscriptis"}
    assert BodyLayout({"mjml": PAGE, "text": "x"}, "nl").engines.keys() == {"jinja2", "css-inline", "mjml-python"}
