"""The history of processing over HTTP: rows, one row with its timeline, its message, and settling a doubt."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.history.application import History
from services.history.domain.looking import Filter
from services.history.domain.status import Status
from services.history.web.answers import Listed, Row, RowInFull
from services.history.web.refusals import Worded, cursor_of
from shared.access import Caller
from shared.pages import reads, sends

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]  # PostgreSQL keeps no NUL
Reason = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]


class Looked(BaseModel):
    """Which rows are looked for; `from` is included, `to` is not; a time without zone is UTC."""

    model_config = ConfigDict(populate_by_name=True)

    status: Status | None = None
    q: Text | None = None
    run_id: UUID | None = None
    kind: Text | None = None
    number: Text | None = None
    since: datetime | None = Field(None, alias="from")
    until: datetime | None = Field(None, alias="to")

    def wanted(self) -> Filter:
        """Return the filter for the read model."""
        return Filter(
            self.status,
            (self.q or "").strip() or None,
            self.run_id,
            self.kind,
            self.number,
            _zoned(self.since),
            _zoned(self.until),
        )


class Settling(BaseModel):
    """How a mail in doubt ended, as a person found out."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["sent", "not_sent", "resend"]
    reason: Reason = ""


class Settled(BaseModel):
    """The status that the mail has now."""

    id: UUID
    mail_id: UUID
    status: str


class Looking(Looked):
    """Which rows are looked for, and which page of them."""

    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = None


def routes(history: History) -> APIRouter:
    """Return the routes of rows."""
    router = APIRouter(prefix="/api/v1/processing", tags=["history"], route_class=Worded)

    @router.get("", dependencies=[Depends(reads)])
    async def list_rows(request: Request, looking: Annotated[Looking, Query()]) -> Listed[Row]:
        """List rows, newest first."""
        page = await history.page(looking.wanted(), looking.limit, cursor_of(request, looking.cursor))
        return Listed[Row].of(page, Row)

    @router.get("/{id}", dependencies=[Depends(reads)])
    async def show_row(id: UUID) -> RowInFull:  # noqa: A002 -- the name in the URL
        """Show one row with all its mails and the timeline of all their attempts."""
        line, mails, timeline = await history.line(id)
        return RowInFull.model_validate({**line, "mails": mails, "timeline": timeline})

    @router.get("/{id}/message.eml", dependencies=[Depends(reads)], response_class=Response)
    async def show_message(id: UUID, n: Annotated[int | None, Query(ge=1)] = None) -> Response:  # noqa: A002
        """Download a mail of a row (`n` counts from 1, default the latest) exactly as it was handed over.

        The header `Uitpost-Message` says `kept` where its parts are kept. Those of a mail not recorded separately go
        after a time; it is then made anew of its data and layout versions, and compared with the hash of what was
        sent: `remade-equal`, or `remade-different` as the name of the file then says too. 410 where it can't be made.
        """
        message = await history.message(id, n)
        different = "-remade-different" if message.kept.remade == "remade-different" else ""
        headers = {
            "Content-Disposition": f'attachment; filename="{message.mail.mail_id}{different}.eml"',
            "ETag": f'"{message.kept.sha256}"',
            "Uitpost-Message": message.kept.remade,
            "Cache-Control": "private, no-cache",
        }
        return Response(message.content, media_type="message/rfc822", headers=headers)

    @router.post("/{id}/resolve")
    async def resolve(id: UUID, settling: Settling, caller: Annotated[Caller, Depends(sends)]) -> Settled:  # noqa: A002
        """Settle a mail in doubt."""
        resolved = await history.resolve(id, settling.outcome, caller.name, settling.reason)
        return Settled(id=id, mail_id=resolved.mail_id, status=resolved.status)

    return router


def _zoned(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
