"""Runs under way: of a paused one no mail leaves, of a cancelled one all that is not on its way is settled unsent."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from services.mailer.application.book import Book
from services.mailer.application.ports import Due, SaidOfRuns
from services.mailer.domain.delivery import Delivery
from services.mailer.domain.run import Said, Standing
from shared.contracts.dossier import RunCancelled, RunPaused, RunResumed
from shared.store import Conflict

_AT_ONCE = 250  # mails settled together


class Runs:
    """What operators said of runs, and what follows for their mails; `wake` is called when mails may leave again."""

    def __init__(self, book: Book, due: Due, said: SaidOfRuns) -> None:
        self._book = book
        self._due = due
        self._said = said
        self.wake: Callable[[], None] = lambda: None

    async def pause(self, run: RunPaused) -> None:
        """Let no mail of the run leave; what is being handed over ends as it ends."""
        await self._said.note(run.run_id, Said(run.version, "paused", run.at))

    async def resume(self, run: RunResumed) -> None:
        """Let the mails of the run leave again."""
        await self._said.note(run.run_id, Said(run.version, "resumed", run.at))
        self.wake()

    async def cancel(self, run: RunCancelled) -> None:
        """Settle what waits of the run; what comes later of it is settled when it comes."""
        await self._said.note(run.run_id, Said(run.version, "cancelled", run.at))
        standing = await self.standing(run.run_id)
        waiting = await self._due.of_run(run.run_id)
        for start in range(0, len(waiting), _AT_ONCE):
            await asyncio.gather(*(self._settle(mail_id, standing) for mail_id in waiting[start : start + _AT_ONCE]))
        self.wake()

    async def standing(self, run_id: UUID | None) -> Standing:
        """Return how a run stands; that of a mail of no run is as if nothing was said."""
        return await self._said.standing(run_id)

    async def settle(self, delivery: Delivery) -> None:
        """Settle a mail that was queued just now, if its run was cancelled meanwhile.

        Whoever cancels writes that down and then looks at the queue; whoever queues a mail asks afterwards: one of
        the two sees the other.
        """
        standing = await self.standing(delivery.run_id)
        if standing.cancels(delivery.asked_at):
            await self._settle(delivery.id, standing)

    async def _settle(self, mail_id: UUID, standing: Standing) -> None:
        while True:
            delivery = await self._book.find(mail_id)
            if delivery is None or not delivery.waits or not standing.cancels(delivery.asked_at):
                return
            delivery.cancel("cancelled")
            try:
                await self._book.record(delivery, self._due.settled(mail_id))
            except Conflict:  # an attempt began or ended at this very moment
                continue
            return
