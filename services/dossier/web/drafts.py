"""Drafts over HTTP: opened, shown step by step, changed, finished or given up; to others they do not exist."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from services.dossier.application import Dossier
from services.dossier.application.drafts import Looked
from services.dossier.domain.draft import Draft, DraftChanges, DraftOpening
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import Wrong, as_said
from services.dossier.domain.steps import Shown
from services.dossier.web.body import answering, on_the_side, takes, whole
from services.dossier.web.operator import Sending
from shared.pages import Language, language

_ALL = "/api/v1/drafts"
_ONE = "/api/v1/drafts/{draft_id}"
_FINISH = "/api/v1/drafts/{draft_id}/finish"
_CHANGE = 2**22  # bytes of a change


class Finish(BaseModel):
    """What the client says at a finish: whether it can open an attachment, by a desktop helper or by itself (A9)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    desktop_helper: bool | None = None
    can_open: bool | None = None

    @property
    def opens(self) -> bool | None:
        """Whether it can open one, None where it does not say."""
        said = [one for one in (self.desktop_helper, self.can_open) if one is not None]
        return any(said) if said else None


def routes(dossier: Dossier) -> APIRouter:
    """Return the routes of drafts."""
    router = APIRouter(tags=["drafts"])
    _add_drafts(router, dossier)
    _add_steps(router, dossier)
    return router


def _add_drafts(router: APIRouter, dossier: Dossier) -> None:
    drafts = dossier.desk.drafts

    @router.post(_ALL, status_code=201, openapi_extra=takes(DraftOpening, "post", _ALL))
    async def open_draft(request: Request, operator: Sending) -> dict[str, Any]:
        """Open a draft of a type: its destinations, named or found by a filter, are frozen at this moment."""
        with answering(dossier.refusals, request):
            opening = as_said(DraftOpening, parse(await whole(request)))
            return _shown(dossier, await drafts.open(opening, operator), language(request))

    @router.get(_ALL)
    async def list_drafts(request: Request, operator: Sending) -> dict[str, Any]:
        """List the operator's drafts, the one changed last first."""
        with answering(dossier.refusals, request):
            return {"items": [_listed(draft) for draft in await drafts.of(operator)], "next": None}

    @router.delete(_ONE, status_code=204)
    async def discard_draft(request: Request, operator: Sending, draft_id: UUID) -> None:
        """Give a draft up: nothing of it is left."""
        with answering(dossier.refusals, request):
            await drafts.discard(draft_id, operator)

    @router.get(f"{_ONE}/destinations")
    async def list_draft_destinations(
        request: Request,
        operator: Sending,
        draft_id: UUID,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, Any]:
        """List the destinations of a draft, page by page."""
        with answering(dossier.refusals, request):
            found = await drafts.destinations(draft_id, operator, cursor, limit + 1)
            return {"items": found[:limit], "next": str(cursor + limit) if len(found) > limit else None}


def _add_steps(router: APIRouter, dossier: Dossier) -> None:
    drafts = dossier.desk.drafts

    @router.get(_ONE)
    async def show_draft(request: Request, operator: Sending, draft_id: UUID) -> dict[str, Any]:
        """Show a draft: per step its fields, which are mandatory or locked and why, and what a finish would refuse."""
        with answering(dossier.refusals, request):
            return _shown(dossier, await drafts.look(draft_id, operator), language(request))

    @router.patch(_ONE, openapi_extra=takes(DraftChanges, "patch", _ONE))
    async def change_draft(request: Request, operator: Sending, draft_id: UUID) -> dict[str, Any]:
        """Change a draft: what is left out stays, null empties; refused whole where a field cannot hold its value."""
        with answering(dossier.refusals, request):
            changes = as_said(DraftChanges, parse(await whole(request, _CHANGE)))
            return _shown(dossier, await drafts.change(draft_id, changes, operator), language(request))

    @router.post(_FINISH, status_code=202, openapi_extra=takes(Finish, "post", _FINISH))
    async def finish_draft(request: Request, operator: Sending, draft_id: UUID) -> dict[str, Any]:
        """Record what the draft comes to and send it; finished again, it is answered as the first time."""
        with answering(dossier.refusals, request):
            said = as_said(Finish, parse(await whole(request, _CHANGE) or b"{}"))
            with on_the_side() as body:
                finished = await dossier.desk.finishing.finish(draft_id, operator, body, can_open=said.opens)
            return {**asdict(finished.accepted), "open_attachment": opening_of(finished.opens)}


def opening_of(item_id: str | None) -> str | None:
    """Return where the attachment of an item is opened."""
    return f"/api/v1/dossier-items/{item_id}/attachment" if item_id else None


def _listed(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "type": draft.type,
        "subject": draft.values.get("subject", ""),
        "issue_method": draft.issue_method,
        "destinations": {"count": draft.count, "kinds": draft.kinds},
        "opened_at": draft.opened_at,
        "changed_at": draft.changed_at,
    }


def _shown(dossier: Dossier, looked: Looked, spoken: Language) -> dict[str, Any]:
    def worded(wrong: Wrong) -> dict[str, str]:
        return {"field": wrong.field, "code": wrong.code, "detail": dossier.refusals.said(wrong, spoken)}

    def field(shown: Shown) -> dict[str, Any]:
        return {
            "field": shown.name,
            "value": shown.value,
            "state": shown.state,
            "mandatory": shown.mandatory,
            "reason": worded(shown.reason) if shown.reason else None,
            "origin": shown.origin,
            "options": [
                {
                    "value": one.value,
                    "available": one.reason is None,
                    "reason": worded(one.reason) if one.reason else None,
                }
                for one in shown.options
            ],
        }

    def all_worded(wrongs: Sequence[Wrong]) -> list[dict[str, str]]:
        return [worded(wrong) for wrong in wrongs]

    return {
        **_listed(looked.draft),
        "steps": [
            {"step": step.name, "fields": [field(shown) for shown in step.fields]}
            for step in looked.steps
            if step.is_there
        ],
        "warnings": all_worded(looked.warnings),
        "wrong": all_worded(looked.wrongs),
    }
