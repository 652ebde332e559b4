"""Parts that are no longer kept are made again, of what they were made of (architecture §7)."""

from typing import Protocol
from uuid import UUID

from services.renderer.application.bench import Bench
from services.renderer.application.jobs import job_of, lasting
from shared.contracts.asks import PartsMade, PartsWanted
from shared.contracts.dossier import DossierItemRequested
from shared.contracts.message import Recipient
from shared.contracts.renderer import Fault
from shared.messaging import Refusal


class Requests(Protocol):
    """Knows what was requested."""

    async def made_of(self, processing_id: UUID, mail_id: UUID) -> DossierItemRequested:
        """Return what the parts of a mail were made of; raise `Refusal`, also where nobody answers."""
        ...


class Remakes:
    """Makes parts again, with the engines of today: the same bytes where those and the fonts are the same."""

    def __init__(self, bench: Bench, requests: Requests) -> None:
        self._bench = bench
        self._requests = requests

    async def make(self, wanted: PartsWanted) -> PartsMade:
        """Return the parts, kept for as long as they would have been; raise `Refusal`."""
        request = await self._requests.made_of(wanted.processing_id, wanted.mail_id)
        job = job_of(request, request, request.recipient or Recipient(), lasts=lasting(request))
        made = await self._bench.make(job, urgent=True)
        if isinstance(made, Fault):
            raise Refusal("not_remade", f"the layout {made.layout_id or '–'} can't be merged any more")
        return PartsMade(parts=made.parts, engines=dict(made.engines))
