"""Starts `uitpost` as people do, as processes of its own, and sees to it that nothing of it stays."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.access import Access, Scope
from shared.settings import Settings
from tests.e2e.forked import COMMAND, Forked, fork

WAITS = 60  # seconds


def environment(data: Path, **settings: str | None) -> dict[str, str]:
    """Return the environment of a command on a data folder: any free port, and no settings of whoever tests.

    A setting that is None is left as it is by default.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("UITPOST_")}
    ours = {"UITPOST_DATA": str(data), "UITPOST_HTTP": "127.0.0.1:0", "COLUMNS": "200"} | settings
    return own | {name: value for name, value in ours.items() if value is not None}


def left_of(data: Path) -> list[str]:
    """Return the command lines of the processes that still run on a data folder."""
    lines = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(data) in line:
            lines.append(line)
    return lines


@dataclass
class Started:
    """A process that goes on until it is told to stop; what it says on stdout and stderr goes to a file."""

    process: subprocess.Popen[bytes] | Forked
    output: Path

    def says(self, pattern: str) -> str:
        """Return the first group of the first line that the pattern finds, once there is one."""
        deadline = time.monotonic() + WAITS
        while (ended := self.process.poll()) is None and time.monotonic() < deadline:
            if found := re.search(pattern, self.output.read_text("utf-8"), re.MULTILINE):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} was not said, exit code {ended}: {self.output.read_text('utf-8')[-3000:]}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(WAITS)


Start = Callable[..., Started]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start `uitpost …` on a data folder, and end it with the test."""

    def begin(output: Path, arguments: tuple[str, ...], surroundings: dict[str, str]) -> subprocess.Popen[bytes]:
        with output.open("wb") as file:
            return subprocess.Popen(
                [COMMAND, *arguments],
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    yield from _starting(tmp_path_factory, begin)


@pytest.fixture
def start_forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start `uitpost …` likewise, sooner: for what is seen from outside of a process, however it was started."""

    def begin(output: Path, arguments: tuple[str, ...], surroundings: dict[str, str]) -> Forked:
        return fork(*arguments, environment=surroundings, output=output)

    yield from _starting(tmp_path_factory, begin)


def _starting(
    folders: pytest.TempPathFactory,
    begin: Callable[[Path, tuple[str, ...], dict[str, str]], subprocess.Popen[bytes] | Forked],
) -> Iterator[Start]:
    running = []

    def started(data: Path, *arguments: str, **settings: str | None) -> Started:
        output = folders.mktemp("output") / "output.txt"
        process = begin(output, arguments, environment(data, **settings))
        running.append(process)
        return Started(process, output)

    yield started
    for process in running:
        process.kill()
        process.wait(WAITS)


def token_of(data: Path, *scopes: Scope) -> str:
    """Return a token for the services on a data folder."""
    with closing(Access(Settings(data=data).access_url)) as access:
        return access.create_token("crm", scopes)


@pytest.fixture
def run() -> Run:
    """Run `uitpost …` on a data folder until it ends."""

    def to_its_end(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            env=environment(data, **settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * WAITS,
            check=False,
        )

    return to_its_end


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A mail server that takes everything; its address, and its log."""
    log = tmp_path / "accepted.log"
    command = [sys.executable, "-m", "tests.sink", "--port", "0", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"smtp://127.0.0.1:{server.stdout.readline().split()[-1]}?tls=none", log
        server.terminate()
