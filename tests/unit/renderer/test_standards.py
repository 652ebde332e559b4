"""What a PDF must have that declares PDF/A or PDF/UA, as far as its structure shows (ISO 19005-2, 19005-3, 14289-1).

No validator is to be had as a package that can be installed here, so nothing is said to be certified.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from services.dossier.layouts import supplied
from services.renderer.adapters.context import context_of
from services.renderer.adapters.office.layout import OfficeLayout
from services.renderer.adapters.office.office import Office
from services.renderer.adapters.office.program import found
from services.renderer.adapters.typst import STANDARDS, LetterLayout
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from shared.contracts.dossier import PdfStandard
from tests.office import needs_office
from tests.unit.renderer.jobs import a_context, a_job
from tests.unit.renderer.test_word_pages import CORPUS, values
from tests.unit.renderer.word_corpus import LONG

DAY = "2026-11-24"
ROWS = [[f"2026-01-{1 + number % 28:02}", f"Boeking {number}", 10.25] for number in range(80)]
CLAIMS: Mapping[str, Mapping[str, str]] = {
    "a-2b": {"pdfaid:part": "2", "pdfaid:conformance": "B"},
    "a-3a+ua-1": {"pdfaid:part": "3", "pdfaid:conformance": "A", "pdfuaid:part": "1"},
}
WORD = ("letter with logo", "long table", "lists", "headings", "pictures")


def a_letter(name: str, standard: PdfStandard) -> bytes:
    """A letter of a supplied Typst layout, or of a Word layout that is translated."""
    if name in WORD:
        return TranslatedLayout(CORPUS[name], "nl", STANDARDS[standard]).letter(values(LONG), DAY)[0]
    document = supplied()[name]
    merge = {"lines": ROWS, "opening_balance": -20, "rows": [["Zaal", "1", "1250,00"]], "total": "1250,00"}
    job = a_job(
        context=a_context(merge=merge, recipient={"name": "Ωμέγα 王", "email": "x@home.example", "language": "nl"})
    )
    return LetterLayout(document.sources["nl"], "nl", STANDARDS[standard]).letter(context_of(job, document), DAY)[0]


def objects_of(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary and stream, those that lie within others too."""
    waiting: list[Any] = list(pdf.objects)
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            yield one
        if isinstance(one, pikepdf.Array):
            inner = list(one)
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            inner = [one[key] for key in one.keys()]  # noqa: SIM118 -- a stream is not iterated over
        else:
            inner = []
        waiting += [part for part in inner if not getattr(part, "is_indirect", True)]


def check_to_be_kept(pdf: pikepdf.Pdf, claims: Mapping[str, str]) -> None:
    """Assert what ISO 19005 asks of the structure of any file: 6.1.3, 6.1.13, 6.2.3, 6.2.11, 6.5, 6.6.2, 6.9."""
    with pdf.open_metadata() as told:
        assert {name: told[name] for name in claims} == claims
        assert told["xmp:CreateDate"].startswith(DAY)
    assert not pdf.is_encrypted
    assert len(pdf.trailer.ID) == 2
    assert "/Filter" not in pdf.Root.Metadata
    [intent] = pdf.Root.OutputIntents
    assert intent.S == "/GTS_PDFA1"
    assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"
    everything = list(objects_of(pdf))
    filters = {str(name) for one in everything for name in _listed(one.get("/Filter"))}
    assert not filters & {"/LZWDecode", "/Crypt"}
    assert not [one for one in everything if one.get("/S") in {"/JavaScript", "/Launch", "/Sound", "/Movie"}]
    assert not [one for one in everything if "/F" in one and one.get("/Type") == "/XObject"]
    fonts = [one for one in everything if one.get("/Type") == "/FontDescriptor"]
    assert fonts
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font.keys()) for font in fonts)
    if claims["pdfaid:part"] == "2":
        assert "/EmbeddedFiles" not in pdf.Root.get("/Names", {})


def check_to_be_read_aloud(pdf: pikepdf.Pdf) -> None:
    """Assert what ISO 14289-1 asks of the structure: 7.1, 7.2, 7.3, 7.18, and ISO 19005-3 6.2.11.7 (level A)."""
    assert pdf.Root.MarkInfo.Marked
    assert str(pdf.Root.Lang) == "nl"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    with pdf.open_metadata() as told:
        assert told["dc:title"]
    everything = list(objects_of(pdf))
    tags = [one for one in everything if one.get("/Type") == "/StructElem" or ("/S" in one and "/P" in one)]
    assert tags
    assert all(one.get("/Alt") is not None for one in tags if one.get("/S") == "/Figure")
    assert all("/Tabs" in page and page.Tabs == "/S" for page in pdf.pages if "/Annots" in page)
    assert all("/StructParents" in page for page in pdf.pages)
    fonts = [one for one in everything if one.get("/Type") == "/Font" and "/FontDescriptor" not in one]
    assert fonts
    assert all("/ToUnicode" in font for font in fonts)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, pikepdf.Array) else [value]


@pytest.mark.parametrize("standard", ["a-2b", "a-3a+ua-1"])
@pytest.mark.parametrize("name", ["letter", "statement", *WORD])
def test_a_pdf_has_what_the_standard_takes_that_it_declares(name: str, standard: PdfStandard) -> None:
    """FR-105, FR-106: a reader and an archive find what they look for."""
    with pikepdf.open(BytesIO(a_letter(name, standard))) as pdf:
        check_to_be_kept(pdf, CLAIMS[standard])
        if "ua" in standard:
            check_to_be_read_aloud(pdf)
        assert not pdf.check_pdf_syntax()


@needs_office
def test_a_pdf_by_libreoffice_has_what_the_standard_takes_that_it_declares() -> None:
    """FR-39, FR-106."""
    folder = found()
    assert folder
    office = Office(folder, seconds=60)

    pdf, _ = OfficeLayout(CORPUS["two columns"], "nl", office, "a-2b").letter(values(LONG), DAY)
    office.close()

    with pikepdf.open(BytesIO(pdf)) as opened:
        check_to_be_kept(opened, CLAIMS["a-2b"])
        assert not opened.check_pdf_syntax()
