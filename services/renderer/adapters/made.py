"""Which formats layouts become on this machine, and by which engines."""

from importlib.metadata import version
from importlib.util import find_spec

from services.renderer.adapters.office.program import MISSING, found
from shared.contracts.layouts import FormatsTold, MadeFormat

_PDF = "application/pdf"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_STANDARDS = "PDF 1.7; or as it declares, certified by no validator, PDF/A-2b, or PDF/A-3a with PDF/UA-1"
_NO_PLUTOPRINT = "HTML becomes a PDF on Linux on x86_64 only; use a typst layout here"
_DOCX_TOLD = "Word 2010 and newer, LibreOffice, and whatever else opens .docx (ISO/IEC 29500 transitional); no settings"


def formats_made() -> FormatsTold:
    """Return every kind of layout with what it becomes; `missing` where something it needs is not there."""
    office = found()
    return FormatsTold(
        formats=(
            _made("text", "mail: text", "text/plain", "jinja2"),
            _made("html", "mail: HTML and text", "text/html", "jinja2", "css-inline", "mjml-python", "inscriptis"),
            _made("typst", _STANDARDS, _PDF, "typst"),
            _made("paged", "PDF 1.7", _PDF, "jinja2", "plutoprint"),
            _made("word", _DOCX_TOLD, _DOCX, "jinja2", "lxml"),
            _made("word", f"read-only: {_STANDARDS}", _PDF, "typst", "lxml"),
            MadeFormat(
                kind="word",
                format="read-only, what typst can't lay out alike: PDF 1.7; or as it declares, PDF/A-2b",
                content_type=_PDF,
                engines={"libreoffice": str(office)} if office else {},
                missing=None if office else MISSING,
            ),
        )
    )


def _made(kind: str, what: str, content_type: str, *engines: str) -> MadeFormat:
    there = {name: version(name) for name in engines if name != "plutoprint" or find_spec(name)}
    missing = None if len(there) == len(engines) else _NO_PLUTOPRINT
    return MadeFormat(kind=kind, format=what, content_type=content_type, engines=there, missing=missing)
