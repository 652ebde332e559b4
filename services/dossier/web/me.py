"""The one who asks, over HTTP: who that is, and whether his desktop has a helper that opens attachments."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from services.dossier.application import Dossier
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import as_said
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.operator import Reading, operator_of, user_of
from shared.access import Caller
from shared.pages import reads

_HELPER = "/api/v1/me/desktop-helper"


class DesktopHelper(BaseModel):
    """Whether a desktop helper is linked to this environment (FR-104)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    linked: bool


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of whoever asks."""
    router = APIRouter(tags=["me"])

    @router.get("/api/v1/me")
    async def show_me(request: Request, caller: Annotated[Caller, Depends(reads)]) -> dict[str, Any]:
        """Show who asks; a token is no person and has no role, full name or address."""
        with answering(dossier.refusals, request):
            user = user_of(request, caller)
            return {
                "name": caller.name,
                "kind": caller.kind,
                "scopes": sorted(caller.scopes),
                "role": user.role if user else None,
                "full_name": user.full_name if user else None,
                "email": user.email if user else None,
                "desktop_helper": await dossier.desk.helpers.is_linked(operator_of(request, caller)),
            }

    @router.put(_HELPER, openapi_extra=takes(DesktopHelper, "put", _HELPER))
    async def put_desktop_helper(request: Request, operator: Reading) -> dict[str, Any]:
        """Remember whether the operator's desktop has a helper."""
        with answering(dossier.refusals, request):
            helper = as_said(DesktopHelper, parse(await whole(request)))
            await dossier.desk.helpers.link(operator, linked=helper.linked)
            return helper.model_dump()

    return router
