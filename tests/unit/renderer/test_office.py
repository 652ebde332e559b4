"""Word layouts that only an office program can set: LibreOffice makes their PDFs, and no document takes it along."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.office.dated import dated
from services.renderer.adapters.office.layout import OfficeLayout
from services.renderer.adapters.office.office import NotStarted, Office
from services.renderer.adapters.office.program import found
from services.renderer.adapters.press import Press
from services.renderer.domain import Made
from shared.blobs import Blob, MemoryBlobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged
from tests.office import needs_office
from tests.unit.renderer.jobs import a_job, kept
from tests.unit.renderer.test_word_letters import a_word_layout
from tests.unit.renderer.test_word_pages import CORPUS, values
from tests.unit.renderer.word_corpus import LONG, SHORT
from tests.unit.renderer.word_files import RELATIONS, document, p, r

DAY = "2026-11-24"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """LibreOffice, running."""
    folder = found()
    assert folder, "LibreOffice is not installed"
    office = Office(folder, seconds=60)
    yield office
    office.close()


def said_by(pdf: bytes) -> str:
    """The text on all pages."""
    with pypdfium2.PdfDocument(pdf) as opened:
        return "\n".join(page.get_textpage().get_text_range() for page in opened)


@needs_office
def test_a_layout_that_is_declined_becomes_a_pdf_by_libreoffice() -> None:
    """FR-39, A6."""
    blobs = MemoryBlobs()
    layout = a_word_layout(blobs, document(p(r("Beste {{ recipient.name }}")), more="<w:cols w:num='2'/>"))

    [made] = Press(blobs).make([a_job(attachment_layout=layout, read_only=True)])

    assert isinstance(made, Made), made
    assert made.parts.attachment
    assert made.parts.attachment.content_type == "application/pdf"
    assert "libreoffice" in made.engines
    assert "Beste Anna de Vries" in said_by(blobs.get(made.parts.attachment.sha256))


@needs_office
def test_the_same_document_has_the_same_bytes_from_another_libreoffice(office: Office) -> None:
    """R-13, A4."""
    docx, _ = OfficeLayout(CORPUS["two columns"], "nl", office, "plain")._docx.letter(values(SHORT), DAY)

    first = office.pdf(docx, DAY)
    office.close()

    assert office.pdf(docx, DAY) == first
    assert office.pdf(docx, "2026-11-25") != first
    with pypdfium2.PdfDocument(first) as opened:
        assert opened.get_metadata_value("CreationDate").startswith("D:20261124000000Z")


@needs_office
@pytest.mark.parametrize(("standard", "claim"), [("plain", None), ("a-2b", "2")])
def test_a_pdf_follows_the_standard_of_its_layout(office: Office, standard: str, claim: str | None) -> None:
    layout = OfficeLayout(CORPUS["letter with logo"], "nl", office, standard)  # type: ignore[arg-type]

    pdf, _ = layout.letter(values(LONG), DAY)

    with pikepdf.open(BytesIO(pdf)) as opened:
        with opened.open_metadata() as told:
            assert told.get("pdfaid:part") == claim
        assert not opened.check_pdf_syntax()


@needs_office
def test_a_document_that_takes_too_long_fails_alone(office: Office) -> None:
    folder = found()
    assert folder
    hasty = Office(folder, seconds=0)

    with pytest.raises(Unmergeable, match="LibreOffice takes longer than 0 seconds"):
        hasty.pdf(document(p(r("x"))), DAY)
    hasty._seconds = 60

    assert "nog een" in said_by(hasty.pdf(document(p(r("nog een"))), DAY))
    hasty.close()


@needs_office
def test_what_is_no_document_is_at_fault_and_the_next_is_made(office: Office) -> None:
    with pytest.raises(Unmergeable, match="makes no PDF of this document"):
        office.pdf(b"PK\x03\x04 nothing", DAY)

    assert "volgende" in said_by(office.pdf(document(p(r("volgende"))), DAY))


@needs_office
def test_a_libreoffice_that_is_killed_is_started_anew(office: Office) -> None:
    assert office.version
    running = office._running
    assert running
    os.kill(running._process.pid, 9)

    with pytest.raises(Unmergeable, match="LibreOffice needs too much memory or crashes"):
        office.pdf(document(p(r("x"))), DAY)

    assert "opnieuw" in said_by(office.pdf(document(p(r("opnieuw"))), DAY))


@needs_office
def test_libreoffice_ends_with_whoever_started_it(tmp_path: Path) -> None:
    starts = (
        "import sys, time; from services.renderer.adapters.office.office import Office\n"
        "from services.renderer.adapters.office.program import found\n"
        "office = Office(found()); office.version; print(office._running._process.pid, flush=True); time.sleep(600)"
    )
    command, surroundings = [sys.executable, "-c", starts], {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=surroundings) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        watched = os.pidfd_open(pid)

        parent.kill()

    assert select.select([watched], [], [], 30)[0]  # it is readable once the process has ended
    os.close(watched)


@needs_office
def test_nothing_is_fetched_and_nothing_lies_about(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    url = f"http://127.0.0.1:{server.server_port}/logo.png"
    relation = f'<Relationship Id="logo" Type="{RELATIONS}/image" Target="{url}" TargetMode="External"/>'

    office.close()
    office.pdf(document(p(r("Zeldzame Zus")) + _linked_picture(), relations=relation), DAY)
    server.shutdown()
    server.server_close()

    assert asked == []
    assert list(tmp_path.rglob("letter.*")) == []


def test_only_dates_and_marks_are_changed() -> None:
    pdf = (
        b"%PDF /CreationDate(D:20250102030405Z')> stream (D:2025) endstream\ntrailer <</ID [ <" + b"A" * 32 + b"> ] >>"
    )

    same = dated(pdf.replace(b"030405", b"111111").replace(b"AAAA", b"BBBB"), DAY)

    assert same == dated(pdf, DAY)
    assert len(same) == len(pdf)
    assert b"(D:20261124000000Z')" in same
    assert b"(D:2025)" in same


def test_a_program_that_does_not_start_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "libmergedlo.so").write_bytes(b"")

    with pytest.raises(NotStarted, match="does not start"):
        Office(tmp_path).pdf(b"", DAY)


def _linked_picture() -> str:
    return (
        '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="300000"/><wp:docPr id="1" name="logo"/><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        '<pic:cNvPr id="1" name="logo"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="logo"/><a:stretch>'
        '<a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="300000"/>'
        '</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r></w:p>"
    )


def judged(content: bytes, **others: Any) -> LayoutJudged:
    """What is found in a Word layout when it is put."""
    blobs = MemoryBlobs()
    [ref] = blobs.put_many([Blob(content)])
    return Press(blobs).judge(LayoutDocument(kind="word", sources={}, files={"nl": ref}, **others))


@needs_office
def test_a_layout_that_looks_as_libreoffice_shows_it_is_translated() -> None:
    """FR-39, A6: with short values and with long ones."""
    found = judged(CORPUS["letter with logo"])

    assert (found.pdf_engines, found.declined, found.problems) == ({"nl": "translated"}, {}, ())


@needs_office
def test_a_layout_that_is_declined_is_made_by_libreoffice_and_the_answer_says_why() -> None:
    found = judged(CORPUS["two columns"])

    assert (found.pdf_engines, found.declined) == ({"nl": "libreoffice"}, {"nl": ("several columns",)})
    assert found.warnings == ()


@needs_office
def test_a_layout_that_looks_otherwise_is_made_by_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.renderer.adapters.word.pages.likeness.MOST", -1.0)  # no page is ever alike

    found = judged(document(p(r("Beste {{ recipient.name }}"))))

    assert found.pdf_engines == {"nl": "libreoffice"}
    assert found.declined["nl"][0].startswith("with short values page 1 looks otherwise")


@needs_office
def test_a_version_is_made_by_what_was_chosen_for_it() -> None:
    blobs = MemoryBlobs()
    [ref] = blobs.put_many([Blob(document(p(r("Beste {{ recipient.name }}"))))])
    chosen = LayoutDocument(kind="word", sources={}, files={"nl": ref}, pdf_engines={"nl": "libreoffice"})

    [made] = Press(blobs).make([a_job(attachment_layout=kept(blobs, chosen), read_only=True)])

    assert isinstance(made, Made), made
    assert "libreoffice" in made.engines


def test_without_libreoffice_a_layout_that_needs_it_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    found = judged(CORPUS["two columns"])

    assert found.pdf_engines == {}
    assert [(one.code, one.detail) for one in found.warnings] == [("word_needs_office", "several columns")]
    assert judged(CORPUS["letter with logo"]).pdf_engines == {"nl": "translated"}


@pytest.mark.parametrize("path", ["", os.environ["PATH"]])
def test_a_layout_that_needs_a_standard_of_ours_says_so_whatever_is_installed(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path)

    found = judged(CORPUS["two columns"], pdf="a-3a+ua-1")

    assert (found.pdf_engines, found.declined) == ({}, {"nl": ("several columns",)})
    assert [(one.code, one.detail) for one in found.warnings] == [("word_needs_a_2b", "several columns")]


@needs_office
def test_a_layout_is_compared_with_values_for_all_that_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.renderer.adapters.word.pages.likeness.MOST", -1.0)

    found = judged(document(p(r("{{ merge.day | datum }} {% for row in merge.rows %}{{ row.what }}{% endfor %}"))))

    sizes = [reason.split(" page")[0] for reason in found.declined["nl"]]
    assert [sizes[0], sizes[-1]] == ["with short values", "with long values"]
