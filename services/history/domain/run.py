"""A run as history shows it: what was asked, how many rows have which status, and whether it is complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.history.domain.status import OPEN, STATUSES


@dataclass(frozen=True)
class Run:
    """One Finish, its `counts` those of the rows there are, `recorded` destinations in the dossier."""

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
    rows: Mapping[str, int] = field(default_factory=dict)
    recorded: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Rows per status; they add up to the total where there is mail or a letter (A14)."""
        wanted = 0 if self.issue_method == "none" else self.total
        return counts_of(self.rows, wanted)

    @property
    def complete(self) -> bool:
        """Whether every row is final, or without rows every destination has its item."""
        if self.issue_method == "none":
            return self.recorded >= self.total
        return not any(n for status, n in self.counts.items() if status in OPEN)


def counts_of(rows: Mapping[str, int], total: int) -> dict[str, int]:
    """Return the rows per status in the order of A14, `queued` being the rows that are still to come."""
    queued = max(0, total - sum(rows.values()))
    return {status: n for status in STATUSES if (n := queued if status == "queued" else rows.get(status, 0))}
