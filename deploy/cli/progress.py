"""Shows how far long work is: a bar on a terminal, else a line now and then, both on stderr."""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from deploy.cli.shown import say

_LINE_EVERY = 5.0  # seconds between two lines where nobody sees a bar


@dataclass(frozen=True)
class Step:
    """So much is done of so much, and in a few words how it goes; `over` at the end.

    `rate` is how many are done in a second where somebody knows better than who only watches.
    """

    done: int
    total: int
    note: str
    over: bool
    rate: float | None = None


def follow(steps: Iterable[Step], doing: str) -> None:
    """Show each step until there is none any more."""
    (_bar if sys.stderr.isatty() else _by_lines)(steps, doing)


def _bar(steps: Iterable[Step], doing: str) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]} · {task.fields[rate]:.0f}/s{task.fields[left]}"),
    )
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=None, note="", rate=0.0, left="")
        for step in steps:
            rate, left = _pace(step, time.monotonic() - began)
            progress.update(task, total=step.total, completed=step.done, note=step.note, rate=rate, left=left)


def _by_lines(steps: Iterable[Step], doing: str) -> None:
    del doing
    began = said = time.monotonic()
    for step in steps:
        now = time.monotonic()
        if now - said >= _LINE_EVERY or step.over:
            said = now
            say(_line(step, now - began))


def _line(step: Step, seconds: float) -> str:
    rate, left = _pace(step, seconds)
    return f"{step.done} of {step.total} done, {step.note}, {rate:.1f}/s{left}"


def _pace(step: Step, seconds: float) -> tuple[float, str]:
    """Return how many are done in a second, and in words how long it takes at that."""
    average = step.done / seconds if seconds else 0.0
    rate = average if step.rate is None else step.rate
    if not rate or step.over:
        return rate, ""
    return rate, f", about {timedelta(seconds=round((step.total - step.done) / rate))} left"
