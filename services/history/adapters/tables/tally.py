"""What a batch of messages adds to the counters, and which runs may stand otherwise by it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.history.adapters.tables.schema import EVERY_RUN, RECORDED, TOTAL
from services.history.adapters.tables.statements import count, dialect_of, settle
from services.history.domain.line import Line
from services.history.domain.run import minute_of
from services.history.domain.status import OPEN
from shared.contracts.dossier import DossierItemRecorded, RunStarted


@dataclass
class Tally:
    """Counts for one batch; `moved` are the runs of which a row was settled or opened again."""

    moved: set[UUID] = field(default_factory=set)
    _counts: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    _settled: dict[tuple[UUID, datetime], tuple[int, datetime]] = field(default_factory=dict)

    def start(self, run: RunStarted) -> None:
        """Count the rows that a run will have."""
        self._counts[EVERY_RUN, TOTAL] += run.total if run.issue_method != "none" else 0

    def record(self, item: DossierItemRecorded) -> None:
        """Count the destinations of an item; without mail or letter they are settled by it (A19)."""
        destinations = max(1, len(item.destinations))
        self._counts[item.run_id, RECORDED] += destinations
        if item.issue_method == "none":
            self._settle(item.run_id, item.recorded_at, destinations)

    def change(self, line: Line, was: str | None) -> None:
        """Count a line under the status that it has now, and not under the one it had."""
        if was == line.status:
            return
        for run_id in (line.run_id, EVERY_RUN):
            self._counts[run_id, line.status] += 1
            if was is not None:
                self._counts[run_id, was] -= 1
        was_open = was is None or was in OPEN
        if line.status not in OPEN:
            self._settle(line.run_id, line.updated_at, int(was_open))
        elif not was_open:
            self.moved.add(line.run_id)

    def write(self, connection: Connection) -> None:
        """Add all that was counted."""
        dialect = dialect_of(connection)
        changed = [{"run_id": run_id, "status": status, "n": n} for (run_id, status), n in self._counts.items() if n]
        if changed:
            connection.execute(count(dialect), changed)
        ends = [
            {"run_id": run_id, "minute": minute, "n": n, "last_at": last}
            for (run_id, minute), (n, last) in self._settled.items()
        ]
        if ends:
            connection.execute(settle(dialect), ends)

    def _settle(self, run_id: UUID, at: datetime, n: int) -> None:
        self.moved.add(run_id)
        key = (run_id, minute_of(at))
        before, last = self._settled.get(key, (0, at))
        self._settled[key] = (before + n, max(last, at))
