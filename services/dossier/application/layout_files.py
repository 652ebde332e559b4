"""The files of Word layouts: kept for a while to be judged, and for good once the layout is recorded."""

import asyncio
from base64 import b64decode
from binascii import Error as NotBase64

from services.dossier.application.ports import LayoutJudge, Tables
from services.dossier.domain.layout import GivenFile, LayoutFacts
from services.dossier.domain.refusal import Refused, Wrong
from shared.blobs import Blob, Blobs
from shared.contracts.dossier import LayoutDocument
from shared.contracts.message import BlobRef

LARGEST = 10 * 2**20  # bytes of a .docx
_ZIP = b"PK\x03\x04"  # how every .docx begins


class LayoutFiles:
    """What is done with the files of a layout before it is recorded."""

    def __init__(self, tables: Tables, blobs: Blobs, judge: LayoutJudge) -> None:
        self._tables = tables
        self._blobs = blobs
        self._judge = judge

    async def judged(self, facts: LayoutFacts) -> LayoutDocument:
        """Return the layout with its files kept; raise `Refused` for what is no harmless Word layout (503: ask later).

        The renderer looks at it, in a worker of its own: a file from outside is not opened in this process.
        """
        contents = {language: await self._content(language, file) for language, file in facts.files.items()}
        document = facts.document(await self._kept(contents, transient=True))
        if not contents:
            return document
        problems = await self._judge.judge(document)
        if problems is None:
            raise Refused([Wrong("files", "renderer_silent")], status=503)
        if problems:
            raise Refused(
                Wrong(f"files.{problem.language}", problem.code, {"detail": problem.detail}) for problem in problems
            )
        await self._kept(contents, transient=False)
        return document

    async def _kept(self, contents: dict[str, bytes], *, transient: bool) -> dict[str, BlobRef]:
        blobs = [Blob(content, transient) for content in contents.values()]
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
