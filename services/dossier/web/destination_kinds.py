"""The kinds of destinations over HTTP, so that lists and forms need not know them by heart."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.dossier.domain.destination_kind import DESTINATION_KINDS, SUB_DESTINATION_KINDS
from shared.access import Caller
from shared.pages import language, reads


def routes() -> APIRouter:
    """Return the route of destination kinds."""
    router = APIRouter(tags=["contacts"])

    @router.get("/api/v1/destination-kinds")
    async def list_destination_kinds(request: Request, _: Annotated[Caller, Depends(reads)]) -> dict[str, Any]:
        """List the kinds of destinations, and what an item can be about besides them."""
        spoken = language(request)
        kinds = [
            {
                "id": kind.code,
                "name": getattr(kind, spoken),
                "names": {"nl": kind.nl, "en": kind.en},
                "number_space": kind.number_space,
                "has_contacts": kind.has_contacts,
                "sub_destinations": kind.sub_destinations,
                "knsubject": {"SfTp": kind.type_number, "flag": kind.flag},
            }
            for kind in DESTINATION_KINDS
        ]
        subs = [
            {
                "id": kind.code,
                "name": getattr(kind, spoken),
                "names": {"nl": kind.nl, "en": kind.en},
                "knsubject": list(kind.fields),
            }
            for kind in SUB_DESTINATION_KINDS
        ]
        return {"items": kinds, "sub_destinations": subs, "next": None}

    return router
