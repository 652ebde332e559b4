"""Drafts: messages that nothing is recorded of are tried out, by the hundred, or shown; letters are made to print."""

import asyncio

from services.renderer.application.bench import Bench
from services.renderer.application.jobs import job_of, print_job
from shared.contracts.asks import LettersMade, LettersWanted, PrintMade
from shared.contracts.drafts import Addressee, Draft, PreviewMade, PreviewWanted, Tried, TriedOut, TryOut
from shared.contracts.message import Recipient
from shared.contracts.renderer import Fault


class Drafts:
    """Renders what is not requested yet, with the engine and the layouts that would make it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def try_out(self, wanted: TryOut) -> TriedOut:
        """Return what would come of each recipient's message, in order; nothing is kept of it (FR-94)."""
        return TriedOut(results=tuple(await asyncio.gather(*(self._try(wanted.draft, to) for to in wanted.to))))

    async def preview(self, wanted: PreviewWanted) -> PreviewMade:
        """Make one recipient's message to be looked at, before whatever else waits (FR-42, FR-43)."""
        job = job_of(
            wanted.draft,
            wanted.to,
            wanted.to.recipient or Recipient(),
            lasts="while_needed",
            kept=wanted.keep,
            shown_pages=wanted.pages,
        )
        made = await self._bench.make(job, urgent=True)
        if isinstance(made, Fault):
            return PreviewMade(fault=_told(made))
        return PreviewMade(
            preview=made.shown,
            parts=made.parts if wanted.keep else None,
            engines=dict(made.engines),
            warnings=made.warnings,
        )

    async def print_letters(self, wanted: LettersWanted) -> LettersMade:
        """Make PDFs of Word letters as they stand, in order; each lies in a blob that whoever asked takes away."""
        made = await asyncio.gather(*(self._bench.make(print_job(letter)) for letter in wanted.letters))
        return LettersMade(
            results=tuple(
                PrintMade(fault=_told(one)) if isinstance(one, Fault) else PrintMade(preview=one.shown) for one in made
            )
        )

    async def _try(self, draft: Draft, to: Addressee) -> Tried:
        made = await self._bench.make(job_of(draft, to, to.recipient or Recipient(), kept=False))
        return Tried(fault=_told(made)) if isinstance(made, Fault) else Tried(warnings=made.warnings)


def _told(fault: Fault) -> Fault:
    """Return a fault as it is told: of the contract's own kind, whatever kind it was here."""
    return Fault.model_validate(fault.model_dump())
