"""A notice: whoever started a run is told once that it ended, and how (R-30)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from services.history.domain.run import Run, RunState


@dataclass(frozen=True)
class Notice:
    """A run ended: how it stood then, with its rows per status.

    There is one per run. Rows that are sent again open it once more, but whoever asks for that is told of each row.
    """

    run_id: UUID
    submitted_by: str
    subject: str
    state: RunState
    total: int
    counts: Mapping[str, int]
    ended_at: datetime
    read_at: datetime | None = None

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """Return the notice of a run that ended, None while it has not or where nobody is to be told."""
        if not run.complete or run.submitted_by is None:
            return None
        ended_at = run.ended_at or run.started_at  # a run of nothing ends as it starts
        return cls(run.run_id, run.submitted_by, run.subject, run.state, run.total, run.counts, ended_at)
