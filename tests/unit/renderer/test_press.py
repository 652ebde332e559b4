"""A chunk of jobs: every part stored, every fault named, and none spoils another."""

import resource
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import pytest

from services.renderer.adapters import press
from services.renderer.adapters.press import Press
from services.renderer.domain import LimitReached, Made
from shared.blobs import BlobMissing, Lasts, MemoryBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import LayoutVersion
from shared.contracts.renderer import Fault
from tests.unit.renderer.jobs import LETTER, a_context, a_document, a_job, kept, named


@pytest.fixture
def blobs() -> MemoryBlobs:
    """Empty blobs."""
    return MemoryBlobs()


def one(made: list[Made | Fault]) -> Any:
    """What came of the only job."""
    [only] = made
    return only


def test_a_mail_with_a_letter_has_three_parts(blobs: MemoryBlobs) -> None:
    """FR-6, FR-7, FR-8, FR-39."""
    body = kept(blobs, a_document("html", text="Beste {{ recipient.name }}", html="<p>{{ recipient.name }}</p>"))
    letter = kept(blobs, a_document("typst", typst=LETTER, filename="Brief {{ recipient.name }}.pdf"))

    made = one(Press(blobs).make([a_job(body_layout=body, attachment_layout=letter)]))

    assert blobs.get(made.parts.text.sha256) == b"Beste Anna de Vries"
    assert b"<p>Anna de Vries</p>" in blobs.get(made.parts.html.sha256)
    assert blobs.get(made.parts.attachment.sha256).startswith(b"%PDF-")
    assert (made.parts.attachment.filename, made.parts.attachment.content_type) == (
        "Brief Anna de Vries.pdf",
        "application/pdf",
    )
    assert made.engines.keys() == {"jinja2", "css-inline", "typst"}


@pytest.mark.parametrize("typed", ["Dag {{ recipient.name }}\r\n\n  <b>\u202e-- \n", ""])
def test_a_typed_body_is_the_text_and_nothing_more(blobs: MemoryBlobs, typed: str) -> None:
    """FR-5, FR-13, FR-37."""
    made = one(Press(blobs).make([a_job(body_text=typed)]))

    assert blobs.get(made.parts.text.sha256).decode() == typed
    assert (made.parts.html, made.parts.attachment, made.engines) == (None, None, {})


def test_each_job_has_its_own_answer(blobs: MemoryBlobs) -> None:
    layout = kept(blobs, a_document(fields=(), text="{{ merge.amount * 2 }}"))
    amounts: list[dict[str, Any]] = [{"amount": 2}, {}, {"amount": 3}]

    made = Press(blobs).make([a_job(context=a_context(merge=merge), body_layout=layout) for merge in amounts])

    texts = [blobs.get(each.parts.text.sha256) for each in made if isinstance(each, Made) and each.parts.text]
    assert texts == [b"4", b"6"]
    assert made[1] == Fault(
        layout_id="a-layout",
        language="nl",
        field="merge.amount",
        line=1,
        detail="the field merge.amount is unknown or has no value",
    )


def test_nothing_of_a_faulty_mail_is_kept(blobs: MemoryBlobs) -> None:
    body, letter = kept(blobs, a_document()), kept(blobs, a_document("typst", typst="#nothing"), "a-letter")
    before = len(blobs._kept)

    fault = one(Press(blobs).make([a_job(body_layout=body, attachment_layout=letter)]))

    assert (fault.layout_id, fault.line) == ("a-letter", 1)
    assert len(blobs._kept) == before


def test_a_language_without_a_source_gets_the_first(blobs: MemoryBlobs) -> None:
    sources = {"en": {"text": "{{ date | datum }}"}, "nl": {"text": "Beste"}}
    layout = kept(blobs, LayoutDocument(kind="text", sources=sources))

    made = one(Press(blobs).make([a_job(language="fr", body_layout=layout)]))

    assert blobs.get(made.parts.text.sha256) == b"24 November 2026"


@pytest.mark.parametrize("lasts", ["for_good", "while_needed"])
def test_parts_last_as_long_as_their_job_says(blobs: MemoryBlobs, lasts: Lasts) -> None:
    layout = kept(blobs, a_document())

    made = one(Press(blobs).make([a_job(body_layout=layout, lasts=lasts)]))

    assert blobs._kept[made.parts.text.sha256].lasts == lasts


def test_a_generic_letter_shows_field_names(blobs: MemoryBlobs) -> None:
    """FR-84, A4."""
    layout = kept(blobs, a_document(text="{{ recipient.name }}, tafel {{ merge.table }}"))

    made = one(Press(blobs).make([a_job(context=named("never shown"), body_layout=layout, generic=True)]))

    assert blobs.get(made.parts.text.sha256).decode() == "«recipient.name», tafel «merge.table»"


def test_a_part_that_no_server_takes_reaches_a_limit(blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "LARGEST_PART", 10)
    layout = kept(blobs, a_document())

    assert isinstance(one(Press(blobs).make([a_job(body_layout=layout)])), LimitReached)


@pytest.mark.parametrize("kind", ["typst", "paged"])
def test_a_value_that_is_too_long_for_its_page_is_warned_of_and_not_told(kind: str, blobs: MemoryBlobs) -> None:
    """FR-102: the letter is made, and whoever it is for is not named in a warning."""
    word, page = "Wolfeschlegel" * 40, "{{ recipient.name }}"
    sources: dict[str, Any] = {"typst": LETTER} if kind == "typst" else {"page": page}
    layout = kept(blobs, a_document(kind, **sources))

    made = Press(blobs).make([a_job(context=named(name), attachment_layout=layout) for name in ("Anna", word)])

    assert [one.warnings for one in made if isinstance(one, Made)] == [(), ("a word is too long for page 1",)]


def test_what_no_layout_can_show_is_the_fault_of_its_job(
    blobs: MemoryBlobs, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = kept(blobs, a_document())
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]

    fault = one(Press(blobs).make([a_job(context=a_context(merge={"table": deep}), body_layout=layout)]))

    assert isinstance(fault, Fault)
    assert "RecursionError" in capsys.readouterr().err


def test_a_layout_that_is_not_there_is_nobodys_fault(blobs: MemoryBlobs) -> None:
    absent = LayoutVersion(layout_id="absent", version=1, sha256="0" * 64)

    with pytest.raises(BlobMissing):
        Press(blobs).make([a_job(body_layout=absent)])


@pytest.mark.parametrize(
    ("document", "role"),
    [
        (a_document("typst", typst=LETTER), "body_layout"),
        (a_document("text", text="x"), "attachment_layout"),
    ],
)
def test_a_layout_of_the_wrong_kind_is_at_fault(blobs: MemoryBlobs, document: LayoutDocument, role: str) -> None:
    layout = kept(blobs, document)

    fault = one(Press(blobs).make([a_job(**{role: layout})]))

    assert isinstance(fault, Fault)
    assert "makes no" in fault.detail


def test_a_disk_that_fails_is_no_fault_of_a_job(blobs: MemoryBlobs) -> None:
    press_used = Press(blobs)
    job = a_job(attachment_layout=kept(blobs, a_document("typst", typst=LETTER)))
    press_used.make([job])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # no file may grow, as on a full disk
    try:
        with redirect_stderr(StringIO()), pytest.raises(OSError, match="File too large"):
            press_used.make([job])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert isinstance(one(press_used.make([job])), Made)
