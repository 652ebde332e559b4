"""What the mail of a row was made of: its request as it was told, by which the same parts can be made again."""

from collections.abc import Callable
from uuid import UUID

from services.dossier.domain.processing import Processing
from services.dossier.domain.refusal import Refused, Wrong
from shared.contracts import Message
from shared.contracts.dossier import DossierItemRequested
from shared.store import Store


class Requests:
    """Finds requests; `told` says of a recorded one what was told of it."""

    def __init__(self, store: Store, told: Callable[[object], Message | None]) -> None:
        self._store = store
        self._told = told

    async def made_of(self, processing_id: UUID, mail_id: UUID) -> DossierItemRequested:
        """Return the request that the parts of a mail were made of: its own, or that of the mail it repeats unchanged.

        Raises `Refused`: `unknown_row`, `unknown_mail`, `erased`, `merge_data_expired`.
        """
        row = await self._store.load(Processing, processing_id)
        if row is None:
            raise _refused("unknown_row")
        request = row.made_of(mail_id)
        if request is None:
            raise _refused("unknown_mail")
        if request.recipient is None:
            raise _refused("erased")
        if request.merge is None:
            raise _refused("merge_data_expired")
        told = self._told(request)
        assert isinstance(told, DossierItemRequested)  # noqa: S101 -- that is what is told of a request
        return told


def _refused(code: str) -> Refused:
    return Refused([Wrong("mail_id", code)], status=409)
