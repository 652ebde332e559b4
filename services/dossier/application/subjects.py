"""What KnSubject clients ask for is done: items are recorded, changed and deleted, and moved on (requirements §5)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.dossier.application.attachments import Attachments
from services.dossier.application.contacts import Contacts
from services.dossier.application.item_types import ItemTypes
from services.dossier.application.items import Items
from services.dossier.application.numbers import Counter, Numbers, SubjectTable
from services.dossier.application.parties import Parties
from services.dossier.application.ports import History
from services.dossier.application.recording import Beside, Recording
from services.dossier.application.roles import RoleTable
from services.dossier.application.shelf import Shelf
from services.dossier.application.tasks import Tasks
from services.dossier.application.workflows import Workflows
from services.dossier.domain.afas.deeds import Response, Step
from services.dossier.domain.afas.subject import Subject
from services.dossier.domain.afas.translation import change_of, request_of, task_of
from services.dossier.domain.identity import NS, file_id_of, item_id_of, run_id_of, uuid5
from services.dossier.domain.intake import GivenAttachment, read
from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused, Wrong


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks, and what makes the wish known again; a `keyed` one was named by its asker, for ever."""

    by: str
    id: UUID
    keyed: bool = False


@dataclass(frozen=True)
class Hands:
    """The use cases that do what is asked."""

    recording: Recording
    items: Items
    tasks: Tasks
    workflows: Workflows
    shelf: Shelf
    attachments: Attachments
    history: History


class Subjects:
    """Items as KnSubject clients record and change them."""

    def __init__(self, table: SubjectTable, numbers: Numbers, parties: Parties, hands: Hands) -> None:
        self._table = table
        self._numbers = numbers
        self._parties = parties
        self._hands = hands

    async def wish(self, by: str, asker: str, digest: str, key: str | None) -> Wish:
        """Return who asks for what: the same key is the same wish for ever, the same body for a quarter of an hour.

        `asker` tells one program or person from another, whatever they are called.
        """
        if key:
            return Wish(by, uuid5(NS, f"subject|{asker}|{key}"), keyed=True)
        return Wish(by, await self._table.wish(asker, digest, datetime.now(UTC)))

    async def ask(self, subject: Subject, wish: Wish) -> int:
        """Do what a body asks for and return the item's number; raise `Refused` where it may not be."""
        if subject.action == "insert":
            return await self._insert(subject, wish)
        assert subject.number is not None  # noqa: S101 -- read with the rest of the body
        if subject.action == "delete":
            await self.delete(subject.number, wish.by)
        else:
            await self._update(subject.number, subject, wish)
        return subject.number

    async def respond(self, response: Response, wish: Wish) -> None:
        """Add a response, and its files to the item."""
        item = await self._numbers.item(response.number)
        files = await self._checked(item, response.files)
        key, internal = str(wish.id), response.internal
        await self._hands.items.respond(item.id, response.text, wish.by, key, internal=internal)
        await self._attach(item.id, files, wish)

    async def act(self, step: Step, wish: Wish) -> None:
        """Do an action at the step an item is at; the same wish again is the same action."""
        item = await self._numbers.item(step.number)
        files = await self._checked(item, step.files)
        facts = None
        if item.workflow_id and item.workflow_version:
            facts = await self._hands.workflows.version(item.workflow_id, item.workflow_version)
        task, action = task_of(step, item.workflow_id, facts)
        await self._hands.tasks.act(item.id, action, step.text, wish.by, str(wish.id), task)
        await self._attach(item.id, files, wish)

    async def delete(self, number: int, by: str) -> None:
        """Delete an item for good; what was mailed of it stays in the history. One that is gone already is gone.

        Raises `Refused` (409) while mail of it is under way, and (503) where that is not known.
        """
        numbered = await self._numbers.numbered(number)
        while not (item := await self._numbers.recorded(numbered)).is_deleted:
            if item.issue_method != "none":
                await self._check_complete(item)
            item.delete(by)
            await self._hands.shelf.put(item)

    async def file(self, number: int, file_id: str) -> tuple[Mapping[str, Any], bytes]:
        """Return what names a file of an item, and the file; raise `Refused` for one that there is not."""
        item = await self._numbers.item(number)
        for n, file in item.attachments.items():
            if file_id_of(item.id, n).hex == file_id.lower():
                return file, await self._hands.attachments.content(file["sha256"])
        raise Refused([Wrong("FileId", "afas_unknown_file")], status=404)

    async def _insert(self, subject: Subject, wish: Wish) -> int:
        request_id = f"subject-{wish.id}"
        run_id = run_id_of(request_id)
        before = await self._numbers.of_run(run_id)
        if before and not wish.keyed:
            if not (await self._numbers.recorded(before)).is_deleted:
                return before.number
            return await self._insert(subject, Wish(wish.by, uuid5(wish.id, "again")))
        intake = read(await self._request(subject), request_id)
        place = intake.destinations[0].address.d if intake.separately else None
        new = before or await self._numbers.give(item_id_of(run_id, place), run_id)
        rows = [] if before else [self._numbers.row(new)]
        await self._hands.recording.accept(intake, wish.by, beside=Beside(rows, {"item_number": new.number}))
        stands = before or await self._numbers.of_run(run_id) or new  # of two at once, the first one's
        await self._numbers.recorded(stands)
        return stands.number

    async def _request(self, subject: Subject) -> dict[str, Any]:
        type_id = await self._parties.type_of(subject.type_code)
        to = await self._parties.addresses(subject.links.parties if subject.links else [])
        return request_of(subject, await self._with_cause(subject.given), type_id, to)

    async def _update(self, number: int, subject: Subject, wish: Wish) -> None:
        given = await self._with_cause(subject.given)
        to = await self._parties.addresses(subject.links.parties if subject.links else [])
        while True:
            item = await self._numbers.item(number)
            asked = change_of(subject, given, to, item, (await self._parties.kind(item.type)).code)
            files = await self._checked(item, subject.files)
            try:
                await self._hands.items.change(item.id, asked, wish.by, item.edition)
            except Refused as refused:
                if refused.code == "changed_meanwhile":
                    continue
                raise
            await self._attach(item.id, files, wish)
            return

    async def _with_cause(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with the cause by its id; raise `Refused` for one that there is not."""
        number = given.get("cause_item_id")
        if number is None:
            return dict(given)
        return {**given, "cause_item_id": str((await self._numbers.numbered(number, "SbHi")).item_id)}

    async def _checked(self, item: DossierItem, files: Sequence[dict[str, Any]]) -> list[GivenAttachment]:
        """Return the files that are to be added, before anything is done; raise `Refused` for what may not be."""
        given = [GivenAttachment.model_validate(file) for file in files]
        if wrongs := await self._hands.items.file_wrongs(item.type, given):
            raise Refused(wrongs)
        return given

    async def _attach(self, item_id: UUID, files: Sequence[GivenAttachment], wish: Wish) -> None:
        for n, file in enumerate(files):
            await self._hands.items.attach(item_id, file, wish.by, f"{wish.id}|{n}")

    async def _check_complete(self, item: DossierItem) -> None:
        complete = await self._hands.history.is_complete(item.run_id)
        if complete is None:
            raise Refused([Wrong("", "history_silent")], status=503)
        if not complete:
            raise Refused([Wrong("SbId", "item_under_way")], status=409)


def subjects_of(
    table: SubjectTable,
    counter: Counter,
    settle: Callable[[UUID], Awaitable[None]],
    names: tuple[ItemTypes, Contacts, RoleTable],
    hands: Hands,
) -> Subjects:
    """Return them, wired; `settle` records a run to its end."""
    return Subjects(table, Numbers(table, counter, hands.shelf, settle), Parties(*names), hands)
