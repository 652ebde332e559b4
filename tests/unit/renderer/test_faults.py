"""What is wrong with a message is told by layout, language, field and line, whatever engine finds it."""

from typing import Any

import pytest

from services.renderer.adapters.press import Press
from shared.blobs import Blob, Blobs, MemoryBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import LayoutVersion
from shared.contracts.renderer import Fault
from tests.unit.renderer.jobs import a_document, a_job, kept
from tests.unit.renderer.word_files import document, field, p, r

MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Dag</mj-text>
<mj-text>{{ merge.hall }}</mj-text>
</mj-column></mj-section></mj-body></mjml>"""
TYPST = '#let data = json(bytes(sys.inputs.data))\n#set text(font: "Noto Sans")\n#data.merge.hall'
SOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "text": ("text", {"text": "Dag\n\n{{ merge.hall }}"}),
    "html": ("html", {"html": "<p>Dag</p>\n\n<p>{{ merge.hall }}</p>"}),
    "mjml": ("html", {"mjml": MJML}),
    "typst": ("typst", {"typst": TYPST}),
    "paged": ("paged", {"page": "<p>Dag</p>\n\n<p>{{ merge.hall }}</p>"}),
    "the name of the file": ("typst", {"typst": "Dag", "filename": "Brief {{ merge.hall }}"}),
}
WORD = {
    "a tag of Word": p(r("Dag")) + p(r("")) + p(r("in {{ merge.hall }}")),
    "a merge field of Word": p(r("Dag")) + p(r("")) + p(r("in "), field("MERGEFIELD merge.hall")),
}


def fault_of(blobs: Blobs, layout: LayoutVersion, **job: Any) -> Fault:
    """What is wrong with a message of this layout."""
    [made] = Press(blobs).make([a_job(**job)])
    assert isinstance(made, Fault), made
    assert layout.layout_id == made.layout_id
    return made


@pytest.mark.parametrize("name", SOURCES)
def test_a_value_that_lacks_is_told_by_layout_field_and_line(name: str) -> None:
    """FR-102, A22."""
    kind, sources = SOURCES[name]
    blobs = MemoryBlobs()
    layout = kept(blobs, a_document(kind, (), **sources), f"own-{kind}")
    place = "body_layout" if kind in {"text", "html"} else "attachment_layout"

    fault = fault_of(blobs, layout, **{place: layout})

    as_written = "data.merge.hall" if name == "typst" else "merge.hall"
    assert (fault.language, fault.field) == ("nl", as_written)
    assert fault.line == (1 if name == "the name of the file" else 3)


@pytest.mark.parametrize("read_only", [False, True], ids=["docx", "pdf"])
@pytest.mark.parametrize("name", WORD)
def test_a_value_that_lacks_in_word_is_told_by_its_paragraph(name: str, read_only: bool) -> None:
    """FR-102: a line means nothing there, so its number is that of the paragraph, which the words name."""
    blobs = MemoryBlobs()
    [ref] = blobs.put_many([Blob(document(WORD[name]))])
    layout = kept(blobs, LayoutDocument(kind="word", sources={}, files={"nl": ref}), "own-word")

    fault = fault_of(blobs, layout, attachment_layout=layout, read_only=read_only)

    assert (fault.language, fault.field, fault.line) == ("nl", "merge.hall", 3)
    assert "paragraph 3" in fault.detail
