"""Word layouts at the press: which file they give, under which name, and what office programs find in it."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from services.renderer.adapters.pool import RenderPool
from services.renderer.adapters.press import Press
from services.renderer.domain import Made
from shared.blobs import Blob, Blobs, MemoryBlobs, SqliteBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import LayoutVersion
from shared.contracts.renderer import Fault
from tests.office import converted, needs_office
from tests.unit.renderer.jobs import a_context, a_job, kept
from tests.unit.renderer.test_word_tags import LAYOUTS, merged
from tests.unit.renderer.word_files import document, field, p, r, said

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LETTER = p(r("Beste {{ recipient.name }}, tafel "), field("MERGEFIELD table"))


def a_word_layout(blobs: Blobs, *contents: bytes, **sources: str) -> LayoutVersion:
    """A layout in Dutch, and in English if there is a second file."""
    refs = blobs.put_many([Blob(content) for content in contents or (document(LETTER),)])
    files = dict(zip(("nl", "en"), refs, strict=False))
    return kept(blobs, LayoutDocument(kind="word", sources={"nl": sources} if sources else {}, files=files), "brief")


def made_of(blobs: Blobs, **job: Any) -> Any:
    """What comes of one job."""
    [made] = Press(blobs).make([a_job(**{"read_only": False, "context": a_context(merge={"table": 7}), **job})])
    return made


def test_a_word_layout_gives_a_docx_that_is_not_read_only() -> None:
    """FR-38, FR-66, FR-105, FR-106, A6: what is not read-only is a Word document."""
    blobs = MemoryBlobs()
    layout = a_word_layout(blobs, filename="Brief {{ recipient.name }}.docx")

    made = made_of(blobs, attachment_layout=layout, body_text="Dag")

    attachment = made.parts.attachment
    assert (attachment.filename, attachment.content_type) == ("Brief Anna de Vries.docx", DOCX)
    assert said(blobs.get(attachment.sha256)) == ["Beste Anna de Vries, tafel 7"]
    assert made.engines.keys() == {"jinja2", "lxml"}


def test_a_layout_without_a_name_for_its_file_gives_its_own() -> None:
    blobs = MemoryBlobs()

    assert made_of(blobs, attachment_layout=a_word_layout(blobs)).parts.attachment.filename == "brief.docx"


def test_each_language_has_a_file_and_the_first_serves_the_others() -> None:
    blobs = MemoryBlobs()
    layout = a_word_layout(blobs, document(p(r("Dag"))), document(p(r("Hello"))))

    texts = [
        said(blobs.get(made_of(blobs, attachment_layout=layout, language=language).parts.attachment.sha256))
        for language in ("nl", "en", "fr")
    ]

    assert texts == [["Dag"], ["Hello"], ["Hello"]]  # a document's languages stand in the order of the alphabet


def test_a_generic_docx_names_its_fields() -> None:
    """A4."""
    blobs = MemoryBlobs()

    made = made_of(blobs, attachment_layout=a_word_layout(blobs), generic=True)

    assert said(blobs.get(made.parts.attachment.sha256)) == ["Beste «recipient.name», tafel «merge.table»"]


def test_a_field_that_is_not_there_is_named_with_its_paragraph() -> None:
    blobs = MemoryBlobs()

    fault = made_of(blobs, attachment_layout=a_word_layout(blobs), context=a_context())

    assert fault == Fault(
        layout_id="brief",
        language="nl",
        field="table",
        line=1,
        detail="the field table is unknown or has no value (paragraph 1 (“Beste {{ recipient.name }}, tafel «veld»”))",
    )


def test_a_layout_is_read_as_closely_as_it_is_used() -> None:
    """FR-102, R-12: a layout that can't be merged is told before it is recorded."""
    blobs = MemoryBlobs()
    refs = blobs.put_many([Blob(document(p(r("{{ x"))), "a_day"), Blob(b"PK\x03\x04", "a_day")])

    judged = Press(blobs).read(
        LayoutDocument(
            kind="word", sources={"nl": {"filename": "{{ a"}}, files=dict(zip(("nl", "en"), refs, strict=True))
        )
    )

    assert [(one.language, one.code, one.line) for one in judged.problems] == [
        ("nl", "layout_wrongly_written", 1),  # its filename
        ("nl", "word_not_merged", 1),
        ("en", "word_not_a_document", None),
    ]


async def test_a_worker_reads_layouts_and_outlives_a_bomb(tmp_path: Path) -> None:
    blobs = SqliteBlobs.create(tmp_path / "blobs.db")
    good, bad = blobs.put_many([Blob(document(LETTER)), Blob(document(p(r("{% x"))))])
    pool = RenderPool(tmp_path / "blobs.db", 1)

    problems = [
        [one.code for one in (await pool.read(LayoutDocument(kind="word", sources={}, files={"nl": ref}))).problems]
        for ref in (good, bad)
    ]
    layout = kept(blobs, LayoutDocument(kind="word", sources={}, files={"nl": good}))
    [made] = await pool.make(
        [replace(a_job(attachment_layout=layout, read_only=False), context=a_context(merge={"table": 1}))]
    )
    await pool.close()

    assert problems == [[], ["word_not_merged"]]
    assert isinstance(made, Made)


@needs_office
def test_what_is_made_opens_in_an_office_program_as_it_is(tmp_path: Path) -> None:
    """FR-105: no repair, and the same text."""
    files = {str(number): merged(document(body)) for number, body in enumerate(LAYOUTS.values())}
    saved_by_office = converted(files, tmp_path, "docx")

    assert saved_by_office.keys() == files.keys()
    for name, content in files.items():
        texts = [[piece for line in said(docx) for piece in line.split()] for docx in (saved_by_office[name], content)]
        assert texts[0] == texts[1], list(LAYOUTS)[int(name)]


def test_pictures_and_styles_of_the_layout_stay_as_they_are() -> None:
    layout = Document()
    layout.add_heading("Kop {{ subject }}")
    layout.add_picture(BytesIO(_a_picture()))
    saved = BytesIO()
    layout.save(saved)

    made = Document(BytesIO(merged(saved.getvalue())))

    assert [paragraph.style and paragraph.style.name for paragraph in made.paragraphs] == ["Heading 1", "Normal"]
    assert (
        made.part.related_parts[made.inline_shapes[0]._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
        == _a_picture()
    )


def _a_picture() -> bytes:
    from PIL import Image  # noqa: PLC0415

    made = BytesIO()
    Image.new("RGB", (4, 3), "red").save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize("role", ["body_layout"])
def test_a_word_layout_makes_no_mail_body(role: str) -> None:
    blobs = MemoryBlobs()

    assert "makes no mail body" in made_of(blobs, **{role: a_word_layout(blobs)}).detail
