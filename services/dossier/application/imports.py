"""Contacts are imported from lists: each line stands by itself, and a wrong one is refused by line and column."""

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import IO, Protocol
from uuid import UUID, uuid4

import orjson
import structlog

from services.dossier.application.contact_lines import columns_of, read_line, with_fields
from services.dossier.application.contacts import Contacts, Count, Stated, taken
from services.dossier.application.ports import Tables
from services.dossier.application.recipients import Line, Sheets
from services.dossier.domain.contact_import import ContactImport
from services.dossier.domain.refusal import Refused, Wrong
from shared.blobs import Blob, BlobDamaged, BlobMissing, Blobs
from shared.store import Row, Store, StoreUnavailable

_log = structlog.get_logger()
SMALL = 2_000  # lines of a list that is imported while its sender waits
_AT_ONCE = 1_000  # lines in one transaction, which lie in one blob
_BLOBS = 10  # kept in one transaction of theirs
_KEPT = timedelta(days=30)  # how long can be seen what became of a list
_PAUSE = 1.0  # seconds before a database that refused is tried again


class ImportTables(Protocol):
    """The imports, and the lines they refused."""

    def row(self, job: ContactImport) -> Row:
        """Return the row that keeps how far an import is."""
        ...

    def refused(self, import_id: UUID, wrongs: Sequence[Wrong]) -> list[Row]:
        """Return the rows that keep why lines were refused."""
        ...

    async def find(self, import_id: UUID) -> ContactImport | None:
        """Return an import."""
        ...

    async def latest(self, limit: int) -> list[ContactImport]:
        """Return the imports that began last, newest first."""
        ...

    async def waiting(self) -> list[UUID]:
        """Return the imports that are not at their end, oldest first."""
        ...

    async def wrongs(self, import_id: UUID, after: int, limit: int) -> list[Wrong]:
        """Return why lines were refused, by line, of those behind line `after`."""
        ...

    def forgotten(self, before: datetime) -> list[Row]:
        """Return the changes that forget the imports that ended before then."""
        ...


class Imports:
    """Takes on lists of contacts, and works each to its end; several are worked in turn."""

    def __init__(
        self,
        store: Store,
        standing: Tables,
        tables: ImportTables,
        blobs: Blobs,
        sheets: Sheets,
        contacts: Contacts,
    ) -> None:
        self._store = store
        self._standing = standing
        self._tables = tables
        self._blobs = blobs
        self._sheets = sheets
        self._contacts = contacts
        self._open: deque[UUID] = deque()
        self._woken = asyncio.Event()

    async def begin(self, file: IO[bytes], started_by: str) -> ContactImport:
        """Take on a list, CSV or XLSX; a small one is imported when this returns, a bigger one in the background.

        Raises `Refused` for what is no list, or lacks a column that is needed.
        """
        attempt = uuid4()
        columns, chunks, lines = await self._keep(attempt, file)
        job = ContactImport(uuid4(), columns, chunks, lines, datetime.now(UTC), started_by)
        kept = [self._tables.row(job), self._standing.settled(attempt)]
        await self._store.record(rows=[*self._tables.forgotten(job.started_at - _KEPT), *kept])
        if lines <= SMALL:
            while not await self.work_on(job):
                pass
        else:
            self._open.append(job.import_id)
            self._woken.set()
        return job

    async def find(self, import_id: UUID) -> ContactImport:
        """Return how far an import is; raise `Refused` (404) where there is none."""
        found = await self._tables.find(import_id)
        if found is None:
            raise Refused([Wrong("", "unknown_import")], status=404)
        return found

    async def latest(self, limit: int) -> list[ContactImport]:
        """Return the imports that began last, newest first."""
        return await self._tables.latest(limit)

    async def wrongs(self, import_id: UUID, after: int, limit: int) -> list[Wrong]:
        """Return why lines were refused, by line, of those behind line `after`."""
        return await self._tables.wrongs(import_id, after, limit)

    async def run(self) -> None:
        """Work what an earlier life left, and each new list, until cancelled."""
        self._open.extend(one for one in await self._tables.waiting() if one not in self._open)
        while True:
            self._woken.clear()
            if not self._open:
                await self._woken.wait()
            import_id = self._open.popleft()
            try:
                if not await self.work_on(await self.find(import_id)):
                    self._open.append(import_id)
            except StoreUnavailable as error:
                _log.warning("an import waits for the database", import_id=str(import_id), error=str(error))
                self._open.append(import_id)
                await asyncio.sleep(_PAUSE)

    async def work_on(self, job: ContactImport) -> bool:
        """Enter the next lines of a list; return whether it is at its end."""
        if job.state == "waiting" and job.done < job.lines:
            try:
                lines = await asyncio.to_thread(self._next_of, job)
            except (BlobMissing, BlobDamaged) as error:
                _log.error("the rest of an import is lost", import_id=str(job.import_id), blob=str(error))
                await asyncio.to_thread(self._blobs.delete, job.chunks)
                job.state = "lost"
            else:
                await self._enter(job, lines)
        if job.state == "waiting" and job.done == job.lines:
            await asyncio.to_thread(self._blobs.delete, job.chunks)
            job.state = "done"
        if job.state == "waiting":
            return False
        job.ended_at = datetime.now(UTC)
        await self._store.record(rows=[self._tables.row(job)])
        return True

    async def _enter(self, job: ContactImport, lines: Sequence[Line]) -> None:
        read = [read_line(job.columns, number, cells) for number, cells in lines]
        stated = [(number, one) for (number, _), one in zip(lines, read, strict=True) if isinstance(one, Stated)]
        known = await self._contacts.known({place for _, one in stated for place in (one.address, one.address.base)})
        kinds = {place: contact.address.kind for place, contact in known.items()}
        wrongs = [one for one in read if isinstance(one, Wrong)]
        free = []
        for number, one in stated:
            wrong = taken(known, one.address)
            if wrong is None and kinds.setdefault(one.address.base.place, one.address.kind) != one.address.kind:
                values = {"number": one.address.number, "kind": kinds[one.address.base.place]}
                wrong = Wrong("number", "number_taken", values)
            if wrong:
                wrongs.append(Wrong(wrong.field, wrong.code, wrong.values, (number, wrong.field)))
            else:
                free.append(with_fields(one, known.get(one.address.place)))

        def noted(count: Count) -> list[Row]:
            after = _advanced(job, len(lines), count, len(wrongs))
            return [self._tables.row(after), *self._tables.refused(job.import_id, wrongs)]

        count = await self._contacts.enter(free, noted, known)
        vars(job).update(vars(_advanced(job, len(lines), count, len(wrongs))))

    async def _keep(self, attempt: UUID, file: IO[bytes]) -> tuple[list[str], list[str], int]:
        """Keep the lines of a list; return its columns, the blobs, and how many lines there are."""
        chunks: list[str] = []
        count = 0
        lines = self._sheets.lines(file)
        try:
            header = await asyncio.to_thread(next, lines, None)
            columns = columns_of(header[1] if header else None)
            while bunch := await asyncio.to_thread(_bunch, lines):
                count += sum(len(part) for part in bunch)
                blobs = await asyncio.to_thread(lambda parts: [_frozen(part) for part in parts], bunch)
                fresh = [sha256(blob.content).hexdigest() for blob in blobs]
                chunks += fresh
                await self._store.record(rows=[self._standing.freezing(attempt, fresh)])
                await asyncio.to_thread(self._blobs.put_many, blobs)
        except BaseException:
            await asyncio.to_thread(self._blobs.delete, chunks)
            await self._store.record(rows=[self._standing.settled(attempt)])
            raise
        finally:
            await asyncio.to_thread(lines.close)
        return columns, chunks, count

    def _next_of(self, job: ContactImport) -> list[Line]:
        content = self._blobs.get(job.chunks[job.done // _AT_ONCE])
        try:
            lines: list[Line] = orjson.loads(content)[1]
        except orjson.JSONDecodeError:  # it holds what is no text
            lines = json.loads(content)[1]
        return lines


def _advanced(job: ContactImport, lines: int, count: Count, refused: int) -> ContactImport:
    return ContactImport(
        **{
            **vars(job),
            "done": job.done + lines,
            "recorded": job.recorded + count.recorded,
            "changed": job.changed + count.changed,
            "unchanged": job.unchanged + count.unchanged,
            "refused": job.refused + refused,
        }
    )


def _bunch(lines: Iterator[Line]) -> list[list[Line]]:
    """Return the next lines, those of each blob apart."""
    parts = (list(islice(lines, _AT_ONCE)) for _ in range(_BLOBS))
    return [part for part in parts if part]


def _frozen(lines: Sequence[Line]) -> Blob:
    """Return lines as a blob like no other, so that nobody else's goes with it; what is no text comes through."""
    said = [uuid4().hex, lines]
    try:
        content = orjson.dumps(said)
    except TypeError:
        content = json.dumps(said).encode()
    return Blob(content, "until_deleted", compress=True)
