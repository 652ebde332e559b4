"""Checks over HTTP: a request is checked before it is recorded, and whom something is to be said of can be listed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.dossier.application import Dossier
from services.dossier.application.reading import read_body
from services.dossier.domain.check import FAULT, Finding, Status
from services.dossier.domain.intake import Intake
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.web.body import answering
from services.dossier.web.csv_file import download
from services.dossier.web.operator import Sending, submitted
from services.dossier.web.requested import requested, takes_either
from shared.access import Caller
from shared.pages import Language, language, reads, sends

_ASK = "/api/v1/dossier-items/check"
_ONE = "/api/v1/checks/{check_id}"
_COLUMNS = ("kind", "number", "contact_id", "name", "email", "reason", "detail")
_AT_ONCE = 1000  # lines of a file
_Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=100)]
_Limit = Annotated[int, Query(ge=1, le=500)]
_Reads = Annotated[Caller, Depends(reads)]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of checks."""
    router = APIRouter(tags=["checks"])

    @router.post(_ASK, status_code=202, openapi_extra=takes_either(Intake, _ASK))
    async def check(request: Request, response: Response, operator: Sending) -> dict[str, Any]:
        """Check a request addressee by addressee, and record nothing: done at once (200) or going on (202)."""
        with answering(dossier.refusals, request):
            async with AsyncExitStack() as body:
                asked = requested(dossier, request, lambda body: read_body(body, "check"))
                intake = submitted(await body.enter_async_context(asked), operator)
                return await answered(dossier, request, response, intake, operator, body.pop_all())

    @router.get(_ONE)
    async def get_check(request: Request, _: _Reads, check_id: UUID) -> dict[str, Any]:
        """Show how far a check is, and what the request comes to as far as it is."""
        with answering(dossier.refusals, request):
            return await _check(dossier, request, check_id)

    @router.delete(_ONE, status_code=204)
    async def delete_check(request: Request, _: Annotated[Caller, Depends(sends)], check_id: UUID) -> None:
        """Give up a check, running or not: nothing of it stays."""
        with answering(dossier.refusals, request):
            await dossier.rehearsal.checking.give_up(check_id)

    _add_lists(router, dossier)
    return router


def _add_lists(router: APIRouter, dossier: Dossier) -> None:
    @router.get(f"{_ONE}/contacts")
    async def list_concerned(
        request: Request,
        _: _Reads,
        check_id: UUID,
        status: Annotated[list[Status] | None, Query(description="Of these alone")] = None,
        reason: Annotated[str | None, Query(max_length=100)] = None,
        cursor: _Cursor = None,
        limit: _Limit = 50,
    ) -> dict[str, Any]:
        """List the addressees of whom something is to be said, each with the reason, page by page."""
        with answering(dossier.refusals, request):
            found = await dossier.rehearsal.checking.findings(check_id, status or (), reason, _after(cursor), limit + 1)
            return _page(dossier, found, limit, language(request))

    @router.get(f"{_ONE}/missing")
    async def list_missing(
        request: Request, _: _Reads, check_id: UUID, cursor: _Cursor = None, limit: _Limit = 50
    ) -> dict[str, Any]:
        """List the addressees that a mailing leaves out, without an address of use or without consent."""
        with answering(dossier.refusals, request):
            found = await dossier.rehearsal.checking.missing(check_id, _after(cursor), limit + 1)
            return _page(dossier, found, limit, language(request))

    @router.get(f"{_ONE}/missing.csv", response_class=Response)
    async def get_missing_csv(request: Request, _: _Reads, check_id: UUID) -> Response:
        """Give the addressees that a mailing leaves out as a file for a spreadsheet."""
        with answering(dossier.refusals, request):
            await dossier.rehearsal.checking.find(check_id)
            return download("missing.csv", _COLUMNS, _rows(dossier, check_id, language(request)))


async def answered(
    dossier: Dossier,
    request: Request,
    response: Response,
    intake: Intake,
    operator: Operator,
    body: AsyncExitStack | None = None,
) -> dict[str, Any]:
    """Begin to check a request, and return how far that is: done at once (200) or going on (202)."""
    check_id = await dossier.rehearsal.checking.begin(intake, operator.me, body)
    shown = await _check(dossier, request, check_id)
    response.status_code = 202 if shown["state"] == "running" else 200
    response.headers["Location"] = f"/api/v1/checks/{check_id}"
    return shown


async def _check(dossier: Dossier, request: Request, check_id: UUID) -> dict[str, Any]:
    facts = await dossier.rehearsal.checking.find(check_id)
    spoken = language(request)
    started, seen = (datetime.fromisoformat(facts[name]) for name in ("started_at", "seen_at"))
    seconds = (seen - started).total_seconds()
    rate = facts["checked"] / seconds if seconds > 0 else 0.0
    left = facts["total"] - facts["checked"]
    place = f"/api/v1/checks/{check_id}"
    return {
        "check_id": str(check_id),
        **{name: facts[name] for name in ("state", "total", "checked")},
        "rate": round(rate, 1),
        "seconds_left": round(left / rate, 1) if rate and left and facts["state"] == "running" else None,
        **{name: facts[name] for name in ("gets", "can_send", "can_continue")},
        "consent": {
            "mode": dossier.judging.consent,
            "unknown": facts["consent_unknown"],
            "attestation_needed": facts["attestation_needed"],
        },
        "reasons": [{"status": status, "reason": reason, "count": count} for status, reason, count in facts["counts"]],
        "faults": [
            dict(zip(("layout_id", "language", "field", "line"), place, strict=True)) | {"count": count}
            for *place, count in facts["faults"]
        ],
        "errors": [_said(dossier, wrong, spoken) for wrong in facts["errors"]],
        "warnings": [_said(dossier, wrong, spoken) for wrong in facts["warnings"]],
        "started_at": facts["started_at"],
        "contacts": f"{place}/contacts",
        "missing": f"{place}/missing",
        "missing_csv": f"{place}/missing.csv",
    }


def _said(dossier: Dossier, wrong: dict[str, Any], spoken: Language) -> dict[str, Any]:
    detail = dossier.refusals.said(Wrong(**wrong), spoken)
    return {"field": wrong["field"], "code": wrong["code"], "detail": detail}


def _page(dossier: Dossier, found: list[tuple[int, Finding]], limit: int, spoken: Language) -> dict[str, Any]:
    more = urlsafe_b64encode(str(found[limit - 1][0]).encode()).decode() if len(found) > limit else None
    return {"items": [_shown(dossier, one, spoken) for _, one in found[:limit]], "next": more}


def _shown(dossier: Dossier, found: Finding, spoken: Language) -> dict[str, Any]:
    return {
        "index": found.number,
        **found.address._asdict(),
        "name": found.name,
        "email": found.email,
        "status": found.status,
        "reason": found.reason,
        "field": found.field,
        "detail": _detail(dossier, found, spoken),
        "fault": _fault(found) if found.status == "render_failed" else None,
    }


def _fault(found: Finding) -> dict[str, Any]:
    names = dict(zip(FAULT, ("layout_id", "language", "field", "line"), strict=True))
    return {names[name]: found.values.get(name) for name in FAULT} | {"detail": found.said}


def _detail(dossier: Dossier, found: Finding, spoken: Language) -> str:
    values = {name: "–" if value is None else value for name, value in found.values.items()}
    said = dossier.refusals.said(Wrong(found.field, found.code, values), spoken)
    return f"{said} {found.said}" if found.said else said


async def _rows(dossier: Dossier, check_id: UUID, spoken: Language) -> AsyncIterator[tuple[str, ...]]:
    after = 0
    while found := await dossier.rehearsal.checking.missing(check_id, after, _AT_ONCE):
        after = found[-1][0]
        for _, one in found:
            line = _shown(dossier, one, spoken)
            yield tuple(str(line[column] or "") for column in _COLUMNS)


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(urlsafe_b64decode(cursor))
    except ValueError:
        raise Refused([Wrong("cursor", "wrong_value", {"expected": "next"})]) from None
