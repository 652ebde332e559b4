"""Header lines, written by RFC 5322, 2047 and 2231, folded, and safe from whatever a name or subject contains."""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

WIDTH = 78  # characters of a line that hold everywhere (RFC 5322 §2.1.1)
LONGEST_LINE = 998
LONGEST_FILENAME = 200

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_INVISIBLE = re.compile("[\t\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]+@[!#-'*+\-./0-9=?A-Z^-~]+\Z")
_MESSAGE_IDS = re.compile(r"<[!-;=?-~]+>(?: <[!-;=?-~]+>)*\Z")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}\Z")
_CODED_WORD = 75  # characters at most, of which 12 are =?utf-8?b?…?=
_CODED_FRAME = 12


def unstructured(name: str, value: str) -> bytes:
    """Return a header of free words, such as a subject. Raises ValueError on control characters."""
    _refuse_control(name, value)
    start = f"{name}: ".encode()
    plain = value.isascii() and value.isprintable() and value == value.strip() and "=?" not in value
    if plain and len(start) + len(value) <= WIDTH:
        return start + value.encode() + b"\r\n"
    return start + _coded(value, len(start)) + b"\r\n"


def mailbox(name: str, display: str, address: str) -> bytes:
    """Return a header of one address and the name shown with it. Raises ValueError on what can't stand there."""
    _refuse_control(name, display)
    if not _ADDRESS.match(address):
        raise ValueError(f"{name}: not an ASCII address: {address!r}")
    start = f"{name}: ".encode()
    where = f"<{address}>".encode()
    shown = _phrase(display.strip(), len(start))
    if not shown:
        return start + where + b"\r\n"
    last = len(start) + len(shown) if b"\r\n" not in shown else len(shown) - shown.rindex(b"\r\n") - 2
    return start + shown + (b" " if last + 1 + len(where) <= WIDTH else b"\r\n ") + where + b"\r\n"


def message_ids(name: str, value: str) -> bytes:
    """Return a header of one or more message ids. Raises ValueError on anything else."""
    if not _MESSAGE_IDS.match(value):
        raise ValueError(f"{name}: not a message id: {value!r}")
    return _checked(name, f"{name}: ".encode() + value.encode().replace(b" ", b"\r\n ") + b"\r\n")


def moment(name: str, at: datetime) -> bytes:
    """Return a header of a date, in UTC. Raises ValueError without a time zone."""
    if at.tzinfo is None:
        raise ValueError(f"{name}: without a time zone: {at}")
    return f"{name}: {format_datetime(at.astimezone(UTC))}\r\n".encode()


def verbatim(name: str, value: str) -> bytes:
    """Return a header as it is, never coded or folded: a one-click unsubscribe address must stay whole (RFC 8058).

    Raises ValueError on a name that is none, on control characters, on anything beyond ASCII and on too long a line.
    """
    if not _NAME.match(name):
        raise ValueError(f"not a header name: {name!r}")
    _refuse_control(name, value)
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name}: beyond printable ASCII: {value!r}")
    return _checked(name, f"{name}: {value}\r\n".encode())


@lru_cache(maxsize=256)  # a file that all get is named once
def file_headers(filename: str, content_type: str) -> bytes:
    """Return the headers of an attached file, but for its encoding. Raises ValueError on what can't stand there.

    Of a path the last part is kept; marks that turn the writing direction, which can hide an ending, are left out.
    """
    _refuse_control("Content-Disposition", filename)
    if not _MEDIA_TYPE.match(content_type):
        raise ValueError(f"Content-Type: not a media type: {content_type!r}")
    composite = content_type.lower().startswith(("message/", "multipart/"))  # may not be base64 (RFC 2045 §6.4)
    kind = "application/octet-stream" if composite else content_type
    lines = b";\r\n ".join((b"Content-Disposition: attachment", *_filename(_basename(filename))))
    return f"Content-Type: {kind}\r\n".encode() + lines + b"\r\n"


def _filename(name: str) -> Iterator[bytes]:
    """Yield the parameters that name a file: by RFC 2231 first, since the first is what readers of both take."""
    if not name.isascii():
        pieces = list(_pieces(name))
        for number, piece in enumerate(pieces):
            section = f"*{number}" if len(pieces) > 1 else ""
            yield f"filename{section}*={piece}".encode()
    plain = name.encode("ascii", "replace").decode().replace("?", "_") if not name.isascii() else name
    yield ('filename="' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"').encode()


def _pieces(name: str) -> Iterator[str]:
    """Yield a name by percent signs in pieces that fit a line, cut between characters."""
    piece = "utf-8''"
    for char in name:
        coded = quote(char, safe="")
        if len(piece) + len(coded) > WIDTH - len(" filename*99*=;"):
            yield piece
            piece = ""
        piece += coded
    yield piece


def _basename(filename: str) -> str:
    name = _INVISIBLE.sub("", re.split(r"[/\\]", filename)[-1]).strip() or "attachment"
    if len(name) <= LONGEST_FILENAME:
        return name
    stem, dot, ending = name.rpartition(".")
    kept = dot + ending if stem and len(ending) <= 10 else ""  # noqa: PLR2004 - longer than any ending in use
    return name[: LONGEST_FILENAME - len(kept)] + kept


def _phrase(display: str, before: int) -> bytes:
    """Return a display name as atoms, as a quoted string or coded, whichever is the plainest that holds it."""
    if not display.isascii() or not display.isprintable() or "=?" in display or before + len(display) > WIDTH - 2:
        return _coded(display, before)
    if not display or _ATOMS.match(display):
        return display.encode()
    return b'"' + display.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


def _coded(value: str, before: int) -> bytes:
    """Return encoded words (RFC 2047, B), cut between characters; `before` columns of the first line are taken."""
    data = value.encode()
    words: list[bytes] = []
    start = 0
    room = (_CODED_WORD - _CODED_FRAME - before) // 4 * 3
    while start < len(data):
        end = start + room
        while end < len(data) and data[end] & 0xC0 == 0x80:  # noqa: PLR2004 - inside a character of UTF-8
            end -= 1
        words.append(b"=?utf-8?b?" + b64encode(data[start:end]) + b"?=")
        start = end
        room = (_CODED_WORD - _CODED_FRAME) // 4 * 3
    return b"\r\n ".join(words)


def _refuse_control(name: str, value: str) -> None:
    if _CONTROL.search(value):
        raise ValueError(f"{name}: control character in {value!r}")


def _checked(name: str, header: bytes) -> bytes:
    if max(len(line) for line in header.split(b"\r\n")) > LONGEST_LINE:
        raise ValueError(f"{name}: longer than {LONGEST_LINE} characters")
    return header
