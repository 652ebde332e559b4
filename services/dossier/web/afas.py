"""The doors of AFAS clients: KnSubject and what belongs to it, under the paths they know (requirements §5.1)."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Request

from services.dossier.application import Dossier
from services.dossier.application.subjects import Wish
from services.dossier.domain.afas.deeds import read_response, read_step
from services.dossier.domain.afas.fields import REACTION, SUBJECT, WORKFLOW, Shape
from services.dossier.domain.afas.metainfo import connectors, metainfo, schema_of
from services.dossier.domain.afas.subject import read_subject
from services.dossier.domain.afas.values import Unreadable, integer
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.web.afas_answers import afas_route, spoken
from services.dossier.web.body import whole
from shared.access import Caller
from shared.pages import AfasRequires, Problem

T = TypeVar("T")
_BOM = b"\xef\xbb\xbf"
_SUBJECT = "/connectors/KnSubject"
_Sends = Annotated[Caller, Depends(AfasRequires("send"))]
_Reads = Annotated[Caller, Depends(AfasRequires("read"))]
_Key = Annotated[
    str | None, Header(alias="Idempotency-Key", description="The same key again is the same wish, for ever")
]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of AFAS clients."""
    router = APIRouter(prefix="/ProfitRestServices", tags=["AFAS clients"], route_class=afas_route(dossier.refusals))
    _add_subject(router, dossier)
    _add_deeds(router, dossier)
    _add_files(router, dossier)
    _add_info(router)
    return router


def _add_subject(router: APIRouter, dossier: Dossier) -> None:
    @router.post(_SUBJECT, status_code=201, openapi_extra=_takes(SUBJECT))
    async def post_kn_subject(request: Request, caller: _Sends, key: _Key = None) -> dict[str, Any]:
        """Record an item; the same body of the same token within a quarter of an hour is the same item."""
        subject, wish = await _asked(request, caller, key, dossier, lambda said: read_subject(said, "insert"))
        return _result("KnSubject", await dossier.subjects.ask(subject, wish))

    @router.put(_SUBJECT, status_code=201, openapi_extra=_takes(SUBJECT))
    async def put_kn_subject(request: Request, caller: _Sends, key: _Key = None) -> dict[str, Any]:
        """Change an item: what is given is written, "" clears, and what is left out stays."""
        subject, wish = await _asked(request, caller, key, dossier, lambda said: read_subject(said, "update"))
        return _result("KnSubject", await dossier.subjects.ask(subject, wish))

    @router.post(f"{_SUBJECT}/KnSubjectAttachment", status_code=201, openapi_extra=_takes(SUBJECT))
    async def post_kn_subject_attachment(request: Request, caller: _Sends, key: _Key = None) -> dict[str, Any]:
        """Add files to an item, and change its fields where some are given."""
        subject, wish = await _asked(request, caller, key, dossier, lambda said: read_subject(said, "update"))
        return _result("KnSubject", await dossier.subjects.ask(subject, wish))

    @router.delete(f"{_SUBJECT}/KnSubject/@SbId/{{sb_id}}")
    async def delete_kn_subject(caller: _Sends, sb_id: str) -> dict[str, Any]:
        """Delete an item for good; what was mailed of it stays in the processing history."""
        await dossier.subjects.delete(_number(sb_id), caller.name)
        return {}


def _add_deeds(router: APIRouter, dossier: Dossier) -> None:
    @router.post("/connectors/KnSubjectReaction", status_code=201, openapi_extra=_takes(REACTION))
    async def post_kn_subject_reaction(request: Request, caller: _Reads, key: _Key = None) -> dict[str, Any]:
        """Add a response to an item; whoever may see an item may respond to it."""
        response, wish = await _asked(request, caller, key, dossier, read_response)
        if response.files and "send" not in caller.scopes:
            raise Problem(403, "scope_missing")
        await dossier.subjects.respond(response, wish)
        return _result("KnReaction", response.number)

    @router.post("/connectors/KnSubjectWorkflowReaction", status_code=201, openapi_extra=_takes(WORKFLOW))
    async def post_kn_subject_workflow_reaction(request: Request, caller: _Sends, key: _Key = None) -> dict[str, Any]:
        """Do an action of the task that an item is at; workflow, task and action by id or by name."""
        step, wish = await _asked(request, caller, key, dossier, read_step)
        await dossier.subjects.act(step, wish)
        return _result("KnWorkflow", step.number)


def _add_files(router: APIRouter, dossier: Dossier) -> None:
    async def one(sb_id: str, file_id: str) -> dict[str, Any]:
        file, content = await dossier.subjects.file(_number(sb_id), file_id)
        encoded = await asyncio.to_thread(lambda: b64encode(content).decode())
        return {"filename": file["filename"], "mimetype": file["content_type"], "filedata": encoded}

    @router.get("/SubjectConnector/{SubjectId}/{FileId}")
    async def get_subject_file(_: _Reads, SubjectId: str, FileId: str) -> dict[str, Any]:  # noqa: N803 -- AFAS's own
        """Return one file of an item."""
        return await one(SubjectId, FileId)

    @router.get("/SubjectConnector")
    async def get_subject_file_asked(_: _Reads, SubjectId: str = "", FileId: str = "") -> dict[str, Any]:  # noqa: N803
        """Return one file of an item, asked for in the query."""
        return await one(SubjectId, FileId)


def _add_info(router: APIRouter) -> None:
    @router.get("/ProfitVersion")
    async def profit_version(_: _Reads) -> dict[str, str]:
        """Say which version runs."""
        return {"version": version("uitpost")}

    async def list_connectors(request: Request, _: _Reads) -> dict[str, Any]:
        """List the connectors that items are written by."""
        info = {"envid": "", "appName": "uitpost", "group": "", "tokenExpiry": ""}
        return {"updateConnectors": connectors(spoken(request)), "getConnectors": [], "info": info}

    async def show_connector(request: Request, _: _Reads, connector: str) -> dict[str, Any]:
        """Show the fields and objects of a connector."""
        found = metainfo(connector, spoken(request))
        if found is None:
            raise Refused([Wrong("", "afas_unknown_connector")], status=404)
        return found

    for spelled in ("metainfo", "MetaInfo", "Metainfo"):  # clients don't agree on capitals
        shown = spelled == "metainfo"
        router.add_api_route(f"/{spelled}", list_connectors, include_in_schema=shown)
        router.add_api_route(f"/{spelled}/update/{{connector}}", show_connector, include_in_schema=shown)


async def _asked(
    request: Request, caller: Caller, key: str | None, dossier: Dossier, read: Callable[[Any], T]
) -> tuple[T, Wish]:
    """Return what a body asks, and what makes it known again; raise `Refused` where it can't be read."""
    body = await whole(request)
    said = await asyncio.to_thread(lambda: read(_parsed(body)))
    door = f"{request.method} {request.url.path}\n".encode()
    digest = await asyncio.to_thread(lambda: sha256(door + body).hexdigest())
    return said, await dossier.subjects.wish(caller.name, f"{caller.kind}:{caller.name}", digest, key)


def _parsed(body: bytes) -> Any:
    """Return what a body says, whatever it calls itself; some clients send JSON within a JSON text."""
    said = parse(body.removeprefix(_BOM))
    return parse(said.encode()) if isinstance(said, str) else said


def _number(sb_id: str) -> int:
    try:
        return integer(sb_id)
    except Unreadable:
        raise Refused([Wrong("SbId", "afas_not_integer")]) from None


def _result(name: str, number: int) -> dict[str, Any]:
    return {"results": {name: {"SbId": str(number)}}}


def _takes(shape: Shape) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema_of(shape)}}}}
