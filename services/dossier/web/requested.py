"""A request to record items as it comes in: as JSON, or as a form whose recipients are a list, CSV or XLSX."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import IO, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel

from services.dossier.application import Dossier
from services.dossier.application.recipients import Recipients
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.web.body import on_disk, on_the_side, takes
from services.dossier.web.form import is_form, parts_of

T = TypeVar("T")
_PARTS = ("request", "recipients")


@asynccontextmanager
async def requested(dossier: Dossier, request: Request, read: Callable[[IO[bytes]], T]) -> AsyncIterator[T]:
    """Give what `read` makes of the request's JSON, good within the block; what is refused there is named by line."""
    content_type = request.headers.get("content-type", "")
    async with on_disk(request) as body:
        if not is_form(content_type):
            yield await asyncio.to_thread(read, body)
            return
        parts = await asyncio.to_thread(parts_of, body, content_type)
        if missing := [Wrong(name, "missing_part", {"part": name}) for name in _PARTS if name not in parts]:
            raise Refused(missing)
        with on_the_side() as listed, on_the_side() as written:
            await asyncio.to_thread(parts["recipients"].copy, body, listed)
            recipients = Recipients(dossier.sheets, written)
            asked = await asyncio.to_thread(recipients.read, parts["request"].content(body), listed, read)
            try:
                yield asked
            except Refused as refused:
                raise recipients.named(refused) from refused


def takes_either(kind: type[BaseModel], path: str) -> dict[str, Any]:
    """Return what OpenAPI says of the two forms of a request that is posted."""
    either = takes(kind, "post", path)
    part = {
        "request": {"type": "string", "contentMediaType": "application/json", "description": "Without destinations"},
        "recipients": {"type": "string", "format": "binary", "description": "CSV or XLSX, a line each"},
    }
    form = {"schema": {"type": "object", "properties": part, "required": list(_PARTS)}}
    either["requestBody"]["content"]["multipart/form-data"] = form
    return either
