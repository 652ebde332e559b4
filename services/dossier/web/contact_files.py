"""Contacts as files over HTTP: lists are imported, with what became of each line, and exported."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from services.dossier.application import Dossier
from services.dossier.application.contact_lines import COLUMNS
from services.dossier.domain.contact_import import ContactImport
from services.dossier.domain.looking import ContactFilter, Cursor, Order
from services.dossier.domain.refusal import TOLD
from services.dossier.web.body import answering, on_disk
from services.dossier.web.contact_lists import Asks, Limit, Reads
from services.dossier.web.csv_file import download
from shared.access import Caller
from shared.pages import Language, language, sends

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LIST = {"schema": {"type": "string", "format": "binary"}}
_TAKES = {"requestBody": {"required": True, "content": {"text/csv": _LIST, _XLSX: _LIST}}}
_ONE = "/api/v1/contacts/imports/{import_id}"
_REFUSED = ("line", "column", "code", "detail")
_AT_ONCE = 500


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of files of contacts."""
    router = APIRouter(tags=["contacts"])
    _add_imports(router, dossier)

    @router.get("/api/v1/contacts/export.csv", response_class=Response)
    async def export_contacts(request: Request, caller: Reads, asks: Asks) -> Response:
        """Download the contacts of a list with all their facts and fields, as the import takes them."""
        with answering(dossier.refusals, request):
            wanted, _, _ = await asks.read(dossier, caller, language(request))
            own = [name for name in await dossier.contacts.own_fields(wanted) if name not in COLUMNS]
            return download("contacts.csv", (*COLUMNS, *own), _rows(dossier, wanted, own))

    return router


def _add_imports(router: APIRouter, dossier: Dossier) -> None:
    imports = dossier.address_book.imports

    @router.post("/api/v1/contacts/import", openapi_extra=_TAKES)
    async def import_contacts(
        request: Request, response: Response, caller: Annotated[Caller, Depends(sends)]
    ) -> dict[str, Any]:
        """Import a list, CSV or XLSX, with a header of kind, number and facts of contacts; other columns are fields.

        A small one is done (200), a bigger one goes on (202): how far it is stands at Location.
        """
        with answering(dossier.refusals, request):
            async with on_disk(request) as file:
                job = await imports.begin(file, caller.name)
            response.status_code = 202 if job.state == "waiting" else 200
            response.headers["Location"] = f"/api/v1/contacts/imports/{job.import_id}"
            return await _shown(dossier, job, language(request))

    @router.get("/api/v1/contacts/imports")
    async def list_imports(request: Request, _: Reads, limit: Limit = 50) -> dict[str, Any]:
        """List the imports that began last, newest first."""
        with answering(dossier.refusals, request):
            return {"items": [_progress(job) for job in await imports.latest(limit)], "next": None}

    @router.get(_ONE)
    async def get_import(request: Request, _: Reads, import_id: UUID) -> dict[str, Any]:
        """Show how far an import is, and at its end the first lines that were refused."""
        with answering(dossier.refusals, request):
            return await _shown(dossier, await imports.find(import_id), language(request))

    @router.get(f"{_ONE}/refused")
    async def list_refused(
        request: Request, _: Reads, import_id: UUID, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 50
    ) -> dict[str, Any]:
        """List the lines that an import refused, by line, from behind a line on."""
        with answering(dossier.refusals, request):
            await imports.find(import_id)
            lines = await _refused(dossier, import_id, after, limit, language(request))
            return {"items": lines, "next": lines[-1]["line"] if len(lines) == limit else None}

    @router.get(f"{_ONE}/refused.csv", response_class=Response)
    async def download_refused(request: Request, _: Reads, import_id: UUID) -> Response:
        """Download the lines that an import refused: line, column, and what is wrong."""
        with answering(dossier.refusals, request):
            await imports.find(import_id)
            return download("refused.csv", _REFUSED, _refused_rows(dossier, import_id, language(request)))


def _progress(job: ContactImport) -> dict[str, Any]:
    return {
        "import_id": job.import_id,
        "state": job.state,
        "lines": job.lines,
        "done": job.done,
        "recorded": job.recorded,
        "changed": job.changed,
        "unchanged": job.unchanged,
        "refused": job.refused,
        "started_by": job.started_by,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


async def _shown(dossier: Dossier, job: ContactImport, spoken: Language) -> dict[str, Any]:
    ended = job.state != "waiting"
    refused = await _refused(dossier, job.import_id, 0, TOLD, spoken) if ended and job.refused else []
    return {**_progress(job), "refused_lines": refused}


async def _refused(dossier: Dossier, import_id: UUID, after: int, limit: int, spoken: Language) -> list[dict[str, Any]]:
    wrongs = await dossier.address_book.imports.wrongs(import_id, after, limit)
    return [
        {
            "line": wrong.place[0] if wrong.place else 0,
            "field": wrong.field,
            "code": wrong.code,
            "detail": dossier.refusals.said(wrong, spoken),
        }
        for wrong in wrongs
    ]


async def _refused_rows(dossier: Dossier, import_id: UUID, spoken: Language) -> AsyncIterator[tuple[str, ...]]:
    after = 0
    while lines := await _refused(dossier, import_id, after, _AT_ONCE, spoken):
        after = lines[-1]["line"]
        for line in lines:
            yield str(line["line"]), line["field"], line["code"], line["detail"]


async def _rows(dossier: Dossier, wanted: ContactFilter, own: list[str]) -> AsyncIterator[tuple[str, ...]]:
    after: Cursor | None = None
    while True:
        page = await dossier.contacts.page(wanted, Order(), _AT_ONCE, after)
        for contact in page.items:
            facts = {**contact.address._asdict(), **{name: getattr(contact, name) for name in COLUMNS[3:]}}
            cells = [_cell(facts[name]) for name in COLUMNS]
            yield tuple(cells + [_cell(contact.fields.get(name)) for name in own])
        if page.next is None:
            return
        after = page.next


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()
