"""The way to one mail server: shut for a while when it can't be used, one knock at a time, no faster than allowed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.mailer.domain.pace import server_pause

_log = structlog.get_logger()
_A_ROW = 3  # refusals of us (5yz to log-in, relaying or policy) or lost lines that shut the gate


class Gate:
    """Lets postmen through; after a failure one of them knocks, and the others wait for what comes of it."""

    def __init__(self, server_id: str, max_per_minute: int | None) -> None:
        self._server_id = server_id
        self._every = 60 / max_per_minute if max_per_minute else 0.0
        self._next_turn = 0.0
        self._failures = 0
        self._in_a_row = 0
        self._shut_until = 0.0
        self._knocking = asyncio.Lock()
        self._closing = asyncio.Event()

    @property
    def pause(self) -> float:
        """How many seconds the gate stays shut."""
        return max(0.0, self._shut_until - time.monotonic())

    def close(self) -> None:
        """Let nobody through any more; whoever waits goes home."""
        self._closing.set()

    def shut(self, reason: str, *, permanent: bool = False) -> None:
        """Shut for a while, longer with each failure in a row; `permanent` ones are for a person to mend.

        What was on its way when it was shut tells nothing new: ten lines that break together are one failure.
        """
        if self.pause:
            return
        self._failures += 1
        self._shut_until = time.monotonic() + server_pause(self._failures)
        say = _log.error if permanent else _log.warning
        say("mail server paused", server=self._server_id, seconds=round(self.pause, 1), reason=reason)

    def refused_us(self, reason: str) -> None:
        """Note that the server would not have a mail of ours; one may be the recipient's affair, a row is our own."""
        self._count(reason, permanent=True)

    def lost(self, reason: str) -> None:
        """Note that the line was lost over a mail; one may be that mail's affair, a row is the server's."""
        self._count(reason, permanent=False)

    def worked(self) -> None:
        """Note that the server answered for the mail and not against us."""
        if self._failures:
            _log.info("mail server works again", server=self._server_id)
        self._failures = 0
        self._in_a_row = 0
        self._shut_until = 0.0

    def _count(self, reason: str, *, permanent: bool) -> None:
        self._in_a_row += 1
        if self._in_a_row >= _A_ROW:
            self.shut(reason, permanent=permanent)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Wait for a turn and hold it; False = the gate closes for good."""
        if not await self._keep_pace():
            yield False
            return
        if not self._failures:
            yield not self._closing.is_set()
            return
        async with self._knocking:
            yield await self._wait(self.pause)

    async def _keep_pace(self) -> bool:
        if not self._every:
            return True
        now = time.monotonic()
        turn = max(self._next_turn, now)
        self._next_turn = turn + self._every
        return await self._wait(turn - now)

    async def _wait(self, seconds: float) -> bool:
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._closing.wait()
            except TimeoutError:
                return True
        return not self._closing.is_set()
