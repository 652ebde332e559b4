"""A layout is read before it is recorded: what it uses, what is wrong with it and where, what is only to be known."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from services.dossier.layouts import files, supplied
from services.renderer.adapters.reading import read
from shared.blobs import Blob, MemoryBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged
from tests.unit.renderer.jobs import a_document
from tests.unit.renderer.word_files import document, field, p, r

DATA = "#let data = json(bytes(sys.inputs.data))\n"


def judged(kind: Any, fields: Any = (), **sources: str) -> LayoutJudged:
    """What is found in a layout."""
    return read(a_document(kind, fields, **sources), MemoryBlobs().get)


def used(found: LayoutJudged) -> dict[str, bool]:
    """Each path that is used, and whether it must have a value."""
    return {placeholder.path: placeholder.required for placeholder in found.placeholders}


def an_image(width: int, height: int) -> str:
    """A PNG of one bit for each pixel, in base64."""
    content = io.BytesIO()
    Image.new("1", (width, height)).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


@pytest.mark.parametrize("layout_id", supplied())
def test_nothing_is_wrong_with_a_supplied_layout_and_all_it_uses_is_declared(layout_id: str) -> None:
    """R-12, FR-102."""
    layout = supplied()[layout_id]
    blobs = MemoryBlobs()
    blobs.put_many([Blob(content) for content in files()])

    found = read(layout, blobs.get)

    merge = {path.split(".")[1].removesuffix("[]") for path in used(found) if path.startswith("merge.")}
    assert (found.problems, found.warnings, found.declined) == ((), (), {})
    assert merge == {one.name for one in layout.fields}
    if layout.kind != "word":  # whose merge fields say nothing of their absence
        assert not any(must for path, must in used(found).items() if path.startswith("merge."))


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("{{ merge.name }} {{ recipient.name }}", {"merge.name": True, "recipient.name": True}),
        ("{{ merge['name'] }}", {"merge.name": True}),
        ("{{ merge.address.city }}", {"merge.address.city": True}),
        ("{{ merge.name or 'x' }} {{ merge.city | default('') }}", {"merge.name": False, "merge.city": False}),
        ("{% if merge.name %}{{ merge.name }}{% endif %}", {"merge.name": False}),
        ("{% for r in merge.rows %}{{ r.amount }}{% endfor %}", {"merge.rows[].amount": True}),
        ("{% for r in merge.rows or [] %}{{ r.amount }}{% endfor %}", {"merge.rows[].amount": False}),
        (
            "{% for r in merge.rows %}{% for s in r.parts %}{{ s.a }}{{ loop.index }}{% endfor %}{% endfor %}",
            {"merge.rows[].parts[].a": True},
        ),
        ("{% set rows = merge.rows %}{% for r in rows %}{{ r }}{% endfor %}", {"merge.rows[]": True}),
        ("{{ merge.rows[0].name }}", {"merge.rows[].name": True}),
        ("{% set own = 1 %}{{ own }}{% for i in range(3) %}{{ i }}{% endfor %}", {}),
    ],
)
def test_what_a_source_uses_is_read_attribute_by_attribute(source: str, paths: dict[str, bool]) -> None:
    """R-15."""
    found = judged("text", text=source)

    assert used(found) == paths
    assert found.problems == ()


def test_a_value_is_told_with_all_its_places() -> None:
    found = judged("html", html="<p>{{ merge.name }}</p>", subject="Dag {{ merge.name }}")

    [name] = found.placeholders
    assert sorted(name.places) == ["nl.html", "nl.subject"]


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("#data.merge.name #data.recipient.name", {"merge.name": False, "recipient.name": True}),
        ('#data.merge.at("name", default: none) // data.merge.no', {"merge.name": False}),
        ("#let merge = data.merge\n#for row in merge.rows { row.amount }", {"merge.rows[].amount": False}),
    ],
)
def test_what_a_letter_in_typst_uses_is_read_by_its_letters(source: str, paths: dict[str, bool]) -> None:
    """R-15."""
    assert used(judged("typst", typst=DATA + source)) == paths


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (p(r("{{ 1 / 0 }}")), "word_not_merged"),
        (p(r("{{ merge.day | datum }}{{ merge.unheard | nofilter }}")), "word_not_merged"),
        (p(r("{{ recipient.phone }}")), "layout_unknown_field"),
    ],
)
def test_a_word_layout_is_tried_out_before_it_is_recorded(body: str, code: str) -> None:
    """R-12, R-15."""
    blobs = MemoryBlobs()

    found = read(a_word_layout(blobs, document(body), "day"), blobs.get)

    assert [(one.code, one.part) for one in found.problems] == [(code, None)]


def test_a_word_layout_whose_values_run_off_the_page_is_warned_of() -> None:
    """R-15."""
    blobs = MemoryBlobs()
    beyond = p(field("MERGEFIELD word"), looks="<w:ind w:left='11800'/>")

    found = read(a_word_layout(blobs, document(beyond), "word"), blobs.get)

    assert (found.problems, [one.code for one in found.warnings]) == ((), ["layout_overflows"])


def test_what_a_word_layout_uses_is_read_from_its_tags_and_its_fields() -> None:
    """R-15."""
    blobs = MemoryBlobs()
    body = p(r("Beste {{ recipient.name }}, {% for row in merge.rows %}{{ row.amount }}{% endfor %}"))
    content = document(body + p(field("MERGEFIELD Naam_Klant")))
    layout = a_word_layout(blobs, content, "naamklant")

    assert read(layout, blobs.get).problems == ()
    assert used(read(layout, blobs.get)) == {
        "recipient.name": True,
        "merge.rows[].amount": True,
        "merge.naamklant": True,
    }


@pytest.mark.parametrize(
    ("kind", "source", "code", "line", "field"),
    [
        ("text", "Dag\n{{ merge.a }", "layout_wrongly_written", 2, None),
        ("text", "{% for a in merge.b %}\n", "layout_wrongly_written", 1, None),
        ("text", "Dag\n\n{{ recipient.phone }}", "layout_unknown_field", 3, "recipient.phone"),
        ("text", "{{ naam }}", "layout_unknown_field", 1, "naam"),
        ("html", "<p>\n{{ 1 / 0 }}</p>", "layout_failing", 2, None),
        ("html", "{{ merge.day | datun }}", "layout_wrongly_written", 1, None),
        ("mjml", "<mjml><mj-body><mj-section></mjml>", "layout_wrongly_written", None, None),
        ("page", "<p>{{ recipient.phone }}</p>", "layout_unknown_field", 1, "recipient.phone"),
        ("typst", f"{DATA}#(", "layout_failing", 2, None),
        ("typst", f"{DATA}#data.recipient.phone", "layout_unknown_field", 2, "data.recipient.phone"),
        ("typst", f"{DATA}\n#telefoon", "layout_unknown_field", 3, "telefoon"),
    ],
)
def test_what_is_wrong_is_told_by_part_and_line(
    kind: str, source: str, code: str, line: int | None, field: str | None
) -> None:
    """FR-102, R-12."""
    layout_kind = {"mjml": "html", "page": "paged"}.get(kind, kind)

    [problem] = judged(layout_kind, **{kind: source}).problems

    assert (problem.language, problem.part, problem.code, problem.line) == ("nl", kind, code, line)
    assert problem.field == field


@pytest.mark.parametrize(
    ("kind", "source", "code"),
    [
        ("text", "{{ merge.__class__.__mro__ }}", "layout_failing"),
        ("text", "{{ ''.__class__.__base__.__subclasses__() }}", "layout_failing"),
        ("text", "{{ recipient.name.__init__.__globals__ }}", "layout_failing"),
        ("text", "{% for i in range(9999999) %}{% endfor %}", "layout_failing"),
        ("typst", '#import "@preview/tablex:0.0.8": tablex', "layout_wrongly_written"),
        ("typst", '#read("/etc/passwd")', "layout_failing"),
        ("typst", '#read("../secret")', "layout_failing"),
        ("typst", '#image("/etc/logo.png")', "layout_failing"),
        ("typst", "#while true {}", "layout_failing"),
        ("page", '<img src="file:///etc/hostname">', "layout_fetches"),
        ("page", '<img src="http://169.254.169.254/latest/meta-data">', "layout_fetches"),
        ("page", '<style>@import url("https://x.example/a.css");</style>', "layout_fetches"),
        ("page", '<link rel="stylesheet" href="https://x.example/a.css">', "layout_fetches"),
    ],
)
def test_what_reaches_outside_is_refused(kind: str, source: str, code: str) -> None:
    """FR-102, A22: a layout has its own sources and the values of the recipient, and nothing else."""
    [problem] = judged({"page": "paged"}.get(kind, kind), **{kind: source}).problems

    assert problem.code == code
    assert "root:" not in problem.detail
    assert "/tmp/" not in problem.detail


@pytest.mark.parametrize("kind", ["html", "page"])
def test_an_image_that_would_fill_the_memory_is_refused_unopened(kind: str) -> None:
    """A22: 30000 × 30000 pixels fit in a file that is small."""
    source = f'<p>\n<img src="data:image/png;base64,{an_image(30_000, 30_000)}"></p>'

    [problem] = judged({"page": "paged"}.get(kind, kind), **{kind: source}).problems

    assert (problem.code, problem.line) == ("layout_image", 2)


def test_what_is_no_image_is_refused() -> None:
    [problem] = judged("paged", page='<img src="data:image/png;base64,AAAA">').problems

    assert problem.code == "layout_image"


def test_an_image_within_a_mail_is_warned_of() -> None:
    """R-15: many readers do not show it; one on a website they do."""
    embedded = judged("html", html=f'<img src="data:image/png;base64,{an_image(9, 9)}">')
    hosted = judged("html", html='<img src="https://house.example/logo.png">')

    assert [warning.code for warning in embedded.warnings] == ["layout_image_embedded"]
    assert (hosted.warnings, embedded.problems) == ((), ())


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("typst", f"{DATA}#data.merge.word"),
        ("page", '<p style="position: absolute; right: 0">{{ merge.word }}</p>'),
    ],
)
def test_a_long_word_that_runs_off_the_page_is_warned_of(kind: str, source: str) -> None:
    """R-12."""
    found = judged({"page": "paged"}.get(kind, kind), ("word",), **{kind: source})

    assert found.problems == ()
    assert [(warning.code, warning.detail[:7]) for warning in found.warnings] == [("layout_overflows", "page 1:")]


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("text", "{{ merge.count + 1 }}"),
        ("text", "{{ merge.day | datum }} {{ merge.total | geld }}"),
        ("text", "{% for a, b, c in merge.rows %}{{ a }}{{ b + c }}{% endfor %}"),
        ("typst", f"{DATA}#calc.round(data.merge.total)"),
        ("typst", f'{DATA}#if data.merge.rows != none [#data.merge.rows.map(row => row.at(0)).join(", ")]'),
    ],
)
def test_a_layout_that_can_be_made_of_some_values_is_good(kind: str, source: str) -> None:
    found = judged(kind, **{kind: source})

    assert (found.problems, found.warnings) == ((), ())


def test_what_no_sample_fits_is_warned_of_and_not_refused() -> None:
    """R-12: whether it can be made of real values, a preview shows."""
    found = judged("text", text="{{ merge.a + 1 }}\n{{ merge.b.split('-')[1] }}")

    assert (found.problems, [warning.code for warning in found.warnings]) == ((), ["layout_not_tried"])


def test_a_font_that_is_not_there_is_told() -> None:
    found = judged("typst", typst='#set text(font: "Comic Sans MS")\nDag')

    assert [warning.code for warning in found.warnings] == ["layout_noticed"]


def a_word_layout(blobs: MemoryBlobs, content: bytes, *fields: str) -> LayoutDocument:
    """A Word layout in Dutch that declares these fields."""
    [ref] = blobs.put_many([Blob(content)])
    declared = [{"name": name} for name in fields]
    return LayoutDocument.model_validate(
        {"kind": "word", "fields": declared, "sources": {}, "files": {"nl": ref.model_dump()}}
    )
