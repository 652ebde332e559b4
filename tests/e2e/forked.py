"""Starts `uitpost` from a process that has read the program already: a real process each time, without reading it again.

Run as `python -m tests.e2e.forked`, it is that process. Each line of its input is an order, answered by one line:
`{"arguments", "environment", "output"}` forks, and the child runs the command `uitpost` as if it had been typed;
`{"wait", "seconds"}` waits for a child. It ends with its input.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

COMMAND = Path(sys.executable).with_name("uitpost")
_READ = ("deploy.cli", "deploy.cli.serve", "uvicorn.lifespan.on", "uvicorn.loops.uvloop")
_SERVICES = ("dossier", "renderer", "mailer", "history")


@dataclass
class Forked:
    """A process, and what can be done to it."""

    pid: int
    returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it is known to have ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it where it stands."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Return its exit code, if it has ended."""
        if self.returncode is None:
            self.returncode = _mother().asked(wait=self.pid, seconds=0)
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        """Return its exit code once it has ended. Raises TimeoutExpired after so many seconds."""
        if self.returncode is None:
            self.returncode = _mother().asked(wait=self.pid, seconds=timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(COMMAND, timeout)
        return self.returncode


def fork(*arguments: str, environment: dict[str, str], output: Path) -> Forked:
    """Start `uitpost …`; what it says on stdout and stderr is added to a file."""
    output.touch()
    return Forked(_mother().asked(arguments=arguments, environment=environment, output=str(output)))


class _Mother:
    """The process that forks; one for all tests of a process."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.e2e.forked"]
        self._one_order = Lock()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def asked(self, **order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_order:
            self._process.stdin.write(json.dumps(order) + "\n")
            return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()


@cache
def _mother() -> _Mother:
    mother = _Mother()
    atexit.register(mother.end)
    return mother


def _serve() -> list[str] | None:
    """Follow orders until there are no more; return the arguments in a process that is to be `uitpost`."""
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            answer = _waited(order["wait"], order["seconds"])
        elif (answer := os.fork()) == 0:
            _become(order["environment"], order["output"])
            return list(order["arguments"])
        print(json.dumps(answer), flush=True)
    return None


def _become(environment: dict[str, str], output: str) -> None:
    """Let nothing of the mother be seen: neither her orders nor her surroundings."""
    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for old, new in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(old, new)
    os.closerange(3, max(nothing, file) + 1)
    os.environ.clear()
    os.environ.update(environment)


def _waited(pid: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.005)


if __name__ == "__main__":
    for name in (*_READ, *(f"services.{service}.__main__" for service in _SERVICES)):
        import_module(name)
    gc.collect()
    gc.freeze()
    arguments = _serve()
    if arguments is not None:
        sys.argv = [str(COMMAND), *arguments]
        runpy.run_path(str(COMMAND), run_name="__main__")
