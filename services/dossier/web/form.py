"""The parts of a form (multipart/form-data, RFC 7578), read from where it lies on disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import pairwise
from typing import IO

from services.dossier.domain.refusal import Refused, Wrong

_WINDOW = 2**16  # bytes
_HEAD = 2**13  # bytes of a part's headers at most
_PARTS = 10


@dataclass(frozen=True)
class Part:
    """Where a part lies in the form."""

    start: int
    end: int

    def content(self, form: IO[bytes]) -> bytes:
        """Return what it holds."""
        form.seek(self.start)
        return form.read(self.end - self.start)

    def copy(self, form: IO[bytes], to: IO[bytes]) -> None:
        """Write what it holds to another file."""
        form.seek(self.start)
        left = self.end - self.start
        while left and (window := form.read(min(left, _WINDOW))):
            to.write(window)
            left -= len(window)
        to.seek(0)


def is_form(content_type: str | None) -> bool:
    """Return whether a body of this type is a form."""
    return (content_type or "").lower().startswith("multipart/form-data")


def parts_of(form: IO[bytes], content_type: str) -> dict[str, Part]:
    """Return the parts of a form by their names; raise `Refused` (400) for what is no form."""
    said = Message()
    said["Content-Type"] = content_type
    boundary = said.get_boundary()
    if not boundary:
        raise _malformed()
    places = list(_places(form, b"\r\n--" + boundary.encode("latin-1", "replace")))
    return dict(_part(form, start, end) for start, end in pairwise(places))


def _places(form: IO[bytes], line: bytes) -> Iterator[int]:
    """Yield where each boundary begins, counted from the line break before it: the first one has none."""
    seen, at, found = b"\r\n" + form.read(_WINDOW), -2, 0
    while True:
        place = seen.find(line)
        if place >= 0:
            yield at + place
            found += 1
            if found > _PARTS:
                raise _malformed()
            at, seen = at + place + len(line), seen[place + len(line) :]
            continue
        kept = seen[-len(line) :]
        more = form.read(_WINDOW)
        if not more:
            return
        at, seen = at + len(seen) - len(kept), kept + more


def _part(form: IO[bytes], start: int, end: int) -> tuple[str, Part]:
    form.seek(max(start, 0))
    before, found, _ = form.read(min(_HEAD, end - start)).partition(b"\r\n\r\n")
    _, _, head = before.removeprefix(b"\r\n").partition(b"\r\n")
    name = BytesHeaderParser().parsebytes(head).get_param("name", header="content-disposition")
    if not found or not isinstance(name, str):
        raise _malformed()
    return name, Part(max(start, 0) + len(before) + 4, end)


def _malformed() -> Refused:
    return Refused([Wrong("", "malformed_form")], status=400)
