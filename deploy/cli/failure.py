"""How a command ends when it does not end well: an exit code, and lines for a person on stderr."""

from enum import IntEnum


class Code(IntEnum):
    """The exit codes of `uitpost`; scripts may rely on them."""

    UNEXPECTED = 1
    WRONG_USE = 2
    NOT_FOUND = 3
    REFUSED = 4
    SOME_FAILED = 5
    NOT_ALLOWED = 6
    OUT_OF_REACH = 7
    TIMED_OUT = 8
    WRONG_CONFIGURATION = 78
    INTERRUPTED = 130


class Failure(Exception):
    """The command cannot do what it was asked; `lines` say why, and what to do."""

    def __init__(self, code: Code, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.code = code
        self.lines = lines
