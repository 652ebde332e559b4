"""The files of an item over HTTP: those that go along, and those that were made for it, to be saved and not shown."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import RedirectResponse

from services.history.application import History
from services.history.application.history import File
from services.history.web.refusals import Worded
from shared.pages import reads

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


def routes(history: History) -> APIRouter:
    """Return the route of an item's files."""
    router = APIRouter(prefix="/api/v1", tags=["history"], route_class=Worded, dependencies=[Depends(reads)])

    @router.get("/dossier-items/{id}/files/{sha256}", response_class=Response)
    async def show_file(id: UUID, sha256: Sha256) -> Response:  # noqa: A002 -- the name in the URL
        """Download a file of an item, by the SHA-256 that its attachments and documents name."""
        return _saved(await history.file(id, sha256))

    @router.get("/processing/{id}/letter", response_class=Response)
    async def show_letter(id: UUID, n: Annotated[int | None, Query(ge=1, lt=2**31)] = None) -> Response:  # noqa: A002
        """Download a letter of a row (`n` counts from 1), by default the latest that was made."""
        return _saved(await history.letter(id, n))

    @router.get("/dossier-items/{id}/attachment", response_class=RedirectResponse, status_code=303)
    async def open_attachment(id: UUID) -> str:  # noqa: A002 -- the name in the URL
        """Lead to the attachment of an item: its message or letter, a document made for it, or its first file."""
        place = await history.attachment(id)
        if place.message_of:
            return f"/api/v1/processing/{place.message_of}/message.eml"
        if place.letter_of:
            return f"/api/v1/processing/{place.letter_of}/letter"
        return f"/api/v1/dossier-items/{id}/files/{place.sha256}"

    return router


def _saved(file: File) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.named.filename, safe='')}",
        "ETag": f'"{file.named.sha256}"',
        "Cache-Control": "private, no-cache",
    }
    return Response(file.content, media_type=file.named.content_type, headers=headers)
