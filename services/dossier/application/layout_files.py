"""Layouts are looked at before they are recorded; files of Word layouts are kept for that, and then for good."""

import asyncio
from base64 import b64decode
from binascii import Error as NotBase64

from services.dossier.application.ports import LayoutJudge, Tables
from services.dossier.domain.layout import GivenFile, LayoutFacts
from services.dossier.domain.refusal import Refused, Wrong
from shared.blobs import Blob, Blobs, Lasts
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import LayoutJudged, LayoutProblem
from shared.contracts.message import BlobRef

LARGEST = 10 * 2**20  # bytes of a .docx
_ZIP = b"PK\x03\x04"  # how every .docx begins


def problem_wrong(problem: LayoutProblem) -> Wrong:
    """Return what was found wrong, at the part in which it stands."""
    part = f"sources.{problem.language}.{problem.part}" if problem.part else f"files.{problem.language}"
    return Wrong(
        part, problem.code, {"detail": problem.detail, "line": problem.line or "–", "name": problem.field or "–"}
    )


class LayoutFiles:
    """What is done with a layout before it is recorded."""

    def __init__(self, tables: Tables, blobs: Blobs, judge: LayoutJudge) -> None:
        self._tables = tables
        self._blobs = blobs
        self._judge = judge

    async def judged(self, facts: LayoutFacts) -> tuple[LayoutDocument, LayoutJudged]:
        """Return the layout with its files kept, and what was found in it; raise `Refused` for what can't be merged.

        The renderer looks at it, in a worker of its own: a file from outside is not opened in this process.
        """
        contents, document, judged = await self._looked_at(facts)
        if judged.problems:
            raise Refused(problem_wrong(problem) for problem in judged.problems)
        await self._kept(contents, "for_good")
        return document.model_copy(update={"pdf_engines": judged.pdf_engines}), judged

    async def read(self, facts: LayoutFacts) -> tuple[LayoutDocument, LayoutJudged]:
        """Return what is found in a layout, of which nothing stays; raise `Refused` where nobody answers (503)."""
        _, document, judged = await self._looked_at(facts)
        return document, judged

    async def _looked_at(self, facts: LayoutFacts) -> tuple[dict[str, bytes], LayoutDocument, LayoutJudged]:
        contents = {language: await self._content(language, file) for language, file in facts.files.items()}
        document = facts.document(await self._kept(contents, "a_day"))
        judged = await self._judge.judge(document)
        if judged is None:
            raise Refused([Wrong("", "renderer_silent")], status=503)
        return contents, document, judged

    async def _kept(self, contents: dict[str, bytes], lasts: Lasts) -> dict[str, BlobRef]:
        blobs = [Blob(content, lasts) for content in contents.values()]
        refs = await asyncio.to_thread(self._blobs.put_many, blobs) if blobs else []
        return dict(zip(contents, refs, strict=True))

    async def _content(self, language: str, file: GivenFile) -> bytes:
        place = f"files.{language}"
        if file.sha256 is not None:
            if file.sha256 not in await self._tables.attachments([file.sha256]):
                raise Refused([Wrong(f"{place}.sha256", "unknown_attachment")])
            content = await asyncio.to_thread(self._blobs.get, file.sha256)
        else:
            content = _decoded(file.content or "", f"{place}.content")
        if len(content) > LARGEST:
            raise Refused([Wrong(place, "attachment_too_large", {"most": LARGEST})], status=413)
        if not content.startswith(_ZIP):
            raise Refused([Wrong(place, "word_not_a_document")])
        return content


def _decoded(content: str, place: str) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (NotBase64, ValueError):
        raise Refused([Wrong(place, "not_base64")]) from None
