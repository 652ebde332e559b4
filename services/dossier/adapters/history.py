"""Asks the history at its door."""

from uuid import UUID

from shared.contracts.asks import RunFound, RunWanted
from shared.messaging import Asking, NoAnswer


class AskedHistory:
    """The history, asked over NATS."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def is_complete(self, run_id: UUID) -> bool | None:
        """Return what the history says of a run, None where it does not answer in time or has not heard of it."""
        try:
            found = await self._asking.ask("history", "run", RunWanted(run_id=run_id), RunFound)
        except NoAnswer:
            return None
        return found.complete
