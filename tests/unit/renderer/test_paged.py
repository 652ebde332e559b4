"""Letters in paged HTML: what comes out, what stays out, and what stays harmless. FR-8, R-13."""

import base64
import io

import pypdfium2
import pytest
from PIL import Image

from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.paged import PagedLayout
from tests.unit.renderer.jobs import a_context, a_document, a_job, named

PAGE = """<html lang="{{ recipient.language }}"><head><title>{{ subject }}</title><style>
@page { size: A4; margin: 2cm; @bottom-right { content: "Pagina " counter(page) " van " counter(pages) } }
</style></head><body><p>Beste {{ recipient.name }},</p>
{% for row in merge.table or [] %}<p>{{ row }}</p>{% endfor %}</body></html>"""


def letter_of(page: str = PAGE, **context: object) -> tuple[bytes, tuple[str, ...]]:
    """The PDF that a page makes, and what it warns of."""
    seen = context_of(a_job(context=a_context(**context)), a_document())
    return PagedLayout({"page": page}, "nl").letter(seen, "2026-11-24")


def said_by(pdf: bytes) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_a_page_becomes_a_pdf_with_its_margins_and_its_date() -> None:
    """FR-8, FR-39."""
    pdf, warnings = letter_of()

    assert warnings == ()
    [said] = said_by(pdf)
    assert "Beste Anna de Vries," in said
    assert "Pagina 1 van 1" in said
    with pypdfium2.PdfDocument(pdf) as document:
        assert document.get_metadata_value("Title") == "Uitnodiging"
        assert document.get_metadata_value("CreationDate").startswith("20261124000000")


def test_a_long_page_goes_on_overleaf() -> None:
    said = said_by(letter_of(merge={"table": [f"Regel {number}" for number in range(80)]})[0])

    assert len(said) > 1
    assert f"Pagina {len(said)} van {len(said)}" in said[-1]


def test_the_same_page_is_the_same_bytes() -> None:
    """A4: what is made again is what was made."""
    assert letter_of()[0] == letter_of()[0]


@pytest.mark.parametrize("name", ["Ελένη", "Иван", "王小明", "佐藤", "Zoë ✓"])
def test_a_name_in_any_script_is_shown(name: str) -> None:
    pdf, warnings = letter_of(recipient=named(name)["recipient"])

    assert f"Beste {name}" in said_by(pdf)[0]
    assert warnings == ()


def test_a_character_that_no_font_has_is_warned_of() -> None:
    assert letter_of(recipient=named("Anna ក")["recipient"])[1] == ("no font has the character U+1780",)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", '"><img src="file:///etc/hostname">'])
def test_a_name_is_never_markup(name: str) -> None:
    assert name in said_by(letter_of(recipient=named(name)["recipient"])[0])[0].replace("\r\n", " ")


@pytest.mark.parametrize(
    "asked",
    [
        '<img src="file:///etc/hostname">',
        '<img src="http://169.254.169.254/latest/meta-data">',
        '<link rel="stylesheet" href="https://style.example/a.css">',
        '<style>@import "file:///etc/passwd";</style>',
        '<style>@font-face { font-family: a; src: url("file:///etc/hostname") } p { font-family: a }</style><p>x</p>',
    ],
)
def test_a_page_gets_nothing_from_outside_and_says_what_it_asked_for(asked: str) -> None:
    with pytest.raises(Unmergeable, match="which is not part of the layout"):
        letter_of(asked)


def test_an_image_stands_in_the_page_itself() -> None:
    image = io.BytesIO()
    Image.new("RGB", (40, 20), (11, 107, 107)).save(image, "PNG")
    url = "data:image/png;base64," + base64.b64encode(image.getvalue()).decode()

    pdf, _ = letter_of(f'<style>@page {{ margin: 0 }} body {{ margin: 0 }}</style><img src="{url}" width="200">')

    with pypdfium2.PdfDocument(pdf) as document:
        assert document[0].render(scale=1).to_pil().getpixel((20, 20)) == (11, 107, 107)


def test_a_fault_names_the_field_and_its_line() -> None:
    with pytest.raises(Unmergeable) as raised:
        letter_of("<p>\n{{ merge.seat }}</p>")

    assert (raised.value.field, raised.value.line) == ("merge.seat", 2)


def test_a_layout_without_a_page_makes_no_letter() -> None:
    with pytest.raises(Unmergeable, match="no page source"):
        PagedLayout({"subject": "x"}, "nl")
