"""A body of JSON is skimmed for its destinations: where they lie is found without understanding what they say.

What is found here is only a place: whoever reads it there finds out whether it is JSON at all.
"""

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import orjson

AT_ONCE = 250  # destinations between two cuts
_WINDOW = 2**16  # bytes that are looked at together
_DEPTH = 6  # of brackets in a destination: deeper than anybody's merge data
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'


def _nested(depth: int) -> bytes:
    """Return the pattern of what may stand between the brackets of a destination."""
    inner = rb"|[{[]" + _nested(depth - 1) + rb"[]}]" if depth else b""
    return rb'(?:[^][{}"]++|' + _TEXT + inner + rb")*+"


_TOKEN = re.compile(rb'[^][{}"]*+(' + _TEXT + rb"|[][{}])", re.DOTALL)
_DESTINATION = re.compile(rb"[\s,]*+(\{" + _nested(_DEPTH) + rb"\})", re.DOTALL)
_END = re.compile(rb"\s*+(\])")
_NAME = b'"destinations"'


class Unusual(Exception):
    """The body is no JSON, or has a form that only reading it as a whole can make sense of."""


@dataclass(frozen=True)
class Skimmed:
    """A body but for its destinations, how many these are, and the offsets between bunches of them."""

    head: bytes
    count: int
    cuts: Sequence[int]


def skim(body: IO[bytes]) -> Skimmed:
    """Return a body skimmed; raise `Unusual` where it names no destinations, or names them twice."""
    window = _Window(body)
    _go_to_destinations(window)
    cuts = array("Q", [window.place])
    count = 0
    while (found := window.found(_DESTINATION, else_=_END)) != b"]":
        if not found:
            raise Unusual
        count += 1
        if count % AT_ONCE == 0:
            cuts.append(window.place)
    cuts.append(window.place - 1)
    _go_to_end(window)
    return Skimmed(_but_for(body, cuts[0], cuts[-1]), count, cuts)


class _Window:
    """What is looked at of a body; a long text makes it grow, twice as large each time."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body
        self._seen = b""
        self._at = 0  # where in what is seen it goes on
        self.place = 0  # and where in the body

    def found(self, wanted: re.Pattern[bytes], else_: re.Pattern[bytes] | None = None) -> bytes:
        """Return the next of what is wanted, or of what may be there instead; nothing at the end of the body."""
        while True:
            match = wanted.match(self._seen, self._at) or (else_.match(self._seen, self._at) if else_ else None)
            if match:
                self.place += match.end() - self._at
                self._at = match.end()
                return match[1]
            rest = self._seen[self._at :]
            more = self._body.read(max(_WINDOW, len(rest)))
            if not more:
                return b""
            self._seen, self._at = rest + more, 0


def _go_to_destinations(window: _Window) -> None:
    depth, before = 0, b""
    while token := window.found(_TOKEN):
        if token == b"[" and depth == 1 and before == _NAME:
            return
        depth += (token in b"{[") - (token in b"}]")
        before = token
    raise Unusual


def _go_to_end(window: _Window) -> None:
    depth = 1
    while token := window.found(_TOKEN):
        if depth == 1 and (token == _NAME or (b"\\u" in token and _is_name(token))):
            raise Unusual
        depth += (token in b"{[") - (token in b"}]")


def _is_name(token: bytes) -> bool:
    return len(token) <= 6 * len(_NAME) and orjson.loads(token) == "destinations"


def _but_for(body: IO[bytes], start: int, end: int) -> bytes:
    body.seek(0)
    head = body.read(start)
    body.seek(end)
    return head + body.read()
