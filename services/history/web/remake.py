"""Making letters again over HTTP (A11): one row, several by their ids, or all that a filter finds."""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.history.application import History, Resending
from services.history.application.refused import Refused
from services.history.domain.resend import Wish
from services.history.web.processing import Reason
from services.history.web.refusals import Worded, wrong
from services.history.web.resend import JobShown, Sought, shown
from shared.access import Caller
from shared.pages import sends

Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Clerk = Annotated[Caller, Depends(sends)]


class Remade(BaseModel):
    """How a letter is made again: to the contact as it is now or was, by the layout version it had or the newest."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = ""
    address: Literal["current", "original"] = "current"
    layout: Literal["pinned", "newest"] = "pinned"

    def wish(self, operator: str, *ids: UUID) -> Wish:
        """Return what the operator wishes of these rows."""
        return Wish(operator, ids, reason=self.reason, address=self.address, deed="remake", layout=self.layout)


class ManyRemade(Remade):
    """Which letters are made again: `ids`, taken as asked, or a `filter`, which skips mails and what is under way."""

    ids: list[UUID] | None = Field(None, min_length=1, max_length=10_000)
    filter: Sought | None = None


class LetterAsked(BaseModel):
    """The letter that is being made for the row, its `mail_id` being one of the row's `mails`."""

    id: UUID
    mail_id: UUID | None
    job_id: UUID


def routes(history: History, resending: Resending) -> APIRouter:
    """Return the routes of making letters again."""
    router = APIRouter(prefix="/api/v1/processing", tags=["history"], route_class=Worded)

    @router.post("/remake", status_code=202)
    async def remake_many(request: Request, remade: ManyRemade, caller: Clerk, key: Key) -> JobShown:
        """Make letters again; how far that is, is shown at `/processing/resend/{job_id}`."""
        if (remade.ids is None) == (remade.filter is None):
            raise wrong(request, "ids", "required" if remade.ids is None else "invalid_value", "ids_or_filter")
        wish = remade.wish(caller.name, *dict.fromkeys(remade.ids or ()))
        if remade.filter:
            wish = replace(wish, filter=remade.filter.wanted())
        return await shown(request, resending, await resending.resend(wish, key), 0)

    @router.post("/{id}/remake", status_code=202)
    async def remake(id: UUID, remade: Remade, caller: Clerk, key: Key) -> LetterAsked:  # noqa: A002
        """Make the letter of a row again, once it is made; it becomes the row's next one, and the earlier ones stay."""
        await history.line(id)
        job = await resending.resend(remade.wish(caller.name, id), key)
        (answer,) = await resending.answers(job.job_id, 1)
        if answer.code:
            raise Refused(answer.code, answer.detail or "")
        return LetterAsked(id=id, mail_id=answer.mail_id, job_id=job.job_id)

    return router
