"""How a body is read and a refusal is answered, the same at every door."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import quote

from fastapi import Request
from pydantic import BaseModel

from services.dossier.application import Refusals
from services.dossier.domain.refusal import Refused, Wrong
from shared.pages import FieldError, Problem, language
from shared.store import StoreUnavailable

REQUEST = 75 * 2**20  # bytes of a request with its attachments
_IN_MEMORY = 2**20  # bytes of a file that are held before it goes to disk


@contextmanager
def answering(refusals: Refusals, request: Request) -> Iterator[None]:
    """Let a refusal be answered as a problem, in the language of whoever asks."""
    try:
        yield
    except Refused as refused:
        worded = refusals.worded(refused, language(request))
        errors = [FieldError(error.field, error.code, error.detail) for error in worded.errors]
        raise Problem(refused.status, worded.code, worded.detail, errors=errors) from refused
    except StoreUnavailable as error:
        raise Problem(503, "store_unavailable", headers={"Retry-After": "5"}) from error


async def whole(request: Request, most: int = REQUEST, code: str = "request_too_large") -> bytes:
    """Return the body; raise `Refused` (413) as soon as it is larger than `most` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused([Wrong("", code, {"most": most})], status=413)
    return bytes(body)


def on_the_side() -> SpooledTemporaryFile[bytes]:
    """Return an empty file that goes to disk where it grows, and away when it is closed."""
    return SpooledTemporaryFile(_IN_MEMORY)


@asynccontextmanager
async def on_disk(request: Request) -> AsyncIterator[SpooledTemporaryFile[bytes]]:
    """Give the body as a file; raise `Refused` (413) as soon as it is too large."""
    with on_the_side() as file:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > REQUEST:
                raise Refused([Wrong("", "request_too_large", {"most": REQUEST})], status=413)
            file.write(chunk)
        file.seek(0)
        yield file


def takes(kind: type[BaseModel], method: str, path: str) -> dict[str, Any]:
    """Return what OpenAPI says of a body that the door reads itself; references point into this very place."""
    pointer = quote(path.replace("/", "~1"), safe="~")
    place = f"#/paths/{pointer}/{method}/requestBody/content/application~1json/schema/$defs/{{model}}"
    content = {"application/json": {"schema": kind.model_json_schema(ref_template=place)}}
    return {"requestBody": {"required": True, "content": content}}
