"""Files that go along with mails: each is kept once, whoever put it and however often."""

import asyncio
import mimetypes
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Any

from services.dossier.application.ports import Tables
from services.dossier.domain.intake import GivenAttachment, is_content_type
from services.dossier.domain.refusal import Refused, Wrong
from shared.blobs import Blob, Blobs, Lasts
from shared.contracts.message import Attachment, BlobRef
from shared.store import Store

_NOT_SAID = ("application/x-www-form-urlencoded", "application/octet-stream")  # what programs say of any body
FILE = 30 * 2**20  # bytes of one file, and of all files of one mail
REGISTERED = 75 * 2**20  # bytes of the files that are only kept with an item


class Attachments:
    """The files that were put."""

    def __init__(self, store: Store, tables: Tables, blobs: Blobs) -> None:
        self._store = store
        self._tables = tables
        self._blobs = blobs

    async def put(self, content: bytes, filename: str, content_type: str) -> BlobRef:
        """Keep one file, its type by its name where none is said; raise `Refused` (413) for one too large."""
        if len(content) > FILE:
            raise Refused([Wrong("", "attachment_too_large", {"most": FILE})], status=413)
        said = content_type.partition(";")[0].strip()
        kind = said if is_content_type(said) and said not in _NOT_SAID else kind_of(filename)
        [ref] = await self._keep([(filename, kind, content)])
        return BlobRef(sha256=ref.sha256, size=ref.size)

    async def check(
        self, given: Sequence[GivenAttachment], *, mailed: bool = True
    ) -> tuple[list[Wrong], list["Checked"]]:
        """Return what is wrong with the files of a request, and the files; nothing is kept yet."""
        most = FILE if mailed else REGISTERED
        put = await self._tables.attachments([file.sha256 for file in given if file.sha256])
        wrongs: list[Wrong] = []
        checked: list[Checked] = []
        for number, file in enumerate(given):
            try:
                checked.append(await asyncio.to_thread(_checked, file, put, f"attachments[{number}]", most))
            except Refused as refused:
                wrongs += refused.wrongs
        if not wrongs and sum(size for *_, size in checked) > most:
            wrongs.append(Wrong("attachments", "attachments_too_large", {"most": most}))
        return wrongs, checked

    async def content(self, sha256: str) -> bytes:
        """Return a file that is kept."""
        return await asyncio.to_thread(self._blobs.get, sha256)

    async def keep(self, checked: Sequence["Checked"], *, lasts: Lasts = "for_good") -> list[dict[str, Any]]:
        """Keep the files of an accepted request, or of a mere sample for a while; return what names each."""
        fresh = [(name, kind, content) for name, kind, content, _, _ in checked if content is not None]
        kept = iter(await self._keep(fresh, lasts) if fresh else [])
        return [
            (
                next(kept)
                if content is not None
                else Attachment(sha256=sha256 or "", size=size, filename=name, content_type=kind)
            ).model_dump()
            for name, kind, content, sha256, size in checked
        ]

    async def _keep(self, files: Sequence[tuple[str, str, bytes]], lasts: Lasts = "for_good") -> list[Attachment]:
        blobs = [Blob(content, lasts) for _, _, content in files]
        refs = await asyncio.to_thread(self._blobs.put_many, blobs)
        kept = [
            Attachment(sha256=ref.sha256, size=ref.size, filename=name, content_type=kind)
            for ref, (name, kind, _) in zip(refs, files, strict=True)
        ]
        if lasts == "for_good":  # else they are not there to be named by their hash
            await self._store.record(rows=[self._tables.attachment(file) for file in kept])
        return kept


Checked = tuple[str, str, bytes | None, str | None, int]  # filename, content type, content or SHA-256, size


def kind_of(filename: str) -> str:
    """Return the content type that a file's name speaks of."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _checked(file: GivenAttachment, put: dict[str, Attachment], place: str, most: int) -> Checked:
    if file.content is None:
        known = put.get(file.sha256 or "")
        if known is None:
            raise Refused([Wrong(f"{place}.sha256", "unknown_attachment")])
        kind = file.content_type or (known.content_type if known.filename == file.filename else kind_of(file.filename))
        return file.filename, kind, None, known.sha256, known.size
    try:
        content = b64decode(file.content, validate=True)
    except (NotBase64, ValueError):
        raise Refused([Wrong(f"{place}.content", "not_base64")]) from None
    if len(content) > most:
        raise Refused([Wrong(f"{place}.content", "attachment_too_large", {"most": most})])
    return file.filename, file.content_type or kind_of(file.filename), content, None, len(content)
