"""Chooses what makes the PDF of a Word layout: its translation, or LibreOffice where that can't be."""

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.office.layout import OfficeLayout
from services.renderer.adapters.office.office import Office
from services.renderer.adapters.office.program import MISSING, found
from services.renderer.adapters.typst import STANDARDS
from services.renderer.adapters.word.pages.declined import Declined
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from shared.contracts.dossier import LayoutDocument


class WordPages:
    """Makes PDFs of Word layouts, by the means of this machine."""

    def __init__(self) -> None:
        """Look for LibreOffice; it starts with the first document."""
        folder = found()
        self._office = Office(folder) if folder else None

    def layout(self, content: bytes, language: str, document: LayoutDocument) -> TranslatedLayout | OfficeLayout:
        """Return a layout compiled for PDFs; raise `Unmergeable` for a faulty one, and where nothing can make them."""
        try:
            return TranslatedLayout(content, language, STANDARDS[document.pdf])
        except Declined as declined:
            return self._by_office(content, language, document, str(declined))

    def _by_office(self, content: bytes, language: str, document: LayoutDocument, reasons: str) -> OfficeLayout:
        if document.pdf == "a-3a+ua-1":
            raise Unmergeable(f"LibreOffice makes no PDF/A-3a, and this layout needs it, because of {reasons}")
        if self._office is None:
            raise Unmergeable(f"this Word layout makes no PDF here, because of {reasons}; {MISSING}")
        return OfficeLayout(content, language, self._office, document.pdf)
