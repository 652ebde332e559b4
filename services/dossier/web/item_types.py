"""Item types over HTTP: listed, shown, set up and copied, and what the box "record separately" may be for an item."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from services.dossier.application import Dossier
from services.dossier.domain.destinations import DESTINATIONS
from services.dossier.domain.intake import parse
from services.dossier.domain.item_fields import Feature
from services.dossier.domain.item_type import CODES, ItemTypeFacts
from services.dossier.domain.refusal import Wrong, as_said
from services.dossier.domain.workflow import Name
from services.dossier.web.body import answering, takes, whole
from shared.access import Caller
from shared.pages import administers, language, reads

_TYPE = "/api/v1/item-types/{type_id}"
_COPY = f"{_TYPE}/copy"
_SEPARATELY = f"{_TYPE}/record-separately"
_Reads = Annotated[Caller, Depends(reads)]
_Administers = Annotated[Caller, Depends(administers)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Copy(_Given):
    """Under which id a copy is set up, its code, and what it is called (null: as the original, marked as a copy)."""

    id: str = Field(max_length=80)
    code: int | None = Field(None, ge=1, le=CODES)
    name: Annotated[Name, Field(min_length=1)] | None = None


class AskedFeatures(_Given):
    """The features of an item as far as they are filled in."""

    feature_value_1: Feature | None = None
    feature_value_2: Feature | None = None
    feature_value_3: Feature | None = None
    feature_combination_id: Feature | None = None


class AskedSeparately(_Given):
    """An item to be made: its features, and at how many destinations."""

    features: AskedFeatures = AskedFeatures()
    destinations: int = Field(ge=0, le=DESTINATIONS)


class Box(BaseModel):
    """The tick box "record separately": its state, whether it is ticked to begin with, and why it is not free."""

    state: str
    ticked: bool
    code: str | None = None
    reason: str | None = None
    workflow_id: str | None = None


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of item types."""
    router = APIRouter(tags=["set-up"])
    _add_set_up(router, dossier)
    _add_separately(router, dossier)
    return router


def _add_set_up(router: APIRouter, dossier: Dossier) -> None:
    @router.get("/api/v1/item-types")
    async def list_item_types(_: _Reads) -> dict[str, Any]:
        """List the types of dossier item, supplied ones first."""
        return {"items": [kind.shown() for kind in await dossier.item_types.all()]}

    @router.get(_TYPE)
    async def get_item_type(request: Request, _: _Reads, type_id: str) -> dict[str, Any]:
        """Show the latest version of a type of dossier item."""
        with answering(dossier.refusals, request):
            return (await dossier.item_types.one(type_id)).shown()

    @router.put(_TYPE, openapi_extra=takes(ItemTypeFacts, "put", _TYPE))
    async def put_item_type(request: Request, _: _Administers, type_id: str) -> dict[str, Any]:
        """Set up a type of dossier item; a supplied one can only be copied."""
        with answering(dossier.refusals, request):
            facts = as_said(ItemTypeFacts, parse(await whole(request)))
            return (await dossier.item_types.put(type_id, facts)).shown()

    @router.post(_COPY, status_code=201, openapi_extra=takes(Copy, "post", _COPY))
    async def copy_item_type(request: Request, _: _Administers, type_id: str) -> dict[str, Any]:
        """Set up a copy of a type, which can be changed; the same copy again changes nothing."""
        with answering(dossier.refusals, request):
            copy = as_said(Copy, parse(await whole(request)))
            return (await dossier.item_types.copy(type_id, copy.id, copy.name, copy.code)).shown()


def _add_separately(router: APIRouter, dossier: Dossier) -> None:
    @router.post(_SEPARATELY, openapi_extra=takes(AskedSeparately, "post", _SEPARATELY))
    async def record_separately(request: Request, _: _Reads, type_id: str) -> Box:
        """Say what the tick box may be once the features of an item are filled in; nothing is recorded."""
        with answering(dossier.refusals, request):
            asked = as_said(AskedSeparately, parse(await whole(request)))
            told = await dossier.item_types.separately(type_id, asked.features.model_dump(), asked.destinations)
            code = told.box.reason
            said = dossier.refusals.said(Wrong("record_separately", code), language(request)) if code else None
            return Box(
                state=told.box.state,
                ticked=told.box.state == "must_be_on",
                code=code,
                reason=said,
                workflow_id=told.workflow_id,
            )
