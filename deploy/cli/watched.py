"""Watches a mailing until every destination has a final status: a bar on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.shown import Facts, Rows, say

_EVERY = 0.5  # seconds between two looks
_LINE_EVERY = 5.0  # seconds between two lines where nobody sees a bar
_OPEN = ("queued", "rendering", "sending", "deferred")
_FAILED = ("failed", "render_failed", "bounced", "in_doubt")
Run = dict[str, Any]


def watch(api: Api, run_id: str, *, patience: float | None = None) -> Run:
    """Return the run once it is complete. Raises Failure when `patience` (seconds) is over, or at Ctrl+C."""
    try:
        shown = _bar if sys.stderr.isatty() else _by_lines
        return shown(_looks(api, run_id, patience))
    except KeyboardInterrupt:
        raise Failure(
            Code.INTERRUPTED,
            "No longer watching. The mailing goes on:",
            f"  uitpost mailing watch {run_id}",
        ) from None


def outcome(run: Run) -> Rows:
    """Return what became of a run: a line per status (A14), and their total."""
    lines = [{"status": status, "count": count} for status, count in sorted(run["counts"].items()) if count]
    return Rows(("status", "count"), [*lines, {"status": "total", "count": run["total"]}])


def summary(run: Run) -> Facts:
    """Return a finished run and the exit code that fits: 5 where some failed."""
    return Facts(run, exit_code=Code.SOME_FAILED if failed(run) else 0)


def failed(run: Run) -> int:
    """Return how many destinations of a run ended without the mail being sent as meant."""
    return _count(run, _FAILED)


def _looks(api: Api, run_id: str, patience: float | None) -> Iterator[Run]:
    began = time.monotonic()
    while True:
        run = api.history.get(f"/runs/{run_id}")
        yield run
        if run["complete"]:
            return
        if patience is not None and time.monotonic() - began > patience:
            raise Failure(Code.TIMED_OUT, f"Still {_count(run, _OPEN)} to go after {patience:.0f} s: {run_id}")
        time.sleep(_EVERY)


def _bar(looks: Iterator[Run]) -> Run:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed · {task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("sending", total=None, failed=0, rate=0.0)
        run: Run = {}
        for run in looks:
            progress.update(task, total=run["total"], completed=done(run), failed=failed(run))
            progress.update(task, rate=progress.tasks[0].finished_speed or progress.tasks[0].speed or 0.0)
        return run


def _by_lines(looks: Iterator[Run]) -> Run:
    began = said = time.monotonic()
    run: Run = {}
    for run in looks:
        now = time.monotonic()
        if now - said >= _LINE_EVERY or run["complete"]:
            said = now
            say(_line(run, now - began))
    return run


def _line(run: Run, seconds: float) -> str:
    settled = done(run)
    rate = settled / seconds if seconds else 0.0
    left = f", about {(run['total'] - settled) / rate:.0f} s left" if rate and not run["complete"] else ""
    return f"{settled} of {run['total']} done, {failed(run)} failed, {rate:.1f}/s{left}"


def done(run: Run) -> int:
    """Return how many destinations of a run have a final status."""
    return int(run["total"]) - _count(run, _OPEN)


def _count(run: Run, statuses: tuple[str, ...]) -> int:
    return sum(int(run["counts"].get(status, 0)) for status in statuses)
