"""Requests are accepted: everything is checked first, then one run stands for all of it, or nothing of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.dossier.application.attachments import Attachments
from services.dossier.application.contacts import Contacts
from services.dossier.application.ports import Tables
from services.dossier.domain.address import ConsentMode
from services.dossier.domain.addressees import decide
from services.dossier.domain.choice import SetUp, choose
from services.dossier.domain.frozen import Row, freeze
from services.dossier.domain.identity import item_id_of, run_id_of
from services.dossier.domain.intake import Intake
from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.run import CHUNK, Run
from shared.blobs import Blob, Blobs
from shared.store import Conflict, Store, seal

SHOWN = 100  # item ids in an answer at most
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_AT_ONCE = 20  # chunks frozen in one transaction of the blobs


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to an accepted request, the same however often it is given."""

    run_id: UUID
    items: int
    item_ids: list[str]
    excluded: int
    reasons: dict[str, int]


class Recording:
    """Accepts requests to record dossier items."""

    def __init__(
        self,
        store: Store,
        tables: Tables,
        blobs: Blobs,
        contacts: Contacts,
        attachments: Attachments,
        consent: ConsentMode,
        opened: Callable[[UUID], None],
    ) -> None:
        """Take what it needs; `opened` is told each run whose destinations are to be recorded."""
        self._store = store
        self._tables = tables
        self._blobs = blobs
        self._contacts = contacts
        self._attachments = attachments
        self._consent: ConsentMode = consent
        self._opened = opened

    async def accept(self, intake: Intake, submitted_by: str | None = None) -> Accepted:
        """Accept the request, or answer as before when it was accepted already.

        Raises `Refused` with all that is wrong, and where its request_id was accepted with other content.
        """
        run_id = run_id_of(intake.request_id)
        content_hash = await asyncio.to_thread(intake.content_hash)
        if before := await self._store.load(Run, run_id):
            return _again(before, content_hash)
        now = datetime.now(UTC)
        choice = choose(intake, await self._set_up())
        wrongs, files = await self._attachments.check(intake.attachments)
        addresses = {address for given in intake.destinations for address in (given.address, given.address.base)}
        known = await self._contacts.known(addresses)
        decided = await asyncio.to_thread(decide, intake, known, choice.fields, self._consent, now)
        if wrongs := [*choice.wrongs, *wrongs, *decided.wrongs]:
            raise Refused(wrongs)
        content = choice.content(intake, await self._attachments.keep(files))
        chunks = await asyncio.to_thread(self._freeze, run_id, decided.rows, issues=intake.issue_method != "none")
        run = _run(run_id, content_hash, intake, content, choice.layouts, decided.rows, chunks, submitted_by, now)
        items = [] if intake.separately else [_one_item(run, decided.rows)]
        try:
            await self._store.record(run, *items, rows=[self._tables.opened(run_id)] if chunks else [])
        except Conflict:
            await asyncio.to_thread(self._blobs.delete, chunks)
            return await self._lost_the_race(run_id, content_hash)
        if chunks:
            self._opened(run_id)
        return _answer(run)

    async def _lost_the_race(self, run_id: UUID, content_hash: str) -> Accepted:
        winner = await self._store.load(Run, run_id)
        assert winner is not None  # noqa: S101 -- it is what the conflict was with
        return _again(winner, content_hash)

    async def _set_up(self) -> SetUp:
        return SetUp(
            await self._tables.set_up("sender"),
            await self._tables.set_up("mail-server"),
            await self._tables.set_up("layout"),
        )

    def _freeze(self, run_id: UUID, rows: Sequence[Row], *, issues: bool) -> list[str]:
        """Keep the destinations, what is personal sealed; return the blobs in order."""
        keyring = self._store.keyring
        keyring.make({row.person for row in rows})

        def sealed(person: str, personal: dict[str, Any], place: bytes) -> bytes | None:
            key = keyring.find(person)
            return seal(key, personal if issues else {"stated": personal["stated"]}, place) if key else None

        starts = list(enumerate(range(0, len(rows), CHUNK)))
        chunks: list[str] = []
        for at in range(0, len(starts), _AT_ONCE):
            blobs = [
                Blob(freeze(run_id, index, rows[start : start + CHUNK], sealed, uuid4().hex), transient=True)
                for index, start in starts[at : at + _AT_ONCE]
            ]
            chunks += [ref.sha256 for ref in self._blobs.put_many(blobs)]
        return chunks


def _run(
    run_id: UUID,
    content_hash: str,
    intake: Intake,
    content: dict[str, Any],
    layouts: list[dict[str, Any]],
    rows: Sequence[Row],
    chunks: list[str],
    submitted_by: str | None,
    now: datetime,
) -> Run:
    ids = (
        [item_id_of(run_id, row.address.d) for row in rows[:SHOWN]] if intake.separately else [item_id_of(run_id, None)]
    )
    return Run.start(
        run_id,
        request_id=intake.request_id,
        content_hash=content_hash,
        content=content,
        comment=intake.comment,
        layouts=layouts,
        chunks=chunks,
        destinations=len(rows),
        rows=0 if intake.issue_method == "none" else len(rows),
        items=len(rows) if intake.separately else 1,
        item_ids=[str(item_id) for item_id in ids],
        excluded=dict(Counter(row.exclusion[1] for row in rows if row.exclusion)),
        consent_attested=intake.consent_attested,
        submitted_by=intake.submitted_by or submitted_by,
        document_date=now.astimezone(_AMSTERDAM).date(),
    )


def _one_item(run: Run, rows: Sequence[Row]) -> DossierItem:
    """Return the one item of all destinations, with its generic attachment where something is issued (A4)."""
    item = DossierItem.record(
        item_id_of(run.id, None),
        run_id=run.id,
        type=run.content["type"],
        subject=run.content["subject"],
        comment=run.comment,
        issue_method=run.content["issue_method"],
        record_separately=False,
        destinations=[row.address._asdict() for row in rows],
        attachments=run.content["attachments"],
        submitted_by=run.submitted_by,
    )
    if run.rows and rows[0].recipient:
        item.request_generic_attachment(run.content, run.document_date, rows[0].recipient["language"])
    return item


def _again(run: Run, content_hash: str) -> Accepted:
    if run.content_hash != content_hash:
        raise Refused([Wrong("request_id", "request_id_reused", {"request_id": run.request_id})], status=409)
    return _answer(run)


def _answer(run: Run) -> Accepted:
    return Accepted(run.id, run.items, run.item_ids, sum(run.excluded.values()), run.excluded)
