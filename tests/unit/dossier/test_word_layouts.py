"""Word layouts are set up with a file per language, which the renderer looks at before anything is recorded."""

from base64 import b64encode
from typing import Any

import pytest

from shared.contracts.dossier import DocumentRequested, DossierItemRequested, LayoutDocument
from shared.contracts.layouts import LayoutJudged, LayoutProblem
from tests.unit.dossier.conftest import House, a_destination, a_request
from tests.unit.dossier.drafting import Desk

DOCX = b"PK\x03\x04 a document"
GIVEN = {"content": b64encode(DOCX).decode()}
BRIEF = {"name": "Brief", "kind": "word", "fields": [{"name": "table"}], "files": {"nl": GIVEN}}


async def put(house: House, **others: Any) -> Any:
    """Put a Word layout."""
    return await house.ask("PUT", "/layouts/brief-word", BRIEF | others)


async def test_a_word_layout_is_put_with_its_file(house: House) -> None:
    """FR-102."""
    answer = await put(house, sources={"nl": {"filename": "Brief {{ recipient.name }}"}})

    document = house.judge.asked[-1]
    assert (answer.status_code, answer.json()["kind"], answer.json()["version"]) == (200, "word", 1)
    assert house.blobs.get(document.files["nl"].sha256) == DOCX
    assert house.blobs._kept[document.files["nl"].sha256].lasts == "for_good"
    assert document.files["nl"].sha256.encode() in house.blobs.get(answer.json()["sha256"])


async def test_a_file_that_was_put_before_is_named_by_its_hash(house: House) -> None:
    ref = (await house.ask("POST", "/attachments?filename=brief.docx", DOCX)).json()

    first = await put(house, files={"nl": {"sha256": ref["sha256"]}})
    second = await put(house)

    assert (first.status_code, first.json()) == (200, second.json())


async def test_another_file_is_the_next_version(house: House) -> None:
    """A24."""
    await put(house)
    other = {"content": b64encode(DOCX + b"!").decode()}

    assert (await put(house, files={"nl": other})).json()["version"] == 2
    assert (await put(house, files={"nl": other, "en": other})).json()["version"] == 3


@pytest.mark.parametrize(
    ("others", "field", "code"),
    [
        ({"files": {}}, "files", "missing"),
        ({"files": {"fr": GIVEN}}, "files.fr", "unknown_language"),
        ({"files": {"nl": {}}}, "files.nl.content", "content_or_sha256"),
        ({"files": {"nl": GIVEN | {"sha256": "0" * 64}}}, "files.nl.content", "content_or_sha256"),
        ({"files": {"nl": {"sha256": "0" * 64}}}, "files.nl.sha256", "unknown_attachment"),
        ({"files": {"nl": {"content": "%"}}}, "files.nl.content", "not_base64"),
        ({"files": {"nl": {"content": b64encode(b"%PDF").decode()}}}, "files.nl", "word_not_a_document"),
        ({"sources": {"nl": {"text": "x"}}}, "sources.nl.text", "not_of_this_kind"),
        ({"sources": {"en": {"filename": "x"}}}, "files.en", "missing"),
        ({"kind": "text", "sources": {"nl": {"text": "x"}}}, "files.nl", "not_of_this_kind"),
    ],
)
async def test_what_is_no_word_layout_is_refused_by_name(
    house: House, others: dict[str, Any], field: str, code: str
) -> None:
    answer = await put(house, **others)

    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


async def test_what_the_renderer_finds_wrong_is_told_and_nothing_is_recorded(house: House) -> None:
    house.judge.problems = (LayoutProblem(language="nl", code="word_macros", detail="macros (vbaProject.bin)"),)

    answer = await put(house)

    assert (answer.status_code, answer.json()["code"]) == (422, "word_macros")
    assert "macros (vbaProject.bin)" in answer.json()["errors"][0]["detail"]
    assert (await house.ask("GET", "/layouts/brief-word")).status_code == 404


async def test_a_renderer_that_does_not_answer_is_waited_for(house: House) -> None:
    house.judge.problems = None

    answer = await put(house)

    assert (answer.status_code, answer.json()["code"]) == (503, "renderer_silent")


@pytest.mark.parametrize(("asked", "told"), [(None, False), (False, False), (True, True)])
async def test_a_word_layout_gives_what_was_asked_for(house: House, asked: bool | None, told: bool) -> None:
    """FR-8, FR-39, A6: a Word layout alone gives a document that is not read-only."""
    house.judge.found = LayoutJudged(pdf_engines={"nl": "translated"})
    await put(house)
    request = a_request(attachment_layout_id="brief-word", attachment_read_only=asked)

    answer = await house.ask("POST", "/dossier-items", {k: v for k, v in request.items() if v is not None})
    await house.record_all()

    assert answer.status_code == 202
    [mail] = await house.told(DossierItemRequested)
    assert mail.attachment_read_only is told


async def test_the_generic_attachment_is_of_the_same_kind(house: House) -> None:
    """A4."""
    await put(house)
    destinations = [a_destination("1000"), a_destination("1001")]

    await house.ask(
        "POST",
        "/dossier-items",
        a_request(attachment_layout_id="brief-word", destinations=destinations, consent_attested=True),
    )
    await house.record_all()

    [document] = await house.told(DocumentRequested)
    assert document.attachment_read_only is False


async def test_a_word_layout_is_no_body(house: House) -> None:
    await put(house)

    problem = await house.refused(a_request(body_layout_id="brief-word", body_text=None))

    assert [error["code"] for error in problem["errors"]] == ["layout_kind"]


async def test_what_makes_the_pdfs_is_told_and_kept_with_the_version(house: House) -> None:
    """FR-39, A6."""
    house.judge.found = LayoutJudged(pdf_engines={"nl": "libreoffice"}, declined={"nl": ("several columns",)})

    answer = (await put(house, pdf="a-2b")).json()

    kept = LayoutDocument.model_validate_json(house.blobs.get(answer["sha256"]))
    assert (kept.pdf_engines, kept.pdf) == ({"nl": "libreoffice"}, "a-2b")
    assert (answer["pdf_engines"], answer["declined"]) == ({"nl": "libreoffice"}, {"nl": ["several columns"]})


async def test_a_layout_that_makes_no_pdf_here_is_not_sent_as_one(house: House) -> None:
    """FR-39, FR-105, A6: it is refused with what to install, not for each recipient; as a Word document it goes."""
    house.judge.found = LayoutJudged(declined={"nl": ("several columns",)})
    await put(house)

    problem = await house.refused(a_request(attachment_layout_id="brief-word", attachment_read_only=True))
    sent = await house.ask("POST", "/dossier-items", a_request(attachment_layout_id="brief-word"))

    [error] = problem["errors"]
    assert (error["field"], error["code"]) == ("attachment_read_only", "layout_makes_no_pdf")
    assert "apt-get install libreoffice-writer-nogui" in error["detail"]
    assert sent.status_code == 202


async def test_a_standard_that_libreoffice_does_not_reach_is_named_as_the_reason(house: House) -> None:
    """FR-105: nothing that could be installed makes it."""
    warning = LayoutProblem(language="nl", code="word_needs_a_2b", detail="several columns")
    house.judge.found = LayoutJudged(warnings=(warning,), declined={"nl": ("several columns",)})

    answer = await put(house, pdf="a-3a+ua-1")
    problem = await house.refused(a_request(attachment_layout_id="brief-word", attachment_read_only=True))

    told = answer.json()["warnings"][0]["detail"] + problem["errors"][0]["detail"]
    assert problem["errors"][0]["code"] == "layout_makes_no_pdf_a_3a"
    assert told.count('pdf = "a-2b"') == 2
    assert "apt-get" not in told


async def test_a_draft_shows_why_a_layout_makes_no_pdf(house: House) -> None:
    await put(house)
    desk = Desk(house)

    draft = await desk.open(issue_method="email", attachment_layout_id="brief-word")

    field = (await desk.fields(draft))["attachment_read_only"]
    assert (field["state"], field["reason"]["code"]) == ("locked", "layout_makes_no_pdf")


async def test_the_document_of_a_version_is_had_to_be_changed_in_word(house: House) -> None:
    """R-9: of a copy too."""
    await put(house)
    await house.ask("POST", "/layouts/brief-word/copy", {"id": "ours", "name": "Onze brief"})

    answer = await house.ask("GET", "/layouts/ours/versions/1/files/nl")
    none = await house.ask("GET", "/layouts/ours/versions/1/files/en")

    assert (answer.status_code, answer.content) == (200, DOCX)
    assert "ours-nl.docx" in answer.headers["content-disposition"]
    assert (none.status_code, none.json()["code"]) == (404, "unknown_layout_file")


async def test_a_layout_that_makes_no_pdf_here_says_what_to_install(house: House) -> None:
    """FR-105: when it is put, not when it is sent."""
    warning = LayoutProblem(language="nl", code="word_needs_office", detail="several columns")
    house.judge.found = LayoutJudged(warnings=(warning,), declined={"nl": ("several columns",)})

    answer = await put(house)

    [told] = [one for one in answer.json()["warnings"] if one["code"] == "word_needs_office"]
    assert (answer.status_code, told["field"], answer.json()["pdf_engines"]) == (200, "files.nl", {})
    assert "several columns" in told["detail"]
    assert "apt-get install libreoffice-writer-nogui" in told["detail"]
