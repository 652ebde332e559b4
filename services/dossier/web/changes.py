"""What becomes of items, over HTTP: fields changed, responses added, files added and taken away."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.domain.intake import GivenAttachment, parse
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_changes import ItemChange, change_said
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.domain.text import not_text
from services.dossier.web.body import answering, takes, whole
from shared.access import Caller
from shared.pages import reads, sends

_ITEM = "/api/v1/dossier-items/{item_id}"
_RESPONSES = f"{_ITEM}/responses"
_ATTACHMENTS = f"{_ITEM}/attachments"
_ETAG = re.compile(r'\s*(?:W/)?"(\d{1,9})"\s*')
Key = Annotated[str | None, Header(description="The same key again is the same wish", max_length=200)]
Version = Annotated[str | None, Header(description='Refuse unless the item is at this version, as in `"3"`')]


class GivenResponse(BaseModel):
    """A response to an item: `internal` ones are for colleagues alone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(min_length=1, max_length=100_000)
    internal: bool = False


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes at which items are changed."""
    router = APIRouter(tags=["dossier items"])
    _add_change(router, dossier)
    _add_attachments(router, dossier)
    return router


def _add_change(router: APIRouter, dossier: Dossier) -> None:
    @router.patch(_ITEM, openapi_extra=takes(ItemChange, "patch", _ITEM))
    async def change_item(
        request: Request,
        response: Response,
        item_id: UUID,
        caller: Annotated[Caller, Depends(sends)],
        if_match: Version = None,
    ) -> dict[str, Any]:
        """Change fields of an item: null or "" clears one, what is left out stays; the same again records nothing."""
        with answering(dossier.refusals, request):
            asked = change_said(parse(await whole(request)))
            item = await dossier.items.change(item_id, asked, caller.name, _version(if_match))
            response.headers["ETag"] = f'"{item.edition}"'
            return _shown(item)

    @router.post(_RESPONSES, status_code=201, openapi_extra=takes(GivenResponse, "post", _RESPONSES))
    async def respond(
        request: Request, item_id: UUID, caller: Annotated[Caller, Depends(reads)], idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Add a response to an item; whoever may see an item may respond to it."""
        with answering(dossier.refusals, request):
            given = as_said(GivenResponse, parse(await whole(request)))
            if wrongs := [*not_text(given.text, ("text",))]:
                raise Refused(wrongs)
            text, key, internal = given.text, idempotency_key, given.internal
            number = await dossier.items.respond(item_id, text, caller.name, key, internal=internal)
            return {"item_id": str(item_id), "n": number}


def _add_attachments(router: APIRouter, dossier: Dossier) -> None:
    @router.post(_ATTACHMENTS, status_code=201, openapi_extra=takes(GivenAttachment, "post", _ATTACHMENTS))
    async def add_attachment(
        request: Request, item_id: UUID, caller: Annotated[Caller, Depends(sends)], idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Add a file to an item, its content or the hash of one that was put before; names need not be unique."""
        with answering(dossier.refusals, request):
            given = as_said(GivenAttachment, parse(await whole(request)))
            number, file = await dossier.items.attach(item_id, given, caller.name, idempotency_key)
            return {"item_id": str(item_id), "n": number, **file}

    @router.delete(f"{_ATTACHMENTS}/{{n}}", status_code=204)
    async def remove_attachment(
        request: Request, item_id: UUID, n: int, caller: Annotated[Caller, Depends(sends)]
    ) -> None:
        """Take a file away from an item; to change one, add the other and take this one away."""
        with answering(dossier.refusals, request):
            await dossier.items.detach(item_id, n, caller.name)


def _version(if_match: str | None) -> int | None:
    """Return the version that `If-Match` names (RFC 9110 §13.1.1), None for any."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match)
    if found is None:
        raise Refused([Wrong("If-Match", "wrong_value", {"expected": '"3"'})])
    return int(found[1])


def _shown(item: DossierItem) -> dict[str, Any]:
    return {
        "item_id": str(item.id),
        "version": item.edition,
        "fields": item.fields,
        "comment": item.comment or "",
        "contact_id": item.address.contact_id if item.address else None,
        "attachments": [{"n": number, **file} for number, file in item.attachments.items()],
    }
