"""Sweeps the parts of mails that are not recorded separately, once no mail needs them and they are old (A4)."""

import asyncio
import time
from datetime import timedelta

import structlog

from services.mailer.application.ports import NeededParts
from shared.blobs import Blobs, BlobsUnavailable, Old, Swept
from shared.store import StoreUnavailable

_log = structlog.get_logger()
_EVERY = 600.0  # seconds between sweeps; the first comes as late, so that what was rendered meanwhile is heard of
_SHORTEST = timedelta(hours=1)  # for what is being asked for right now: a mail sent again with the same content
_A_DAY = timedelta(days=1)
_AT_ONCE = 100  # blobs in one transaction, for which whoever puts blobs has to wait
_PAUSE = 0.05  # seconds in which others have their turn


class Sweep:
    """Lets blobs go; nothing is to be remembered of it, so it may die at any moment and several may sweep at once.

    A part goes when every mail that names it is final and for as long as `kept` says it was neither made, nor found to
    be needed, nor wanted for a mail sent again. What was made only to be looked at goes after a day.
    """

    def __init__(self, needed: NeededParts, blobs: Blobs, kept: timedelta) -> None:
        self._needed = needed
        self._blobs = blobs
        self._kept = max(kept, _SHORTEST)

    async def run(self) -> None:
        """Sweep from time to time, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.sweep(time.time())
            except (StoreUnavailable, BlobsUnavailable) as error:
                _log.warning("the sweep is put off", error=str(error))

    async def sweep(self, now: float) -> None:
        """Let go of everything whose time has come by now (seconds since 1970)."""
        await self._sweep("while_needed", now - self._kept.total_seconds())
        await self._sweep("a_day", now - _A_DAY.total_seconds())

    async def _sweep(self, lasts: Swept, before: float) -> None:
        looked_at, last = 0, None
        while found := await asyncio.to_thread(self._blobs.old, lasts, before, _AT_ONCE, last):
            await self._let_go(found, lasts, before)
            looked_at, last = looked_at + len(found), found[-1]
            await asyncio.sleep(_PAUSE)
        if looked_at:
            _log.info("swept", lasts=lasts, looked_at=looked_at)

    async def _let_go(self, found: list[Old], lasts: Swept, before: float) -> None:
        """Let go of these but for those needed; the blobs see to it that one put again at this very moment stays.

        Those needed last as if they were put now: they are not looked at again for as long.
        """
        sha256s = [one.sha256 for one in found]
        needed = await self._needed.still_needed(sha256s)
        await asyncio.to_thread(self._blobs.sweep, [one for one in sha256s if one not in needed], lasts, before)
        await asyncio.to_thread(self._blobs.keep_on, sorted(needed))
