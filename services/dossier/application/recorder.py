"""Accepted runs are recorded in the background, chunk by chunk and in turn, so that a small one overtakes a big one."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from eventsourcing.domain import CanMutateAggregate

from services.dossier.application.contacts import Contacts, Stated
from services.dossier.application.ports import Tables
from services.dossier.application.shelf import TaskTable
from services.dossier.domain.contact import Contact
from services.dossier.domain.frozen import Row, people, read, thaw
from services.dossier.domain.identity import item_id_of, processing_id_of
from services.dossier.domain.item import DossierItem
from services.dossier.domain.processing import Processing
from services.dossier.domain.run import CHUNK, Run
from shared.blobs import BlobDamaged, BlobMissing, Blobs
from shared.store import Conflict, Store, StoreUnavailable, unseal
from shared.store import Row as TableRow

_log = structlog.get_logger()
_PAUSE = 1.0  # seconds before a database that refused is tried again


@dataclass
class _Ready:
    rows: Sequence[Row]
    events: Sequence[CanMutateAggregate[UUID]]


@dataclass
class _Held:
    """A run in hand between two of its chunks, the next of which may be ready already."""

    run: Run
    ready: _Ready | None = None


class Recorder:
    """Records the items of accepted runs; what was open when it died it takes up again."""

    def __init__(self, store: Store, tables: Tables, blobs: Blobs, contacts: Contacts, tasks: TaskTable) -> None:
        self._store = store
        self._tasks = tasks
        self._tables = tables
        self._blobs = blobs
        self._contacts = contacts
        self._open: deque[UUID] = deque()
        self._held: dict[UUID, _Held] = {}
        self._woken = asyncio.Event()

    def take_up(self, run_id: UUID) -> None:
        """Record this run too, in turn."""
        self._open.append(run_id)
        self._woken.set()

    async def run(self) -> None:
        """Record until cancelled."""
        for run_id in await self._tables.open_runs():
            self.take_up(run_id)
        while True:
            self._woken.clear()
            if not self._open:
                await self._woken.wait()
            run_id = self._open.popleft()
            try:
                if not await self.record_next(run_id):
                    self._open.append(run_id)
            except (BlobMissing, BlobDamaged) as error:
                _log.error("a run is set aside: its destinations are lost", run_id=str(run_id), blob=str(error))
            except StoreUnavailable as error:
                _log.warning("items wait for the database", run_id=str(run_id), error=str(error))
                self._open.append(run_id)
                await asyncio.sleep(_PAUSE)

    async def finish(self, run_id: UUID) -> None:
        """Record a run to its end now, for whoever waits for it; another one at it as well does no harm."""
        while not await self.record_next(run_id):
            pass

    async def record_next(self, run_id: UUID) -> bool:
        """Record the next chunk of a run; return whether it is done, or paused until it is taken up again."""
        held = self._held.pop(run_id, None) or await self._held_of(run_id)
        run = held.run
        if run.is_recorded:
            await self._close(run)
            return True
        if run.state == "paused":
            return True
        ready = held.ready or await self._prepare(run, run.recorded)
        if ready is None:
            return await self._was_closed(run)
        contacts = await self._new_of(ready.rows)
        run.chunk_recorded()
        rows = [*self._contacts.rows(contacts), *(self._begun(ready.events) if run.task else ())]
        commit = asyncio.create_task(self._store.record(*contacts, run, events=ready.events, rows=rows))
        is_last = run.recorded == len(run.chunks)
        held.ready = None if is_last else await self._prepare(run, run.recorded)  # while the commit runs
        try:
            await commit
        except Conflict:  # with a contact changed, an operator's word on the run, or another recorder: look again
            return False
        if is_last:
            await self._close(run)
        else:
            self._held[run_id] = held
        return is_last

    async def _held_of(self, run_id: UUID) -> _Held:
        run = await self._store.load(Run, run_id)
        assert run is not None  # noqa: S101 -- it was opened in the transaction that started it
        return _Held(run)

    async def _prepare(self, run: Run, index: int) -> _Ready | None:
        """Return a chunk ready to be recorded, None where its blob is gone."""

        def prepare() -> _Ready:
            frozen = read(self._blobs.get(run.chunks[index]))
            self._store.keyring.make(people(frozen))  # all at once, instead of each when it is needed
            rows = thaw(run.id, index, frozen, self._unseal)
            places, at = enumerate(rows, index * CHUNK), datetime.now(UTC)
            return _Ready(rows, [event for number, row in places for event in _happened(run, row, number, at)])

        try:
            return await asyncio.to_thread(prepare)
        except BlobMissing:
            return None

    def _begun(self, events: Sequence[CanMutateAggregate[UUID]]) -> Iterator[TableRow]:
        """Yield the rows of the tasks that items have from the start."""
        for event in events:
            if isinstance(event, DossierItem.Recorded):
                item: DossierItem | None = event.mutate(None)
                assert item is not None  # noqa: S101 -- it begins with this fact
                yield self._tasks.row(item.id, item.open_task)

    async def _close(self, run: Run) -> None:
        """Let the frozen destinations go; done again if this is not heard of to the end."""
        await asyncio.to_thread(self._blobs.delete, run.chunks)
        await self._store.record(rows=[self._tables.closed(run.id)])

    async def _was_closed(self, run: Run) -> bool:
        """Return that another recorder was faster; raise `BlobMissing` where the destinations are lost."""
        latest = await self._store.load(Run, run.id)
        if latest is None or not latest.is_recorded:
            raise BlobMissing(run.chunks[run.recorded])
        return True

    async def _new_of(self, rows: Sequence[Row]) -> list[Contact]:
        stated = [
            Stated(row.address, row.stated, datetime.fromisoformat(row.stated_as_of))
            for row in rows
            if row.stated is not None and row.stated_as_of
        ]
        if not stated:
            return []
        known = await self._contacts.known({place for one in stated for place in (one.address, one.address.base)})
        _, contacts = await self._contacts.decide(stated, known)
        return contacts

    def _unseal(self, person: str, sealed: bytes, place: bytes) -> dict[str, Any] | None:
        key = self._store.keyring.find(person)
        return unseal(key, sealed, place) if key else None


def _happened(run: Run, row: Row, number: int, at: datetime) -> Iterator[CanMutateAggregate[UUID]]:
    """Yield what happens to a row: an item of its own is recorded, and its first mail or letter asked for, if any."""
    item_id = item_id_of(run.id, row.address.d if run.separately else None)
    if run.separately:
        yield from _recorded(run, row, item_id, number, at)
    if run.rows:
        yield _issued(run, row, item_id, at)


def _recorded(run: Run, row: Row, item_id: UUID, number: int, at: datetime) -> Iterator[CanMutateAggregate[UUID]]:
    recorded = DossierItem.recorded(
        item_id,
        at,
        run_id=run.id,
        person=run.person,
        type=run.content["type"],
        subject=run.content["subject"],
        comment=run.comment,
        issue_method=run.content["issue_method"],
        record_separately=True,
        destinations=[row.address._asdict()],
        attachments=run.content["attachments"],
        submitted_by=run.submitted_by,
        fields=run.fields_of(number),
        verbatim=run.verbatim,
        **run.entered,
    )
    yield recorded
    if run.auto_document:
        item: DossierItem | None = recorded.mutate(None)
        assert item is not None  # noqa: S101 -- it begins with this fact
        item.request_auto_document(run.auto_document, run.content, run.document_date, row)
        yield from item.collect_events()


def _issued(run: Run, row: Row, item_id: UUID, at: datetime) -> CanMutateAggregate[UUID]:
    processing_id = processing_id_of(item_id, row.address.d)
    facts: dict[str, Any] = {
        "run_id": run.id,
        "item_id": item_id,
        "person": row.person,
        "destination": row.address._asdict(),
        "recipient": row.recipient,
        "merge": row.merge,
        "content": run.content,
        "body_text": run.body_text,
        "document_date": run.document_date,
        "operator": run.submitted_by,
    }
    if exclusion := row.exclusion or run.exclusion:
        return Processing.exclude(processing_id, at, status=exclusion[0], reason=exclusion[1], **facts)
    return Processing.request(processing_id, at, **facts)
