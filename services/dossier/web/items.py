"""Items are asked for over HTTP: one request, one run; files too large for it are put first."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request

from services.dossier.application import Dossier
from services.dossier.application.attachments import FILE
from services.dossier.application.reading import read_body
from services.dossier.domain.intake import Intake
from services.dossier.web.body import answering, whole
from services.dossier.web.operator import operator_of
from services.dossier.web.requested import requested, takes_either
from shared.access import Caller
from shared.pages import sends

_ITEMS = "/api/v1/dossier-items"


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes at which items are asked for."""
    router = APIRouter(tags=["dossier items"])

    @router.post(_ITEMS, status_code=202, openapi_extra=takes_either(Intake, _ITEMS))
    async def record(
        request: Request,
        caller: Annotated[Caller, Depends(sends)],
        idempotency_key: Annotated[str | None, Header(description="The request_id of a body that names none")] = None,
    ) -> dict[str, Any]:
        """Accept a request to record dossier items, or refuse it whole; the same one again is answered the same. Its destinations may come as a list, CSV or XLSX, in a form with the parts `request` and `recipients`."""  # noqa: E501 -- as OpenAPI shows it
        operator = operator_of(request, caller)
        with answering(dossier.refusals, request):
            async with requested(dossier, request, lambda body: read_body(body, idempotency_key)) as intake:
                return asdict(await dossier.recording.accept(intake, operator.name, operator.me))

    @router.post("/api/v1/attachments", status_code=201)
    async def put_attachment(
        request: Request,
        _: Annotated[Caller, Depends(sends)],
        filename: Annotated[str, Query(max_length=255)] = "attachment",
        content_type: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Keep a file, the raw body, to be named by its SHA-256 in requests."""
        with answering(dossier.refusals, request):
            content = await whole(request, FILE, "attachment_too_large")
            ref = await dossier.attachments.put(content, filename, content_type or "")
            return ref.model_dump()

    return router
