"""Reads a layout whole: each part of each language is parsed, compiled, and tried out with sample values."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.images import wrong_with
from services.renderer.adapters.jinja import Merge, furnish
from services.renderer.adapters.mjml import MjmlPage
from services.renderer.adapters.paged import AsksOutside, PagedLayout
from services.renderer.adapters.reading.of_jinja import JinjaReading
from services.renderer.adapters.reading.of_typst import read_typst
from services.renderer.adapters.reading.of_word import read_word
from services.renderer.adapters.reading.paper import off_the_page
from services.renderer.adapters.reading.samples import DAY, TRIED, Kind, contexts
from services.renderer.adapters.reading.used import Used, is_known
from services.renderer.adapters.typst import STANDARDS, LetterLayout
from services.renderer.adapters.word.pages.declined import Declined
from services.renderer.adapters.word.pages.pdf import TranslatedLayout
from services.renderer.adapters.word.parcel import Unfit
from services.renderer.adapters.word.template import DocxLayout
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged, LayoutProblem

LARGEST = 25 * 1024**2  # bytes of a part; no mail server takes more
_IMAGE = re.compile(r"data:image/(?!svg)[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")
_PDF = b"%PDF-"
_OF_MAILS = {"html", "mjml"}
Making = Callable[[Mapping[str, Any]], tuple[bytes, tuple[str, ...]]]


def read(document: LayoutDocument, file: Callable[[str], bytes]) -> LayoutJudged:
    """Return all that is found in a layout; `file` gives a Word document by its SHA-256."""
    return _Reader(document, file).judged()


class _Reader:
    """One look at one layout."""

    def __init__(self, document: LayoutDocument, file: Callable[[str], bytes]) -> None:
        self._document = document
        self._file = file
        self._used = Used()
        self._problems: list[LayoutProblem] = []
        self._warnings: dict[LayoutProblem, None] = {}
        self._declined: dict[str, tuple[str, ...]] = {}
        self._words: dict[str, list[DocxLayout | TranslatedLayout]] = {}  # what each Word document becomes

    def judged(self) -> LayoutJudged:
        for language, parts in self._document.sources.items():
            for part, source in parts.items():
                self._read_source(language, part, source)
        for language, file in self._document.files.items():
            self._read_file(language, self._file(file.sha256))
        if not self._problems:
            self._try_out()
        return LayoutJudged(
            problems=tuple(self._problems),
            warnings=tuple(self._warnings),
            placeholders=self._used.placeholders(),
            declined=self._declined,
        )

    def _read_source(self, language: str, part: str, source: str) -> None:
        place = f"{language}.{part}"
        if part == "typst":
            read_typst(source, place, self._used)
            return
        self._look_at_images(language, part, source)
        found = Used()
        try:
            JinjaReading(found, place).read(_environment(language).parse(source))
        except TemplateSyntaxError as error:
            self._problem("layout_wrongly_written", language, part, error.message or "syntax error", line=error.lineno)
            return
        except RecursionError:
            self._problem("layout_too_heavy", language, part, "it is nested too deeply")
            return
        for path, use in found.uses.items():
            if not is_known(path) and not use.guarded:
                groups = "recipient, sender, destination, subject, date, merge"
                detail = f"Known are {groups}; a value of your own is merge.<name>."
                self._problem("layout_unknown_field", language, part, detail, field=path, line=use.line)
        self._take(found)

    def _take(self, found: Used) -> None:
        for path, use in found.uses.items():
            for place in use.places:
                self._used.add(path, place, guarded=use.guarded, line=use.line).filters |= use.filters

    def _read_file(self, language: str, content: bytes) -> None:
        try:
            declared = tuple(field.name for field in self._document.fields)
            read_word(content, f"{language}.docx", self._used, declared)
            self._words[language] = [DocxLayout(content, language)]
            self._words[language].append(TranslatedLayout(content, language, STANDARDS[self._document.pdf]))
        except Declined as reasons:
            self._declined[language] = reasons.reasons
        except Unmergeable as error:
            code = error.code if isinstance(error, Unfit) else "word_not_merged"
            self._problem(code, language, None, error.detail, error.field, error.line)

    def _look_at_images(self, language: str, part: str, source: str) -> None:
        for found in _IMAGE.finditer(source):
            line = source.count("\n", 0, found.start()) + 1
            try:
                wrong = wrong_with(b64decode(found[1]))
            except ValueError:
                wrong = "is not written in base64"
            if wrong:
                self._problem("layout_image", language, part, f"the one on line {line} {wrong}", line=line)
            elif part in _OF_MAILS:
                self._warn("layout_image_embedded", language, part, f"line {line}", line=line)

    def _try_out(self) -> None:
        for language, parts in self._document.sources.items():
            for part, source in parts.items():
                try:
                    making = self._making(language, part, source)
                except Unmergeable as error:
                    self._problem("layout_wrongly_written", language, part, error.detail, error.field, error.line)
                else:
                    self._try(language, part, making)
        for language, layouts in self._words.items():
            self._try(language, None, partial(_each, layouts))

    def _making(self, language: str, part: str, source: str) -> Making:
        """Compile a part as the engines do; raise `Unmergeable`."""
        if part in ("typst", "page"):
            letter = (
                PagedLayout({part: source}, language)
                if part == "page"
                else LetterLayout({part: source}, language, STANDARDS[self._document.pdf])
            )
            return lambda context: letter.letter(context, DAY)
        merge = MjmlPage(source, language) if part == "mjml" else Merge(source, language, html=part == "html")
        return lambda context: (merge(context).encode(errors="replace"), ())

    def _try(self, language: str, part: str | None, making: Making) -> None:
        """Make a part of each sample: what goes wrong with every one is the layout's fault, not the values'."""
        faults: dict[Kind, Unmergeable] = {}
        for kind, context in contexts(self._used, self._document, language):
            try:
                made, noticed = making(context)
            except AsksOutside as error:
                self._problem("layout_fetches", language, part, error.detail)
                return
            except Unmergeable as error:
                faults[kind] = error
            except MemoryError:
                self._problem("layout_too_heavy", language, part, "it needs too much memory")
                return
            else:
                if len(made) > LARGEST:
                    self._problem("layout_too_heavy", language, part, "it becomes too large")
                    return
                self._notice(language, part, kind, made, noticed)
        self._tell(language, part, faults)

    def _notice(self, language: str, part: str | None, kind: Kind, made: bytes, noticed: tuple[str, ...]) -> None:
        if kind == "words":
            for one in noticed:
                self._warn("layout_noticed", language, part, one)
        elif kind == "long" and made.startswith(_PDF) and (where := off_the_page(made)):
            self._warn("layout_overflows", language, part, where)

    def _tell(self, language: str, part: str | None, faults: Mapping[Kind, Unmergeable]) -> None:
        tried = [faults.get(kind) for kind in TRIED]
        if not all(tried):
            return
        first = faults["words"]
        alike = {(fault.detail, fault.line) for fault in tried if fault}
        if len(alike) > 1:
            self._warn("layout_not_tried", language, part, first.detail, line=first.line)
        elif first.field:
            self._problem("layout_unknown_field", language, part, "", first.field, first.line)
        else:
            self._problem(
                "layout_failing" if part else "word_not_merged", language, part, first.detail, line=first.line
            )

    def _problem(
        self,
        code: str,
        language: str,
        part: str | None,
        detail: str,
        field: str | None = None,
        line: int | None = None,
    ) -> None:
        self._problems.append(
            LayoutProblem(language=language, part=part, code=code, detail=detail[:500], field=field, line=line)
        )

    def _warn(self, code: str, language: str, part: str | None, detail: str, line: int | None = None) -> None:
        self._warnings[LayoutProblem(language=language, part=part, code=code, detail=detail[:500], line=line)] = None


def _each(
    layouts: Sequence[DocxLayout | TranslatedLayout], context: Mapping[str, Any]
) -> tuple[bytes, tuple[str, ...]]:
    """Make all that a Word document becomes; return the last, a PDF where it makes one without an office program."""
    return [layout.letter(context, DAY) for layout in layouts][-1]


def _environment(language: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment()
    furnish(environment, language)
    return environment
