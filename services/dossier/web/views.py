"""Views over HTTP: each caller's own, those that are shared, and those that come with the product."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.dossier.application import Dossier
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import as_said
from services.dossier.domain.view import View, ViewFacts
from services.dossier.web.body import answering, takes, whole
from shared.access import Caller
from shared.pages import language, reads

_ONE = "/api/v1/views/{view_id}"
Reads = Annotated[Caller, Depends(reads)]


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of views."""
    router = APIRouter(tags=["views"])

    @router.get("/api/v1/views")
    async def list_views(request: Request, caller: Reads) -> dict[str, Any]:
        """List the views that the caller can choose, by name."""
        with answering(dossier.refusals, request):
            views = await dossier.address_book.views.all(caller.name, language(request))
            return {"items": [_shown(view) for view in views], "next": None}

    @router.get(_ONE)
    async def get_view(request: Request, caller: Reads, view_id: str) -> dict[str, Any]:
        """Show a view: the caller's own, else one that is shared, else a supplied one."""
        with answering(dossier.refusals, request):
            return _shown(await dossier.address_book.views.one(caller.name, view_id, language(request)))

    @router.put(_ONE, openapi_extra=takes(ViewFacts, "put", _ONE))
    async def put_view(request: Request, caller: Reads, view_id: str) -> dict[str, Any]:
        """Save a view of the caller's own; an administrator may share it with everybody."""
        with answering(dossier.refusals, request):
            facts = as_said(ViewFacts, parse(await whole(request)))
            return _shown(
                await dossier.address_book.views.put(caller.name, view_id, facts, may_share=_may_share(caller))
            )

    @router.delete(_ONE, status_code=204)
    async def delete_view(request: Request, caller: Reads, view_id: str) -> None:
        """Forget a view of the caller's own; an administrator may forget any that is shared."""
        with answering(dossier.refusals, request):
            await dossier.address_book.views.delete(caller.name, view_id, may_share=_may_share(caller))

    return router


def _may_share(caller: Caller) -> bool:
    return "admin" in caller.scopes


def _shown(view: View) -> dict[str, Any]:
    facts = view.facts.model_dump()
    facts["filter"] = view.facts.filter.model_dump(exclude_none=True)
    return {"id": view.view_id, **facts, "owner": view.owner, "supplied": view.is_supplied}
