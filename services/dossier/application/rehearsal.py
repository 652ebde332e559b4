"""The rehearsal: what a request would come to, before anything of it is recorded."""

import asyncio
from dataclasses import dataclass

import structlog

from services.dossier.application.attachments import Attachments
from services.dossier.application.checking import Checking, Checks
from services.dossier.application.drafting import Renderer
from services.dossier.application.judging import Judging
from services.dossier.application.ports import Mailer
from services.dossier.application.previewing import Previewing, Previews
from shared.blobs import Blobs
from shared.store import Store, StoreUnavailable

_log = structlog.get_logger()
_EVERY = 60.0  # seconds between two looks for what has come to its end


@dataclass(frozen=True)
class Rehearsal:
    """The use cases of whoever looks before he leaps; what they keep has an end."""

    previewing: Previewing
    checking: Checking

    async def run(self) -> None:
        """Let go of what has come to its end, until cancelled."""
        while True:
            try:
                await self.previewing.sweep()
                await self.checking.sweep()
            except StoreUnavailable as error:
                _log.warning("what has ended stays for now", error=str(error))
            await asyncio.sleep(_EVERY)


def a_rehearsal(
    store: Store,
    tables: tuple[Previews, Checks],
    blobs: Blobs,
    attachments: Attachments,
    judging: Judging,
    others: tuple[Renderer, Mailer],
) -> Rehearsal:
    """Return the rehearsal, wired."""
    previews, checks = tables
    renderer, mailer = others
    return Rehearsal(
        Previewing(store, previews, blobs, attachments, judging, renderer, mailer),
        Checking(store, checks, judging, renderer),
    )
