"""The destinations of a request are frozen while it is judged: chunk by chunk, thrown away if it is refused."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import structlog

from services.dossier.application.judging import Judged
from services.dossier.application.ports import Tables
from services.dossier.domain.addressees import Addressees
from services.dossier.domain.frozen import Row as Destination
from services.dossier.domain.frozen import freeze
from services.dossier.domain.identity import Address
from services.dossier.domain.run import CHUNK
from shared.blobs import Blob, Blobs
from shared.store import Row, Store, StoreUnavailable, seal

_log = structlog.get_logger()
SHOWN = 100  # items of their own that an answer names at most
KEPT = timedelta(hours=6)  # longer than any request takes
_EVERY = 3600.0  # seconds between looks for leftovers


class Freezing:
    """Freezes the destinations of one request: `chunks` are their blobs in order.

    `addresses` are those of the first ones, of all where they share one item; `language` is the first addressee's,
    `person` whose key seals what is of the one destination, None for several.
    """

    def __init__(self, store: Store, tables: Tables, blobs: Blobs, run_id: UUID) -> None:
        self._store = store
        self._tables = tables
        self._blobs = blobs
        self._run_id = run_id
        self._attempt = uuid4()
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
        frozen = await asyncio.to_thread(self._freeze, addressees.rows, merges=judged.merges)
        chunks = [sha256(blob.content).hexdigest() for blob in frozen]
        self.chunks += chunks
        await asyncio.gather(  # at once, since whoever asks for one mail waits for it
            self._store.record(rows=[self._tables.freezing(self._attempt, chunks)]),
            asyncio.to_thread(self._blobs.put_many, frozen),
        )

    def kept(self) -> list[Row]:
        """Return the row changes by which what was frozen stays, written with what refers to it."""
        return [self._tables.settled(self._attempt)] if self.chunks else []

    async def forget(self) -> None:
        """Throw away what was frozen."""
        await asyncio.to_thread(self._blobs.delete, self.chunks)
        await self._store.record(rows=self.kept())

    def _wanted(self, judged: Judged) -> int | None:
        """Return of how many more the addresses are kept, None for all."""
        return max(0, SHOWN - len(self.addresses)) if judged.intake.separately else None

    def _freeze(self, rows: Sequence[Destination], *, merges: bool) -> list[Blob]:
        """Return the destinations frozen, what is personal sealed, in order."""
        keyring = self._store.keyring
        keyring.make({row.person for row in rows})

        def sealed(person: str, personal: dict[str, Any], place: bytes) -> bytes | None:
            key = keyring.find(person)
            return seal(key, personal if merges else {"stated": personal["stated"]}, place) if key else None

        first = len(self.chunks)
        return [
            Blob(freeze(self._run_id, index, rows[start : start + CHUNK], sealed, uuid4().hex), "until_deleted")
            for index, start in enumerate(range(0, len(rows), CHUNK), first)
        ]


class Leftovers:
    """What was frozen for requests whose acceptance died with its process: thrown away some time after."""

    def __init__(self, store: Store, tables: Tables, blobs: Blobs) -> None:
        self._store = store
        self._tables = tables
        self._blobs = blobs

    async def run(self) -> None:
        """Sweep from time to time, until cancelled."""
        while True:
            try:
                await self.sweep(datetime.now(UTC) - KEPT)
            except StoreUnavailable as error:
                _log.warning("leftovers wait for the database", error=str(error))
            await asyncio.sleep(_EVERY)

    async def sweep(self, before: datetime) -> None:
        """Throw away what was left by whoever began before then."""
        for attempt, chunks in (await self._tables.left_frozen(before)).items():
            await asyncio.to_thread(self._blobs.delete, chunks)
            await self._store.record(rows=[self._tables.settled(attempt)])
