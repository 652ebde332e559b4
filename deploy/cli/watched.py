"""Watches a mailing until every destination has a final status: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Iterator
from typing import Any

from deploy.cli.api import Api
from deploy.cli.failure import Code, Failure
from deploy.cli.progress import Step, follow
from deploy.cli.shown import Facts, Rows

_EVERY = 0.5  # seconds between two looks
_FAILED = ("failed", "render_failed", "bounced", "in_doubt")
Run = dict[str, Any]


def watch(api: Api, run_id: str, *, patience: float | None = None) -> Run:
    """Return the run once it is complete. Raises Failure when `patience` (seconds) is over, or at Ctrl+C."""
    run: Run = {}

    def steps() -> Iterator[Step]:
        nonlocal run
        for run in _looks(api, run_id, patience):
            yield _step(run)

    try:
        follow(steps(), "sending")
    except KeyboardInterrupt:
        raise Failure(
            Code.INTERRUPTED,
            "No longer watching. The mailing goes on:",
            f"  uitpost mailing watch {run_id}",
        ) from None
    return run


def outcome(run: Run) -> Rows:
    """Return what became of a run: a line per status (A14), and their total."""
    lines = [{"status": status, "count": count} for status, count in sorted(run["counts"].items()) if count]
    return Rows(("status", "count"), [*lines, {"status": "total", "count": run["total"]}])


def summary(run: Run) -> Facts:
    """Return a finished run and the exit code that fits: 5 where some failed, or were cancelled."""
    return Facts(run, exit_code=Code.SOME_FAILED if failed(run) or run["counts"].get("cancelled") else 0)


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
            left = run["total"] - run["done"]
            raise Failure(Code.TIMED_OUT, f"Still {left} to go after {patience:.0f} s: {run_id}")
        time.sleep(_EVERY)


def _step(run: Run) -> Step:
    state = run["state"]
    note = f"{failed(run)} failed" + (f", {state}" if state in {"paused", "cancelled"} else "")
    return Step(run["done"], run["total"], note, run["complete"], 0.0 if state == "paused" else run["rate"])


def _count(run: Run, statuses: tuple[str, ...]) -> int:
    return sum(int(run["counts"].get(status, 0)) for status in statuses)
