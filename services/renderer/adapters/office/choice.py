"""Chooses what makes the PDF of a Word layout: its translation, or LibreOffice where that is not like Word's own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.office.layout import OfficeLayout
from services.renderer.adapters.office.office import NotStarted, Office
from services.renderer.adapters.office.program import MISSING, found
from services.renderer.adapters.office.samples import samples
from services.renderer.adapters.typst import STANDARDS
from services.renderer.adapters.word.pages.declined import Declined
from services.renderer.adapters.word.pages.likeness import compared
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from shared.contracts.dossier import LayoutDocument, PdfEngine
from shared.contracts.layouts import LayoutJudged, LayoutProblem

_TOO_MUCH = "a-3a+ua-1"  # the standard that LibreOffice does not reach


@dataclass(frozen=True)
class _Choice:
    """What makes the PDFs, None where nothing on this machine can, and why that is not the translation."""

    engine: PdfEngine | None
    reasons: tuple[str, ...] = ()


class WordPages:
    """Makes PDFs of Word layouts, by the means of this machine."""

    def __init__(self) -> None:
        """Look for LibreOffice; it starts with the first document."""
        folder = found()
        self._office = Office(folder) if folder else None

    def layout(self, content: bytes, language: str, document: LayoutDocument) -> TranslatedLayout | OfficeLayout:
        """Return a layout compiled for PDFs; raise `Unmergeable` for a faulty one, and where nothing can make them."""
        if document.pdf_engines.get(language) == "libreoffice":
            return self._by_office(content, language, document, "what it looks like")
        try:
            return TranslatedLayout(content, language, STANDARDS[document.pdf])
        except Declined as declined:
            return self._by_office(content, language, document, str(declined))

    def printed(
        self, letter: bytes, language: str, document: LayoutDocument, day: str
    ) -> tuple[bytes, Mapping[str, str]]:
        """Return the PDF of a Word letter that was made of a layout, as it stands, and the engines that made it.

        Raises `Unmergeable`, for what nothing on this machine can set too.
        """
        reasons = "what it looks like"
        if "libreoffice" not in document.pdf_engines.values():
            try:
                translated = TranslatedLayout(letter, language, merged=True)
                return translated.letter({"subject": ""}, day)[0], translated.engines
            except Declined as declined:
                reasons = str(declined)
        if self._office is None:
            raise _unmade(reasons)
        return self._office.pdf(letter, day), {"libreoffice": self._office.version}

    def judged(self, document: LayoutDocument, judged: LayoutJudged, file: Callable[[str], bytes]) -> LayoutJudged:
        """Return what was found in a layout with what makes its PDFs; `file` gives a Word document by its SHA-256."""
        if judged.problems or not document.files:
            return judged
        choices = {
            language: self._chosen(file(ref.sha256), language, document) for language, ref in document.files.items()
        }
        code = "word_needs_a_2b" if document.pdf == _TOO_MUCH else "word_needs_office"
        unmade = (
            LayoutProblem(language=language, code=code, detail="; ".join(choice.reasons))
            for language, choice in choices.items()
            if choice.engine is None
        )
        return judged.model_copy(
            update={
                "warnings": (*judged.warnings, *unmade),
                "declined": {language: choice.reasons for language, choice in choices.items() if choice.reasons},
                "pdf_engines": {language: choice.engine for language, choice in choices.items() if choice.engine},
            }
        )

    def _chosen(self, content: bytes, language: str, document: LayoutDocument) -> _Choice:
        office = self._office if self._office and document.pdf != _TOO_MUCH and _starts(self._office) else None
        try:
            translated = TranslatedLayout(content, language, STANDARDS[document.pdf])
        except Declined as declined:
            return _Choice("libreoffice" if office else None, declined.reasons)
        if office is None:
            return _Choice("translated")
        by_office = OfficeLayout(content, language, office, document.pdf)
        reasons = _unlike(translated, by_office, samples(content, language, document))
        return _Choice("libreoffice" if reasons else "translated", reasons)

    def _by_office(self, content: bytes, language: str, document: LayoutDocument, reasons: str) -> OfficeLayout:
        if document.pdf == _TOO_MUCH:
            raise Unmergeable(f"LibreOffice makes no PDF/A-3a, and this layout needs it, because of {reasons}")
        if self._office is None:
            raise _unmade(reasons)
        return OfficeLayout(content, language, self._office, document.pdf)


def _unmade(reasons: str) -> Unmergeable:
    return Unmergeable(f"this Word layout makes no PDF here, because of {reasons}; {MISSING}")


def _unlike(
    translated: TranslatedLayout, by_office: OfficeLayout, seen: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[str, ...]:
    reasons = []
    for name, sample in seen:
        try:
            ours, _ = translated.letter(sample, str(sample["date"]))
            theirs, _ = by_office.letter(sample, str(sample["date"]))
        except Unmergeable:
            continue  # of these values; what is wrong with all of them shows in a preview
        reasons += [f"with {name} values {reason}" for reason in compared(ours, theirs).reasons]
    return tuple(reasons)


def _starts(office: Office) -> bool:
    try:
        return bool(office.version)
    except NotStarted:
        return False
