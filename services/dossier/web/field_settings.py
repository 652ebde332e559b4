"""Field settings over HTTP: an administrator's for everyone, and each operator's own."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from services.dossier.application import Dossier
from services.dossier.domain.field_setting import AdministratorSetting, PersonalSetting
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import as_said
from services.dossier.web.body import answering, takes, whole
from services.dossier.web.operator import Administering, Reading, Sending

_ALL = "/api/v1/field-settings"
_ONE = "/api/v1/field-settings/{field}"
_OWN = "/api/v1/me/field-settings/{field}"


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of field settings."""
    router = APIRouter(tags=["field settings"])
    _add_everyones(router, dossier)
    _add_own(router, dossier)
    return router


def _add_everyones(router: APIRouter, dossier: Dossier) -> None:
    settings = dossier.desk.field_settings

    @router.get(_ALL)
    async def list_field_settings(_: Reading) -> dict[str, Any]:
        """List what administrators set of each field."""
        return {"items": [{"id": field, **facts} for field, facts in (await settings.all()).items()]}

    @router.get(_ONE)
    async def get_field_setting(request: Request, _: Reading, field: str) -> dict[str, Any]:
        """Show what administrators set of a field; `is_set` says whether they did."""
        with answering(dossier.refusals, request):
            return {"id": field, **await settings.one(field)}

    @router.put(_ONE, openapi_extra=takes(AdministratorSetting, "put", _ONE))
    async def put_field_setting(request: Request, operator: Administering, field: str) -> dict[str, Any]:
        """Set a field for everyone: drafts opened from now on begin with it, those that are open keep what they show."""  # noqa: E501 -- one sentence, as OpenAPI shows it
        with answering(dossier.refusals, request):
            setting = as_said(AdministratorSetting, parse(await whole(request)))
            return {"id": field, **await settings.put(field, setting, operator)}

    @router.delete(_ONE, status_code=204)
    async def remove_field_setting(request: Request, operator: Administering, field: str) -> None:
        """Let a field have no setting, so that those of operators hold again."""
        with answering(dossier.refusals, request):
            await settings.remove(field, operator)


def _add_own(router: APIRouter, dossier: Dossier) -> None:
    settings = dossier.desk.field_settings

    @router.get(_OWN)
    async def get_own_field_setting(request: Request, operator: Reading, field: str) -> dict[str, Any]:
        """Show the operator's own setting of a field, and whether an administrator's shuts it out."""
        with answering(dossier.refusals, request):
            return {"id": field, **asdict(await settings.own(field, operator))}

    @router.put(_OWN, openapi_extra=takes(PersonalSetting, "put", _OWN))
    async def put_own_field_setting(request: Request, operator: Sending, field: str) -> dict[str, Any]:
        """Let a field begin with a preferred value, or with the value that the operator chose last."""
        with answering(dossier.refusals, request):
            setting = as_said(PersonalSetting, parse(await whole(request)))
            return {"id": field, **asdict(await settings.put_own(field, setting, operator))}

    @router.delete(_OWN, status_code=204)
    async def remove_own_field_setting(request: Request, operator: Sending, field: str) -> None:
        """Let the operator have no setting of a field."""
        with answering(dossier.refusals, request):
            await settings.remove_own(field, operator)
