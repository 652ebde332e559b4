"""Makes the parts of a chunk of jobs and stores them together: the work that one worker does."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from uuid import uuid4

from services.renderer.adapters.bodies import BodyLayout
from services.renderer.adapters.context import context_of
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.jinja import Merge, filename_of
from services.renderer.adapters.office.choice import WordPages
from services.renderer.adapters.paged import PagedLayout
from services.renderer.adapters.pages import PDF, images_of
from services.renderer.adapters.reading import read
from services.renderer.adapters.reading.paper import noticed
from services.renderer.adapters.typst import STANDARDS, LetterLayout
from services.renderer.adapters.word.template import DocxLayout
from services.renderer.domain import Job, LimitReached, Made
from shared.blobs import Blob, BlobMissing, Blobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.drafts import Preview
from shared.contracts.layouts import LayoutJudged
from shared.contracts.message import Attachment, BlobRef, LayoutVersion, Parts
from shared.contracts.renderer import Fault

LAYOUTS_KEPT = 32
LARGEST_PART = 25 * 1024**2  # bytes; no mail server takes more


class AttachmentLayout(Protocol):
    """A compiled layout that makes an attachment."""

    engines: Mapping[str, str]
    content_type: str
    suffix: str  # of the file's name

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the file, dated midnight UTC of the day (YYYY-MM-DD), and warnings; raise `Unmergeable`."""
        ...


@dataclass(slots=True)
class _Sheet:
    """The parts of one job before they are stored."""

    blobs: dict[str, Blob] = field(default_factory=dict)
    filename: str = ""
    content_type: str = ""
    engines: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    look: bytes | None = None  # the PDF that shows the attachment

    def stored(self, refs: Mapping[str, BlobRef]) -> Made:
        """Return what was made, by the references of its parts."""
        made = refs.get("attachment")
        named = Attachment(**dict(made), filename=self.filename, content_type=self.content_type) if made else None
        parts = Parts(text=refs.get("text"), html=refs.get("html"), attachment=named)
        return Made(parts=parts, engines=self.engines, warnings=self.warnings, shown=refs.get("shown"))

    def preview(self, pages: int) -> Blob:
        """Return the parts as they are looked at, with so many pages of the attachment as images."""
        said = {part: blob.content.decode() for part, blob in self.blobs.items() if part in {"text", "html"}}
        made = self.blobs.get("attachment")
        images, count = images_of(self.look, pages) if self.look else ((), 0)
        preview = Preview(
            mark=uuid4().hex,
            **said,
            attachment=made.content if made else None,
            filename=self.filename if made else None,
            content_type=self.content_type if made else None,
            pages=images,
            page_count=count,
        )
        return Blob(preview.model_dump_json().encode(), "a_day")


_Adding = Callable[[_Sheet, Job, LayoutVersion, dict[str, Any]], None]


class Press:
    """Makes parts; it keeps the layouts that it used last compiled."""

    def __init__(self, blobs: Blobs) -> None:
        """Read layouts from these blobs, and store parts in them."""
        self._blobs = blobs
        self._word_pages = WordPages()
        self._document = lru_cache(LAYOUTS_KEPT)(self._read)
        self._body = lru_cache(LAYOUTS_KEPT)(self._compiled_body)
        self._letter = lru_cache(LAYOUTS_KEPT)(self._compiled_letter)

    def make(self, jobs: Sequence[Job], before_each: Callable[[], object] = lambda: None) -> list[Made | Fault]:
        """Return what came of each job; the parts of all are stored in one go, or none."""
        sheets = []
        for job in jobs:
            before_each()
            sheets.append(self._sheet(job))
        blobs = [blob for sheet in sheets if isinstance(sheet, _Sheet) for blob in sheet.blobs.values()]
        refs = iter(self._blobs.put_many(blobs) if blobs else ())
        return [
            sheet.stored({part: next(refs) for part in sheet.blobs}) if isinstance(sheet, _Sheet) else sheet
            for sheet in sheets
        ]

    def judge(self, document: LayoutDocument) -> LayoutJudged:
        """Return all that is found in a layout, and what is to make the PDFs of a Word layout."""
        return self._word_pages.judged(document, self.read(document), self._blobs.get)

    def read(self, document: LayoutDocument) -> LayoutJudged:
        """Return all that is found in a layout that nothing is recorded of yet."""
        return read(document, self._blobs.get)

    def _sheet(self, job: Job) -> _Sheet | Fault:
        sheet = _Sheet()
        if job.body_text is not None:
            # A lone surrogate is no character: nothing that could be sent exactly.
            sheet.blobs["text"] = Blob(job.body_text.encode(errors="replace"), job.lasts, compress=True)
        add_attachment = self._add_print if job.letter else self._add_letter
        for layout, add in ((job.body_layout, self._add_body), (job.attachment_layout, add_attachment)):
            if layout and (fault := self._fault_in(layout, add, sheet, job)):
                return fault
        shown = {} if job.shown_pages is None else {"shown": sheet.preview(job.shown_pages)}
        sheet.blobs = (sheet.blobs if job.kept else {}) | shown
        return sheet

    def _fault_in(self, layout: LayoutVersion, add: _Adding, sheet: _Sheet, job: Job) -> Fault | None:
        document = self._document(layout.sha256)
        try:
            add(sheet, job, layout, context_of(job, document))
        except Unmergeable as unmergeable:
            return unmergeable.of(layout, job.language)
        except OSError:
            raise  # the disk's, not this job's
        except MemoryError:
            return LimitReached(layout_id=layout.layout_id, language=job.language, detail="it needs too much memory")
        except Exception as error:  # noqa: BLE001 - whatever else it is, it is this job's
            traceback.print_exc()
            return Fault(layout_id=layout.layout_id, language=job.language, detail=repr(error))
        if any(len(blob.content) > LARGEST_PART for blob in sheet.blobs.values()):
            return LimitReached(layout_id=layout.layout_id, language=job.language, detail="it becomes too large")
        return None

    def _add_body(self, sheet: _Sheet, job: Job, layout: LayoutVersion, context: dict[str, Any]) -> None:
        body = self._body(layout.sha256, job.language)
        text, page = body.body(context)
        for part, content in (("text", text), ("html", page)):
            if content is not None:
                sheet.blobs[part] = Blob(content.encode(), job.lasts, dictionary=layout.sha256, compress=True)
        sheet.engines |= body.engines

    def _add_letter(self, sheet: _Sheet, job: Job, layout: LayoutVersion, context: dict[str, Any]) -> None:
        engine, filename = self._letter(layout.sha256, job.language, job.read_only)
        made, warnings = engine.letter(context, job.context["date"])
        sheet.warnings = (*warnings, *noticed(made, context)) if engine.content_type == PDF else warnings
        sheet.filename = filename_of(filename, context, layout.layout_id, engine.suffix)
        sheet.content_type = engine.content_type
        sheet.blobs["attachment"] = Blob(made, job.lasts)
        sheet.engines |= engine.engines
        sheet.look = made if engine.content_type == PDF else self._look(made, job, layout)

    def _look(self, letter: bytes, job: Job, layout: LayoutVersion) -> bytes | None:
        """Return a PDF of a Word document whose pages are wanted, None where nothing on this machine makes any."""
        if not job.shown_pages:
            return None
        document = self._document(layout.sha256)
        try:
            return self._word_pages.printed(letter, job.language, document, job.context["date"])[0]
        except Unmergeable:
            return None

    def _add_print(self, sheet: _Sheet, job: Job, layout: LayoutVersion, context: dict[str, Any]) -> None:
        try:
            letter = self._blobs.get(job.letter or "")
        except BlobMissing:
            raise Unmergeable("the letter is not kept any more") from None
        document, day = self._document(layout.sha256), context["date"]
        pdf, engines = self._word_pages.printed(letter, job.language, document, day)
        sheet.blobs["attachment"], sheet.content_type = Blob(pdf, job.lasts), PDF
        sheet.engines |= engines

    def _read(self, sha256: str) -> LayoutDocument:
        return LayoutDocument.model_validate_json(self._blobs.get(sha256))

    def _compiled_body(self, sha256: str, language: str) -> BodyLayout:
        sources, spoken = self._sources(sha256, language)
        return BodyLayout(sources, spoken)

    def _compiled_letter(self, sha256: str, language: str, read_only: bool) -> tuple[AttachmentLayout, Merge | None]:
        document = self._document(sha256)
        sources, spoken = self._sources(sha256, language)
        filename = Merge(sources["filename"], spoken) if "filename" in sources else None
        if document.kind == "word":
            return self._word_layout(document, spoken, read_only), filename
        return _attachment_layout(document, sources, spoken), filename

    def _word_layout(self, document: LayoutDocument, language: str, read_only: bool) -> AttachmentLayout:
        content = self._blobs.get(document.files[language].sha256)
        if not read_only:
            return DocxLayout(content, language)
        return self._word_pages.layout(content, language, document)

    def _sources(self, sha256: str, language: str) -> tuple[Mapping[str, str], str]:
        """Return the sources in this language, or the layout's first, and which language that is."""
        document = self._document(sha256)
        languages = document.files or document.sources
        if not languages:
            raise Unmergeable("the layout has no sources")
        spoken = language if language in languages else next(iter(languages))
        return document.sources.get(spoken, {}), spoken


def _attachment_layout(document: LayoutDocument, sources: Mapping[str, str], language: str) -> AttachmentLayout:
    if document.kind == "paged":
        return PagedLayout(sources, language)
    return LetterLayout(sources, language, STANDARDS[document.pdf])
