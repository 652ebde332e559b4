"""Previews over HTTP: one sample is asked for, looked at part by part in a sandbox, and mailed to its sender."""

from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from services.dossier.application import Dossier
from services.dossier.domain.intake import Intake, parse
from services.dossier.domain.operator import Operator
from services.dossier.domain.preview import PreviewRequest, SampleWish, read_preview
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.web.body import answering
from services.dossier.web.operator import Sending, submitted
from services.dossier.web.requested import requested, takes_either
from shared.access import Caller
from shared.contracts.drafts import Preview
from shared.pages import reads

_ASK = "/api/v1/dossier-items/preview"
_ONE = "/api/v1/previews/{preview_id}"
_SHOWN_HERE = {"application/pdf", "image/png", "text/html", "text/plain"}
Key = Annotated[str | None, Header(description="The same key twice is one mail", max_length=200)]
_SANDBOX = {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class _Part(NamedTuple):
    content: bytes
    content_type: str
    filename: str


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of previews."""
    router = APIRouter(tags=["previews"])

    @router.post(_ASK, openapi_extra=takes_either(PreviewRequest, _ASK))
    async def preview(
        request: Request,
        response: Response,
        operator: Sending,
        idempotency_key: Key = None,
    ) -> dict[str, Any]:
        """Show one recipient's message as it would be; with `send` also mail it to the sender, and to nobody else."""
        with answering(dossier.refusals, request):
            async with requested(dossier, request, lambda body: read_preview(parse(body.read()))) as (intake, wish):
                return await answered(dossier, response, submitted(intake, operator), wish, operator, idempotency_key)

    @router.get(_ONE)
    async def get_preview(request: Request, _: Annotated[Caller, Depends(reads)], preview_id: UUID) -> dict[str, Any]:
        """Show a preview again, and what became of its mail."""
        with answering(dossier.refusals, request):
            facts, mail = await dossier.rehearsal.previewing.find(preview_id)
            return _shown(preview_id, facts) | {"mail": mail.model_dump() if mail else None}

    @router.get(f"{_ONE}/{{part}}", response_class=Response)
    async def get_part(
        request: Request,
        _: Annotated[Caller, Depends(reads)],
        preview_id: UUID,
        part: Literal["text", "html", "attachment"],
    ) -> Response:
        """Show a part in a sandbox: nothing in it runs, and nothing is fetched for it."""
        with answering(dossier.refusals, request):
            return _sandboxed(_part_of(await dossier.rehearsal.previewing.look(preview_id), part))

    @router.get(f"{_ONE}/pages/{{number}}", response_class=Response)
    async def get_page(
        request: Request, _: Annotated[Caller, Depends(reads)], preview_id: UUID, number: int
    ) -> Response:
        """Show a page of the attachment as a PNG image, counted from 1."""
        with answering(dossier.refusals, request):
            pages = (await dossier.rehearsal.previewing.look(preview_id)).pages
            return _sandboxed(
                _Part(pages[number - 1], "image/png", f"{number}.png") if 0 < number <= len(pages) else None
            )

    return router


async def answered(
    dossier: Dossier, response: Response, intake: Intake, wish: SampleWish, operator: Operator, key: str | None
) -> dict[str, Any]:
    """Make a sample and return what is said of it: to be looked at (200), or mailed to its sender too (202)."""
    previewing = dossier.rehearsal.previewing
    preview_id, facts = await previewing.preview(intake, wish, operator.name, key, operator.me)
    response.status_code = 202 if wish.send else 200
    return _shown(preview_id, facts)


def _part_of(look: Preview, part: str) -> _Part | None:
    match part:
        case "text" if look.text is not None:
            return _Part(look.text.encode(), "text/plain; charset=utf-8", "body.txt")
        case "html" if look.html is not None:
            return _Part(look.html.encode(), "text/html; charset=utf-8", "body.html")
        case "attachment" if look.attachment is not None:
            return _Part(look.attachment, look.content_type or "", look.filename or "attachment")
        case _:
            return None


def _sandboxed(part: _Part | None) -> Response:
    """Return a part with headers that protect whoever looks at it, wherever it is opened; raise `Refused` for none."""
    if part is None:
        raise Refused([Wrong("", "unknown_preview_part")], status=404)
    here = part.content_type.partition(";")[0] in _SHOWN_HERE
    headers = _SANDBOX | {
        "Content-Disposition": f"{'inline' if here else 'attachment'}; filename*=utf-8''{quote(part.filename)}"
    }
    return Response(part.content, media_type=part.content_type, headers=headers)


def _shown(preview_id: UUID, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of a preview, with the addresses of its parts."""
    place = f"/api/v1/previews/{preview_id}"
    parts = facts.get("parts") or {}
    attachment = parts.get("attachment")
    return {
        "preview_id": str(preview_id),
        **facts,
        "parts": {
            "text": f"{place}/text" if parts.get("text") else None,
            "html": f"{place}/html" if parts.get("html") else None,
            "attachment": {**attachment, "url": f"{place}/attachment"} if attachment else None,
            "pages": [f"{place}/pages/{number}" for number in range(1, parts.get("pages", 0) + 1)],
            "page_count": parts.get("page_count", 0),
        },
    }
