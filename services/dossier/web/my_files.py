"""My files over HTTP: what could not be opened at a finish, listed, put by a client that failed, and taken away."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.application.my_files import MyFile
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.drafts import opening_of
from services.dossier.web.operator import Reading, Sending

_ALL = "/api/v1/my-files"
_SMALL = 2**16  # bytes


class NotOpened(BaseModel):
    """Of which draft the attachment could not be opened."""

    model_config = ConfigDict(extra="forbid", strict=True)

    draft_id: UUID = Field(strict=False)


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of My files."""
    router = APIRouter(tags=["my files"])
    files = dossier.desk.my_files

    @router.get(_ALL)
    async def list_my_files(
        request: Request,
        operator: Reading,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """List the operator's files, newest first; those of several items are one entry that names their run."""
        with answering(dossier.refusals, request):
            found = await files.page(operator, _before(cursor), limit + 1)
            return {
                "items": [_shown(file) for file in found[:limit]],
                "next": _cursor(found[limit - 1]) if len(found) > limit else None,
            }

    @router.post(_ALL, status_code=204, openapi_extra=takes(NotOpened, "post", _ALL))
    async def put_my_file(request: Request, operator: Sending) -> None:
        """Keep what the finish of a draft made, since opening it failed."""
        with answering(dossier.refusals, request):
            said = as_said(NotOpened, parse(await whole(request, _SMALL)))
            await files.put(said.draft_id, operator, datetime.now(UTC))

    @router.delete(f"{_ALL}/{{file_id}}", status_code=204)
    async def remove_my_file(request: Request, operator: Reading, file_id: UUID) -> None:
        """Take a file out of the list; in the dossier it stays."""
        with answering(dossier.refusals, request):
            await files.remove(file_id, operator)

    return router


def _shown(file: MyFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "subject": file.subject,
        "run_id": file.run_id,
        "item_id": file.item_id,
        "items": file.items,
        "url": opening_of(str(file.item_id)) if file.item_id else f"/api/v1/processing?run_id={file.run_id}",
        "at": file.at,
    }


def _cursor(file: MyFile) -> str:
    return urlsafe_b64encode(f"{file.at.timestamp()!r} {file.id}".encode()).decode().rstrip("=")


def _before(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    try:
        at, _, file_id = b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode().partition(" ")
        return float(at), str(UUID(file_id))
    except (NotBase64, ValueError):
        raise Refused([Wrong("cursor", "wrong_value", {"expected": "next"})]) from None
