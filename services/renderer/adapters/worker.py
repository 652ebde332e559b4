"""A worker process: takes chunks of jobs, or a layout to read, on stdin, and answers on stdout.

It ends when its stdin does, so with its pool, in whatever way that ended.
"""

import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from services.renderer.adapters.press import Press
from shared.blobs import SqliteBlobs
from shared.contracts.dossier import LayoutDocument

READY = "ready"
HEAD = struct.Struct(">I")
_GIVES_WAY = 10  # of 19: what is made is sent before more is made, so that sending does not lag behind and end alone


def main(blobs: Path, memory: int, seconds: float) -> None:
    """Work until stdin ends, in so many bytes of memory; a job or layout that takes more seconds ends the process."""
    questions, answers = sys.stdin.buffer, _answers()
    _limit(memory)
    press = Press(SqliteBlobs(blobs))
    _send(answers, READY)
    while head := questions.read(HEAD.size):
        asked = pickle.loads(questions.read(*HEAD.unpack(head)))  # noqa: S301 - only its own pool writes here
        answer = _answer(press, asked, partial(signal.setitimer, signal.ITIMER_REAL, seconds))
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(answers, answer)


def framed(value: Any) -> bytes:
    """Return a value as it goes through a pipe: its size, and its pickle."""
    content = pickle.dumps(value)
    return HEAD.pack(len(content)) + content


def _answer(press: Press, asked: Any, set_alarm: Callable[[], object]) -> Any:
    set_alarm()  # the kernel's: no layout and no engine outruns it
    try:
        return press.judge(asked) if isinstance(asked, LayoutDocument) else press.make(asked, before_each=set_alarm)
    except MemoryError:
        raise  # as if killed: the pool then finds the job that asked for so much
    except Exception:  # noqa: BLE001 - whatever it is, no job is to blame, and the pool tells its caller
        return traceback.format_exc()


def _answers() -> BinaryIO:
    """Keep stdout for answers: whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _send(answers: BinaryIO, value: Any) -> None:
    answers.write(framed(value))
    answers.flush()


def _limit(memory: int) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)  # they go to the whole group, but the pool decides when work is over
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold personal data
    os.nice(_GIVES_WAY)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
