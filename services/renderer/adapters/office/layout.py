"""A Word layout that makes a PDF for each recipient, set by LibreOffice from its .docx."""

from collections.abc import Mapping
from typing import Any

from services.renderer.adapters.office.office import Office
from services.renderer.adapters.word.template import DocxLayout
from shared.contracts.dossier import PdfStandard


class OfficeLayout:
    """A Word layout as LibreOffice shows it."""

    content_type = "application/pdf"
    suffix = ".pdf"

    def __init__(self, content: bytes, language: str, office: Office, standard: PdfStandard) -> None:
        """Compile it; raise `Unmergeable` that says where."""
        self._docx = DocxLayout(content, language)
        self._office = office
        self._standard = standard
        self.engines: Mapping[str, str] = self._docx.engines

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the PDF, dated midnight UTC of the day (YYYY-MM-DD), and warnings; raise `Unmergeable`."""
        docx, warnings = self._docx.letter(context, day)
        pdf = self._office.pdf(docx, day, self._standard)
        self.engines = {**self._docx.engines, "libreoffice": self._office.version}
        return pdf, warnings
