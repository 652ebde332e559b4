"""Items are asked for over HTTP: one request, one run; files too large for it are put first."""

import asyncio
from dataclasses import asdict
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request

from services.dossier.application import Dossier
from services.dossier.application.attachments import FILE
from services.dossier.application.reading import read_body
from services.dossier.application.recipients import Recipients
from services.dossier.application.recording import Accepted
from services.dossier.domain.intake import Intake
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.web.body import answering, on_disk, on_the_side, takes, whole
from services.dossier.web.form import is_form, parts_of
from services.dossier.web.operator import operator_of
from shared.access import Caller
from shared.pages import sends

_ITEMS = "/api/v1/dossier-items"
_PARTS = ("request", "recipients")


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes at which items are asked for."""
    router = APIRouter(tags=["dossier items"])

    @router.post(_ITEMS, status_code=202, openapi_extra=_takes_both())
    async def record(
        request: Request,
        caller: Annotated[Caller, Depends(sends)],
        idempotency_key: Annotated[str | None, Header(description="The request_id of a body that names none")] = None,
    ) -> dict[str, Any]:
        """Accept a request to record dossier items, or refuse it whole; the same one again is answered the same. Its destinations may come as a list, CSV or XLSX, in a form with the parts `request` and `recipients`."""  # noqa: E501 -- as OpenAPI shows it
        operator = operator_of(request, caller)
        content_type = request.headers.get("content-type")
        with answering(dossier.refusals, request):
            async with on_disk(request) as body:
                if is_form(content_type):
                    return asdict(await _of_form(dossier, body, content_type or "", idempotency_key, operator))
                intake = await asyncio.to_thread(read_body, body, idempotency_key)
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


async def _of_form(
    dossier: Dossier, form: IO[bytes], content_type: str, key: str | None, operator: Operator
) -> Accepted:
    """Accept a request whose destinations come as a list; what is wrong with one is named by its line."""
    parts = await asyncio.to_thread(parts_of, form, content_type)
    if missing := [Wrong(name, "missing_part", {"part": name}) for name in _PARTS if name not in parts]:
        raise Refused(missing)
    with on_the_side() as listed, on_the_side() as body:
        await asyncio.to_thread(parts["recipients"].copy, form, listed)
        recipients = Recipients(dossier.sheets, body)
        intake = await asyncio.to_thread(recipients.read, parts["request"].content(form), listed, key)
        try:
            return await dossier.recording.accept(intake, operator.name, operator.me)
        except Refused as refused:
            raise recipients.named(refused) from refused


def _takes_both() -> dict[str, Any]:
    """Return what OpenAPI says of the two forms that a request may have."""
    takes_json = takes(Intake, "post", _ITEMS)
    part = {
        "request": {"type": "string", "contentMediaType": "application/json", "description": "Without destinations"},
        "recipients": {"type": "string", "format": "binary", "description": "CSV or XLSX"},
    }
    form = {"schema": {"type": "object", "properties": part, "required": list(_PARTS)}}
    takes_json["requestBody"]["content"]["multipart/form-data"] = form
    return takes_json
