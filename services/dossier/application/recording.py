"""Requests are accepted: everything is checked first, then one run stands for all of it, or nothing of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dossier.application.attachments import Attachments
from services.dossier.application.freezing import Freezing
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.judging import Judged, Judging
from services.dossier.application.ports import Tables
from services.dossier.application.shelf import TaskTable
from services.dossier.application.workflows import Workflows
from services.dossier.domain.identity import item_id_of, repeat_id_of, run_id_of
from services.dossier.domain.intake import Intake
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_fields import verbatim_of, without_verbatim
from services.dossier.domain.operator import Me
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.repeat import Repeat
from services.dossier.domain.run import Run
from shared.blobs import Blobs
from shared.store import Condition, Conflict, Row, Store


@dataclass(frozen=True, slots=True)
class Beside:
    """What is more than a request: `rows` are written with its acceptance, `stamped` are fields that none can say.

    `owner` is the operator whose draft it was; it is accepted only if `only_if` holds at that very moment.
    """

    rows: Sequence[Row] = ()
    stamped: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    only_if: Condition | None = None


NOTHING = Beside()


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
        attachments: Attachments,
        types: ItemTypes,
        workflows: Workflows,
        judging: Judging,
        tasks: TaskTable,
        opened: Callable[[UUID], None],
    ) -> None:
        """Take what it needs; `opened` is told each run whose destinations are to be recorded."""
        self._store = store
        self._tables = tables
        self._blobs = blobs
        self._attachments = attachments
        self._types = types
        self._workflows = workflows
        self._judging = judging
        self._tasks = tasks
        self._opened = opened

    async def accept(
        self,
        intake: Intake,
        submitted_by: str | None = None,
        me: Me = None,
        beside: Beside = NOTHING,
    ) -> Accepted:
        """Accept the request, or answer as before when it was accepted already.

        `me` is the sender of that name, of a person who submits it (R-6); `beside` is what is more than the request.
        Raises `Refused` with all that is wrong, and where its request_id was accepted with other content; `Conflict`
        where the condition of `beside` says no.
        """
        run_id = run_id_of(intake.request_id)
        content_hash = await asyncio.to_thread(intake.content_hash)
        if before := await self._store.load(Run, run_id):
            return _again(before, content_hash)
        frozen = Freezing(self._store, self._tables, self._blobs, run_id)
        named = intake.model_copy(update={"submitted_by": intake.submitted_by or submitted_by})
        judged = await self._judge(named, frozen, me)
        content = judged.choice.content(judged.intake, await self._attachments.keep(judged.files))
        number = await self._types.number(judged.ruled, judged.items)
        entered = await self._workflows.entered(judged.ruled.workflow_id, judged.document_date)
        run = _run(run_id, content_hash, judged, content, frozen, number, entered, beside)
        items = [] if intake.separately else [_one_item(run, frozen)]
        begun = [self._tasks.row(item.id, item.open_task) for item in items if run.task]
        try:
            opened = [self._tables.opened(run_id)] if frozen.chunks else []
            rows = [*opened, *frozen.kept(), *begun, *beside.rows]
            await self._store.record(run, *items, rows=rows, only_if=beside.only_if)
        except Conflict:
            await frozen.forget()
            return await self._lost_the_race(run_id, content_hash)
        if frozen.chunks:
            self._opened(run_id)
        return answer_of(run)

    async def take(self, intake: Intake, came_at: datetime, sequence: int) -> None:
        """Accept a request whose sender hears of it by messages; one accepted before is told again.

        Raises `Refused` as `accept` does; a message heard again is told once.
        """
        was_accepted = await self._store.knows(run_id_of(intake.request_id))
        accepted = await self.accept(intake)
        if was_accepted:
            repeat = Repeat.record(repeat_id_of(came_at, sequence), intake.request_id, accepted.run_id)
            with suppress(Conflict):
                await self._store.record(repeat)

    async def _judge(self, intake: Intake, frozen: Freezing, me: Me) -> Judged:
        """Return the request judged and its destinations frozen; raise `Refused` where anything is wrong."""
        try:
            judged = await self._judging.judge(intake, frozen.keep, me)
        except Exception:
            await frozen.forget()
            raise
        if judged.wrongs:
            await frozen.forget()
            raise Refused(judged.wrongs)
        return judged

    async def _lost_the_race(self, run_id: UUID, content_hash: str) -> Accepted:
        winner = await self._store.load(Run, run_id)
        if winner is None:
            raise Conflict("what was asked beside the request is no longer so")
        return _again(winner, content_hash)


def _run(
    run_id: UUID,
    content_hash: str,
    judged: Judged,
    content: dict[str, Any],
    frozen: Freezing,
    number: int | None,
    entered: Mapping[str, Any],
    beside: Beside,
) -> Run:
    intake, tally, fields = judged.intake, judged.tally, judged.ruled.fields
    places = [address.d for address in frozen.addresses] if intake.separately else [None]
    return Run.start(
        run_id,
        request_id=intake.request_id,
        content_hash=content_hash,
        content=content,
        person=frozen.person,
        comment=intake.comment,
        body_text=judged.choice.typed_body(intake),
        fields={**without_verbatim(fields), **beside.stamped},
        verbatim=verbatim_of(fields),
        first_number=number,
        **entered,
        auto_document=judged.choice.auto_document,
        layouts=judged.choice.layouts,
        chunks=frozen.chunks,
        destinations=tally.destinations,
        rows=0 if intake.issue_method == "none" else tally.destinations,
        items=judged.items,
        item_ids=[str(item_id_of(run_id, place)) for place in places],
        excluded=tally.reasons,
        consent_attested=intake.consent_attested,
        submitted_by=intake.submitted_by,
        owner=beside.owner,
        document_date=judged.document_date,
    )


def _one_item(run: Run, frozen: Freezing) -> DossierItem:
    """Return the one item of all destinations, with its generic attachment where something is issued (A4, A17)."""
    item = DossierItem.record(
        item_id_of(run.id, None),
        run_id=run.id,
        person=run.person,
        type=run.content["type"],
        subject=run.content["subject"],
        comment=run.comment,
        issue_method=run.content["issue_method"],
        record_separately=False,
        destinations=[address._asdict() for address in frozen.addresses],
        attachments=run.content["attachments"],
        submitted_by=run.submitted_by,
        fields=run.fields_of(0),
        verbatim=run.verbatim,
        **run.entered,
    )
    if run.rows and frozen.language:
        item.request_generic_attachment(run.content, run.body_text, run.document_date, frozen.language)
    if run.auto_document:
        item.request_auto_document(run.auto_document, run.content, run.document_date)
    return item


def _again(run: Run, content_hash: str) -> Accepted:
    if run.content_hash != content_hash:
        raise Refused([Wrong("request_id", "request_id_reused", {"request_id": run.request_id})], status=409)
    return answer_of(run)


def answer_of(run: Run) -> Accepted:
    """Return the answer to the request that a run is of."""
    return Accepted(run.id, run.items, run.item_ids, sum(run.excluded.values()), run.excluded)
