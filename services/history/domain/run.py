"""A run as history shows it: what was asked, how many rows have which status, and how it stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from services.history.domain.status import OPEN, STATUSES

RunState = Literal["running", "paused", "cancelled", "complete"]
RUN_STATES: tuple[str, ...] = get_args(RunState)
MINUTE = timedelta(minutes=1)
_LATELY = 2  # minutes that a rate is taken over: the present one, and the one before


@dataclass(frozen=True, slots=True)
class Said:
    """An operator's word on a run, the `version`-th fact of it."""

    version: int
    what: Literal["paused", "resumed", "cancelled"]
    at: datetime
    operator: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sought:
    """Which runs are wanted; None leaves a point open. `q` is part of a subject."""

    state: RunState | None = None
    q: str | None = None
    submitted_by: str | None = None


@dataclass(frozen=True)
class Run:
    """One Finish, its `rows` those there are by status, `recorded` destinations in the dossier.

    `said` is in the order in which it was said; `settled` is how many destinations were settled in each of the last
    minutes, and `ended_at` when the last one was, None while any is open.
    """

    run_id: UUID
    request_id: str
    type: str
    subject: str
    issue_method: str
    record_separately: bool
    total: int
    excluded: Mapping[str, int]
    consent_attested: bool
    submitted_by: str | None
    started_at: datetime
    layouts: tuple[Mapping[str, Any], ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    recorded: int = 0
    said: tuple[Said, ...] = ()
    settled: Mapping[datetime, int] = field(default_factory=dict)
    ended_at: datetime | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Rows per status; they add up to the total where there is mail or a letter (A14)."""
        return counts_of(self.rows, self.total if self.issues else 0)

    @property
    def issues(self) -> bool:
        """Whether there is mail or a letter, and so a row per destination (A19)."""
        return self.issue_method != "none"

    @property
    def done(self) -> int:
        """Destinations with a final status, or without rows those that stand in the dossier."""
        if not self.issues:
            return min(self.recorded, self.total)
        return self.total - sum(n for status, n in self.counts.items() if status in OPEN)

    @property
    def complete(self) -> bool:
        """Whether every row is final, or without rows every destination has its item."""
        return self.done >= self.total

    @property
    def state(self) -> RunState:
        """How it stands; once cancelled it stays so, also while its last rows are being settled or sent again."""
        if any(said.what == "cancelled" for said in self.said):
            return "cancelled"
        if self.complete:
            return "complete"
        return "paused" if self.said and self.said[-1].what == "paused" else "running"

    def rate(self, now: datetime) -> float | None:
        """Return how many destinations were settled in a second lately, None where none is to be settled now."""
        if self.complete or self.state == "paused":
            return None
        latest = self.said[-1].at if self.said else self.started_at
        since = max(minute_of(now) - (_LATELY - 1) * MINUTE, latest)
        settled = sum(n for minute, n in self.settled.items() if minute >= minute_of(since))
        return settled / max((now - since).total_seconds(), 1.0)

    def seconds_left(self, now: datetime) -> float | None:
        """Return in how many seconds it ends at this rate, None where that can't be told."""
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate else None


def counts_of(rows: Mapping[str, int], total: int) -> dict[str, int]:
    """Return the rows per status in the order of A14, `queued` being the rows that are still to come."""
    queued = max(0, total - sum(rows.values()))
    return {status: n for status in STATUSES if (n := queued if status == "queued" else rows.get(status, 0))}


def minute_of(at: datetime) -> datetime:
    """Return the beginning of the minute of a time."""
    return at.replace(second=0, microsecond=0)


def in_order(said: Iterable[Said]) -> tuple[Said, ...]:
    """Return what was said in the order in which it was said, whatever the order in which it was heard."""
    return tuple(sorted(said, key=lambda one: one.version))
