"""Asks the dossier at its door."""

from uuid import UUID

from shared.contracts.asks import RequestWanted
from shared.contracts.dossier import DossierItemRequested
from shared.messaging import Asking, NoAnswer, Refusal


class AskedDossier:
    """The dossier, asked over NATS."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def made_of(self, processing_id: UUID, mail_id: UUID) -> DossierItemRequested:
        """Return what the parts of a mail were made of; raise `Refusal`, also where nobody answers in time."""
        wanted = RequestWanted(processing_id=processing_id, mail_id=mail_id)
        try:
            return await self._asking.ask("dossier", "request", wanted, DossierItemRequested)
        except NoAnswer as silence:
            raise Refusal("no_answer", str(silence)) from silence
