"""Items as history shows them: what stands, what became of them, and in whose dossier each is found."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from services.history.adapters.tables import ProjectedTables, RecordTables
from services.history.application.history import History
from services.history.domain.item import Item
from services.history.web import files, items, processing
from shared.access import Access
from shared.blobs import MemoryBlobs
from shared.contracts import Message
from shared.contracts.dossier import (
    DocumentRequested,
    DossierItemChanged,
    DossierItemDeleted,
    DossierItemRecorded,
    ItemAttachment,
    ItemFields,
    ItemTask,
    ResponseAdded,
    StepDone,
    WorkflowSet,
)
from shared.contracts.message import Destination, LayoutVersion, Parts
from shared.contracts.renderer import LetterRendered
from shared.pages import frame
from shared.store import Store
from tests.unit.history.doors import Relations, Silence
from tests.unit.history.story import RUN, at, item_id, recorded, rendered, requested, row_id, sent, told

ROLES = [("organisation", "1"), ("sales_relation", "S1")]
ASSESS = ItemTask(step="assess", name={"nl": "Beoordelen"}, due_on=date(2026, 3, 4))
ANSWER = ItemTask(step="answer", name={"nl": "Beantwoorden"}, assignee="j.jansen")
WORKFLOW = WorkflowSet.model_validate(
    {
        "workflow_id": "complaint",
        "version": 2,
        "name": {"nl": "Klacht"},
        "steps": [
            {"id": step, "name": {"nl": step}, "actions": [{"id": "on", "name": {"nl": "on"}, "to": to}]}
            for step, to in (("assess", "answer"), ("answer", None), ("never", None))
        ],
        "set_at": at(0),
    }
)


def changed(row: int, version: int, *names: str, **more: Any) -> DossierItemChanged:
    facts = {"by": "jan", "changed_at": at(row, version), "changed": names, **more}
    return DossierItemChanged(run_id=RUN, item_id=item_id(row), version=version, **facts)


def response(row: int, n: int, text: str | None, **more: Any) -> ResponseAdded:
    return ResponseAdded(run_id=RUN, item_id=item_id(row), n=n, text=text, by="jan", added_at=at(row, n), **more)


def step_done(row: int, step: str, task: ItemTask | None, text: str | None = None, **more: Any) -> DossierItemChanged:
    done = StepDone(step=step, name={"nl": step}, action="on", action_name={"nl": "Verder"}, text=text)
    return changed(row, 1, "workflow", *more.pop("also", ()), step_done=done, task=task, **more)


class Shown:
    """A history over HTTP."""

    def __init__(self, store: Store, folder: Path, doors: Any = None) -> None:
        self._projected = ProjectedTables(store)
        self._told = 0
        app = FastAPI()
        access = Access(f"sqlite:///{folder}/access.db")
        frame(app, access)
        history = History(RecordTables(store), doors or Relations(*ROLES), MemoryBlobs())
        app.include_router(items.routes(history))
        app.include_router(files.routes(history))
        app.include_router(processing.routes(history))
        token = access.create_token("reader", ["read"])
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url="http://127.0.0.1/api/v1",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def hear(self, *messages: Message) -> None:
        await self._projected.project("dossier", told([*messages], after=self._told))
        self._told += len(messages)

    async def item(self, row: int) -> dict[str, Any]:
        answer = await self.client.get(f"/dossier-items/{item_id(row)}")
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def dossier(self, place: str) -> list[str]:
        answer = await self.client.get(f"/contacts/{place}")
        assert answer.status_code == 200, answer.text
        return [item["subject"] for item in answer.json()["items"]]


@pytest.fixture
async def shown(store: Store, tmp_path: Path) -> AsyncIterator[Shown]:
    shown = Shown(store, tmp_path)
    yield shown
    await shown.client.aclose()


async def test_an_item_shows_what_stands_and_who_changed_what_and_when(shown: Shown) -> None:
    """R-23, R-25: create, change and delete are logged per user, and shown."""
    await shown.hear(
        recorded(1).model_copy(
            update={"fields": ItemFields(priority="low"), "submitted_by": "crm", "comment": "Eerst"}
        ),
        changed(
            1, 2, "priority", "responsible_id", "comment", fields=ItemFields(responsible_id="256"), comment="Later"
        ),
        response(1, 1, "Gebeld", internal=True, person="organisation|1|#0"),
        changed(1, 3, "comment", comment=""),
    )

    item = await shown.item(1)

    assert (item["fields"], item["comment"], item["version"]) == ({"responsible_id": "256"}, "", 3)
    assert [(entry["what"], entry["by"]) for entry in item["log"]] == [
        ("recorded", "crm"),
        ("changed", "jan"),
        ("responded", "jan"),
        ("changed", "jan"),
    ]
    assert item["log"][1]["detail"] == {
        "changed": ["priority", "responsible_id", "comment"],
        "fields": {"priority": None, "responsible_id": "256"},
    }
    assert [(one["n"], one["text"], one["internal"], one["by"]) for one in item["responses"]] == [
        (1, "Gebeld", True, "jan")
    ]


async def test_the_files_of_an_item_are_those_that_stand_and_its_message_as_sent(shown: Shown, store: Store) -> None:
    """FR-50, R-16, R-24: the e-mail is an attachment of the item, beside files added and not taken away."""
    extra = ItemAttachment(sha256="cd" * 32, size=3, filename="route.pdf", content_type="application/pdf", n=2)
    await shown.hear(
        recorded(1),
        requested(1),
        changed(1, 2, "attachments", attachment_added=extra),
        changed(1, 3, "attachments", attachment_removed=1),
    )
    await ProjectedTables(store).project("mailer", told([sent(1)]))

    item = await shown.item(1)

    assert [(file["n"], file["filename"], file["sha256"]) for file in item["attachments"]] == [
        (2, "route.pdf", "cd" * 32)
    ]
    assert [(file["kind"], file["href"], file["status"]) for file in item["files"]] == [
        ("attachment", f"/api/v1/dossier-items/{item_id(1)}/files/{'cd' * 32}", None),
        ("message", f"/api/v1/processing/{row_id(1)}/message.eml", "sent"),
    ]
    gone = await shown.client.get(f"/dossier-items/{item_id(1)}/files/{'ab' * 32}")
    assert gone.status_code == 404


async def test_an_item_says_which_layout_versions_and_engines_made_what_is_of_it(shown: Shown, store: Store) -> None:
    """A24, R-13: of each mail of a row, one sent again unchanged too, and of a file that was made for the item."""
    body, letter, newer = (
        LayoutVersion(layout_id=name, version=n, sha256=f"{n}" * 64)
        for name, n in (("invitation", 3), ("letter", 2), ("letter", 4))
    )
    file: dict[str, Any] = {
        "run_id": RUN,
        "item_id": item_id(1),
        "document_id": UUID(int=5),
        "slot": "auto_document",
    }
    await shown.hear(
        recorded(1),
        requested(1, body_layout=body, attachment_layout=letter),
        requested(1, 2, body_layout=body, attachment_layout=letter),
        DocumentRequested(
            **file, subject="x", attachment_layout=newer, document_date=date(2026, 3, 2), requested_at=at(1)
        ),
    )
    engines = {"typst": "0.15.2", "jinja2": "3.1.6"}
    made = LetterRendered(**file, parts=Parts(), engines={"libreoffice": "7.4.7.2"}, rendered_at=at(1, 1))
    first, again = rendered(1).model_copy(update={"engines": engines}), rendered(1, 2)
    await ProjectedTables(store).project("renderer", told([first, again, made]))

    item = await shown.item(1)
    row = (await shown.client.get(f"/processing/{row_id(1)}")).json()

    with_layouts = {"body_layout": body.model_dump(), "attachment_layout": letter.model_dump(), "engines": engines}
    assert [one["made_with"] for one in item["rows"]] == [with_layouts]
    assert [mail["made_with"] for mail in row["mails"]] == [with_layouts] * 2
    [document] = item["documents"]
    assert document["made_with"] == {
        "body_layout": None,
        "attachment_layout": newer.model_dump(),
        "engines": {"libreoffice": "7.4.7.2"},
    }


async def test_an_item_says_whether_sending_its_mail_succeeded(shown: Shown, store: Store) -> None:
    """FR-54, FR-55: the same answer, whenever it is asked."""
    await shown.hear(recorded(1), requested(1))
    before = await shown.item(1)
    await ProjectedTables(store).project("mailer", told([sent(1)]))

    answers = [[row["status"] for row in (await shown.item(1))["rows"]] for _ in range(2)]

    assert [row["status"] for row in before["rows"]] == ["rendering"]
    assert answers == [["sent"], ["sent"]]


async def test_an_item_shows_its_steps_done_and_to_do(shown: Shown) -> None:
    """FR-68: who did what at which step, when, what was said of it, and what is to be done by whom."""
    entered = {
        "workflow_id": "complaint",
        "workflow_version": 2,
        "task": ASSESS,
        "fields": ItemFields(responsible_id="9"),
    }
    await shown.hear(WORKFLOW, recorded(1).model_copy(update=entered))
    first = (await shown.item(1))["workflow"]
    await shown.hear(step_done(1, "assess", ANSWER, "Terecht"), changed(1, 1, "task", task=ANSWER))
    second = (await shown.item(1))["workflow"]
    completed = ItemFields(completed=True, completed_at=at(9))
    await shown.hear(step_done(1, "answer", None, also=("completed", "completed_at"), fields=completed))
    item = await shown.item(1)

    assert first["task"] == {
        "step": "assess",
        "name": {"nl": "Beoordelen"},
        "assigned_to": "9",
        "due_on": "2026-03-04",
        "overdue": True,
    }
    assert [step["state"] for step in first["steps"]] == ["current", "to_do", "to_do"]
    assert [step["state"] for step in second["steps"]] == ["done", "current", "to_do"]
    assert (second["task"]["assigned_to"], second["task"]["overdue"]) == ("j.jansen", False)
    assert (item["workflow"]["ended"], item["workflow"]["task"], item["fields"]["completed"]) == (True, None, True)
    assert [(one["step"], one["action"], one["text"], one["by"]) for one in item["workflow"]["done"]] == [
        ("assess", "on", "Terecht", "jan"),
        ("answer", "on", None, "jan"),
    ]


async def test_the_steps_of_a_workflow_that_was_never_heard_of_are_not_guessed(shown: Shown) -> None:
    """FR-68."""
    entered = {"workflow_id": "old", "workflow_version": 1, "task": ASSESS}
    await shown.hear(recorded(1).model_copy(update=entered))

    workflow = (await shown.item(1))["workflow"]

    assert (workflow["steps"], workflow["task"]["step"]) == ([], "assess")


async def test_a_change_of_an_item_that_was_never_heard_of_holds_nothing_up(shown: Shown) -> None:
    await shown.hear(changed(7, 2, "priority", fields=ItemFields(priority="low")), response(7, 1, "x"), recorded(1))

    assert (await shown.client.get(f"/dossier-items/{item_id(7)}")).status_code == 404
    assert (await shown.item(1))["version"] == 1


async def test_what_was_said_of_an_erased_contact_is_absent(shown: Shown) -> None:
    """R-26."""
    await shown.hear(
        recorded(1), response(1, 1, None, person="organisation|1|#0"), changed(1, 2, "comment", comment=None)
    )

    item = await shown.item(1)

    assert ([one["text"] for one in item["responses"]], item["comment"]) == ([None], "")


def note(subject: str, *destinations: tuple[str, str, str | None], confidential: bool = False) -> DossierItemRecorded:
    return DossierItemRecorded(
        run_id=RUN,
        item_id=uuid5(RUN, subject),
        type="note",
        subject=subject,
        issue_method="none",
        record_separately=False,
        destinations=tuple(Destination(kind=kind, number=n, contact_id=contact) for kind, n, contact in destinations),
        fields=ItemFields(confidential=True) if confidential else None,
        recorded_at=at(len(subject)),
    )


NOTES = {
    "at the organisation": ("organisation", "1", None),
    "at its sales relation": ("sales_relation", "S1", None),
    "at the contact": ("organisation", "1", "5"),
    "at the person": ("person", "9", None),
}


@pytest.mark.parametrize(
    ("viewed", "open_ones", "confidential_ones"),
    [
        (
            "organisation/1/dossier",
            {"at the organisation", "at its sales relation", "at the contact"},
            {"at the organisation"},
        ),
        (
            "sales_relation/S1/dossier",
            {"at the organisation", "at its sales relation", "at the contact"},
            {"at its sales relation"},
        ),
        ("contact_person/1/dossier?contact_id=5", {"at the contact"}, {"at the contact"}),
        ("organisation/1/dossier?contact_id=5", {"at the contact"}, {"at the contact"}),
        ("person/9/dossier", {"at the person"}, {"at the person"}),
        ("employee/1/dossier", set(), set()),
    ],
)
async def test_an_item_shows_in_the_dossiers_it_belongs_to(
    shown: Shown, viewed: str, open_ones: set[str], confidential_ones: set[str]
) -> None:
    """R-22, FR-3, FR-4, FR-49: at all roles of an organisation; at the organisation of a contact and not at the person.

    What is confidential shows where it was recorded, and nowhere else.
    """
    for confidential in (False, True):
        await shown.hear(
            *(
                note(f"{subject}{' (confidential)' if confidential else ''}", place, confidential=confidential)
                for subject, place in NOTES.items()
            )
        )

    found = await shown.dossier(viewed)

    assert {one for one in found if "(confidential)" not in one} == open_ones
    assert {one.removesuffix(" (confidential)") for one in found if "(confidential)" in one} == confidential_ones
    assert len(found) == len(set(found))


async def test_the_pages_of_a_dossier_of_several_roles_meet_without_gap_or_overlap(shown: Shown) -> None:
    """R-22."""
    both = [("organisation", "1", None), ("sales_relation", "S1", None)]
    notes = [note(f"{'x' * n}", *(both if n % 3 == 0 else both[n % 2 :][:1])) for n in range(1, 12)]
    await shown.hear(*notes)

    seen, cursor = [], ""
    while True:
        page = (await shown.client.get(f"/contacts/organisation/1/dossier?limit=2{cursor}")).json()
        seen += [len(item["subject"]) for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == [*range(11, 0, -1)]


async def test_an_item_without_destination_is_found(shown: Shown) -> None:
    """R-27."""
    await shown.hear(note("at no one"), note("at someone", ("person", "9", None)))

    async def found(query: str) -> list[str]:
        answer = await shown.client.get(f"/dossier-items?{query}")
        return [item["subject"] for item in answer.json()["items"]]

    assert await found("without_destination=true") == ["at no one"]
    assert await found("q=NO+ONE&type=note") == ["at no one"]
    assert set(await found(f"run_id={RUN}&limit=5")) == {"at no one", "at someone"}
    assert await found("type=letter") == []


async def test_items_found_by_words_are_gone_through_page_by_page(shown: Shown) -> None:
    """FR-49: those with the words, whatever they were called before, however they are written."""
    await shown.hear(*(note(f"Offerte {n}" if n % 2 else f"Klacht {n}") for n in range(7)))
    message = changed(1, 2, "subject", subject="Offerte 6").model_copy(update={"item_id": uuid5(RUN, "Klacht 6")})
    await shown.hear(message)

    async def found(q: str) -> list[str]:
        seen, cursor = [], ""
        while True:
            page = (await shown.client.get(f"/dossier-items?q={q}&limit=2{cursor}")).json()
            seen += [item["subject"] for item in page["items"]]
            if page["next"] is None:
                return sorted(seen)
            cursor = f"&cursor={page['next']}"

    assert await found("offerte") == ["Offerte 1", "Offerte 3", "Offerte 5", "Offerte 6"]
    assert await found("KLACHT") == ["Klacht 0", "Klacht 2", "Klacht 4"]
    assert await found("klacht+6") == []
    assert await found("6") == ["Offerte 6"]


async def test_an_item_with_another_contact_shows_at_that_one(shown: Shown) -> None:
    """R-23, R-22."""
    await shown.hear(note("about Anna", ("organisation", "1", "5")))
    to = Destination(kind="organisation", number="1", contact_id="6")
    message = changed(1, 2, "contact_id", destination=to).model_copy(update={"item_id": uuid5(RUN, "about Anna")})
    await shown.hear(message)

    dossiers = [await shown.dossier(f"contact_person/1/dossier?contact_id={contact}") for contact in "56"]

    assert dossiers == [[], ["about Anna"]]
    assert (await shown.dossier("organisation/1/dossier")) == ["about Anna"]


async def test_a_dossier_whose_roles_are_not_known_now_is_not_shown_by_half(store: Store, tmp_path: Path) -> None:
    """R-22."""
    shown = Shown(store, tmp_path, Silence())
    await shown.hear(note("about Anna", ("organisation", "1", "5")))

    organisation = await shown.client.get("/contacts/organisation/1/dossier")
    nobody = await shown.client.get("/contacts/contact_person/1/dossier")

    assert (organisation.status_code, nobody.status_code) == (503, 422)
    assert await shown.dossier("contact_person/1/dossier?contact_id=5") == ["about Anna"]
    await shown.client.aclose()


_CHANGES = st.lists(
    st.tuples(st.sampled_from(["priority", "responsible_id"]), st.sampled_from(["high", "low", None])), max_size=8
)


@given(_CHANGES)
def test_changes_heard_in_order_leave_what_the_last_ones_said(changes: list[tuple[str, Any]]) -> None:
    """R-25."""
    item = Item(UUID(int=1), "Gebeld", "", {"source_code": "WEB"}, [], None, 1)
    wanted: dict[str, Any] = {"source_code": "WEB"}
    for version, (name, value) in enumerate(changes, 2):
        item.hear(changed(1, version, name, fields=ItemFields(**{name: value})))
        wanted[name] = value

    assert item.fields == {name: value for name, value in wanted.items() if value is not None}
    assert item.version == len(changes) + 1


async def test_a_deleted_item_is_shown_no_more_and_what_was_mailed_of_it_is(shown: Shown, store: Store) -> None:
    """R-25, R-26: items can be deleted, and their mails stay in the history."""
    await shown.hear(recorded(1), requested(1), recorded(2))
    await shown.hear(
        DossierItemDeleted(run_id=RUN, item_id=item_id(1), version=2, by="crm", deleted_at=at(1, 9)),
        changed(1, 3, "priority", fields=ItemFields(priority="low")),
    )

    gone = await shown.client.get(f"/dossier-items/{item_id(1)}")

    assert gone.status_code == 404
    assert await shown.dossier("organisation/1/dossier") == []
    assert (await shown.item(2))["item_id"] == str(item_id(2))
    assert await RecordTables(store).line(row_id(1))
