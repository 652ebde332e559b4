"""The destinations of a request are frozen while it is judged: chunk by chunk, thrown away if it is refused."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from services.dossier.application.judging import Judged
from services.dossier.domain.addressees import Addressees
from services.dossier.domain.frozen import Row, freeze
from services.dossier.domain.identity import Address
from services.dossier.domain.run import CHUNK
from shared.blobs import Blob, Blobs
from shared.store import Store, seal

SHOWN = 100  # items of their own that an answer names at most


class Freezing:
    """Freezes the destinations of one request: `chunks` are their blobs in order.

    `addresses` are those of the first ones, of all where they share one item; `language` is the first addressee's,
    `person` whose key seals what is of the one destination, None for several.
    """

    def __init__(self, store: Store, blobs: Blobs, run_id: UUID) -> None:
        self._keyring = store.keyring
        self._blobs = blobs
        self._run_id = run_id
        self.chunks: list[str] = []
        self.addresses: list[Address] = []
        self.language: str | None = None
        self.person: str | None = None

    async def keep(self, judged: Judged, addressees: Addressees) -> None:
        """Freeze these too, unless something is wrong with the request already."""
        if judged.wrongs:
            return
        self.addresses += [row.address for row in addressees.rows[: self._wanted(judged)]]
        if self.language is None and (first := addressees.rows[0].recipient):
            self.language = first["language"]
        if len(judged.intake.destinations) == 1:
            self.person = addressees.rows[0].person
        self.chunks += await asyncio.to_thread(self._freeze, addressees.rows, merges=judged.merges)

    async def forget(self) -> None:
        """Throw away what was frozen."""
        await asyncio.to_thread(self._blobs.delete, self.chunks)

    def _wanted(self, judged: Judged) -> int | None:
        """Return of how many more the addresses are kept, None for all."""
        return max(0, SHOWN - len(self.addresses)) if judged.intake.separately else None

    def _freeze(self, rows: Sequence[Row], *, merges: bool) -> list[str]:
        """Keep the destinations, what is personal sealed; return the blobs in order."""
        self._keyring.make({row.person for row in rows})

        def sealed(person: str, personal: dict[str, Any], place: bytes) -> bytes | None:
            key = self._keyring.find(person)
            return seal(key, personal if merges else {"stated": personal["stated"]}, place) if key else None

        first = len(self.chunks)
        blobs = [
            Blob(freeze(self._run_id, index, rows[start : start + CHUNK], sealed, uuid4().hex), transient=True)
            for index, start in enumerate(range(0, len(rows), CHUNK), first)
        ]
        return [ref.sha256 for ref in self._blobs.put_many(blobs)]
