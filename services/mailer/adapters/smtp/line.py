"""The spoken line to a mail server: bytes out, answers in, and whether the system has taken what was written."""

import asyncio
from collections import deque
from collections.abc import Awaitable

from services.mailer.domain.reply import Answer, readable

LONGEST_ANSWER = 32 * 1024  # bytes; a server that talks longer than this talks nonsense
MOST_ANSWERS = 8  # not yet asked for; one transaction waits for four at most


class Lost(ConnectionError):
    """The line broke, fell silent or ran out of step."""


class Line(asyncio.Protocol):
    """Takes over an open transport, also one under TLS, and reads answers in the order of their commands."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.answers: deque[Answer] = deque()
        self._transport = transport
        self._heard = bytearray()
        self._lines: list[bytes] = []
        self._length = 0
        self._broken: str | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._taken = asyncio.Event()
        self._taken.set()
        # Zero would pause a TLS transport for ever: it compares with >=, and an empty buffer is never below nothing.
        transport.set_write_buffer_limits(high=1)
        transport.set_protocol(self)

    @property
    def gone(self) -> bool:
        """True when nothing can be said any more."""
        return self._broken is not None or self._transport.is_closing()

    def write(self, said: bytes | memoryview) -> None:
        """Hand bytes to the system. Raises Lost, having handed over nothing, if the line is gone."""
        if self.gone:
            raise Lost(self._broken or "the line is closed")
        self._transport.write(said)

    async def taken(self, seconds: float) -> None:
        """Wait until the system has taken all that was written. Raises Lost."""
        if not self._taken.is_set():
            await _within(seconds, self._taken.wait(), "the server takes no more")
        if self._broken is not None:
            raise Lost(self._broken)

    async def answer(self, seconds: float) -> Answer:
        """Return the next answer, waiting for it this long. Raises Lost."""
        while not self.answers:
            if self._broken is not None:
                raise Lost(self._broken)
            self._waiter = asyncio.get_running_loop().create_future()
            await _within(seconds, self._waiter, "no answer")
        return self.answers.popleft()

    def abort(self) -> None:
        """Cut the line."""
        self._transport.abort()

    def pause_writing(self) -> None:
        """Hear from the transport that the system has not taken everything yet."""
        self._taken.clear()

    def resume_writing(self) -> None:
        """Hear from the transport that the system has taken everything."""
        self._taken.set()

    def data_received(self, data: bytes) -> None:
        """Hear bytes, and make answers of whole lines."""
        self._heard += data
        self._length += len(data)
        while (end := self._heard.find(b"\n")) >= 0:
            line = bytes(self._heard[:end]).rstrip(b"\r")
            del self._heard[: end + 1]
            self._read(line)
        if self._length > LONGEST_ANSWER or len(self.answers) > MOST_ANSWERS:
            self._broken = "the server talks too much"
            self.abort()
        self._wake()

    def eof_received(self) -> bool:
        """Hear that the server hung up; what it said before is still read."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the line is gone."""
        self._broken = self._broken or (str(exc) if exc else "the server closed the connection")
        self._taken.set()
        self._wake()

    def _read(self, line: bytes) -> None:
        proper = line[:3].isdigit() and line[3:4] in (b"", b" ", b"-")
        self._lines.append(line[4:] if proper else line)
        if proper and line[3:4] == b"-":
            return
        self.answers.append(Answer(int(line[:3]) if proper else 0, readable(b"\n".join(self._lines))))
        self._lines.clear()
        self._length = len(self._heard)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _within(seconds: float, event: Awaitable[object], silence: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError as late:
        raise Lost(f"{silence} within {seconds:g} s") from late
