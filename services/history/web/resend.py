"""Sending again over HTTP: one row, many, or all that a filter finds, as a job that can be looked at."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.history.application import Resending
from services.history.domain.resend import Answer, Job, Outcome, Wish
from services.history.web.processing import Looked, Reason
from services.history.web.refusals import Worded, wrong
from services.history.web.words import Words, words_in
from shared.access import Caller
from shared.pages import language, reads, sends

Said = Literal["resent", "remade", "refused", "skipped", "waiting"]
_SHOWN = 500  # answers of a job shown at once


class Sought(Looked):
    """Which rows a resend by filter takes: those of the list with the same filter."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Wished(BaseModel):
    """Which rows are to be sent again: `ids`, taken as asked, or a `filter`, which skips `sent` unless told."""

    model_config = ConfigDict(extra="forbid")

    ids: list[UUID] | None = Field(None, min_length=1, max_length=10_000)
    filter: Sought | None = None
    include_sent: bool = False
    reason: Reason = ""
    address: Literal["current", "original"] = "current"
    content: Literal["same", "anew"] | None = None

    def wish(self, operator: str) -> Wish:
        """Return what the operator wishes; an id given twice counts once."""
        return Wish(
            operator,
            tuple(dict.fromkeys(self.ids or ())),
            self.filter.wanted() if self.filter else None,
            self.include_sent,
            self.reason,
            self.address,
            self.content,
        )


class Result(BaseModel):
    """What became of one row: sent again or made again as `mail_id`, refused with a code, skipped, or still waiting."""

    id: UUID
    outcome: Said
    mail_id: UUID | None = None
    code: str | None = None
    detail: str | None = None


class JobShown(BaseModel):
    """A job to send or make again: how many rows have which outcome, the first results, where the next ones begin."""

    job_id: UUID
    done: bool
    counts: dict[str, int]
    results: list[Result]
    next: int | None


def routes(resending: Resending) -> APIRouter:
    """Return the routes of sending again."""
    router = APIRouter(prefix="/api/v1/processing/resend", tags=["history"], route_class=Worded)

    @router.post("", status_code=202)
    async def resend(
        request: Request,
        wished: Wished,
        caller: Annotated[Caller, Depends(sends)],
        idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
    ) -> JobShown:
        """Send rows again. The same key again answers with the same job."""
        if (wished.ids is None) == (wished.filter is None):
            raise wrong(request, "ids", "required" if wished.ids is None else "invalid_value", "ids_or_filter")
        return await shown(request, resending, await resending.resend(wished.wish(caller.name), idempotency_key), 0)

    @router.get("/{job_id}", dependencies=[Depends(reads)])
    async def show_job(request: Request, job_id: UUID, start: Annotated[int, Query(ge=0, lt=2**31)] = 0) -> JobShown:
        """Show how far a job is, and its results from `start`."""
        return await shown(request, resending, await resending.job(job_id), start)

    return router


async def shown(request: Request, resending: Resending, job: Job, start: int) -> JobShown:
    """Return a job as it is shown, with its results from `start`."""
    answers = await resending.answers(job.job_id, _SHOWN, start - 1)
    words = words_in(language(request))
    return JobShown(
        job_id=job.job_id,
        done=job.done,
        counts={_said(outcome, job): n for outcome, n in job.counts.items()},
        results=[_result(answer, job, words) for answer in answers],
        next=answers[-1].n + 1 if len(answers) == _SHOWN else None,
    )


def _said(outcome: Outcome, job: Job) -> Said:
    return "remade" if outcome == "resent" and job.wish.deed == "remake" else outcome


def _result(answer: Answer, job: Job, words: Words) -> Result:
    detail = (words.refusal(answer.code) or answer.detail) if answer.code else None
    return Result(
        id=answer.processing_id,
        outcome=_said(answer.outcome, job),
        mail_id=answer.mail_id,
        code=answer.code,
        detail=detail,
    )
