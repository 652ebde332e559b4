"""A draft is rehearsed over HTTP: checked addressee by addressee, and one sample of its messages shown or mailed."""

from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.dossier.application import Dossier
from services.dossier.domain.intake import parse
from services.dossier.domain.preview import SampleWish
from services.dossier.domain.refusal import as_said
from services.dossier.web import checks, previews
from services.dossier.web.body import answering, on_the_side, takes, whole
from services.dossier.web.operator import Sending, submitted
from services.dossier.web.previews import Key

_CHECK = "/api/v1/drafts/{draft_id}/check"
_PREVIEW = "/api/v1/drafts/{draft_id}/preview"
_SMALL = 2**16  # bytes


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes at which drafts are rehearsed."""
    router = APIRouter(tags=["drafts"])
    finishing = dossier.desk.finishing

    @router.post(_CHECK, status_code=202)
    async def check_draft(request: Request, response: Response, operator: Sending, draft_id: UUID) -> dict[str, Any]:
        """Check what a draft comes to, addressee by addressee: done at once (200) or going on (202)."""
        with answering(dossier.refusals, request):
            async with AsyncExitStack() as body:
                whole_draft = await finishing.whole(draft_id, operator, body.enter_context(on_the_side()))
                intake = submitted(whole_draft, operator)
                return await checks.answered(dossier, request, response, intake, operator, body.pop_all())

    @router.post(_PREVIEW, openapi_extra=takes(SampleWish, "post", _PREVIEW))
    async def preview_draft(
        request: Request, response: Response, operator: Sending, draft_id: UUID, idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Show one recipient's message as it would be; with `send` also mail it to the sender, and to nobody else."""
        with answering(dossier.refusals, request):
            wish = as_said(SampleWish, parse(await whole(request, _SMALL) or b"{}"))
            intake = submitted(await finishing.sample(draft_id, operator, wish.recipient), operator)
            return await previews.answered(dossier, response, intake, wish, operator, idempotency_key)

    return router
