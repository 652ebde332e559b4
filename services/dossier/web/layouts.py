"""Document layouts over HTTP: listed, put, looked into, copied, blocked, and compared version by version."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.domain.identity import KINDS
from services.dossier.domain.intake import parse
from services.dossier.domain.layout import LayoutFacts
from services.dossier.domain.refusal import Refused, Wrong, as_said
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.layouts_found import found
from services.dossier.web.operator import Administering
from shared.access import Caller
from shared.pages import language, reads

_ALL = "/api/v1/layouts"
_ONE = f"{_ALL}/{{layout_id}}"
_INSPECT = f"{_ALL}/inspect"
_COPY = f"{_ONE}/copy"
_BLOCKED = f"{_ONE}/blocked"
_VERSIONS = f"{_ONE}/versions"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_Reads = Annotated[Caller, Depends(reads)]
_Kind = Annotated[str | None, Query(description=f"Only those that take its data: {', '.join(KINDS)}")]
_For = Annotated[Literal["body", "attachment"] | None, Query(alias="for", description="Only those offered for this")]


class CopyWish(BaseModel):
    """What a copy is called."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    name: str


class BlockWish(BaseModel):
    """Whether a layout is kept from being chosen, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    blocked: bool
    reason: str = Field("", max_length=1000)


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of layouts."""
    router = APIRouter(tags=["layouts"])
    _add_reading(router, dossier)
    _add_versions(router, dossier)
    _add_putting(router, dossier)
    _add_changing(router, dossier)
    return router


def _add_reading(router: APIRouter, dossier: Dossier) -> None:
    @router.get(_ALL)
    async def list_layouts(
        request: Request, _: _Reads, destination_kind: _Kind = None, use: _For = None
    ) -> dict[str, Any]:
        """List the layouts in their latest version: all, or those offered for a destination and a use."""
        with answering(dossier.refusals, request):
            if destination_kind is not None and destination_kind not in KINDS:
                raise Refused([Wrong("destination_kind", "unknown_destination_kind", {"kind": destination_kind[:40]})])
            layouts = await dossier.layouts.all(destination_kind, use)
            return {"items": [{"id": name, **facts} for name, facts in layouts.items()]}

    @router.get("/api/v1/formats")
    async def list_formats(request: Request, _: _Reads) -> dict[str, Any]:
        """List which formats are made of each kind of layout, by which engines, and what is missing here."""
        with answering(dossier.refusals, request):
            return {"items": [one.model_dump() for one in (await dossier.layouts.formats()).formats]}

    @router.get(_ONE)
    async def get_layout(request: Request, _: _Reads, layout_id: str) -> dict[str, Any]:
        """Show the latest version of a layout."""
        with answering(dossier.refusals, request):
            return {"id": layout_id, **await dossier.layouts.one(layout_id)}


def _add_versions(router: APIRouter, dossier: Dossier) -> None:
    @router.get(_VERSIONS)
    async def list_layout_versions(request: Request, _: _Reads, layout_id: str) -> dict[str, Any]:
        """List the versions of a layout, the oldest first: when, by whom and why."""
        with answering(dossier.refusals, request):
            return {"items": await dossier.layouts.versions(layout_id)}

    @router.get(f"{_VERSIONS}/{{number}}")
    async def get_layout_version(request: Request, _: _Reads, layout_id: str, number: int) -> dict[str, Any]:
        """Show one version of a layout with its sources."""
        with answering(dossier.refusals, request):
            return {"id": layout_id, **await dossier.layouts.version(layout_id, number)}

    @router.get(f"{_VERSIONS}/{{number}}/files/{{language}}", response_class=Response)
    async def get_layout_file(
        request: Request, _: _Reads, layout_id: str, number: int, file_language: Annotated[str, Path(alias="language")]
    ) -> Response:
        """Give the Word document of one version in a language, to be changed in Word."""
        with answering(dossier.refusals, request):
            content = await dossier.layouts.file(layout_id, number, file_language)
            named = quote(f"{layout_id}-{file_language}.docx", safe="")
            headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{named}"}
            return Response(content, media_type=_DOCX, headers=headers)

    @router.get(f"{_VERSIONS}/{{number}}/compare/{{other}}")
    async def compare_layout_versions(
        request: Request, _: _Reads, layout_id: str, number: int, other: int
    ) -> dict[str, Any]:
        """Show what the other version has otherwise: facts, fields, a unified diff per source, and files."""
        with answering(dossier.refusals, request):
            return {"id": layout_id, **await dossier.layouts.compare(layout_id, number, other)}


def _add_putting(router: APIRouter, dossier: Dossier) -> None:
    @router.post(_INSPECT, openapi_extra=takes(LayoutFacts, "post", _INSPECT))
    async def inspect_layout(request: Request, _: Administering) -> dict[str, Any]:
        """Say what stands in a layout and what is wrong with it; nothing is recorded."""
        with answering(dossier.refusals, request):
            facts = as_said(LayoutFacts, parse(await whole(request)))
            judged = await dossier.layouts.inspect(facts)
            return found(facts, judged, dossier.refusals, language(request))

    @router.put(_ONE, openapi_extra=takes(LayoutFacts, "put", _ONE))
    async def put_layout(request: Request, operator: Administering, layout_id: str) -> dict[str, Any]:
        """Put a layout that can be merged: other content is its next version."""
        with answering(dossier.refusals, request):
            facts = as_said(LayoutFacts, parse(await whole(request)))
            row, judged = await dossier.layouts.put(layout_id, facts, operator.name)
            said = found(facts, judged, dossier.refusals, language(request))
            told = {name: said[name] for name in ("warnings", "pdf_engines", "declined")}
            return {"id": layout_id, **row, **told}


def _add_changing(router: APIRouter, dossier: Dossier) -> None:
    @router.post(_COPY, status_code=201, openapi_extra=takes(CopyWish, "post", _COPY))
    async def copy_layout(request: Request, operator: Administering, layout_id: str) -> dict[str, Any]:
        """Put a layout under another id too, to be changed there; a supplied one can't be changed itself."""
        with answering(dossier.refusals, request):
            wish = as_said(CopyWish, parse(await whole(request)))
            return {"id": wish.id, **await dossier.layouts.copy(layout_id, wish.id, wish.name, operator.name)}

    @router.put(_BLOCKED, openapi_extra=takes(BlockWish, "put", _BLOCKED))
    async def block_layout(request: Request, operator: Administering, layout_id: str) -> dict[str, Any]:
        """Keep a layout from being chosen, or let it be chosen again; what is under way goes on."""
        with answering(dossier.refusals, request):
            wish = as_said(BlockWish, parse(await whole(request)))
            row = await dossier.layouts.block(layout_id, wish.blocked, operator.name, wish.reason)
            return {"id": layout_id, **row}
