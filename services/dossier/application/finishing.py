"""A draft is finished: it becomes one run, once, and what it made is opened or kept in My files (FR-48, FR-51…53)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO
from uuid import UUID

import orjson

from services.dossier.application.draft_destinations import DraftDestinations
from services.dossier.application.draft_store import DraftTable
from services.dossier.application.drafts import Drafts
from services.dossier.application.field_settings import FIELDS, FieldSettings
from services.dossier.application.my_files import MyFiles
from services.dossier.application.personal import DesktopHelpers
from services.dossier.application.reading import ENDED, begun, read_body
from services.dossier.application.recording import Accepted, Beside, Recording, answer_of
from services.dossier.application.surroundings import Surroundings
from services.dossier.domain.draft import Draft
from services.dossier.domain.draft_request import request
from services.dossier.domain.identity import item_id_of, run_id_of
from services.dossier.domain.intake import Intake, read
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.run import Run
from shared.store import Conflict, Row, Store


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finish made; `opens` is the item whose attachment the operator's desktop may now open (A9)."""

    accepted: Accepted
    opens: str | None = None


class Finishing:
    """Finishes drafts."""

    def __init__(
        self,
        store: Store,
        table: DraftTable,
        drafts: Drafts,
        destinations: DraftDestinations,
        recording: Recording,
        field_settings: FieldSettings,
        helpers: DesktopHelpers,
        my_files: MyFiles,
        surroundings: Surroundings,
    ) -> None:
        self._store = store
        self._table = table
        self._drafts = drafts
        self._destinations = destinations
        self._recording = recording
        self._field_settings = field_settings
        self._helpers = helpers
        self._my_files = my_files
        self._surroundings = surroundings

    async def finish(self, draft_id: UUID, operator: Operator, body: IO[bytes], *, can_open: bool | None) -> Finished:
        """Record what the draft comes to, or answer as the first finish did (A23); raise `Refused`, nothing recorded.

        `body` is an empty file that the request is written to, which may be larger than memory should hold; `can_open`
        says whether the desktop can open an attachment, None that the one linked to the operator decides.
        """
        opens = await self._helpers.is_linked(operator) if can_open is None else can_open
        while draft := await self._table.find(draft_id, operator.owner):
            if run := await self._store.load(Run, run_id_of(str(draft_id))):  # by whatever door it was accepted
                await self._store.record(rows=self._table.removed(draft_id))
                return await self._finished(answer_of(run), str(run.content["type"]), opens=opens)
            with suppress(Conflict):  # with a change made meanwhile: what the draft says then is what counts
                accepted = await self._accept(draft, operator, body, opens=opens)
                return await self._finished(accepted, draft.type, opens=opens)
        return await self._as_before(draft_id, operator, opens=opens)

    async def whole(self, draft_id: UUID, operator: Operator, body: IO[bytes]) -> Intake:
        """Return the request that a draft comes to, to be checked while the body it is written to is open."""
        return await self.intake(await self._drafts.one(draft_id, operator), operator, body)

    async def sample(self, draft_id: UUID, operator: Operator, number: int) -> Intake:
        """Return the request for one destination of a draft, counted from 0, to be previewed before all is filled in.

        Raises `Refused` with what is wrong in it, or for a destination that there is not.
        """
        looked = await self._drafts.look(draft_id, operator)
        if wrongs := [wrong for wrong in looked.wrongs if wrong.field != "record_separately"]:
            raise Refused(wrongs)
        found = await self._destinations.page(looked.draft, number, 1)
        if not found:
            raise Refused([Wrong("recipient", "no_such_destination", {"recipient": number})])
        said = request(looked.draft, looked.steps, found)
        said.pop("record_separately", None)  # one sample is one message, however its item is recorded
        return (await asyncio.to_thread(read, said)).as_shown()

    async def intake(self, draft: Draft, operator: Operator, body: IO[bytes]) -> Intake:
        """Return the request that a draft comes to; raise `Refused` with all that it lacks or that is wrong in it."""
        looked = await self._drafts.looked(draft, operator)
        if looked.wrongs:
            raise Refused(looked.wrongs)
        body.seek(0)
        body.truncate()
        body.write(begun(request(draft, looked.steps, ())))
        async for number, said in self._destinations.each(draft):
            body.write((b"," if number else b"") + orjson.dumps(said))
        body.write(ENDED)
        body.seek(0)
        return (await asyncio.to_thread(read_body, body)).as_shown()

    async def _accept(self, draft: Draft, operator: Operator, body: IO[bytes], *, opens: bool) -> Accepted:
        """Have the request accepted and the draft let go, in one transaction; raise `Refused`, or `Conflict`."""
        intake = await self.intake(draft, operator, body)
        rows = await self._chosen(intake, operator)
        rows += await self._to_be_opened(draft, intake, operator, opens=opens)
        beside = Beside(rows, owner=operator.owner, only_if=self._table.let_go(draft))
        return await self._recording.accept(intake, operator.name, operator.me, beside)

    async def _as_before(self, draft_id: UUID, operator: Operator, *, opens: bool) -> Finished:
        """Return what the first finish of this draft made; raise `Refused` (404) where the operator finished none."""
        run = await self._store.load(Run, run_id_of(str(draft_id)))
        if run is None or run.owner != operator.owner:
            raise Refused([Wrong("", "unknown_draft")], status=404)
        return await self._finished(answer_of(run), str(run.content["type"]), opens=opens)

    async def _finished(self, accepted: Accepted, kind: str, *, opens: bool) -> Finished:
        is_opened = opens and accepted.items == 1 and (await self._surroundings.type_of(kind)).auto_open_attachment
        return Finished(accepted, accepted.item_ids[0] if is_opened else None)

    async def _chosen(self, intake: Intake, operator: Operator) -> list[Row]:
        """Return the rows that remember what was chosen last, of the fields that were there (R-28)."""
        chosen = {name: getattr(intake, name) or "" for name in FIELDS if name in intake.model_fields_set}
        return await self._field_settings.chosen(operator, chosen)

    async def _to_be_opened(self, draft: Draft, intake: Intake, operator: Operator, *, opens: bool) -> list[Row]:
        """Return the row of My files, where the type wants its attachment opened and that can't be (FR-53, A9)."""
        items = len(intake.destinations) if intake.separately else 1
        wanted = (await self._surroundings.type_of(draft.type)).auto_open_attachment
        if not wanted or (opens and items == 1):
            return []
        run_id = run_id_of(intake.request_id)
        place = intake.destinations[0].address.d if intake.separately else None
        item_id = item_id_of(run_id, place) if items == 1 else None
        return [self._my_files.kept(operator, run_id, item_id, intake.subject, items, datetime.now(UTC))]
