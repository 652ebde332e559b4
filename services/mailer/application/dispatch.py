"""Sees to it that what is due is sent: one office per mail server, and nothing left lying by a mailer that died."""

import asyncio

import structlog

from services.mailer.application.office import Office
from services.mailer.application.tools import Tools
from shared.contracts.dossier import MailServerSet
from shared.store import Conflict, StoreUnavailable

_log = structlog.get_logger()
_RENEW = 20.0  # seconds between renewals of leases, which last three times as long


class Dispatch:
    """Opens an office for each mail server, and opens it anew when the server is set up otherwise."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._offices: dict[str, Office] = {}
        self._changed: asyncio.Queue[tuple[str, MailServerSet | None]] = asyncio.Queue()
        self._draining = False

    def wake(self) -> None:
        """Have every office look for due mails at once."""
        for office in self._offices.values():
            office.wake()

    def serve(self, server: MailServerSet) -> None:
        """Use a mail server as set up."""
        self._changed.put_nowait((server.mail_server_id, server))

    def leave(self, server_id: str) -> None:
        """Use a mail server no more: what it has in hand is finished, all else waits."""
        self._changed.put_nowait((server_id, None))

    async def run(self) -> None:
        """Dispatch until cancelled."""
        await self.settle_orphans()
        for server in await self._tools.servers.all():
            self.serve(server)
        async with asyncio.TaskGroup() as work:
            work.create_task(self._keep_leases())
            while True:
                server_id, changed = await self._changed.get()
                if before := self._offices.get(server_id):
                    await before.drain()
                    del self._offices[server_id]
                if self._draining or changed is None:
                    continue
                office = Office(changed, self._tools)
                self._offices[server_id] = office
                work.create_task(office.run(), name=f"office {server_id}")

    async def drain(self) -> None:
        """Take nothing new, and wait for the answers to what is being handed over."""
        self._draining = True
        await asyncio.gather(*(office.drain() for office in self._offices.values()))

    async def settle_orphans(self) -> None:
        """Put in doubt what a mailer that died was handing over, and give back the rest of what it had claimed."""
        free = []
        for mail_id in await self._tools.due.orphans():
            delivery = await self._tools.book.find(mail_id)
            if delivery is None or delivery.open_attempt is None:
                free.append(mail_id)
                continue
            delivery.doubt()
            try:
                await self._tools.book.record(delivery, self._tools.due.settled(mail_id))
                _log.warning("in doubt: the mailer died during the attempt", mail=str(mail_id))
            except Conflict:
                _log.info("its mailer lives after all", mail=str(mail_id))
        await self._tools.due.adopt(free)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(_RENEW)
            try:
                await self._tools.due.renew()
                await self.settle_orphans()
            except StoreUnavailable as error:
                _log.error("the store is away", error=str(error))
            self.wake()
