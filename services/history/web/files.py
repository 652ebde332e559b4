"""The files of an item over HTTP: those that go along, and those that were made for it, to be saved and not shown."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.history.application import History
from services.history.web.refusals import Worded
from shared.pages import reads

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


def routes(history: History) -> APIRouter:
    """Return the route of an item's files."""
    router = APIRouter(prefix="/api/v1", tags=["history"], route_class=Worded, dependencies=[Depends(reads)])

    @router.get("/dossier-items/{id}/files/{sha256}", response_class=Response)
    async def show_file(id: UUID, sha256: Sha256) -> Response:  # noqa: A002 -- the name in the URL
        """Download a file of an item, by the SHA-256 that its attachments and documents name."""
        file = await history.file(id, sha256)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.named.filename, safe='')}",
            "ETag": f'"{sha256}"',
            "Cache-Control": "private, no-cache",
        }
        return Response(file.content, media_type=file.named.content_type, headers=headers)

    return router
