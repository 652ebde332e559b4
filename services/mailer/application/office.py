"""The office of one mail server: claims due mails and has its postmen carry them, each over a connection of its own."""

import asyncio
from uuid import UUID

import structlog

from services.mailer.application.gate import Gate
from services.mailer.application.postman import Postman
from services.mailer.application.tools import Tools
from shared.contracts.dossier import MailServerSet
from shared.store import StoreUnavailable

_log = structlog.get_logger()
_LOOK = 5.0  # seconds after which an office looks for due mails even if nobody woke it
_AHEAD = 2  # mails per postman on the counter, so that none waits while the next ones are claimed


class Office:
    """Sends what is due for `server` until drained."""

    def __init__(self, server: MailServerSet, tools: Tools) -> None:
        self._server = server
        self._tools = tools
        self._gate = Gate(server.mail_server_id, server.max_per_minute)
        self._ahead = server.max_connections * _AHEAD
        self._counter: asyncio.Queue[UUID | None] = asyncio.Queue(self._ahead)
        self._woken = asyncio.Event()
        self._closing = False
        self._closed = asyncio.Event()

    def wake(self) -> None:
        """Look for due mails at once."""
        self._woken.set()

    async def run(self) -> None:
        """Work until drained."""
        try:
            async with asyncio.TaskGroup() as staff:
                for _ in range(self._server.max_connections):
                    postman = Postman(self._server, self._tools, self._gate, self.wake)
                    staff.create_task(postman.work(self._counter))
                staff.create_task(self._claim())
        finally:
            self._closed.set()

    async def drain(self) -> None:
        """Claim nothing more, and wait until the postmen have given back what they have not begun."""
        self._closing = True
        self._gate.close()
        self.wake()
        await self._closed.wait()

    async def _claim(self) -> None:
        """Lay due mails on the counter, at most as many as it holds; at the end send the postmen home."""
        while not self._closing:
            self._woken.clear()
            seconds = await self._lay_out()
            if seconds > 0 and not self._closing:
                await self._rest(seconds)
        for _ in range(self._server.max_connections):
            await self._counter.put(None)

    async def _lay_out(self) -> float:
        """Lay what is due on the counter; return for how many seconds there is nothing more."""
        due, server_id = self._tools.due, self._server.mail_server_id
        try:
            claimed = await due.claim(server_id, self._ahead)
            seconds = None if claimed else await due.next_due(server_id)
        except StoreUnavailable as error:
            _log.error("the store is away", error=str(error))
            return _LOOK
        for mail_id in claimed:
            await self._counter.put(mail_id)
        if claimed:
            return 0.0
        return _LOOK if seconds is None else min(max(seconds, 0.01), _LOOK)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
