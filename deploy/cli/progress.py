"""Shows how far long work is: a bar on a terminal, else a line now and then, both on stderr."""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli.shown import say

_LINE_EVERY = 5.0  # seconds between two lines where nobody sees a bar


@dataclass(frozen=True)
class Step:
    """So much is done of so much, and in a few words how it goes; `over` at the end."""

    done: int
    total: int
    note: str
    over: bool


def follow(steps: Iterable[Step], doing: str) -> None:
    """Show each step until there is none any more."""
    (_bar if sys.stderr.isatty() else _by_lines)(steps, doing)


def _bar(steps: Iterable[Step], doing: str) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]} · {task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=None, note="", rate=0.0)
        for step in steps:
            progress.update(task, total=step.total, completed=step.done, note=step.note)
            progress.update(task, rate=progress.tasks[0].finished_speed or progress.tasks[0].speed or 0.0)


def _by_lines(steps: Iterable[Step], doing: str) -> None:
    del doing
    began = said = time.monotonic()
    for step in steps:
        now = time.monotonic()
        if now - said >= _LINE_EVERY or step.over:
            said = now
            say(_line(step, now - began))


def _line(step: Step, seconds: float) -> str:
    rate = step.done / seconds if seconds else 0.0
    left = f", about {(step.total - step.done) / rate:.0f} s left" if rate and not step.over else ""
    return f"{step.done} of {step.total} done, {step.note}, {rate:.1f}/s{left}"
