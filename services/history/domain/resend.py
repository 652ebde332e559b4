"""A wish to send rows again, or to make their letters again: which, why, and how each answer is told apart."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from services.history.domain.looking import Filter
from services.history.domain.status import OPEN

JOBS = UUID("7b0e6f0e-0d0b-5d3e-9d2f-3a55c1f2f6a1")  # the namespace of job ids
Deed = Literal["resend", "remake"]
Outcome = Literal["waiting", "resent", "refused", "skipped"]


@dataclass(frozen=True)
class Wish:
    """What one request asks: ids are taken as asked, a filter skips `sent` unless `include_sent`.

    `remake` makes letters again and takes no mails by a filter; `layout` is theirs, `content` that of mails.
    """

    operator: str
    ids: tuple[UUID, ...] = ()
    filter: Filter | None = None
    include_sent: bool = False
    reason: str = ""
    address: Literal["current", "original"] = "current"
    content: Literal["same", "anew"] | None = None
    deed: Deed = "resend"
    layout: Literal["pinned", "newest"] = "pinned"

    def skips(self, status: str, issue_method: str | None) -> bool:
        """Return whether a row that its filter finds is left as it is."""
        if self.deed == "remake":
            return issue_method != "document" or status in OPEN
        return status == "sent" and not self.include_sent


@dataclass(frozen=True)
class Job:
    """A wish that was taken on: it is worked until each of its rows has an answer, whatever dies meanwhile."""

    job_id: UUID
    wish: Wish
    counts: dict[Outcome, int]
    done: bool
    whole: bool  # every row that its filter finds is written down

    @property
    def size(self) -> int:
        """How many rows are known."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Answer:
    """What became of one row of a job."""

    n: int
    processing_id: UUID
    outcome: Outcome = "waiting"
    mail_id: UUID | None = None
    code: str | None = None
    detail: str | None = None


def job_id_of(operator: str, key: str) -> UUID:
    """Return the id of the job that an operator's idempotency key stands for."""
    return uuid5(JOBS, f"{operator}|{key}")


def token_of(job_id: UUID, processing_id: UUID) -> UUID:
    """Return what makes the wish for one row known again where it is asked twice."""
    return uuid5(job_id, str(processing_id))
