"""Items in a workflow: they enter it where they are recorded, have one task at a time, and are completed at its end."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dossier.application.tasks import today
from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_type import ItemTypeFacts
from services.dossier.domain.task import OpenTask
from shared.contracts.dossier import DossierItemChanged, DossierItemRecorded
from tests.unit.dossier.conftest import House, a_destination
from tests.unit.dossier.test_workflows import COMPLAINT

FEATURES = {
    "use": True,
    "feature_1": {"name": {"nl": "Aard"}},
    "combinations": [{"id": 7, "feature_value_1": 1, "workflow_id": "complaint"}, {"id": 8, "feature_value_1": 2}],
}


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A dossier on either database, with a type whose items are handled, or are complaints by their features."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    house = House(tmp_path, url=url)
    await house.dossier.workflows.record_supplied()
    await house.ask("PUT", "/workflows/complaint", COMPLAINT)
    facts = {"name": {"nl": "Verzoek"}, "features": FEATURES, "workflow_id": "handle"}
    await house.dossier.item_types.put("request", ItemTypeFacts.model_validate(facts))
    yield house
    await house.store.close()


async def record(house: House, *destinations: dict[str, Any], **more: Any) -> list[str]:
    """Record items and return their ids."""
    to = [*destinations] if destinations else [a_destination()]
    body = {"request_id": str(uuid4()), "type": "request", "subject": "Verzoek", "destinations": to, **more}
    answer = await house.ask("POST", "/dossier-items", body)
    assert answer.status_code == 202, answer.text
    await house.record_all()
    ids: list[str] = answer.json()["item_ids"]
    return ids


async def tasks(house: House, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.ask("GET", f"/tasks{query}")).json()["items"]
    return found


async def act(house: House, item_id: str, action: str, **more: Any) -> dict[str, Any]:
    answer = await house.ask("POST", f"/dossier-items/{item_id}/workflow", {"action": action, **more})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.mark.parametrize(
    ("recorded", "workflow", "step"),
    [
        ({}, "handle", "assess"),
        ({"feature_combination_id": 7}, "complaint", "assess"),
        ({"feature_value_1": 1}, "complaint", "assess"),
        ({"feature_combination_id": 8}, "handle", "assess"),
        ({"type": "note"}, None, None),
    ],
)
async def test_an_item_enters_the_workflow_of_its_features_else_of_its_type(
    house: House, recorded: dict[str, Any], workflow: str | None, step: str | None
) -> None:
    """FR-68, R-21, A13: the workflow hangs on the feature combination, else the type has a default one."""
    (item_id,) = await record(house, **recorded)

    shown = (await house.ask("GET", f"/dossier-items/{item_id}/workflow")).json()
    item = await house.store.load(DossierItem, UUID(item_id))

    assert item is not None
    assert item.version == 1
    assert (shown["workflow_id"], (shown["task"] or {}).get("step")) == (workflow, step)
    assert [task["item_id"] for task in await tasks(house)] == ([item_id] if step else [])
    (told,) = await house.told(DossierItemRecorded)
    assert (told.workflow_id, told.task and told.task.step) == (workflow, step)


async def test_an_item_goes_step_by_step_to_its_end_and_is_then_completed(house: House) -> None:
    """FR-68: each step done is told with who, when, which action and what was said of it."""
    (item_id,) = await record(house, responsible_id="256")

    first = await act(house, item_id, "accept", text="Terecht.")
    last = await act(house, item_id, "complete", step="complete")

    assert (first["task"]["step"], first["task"]["assigned_to"], first["ended"]) == ("complete", "256", False)
    assert [action["id"] for action in first["actions"]] == ["complete", "return"]
    assert (last["task"], last["ended"], last["completed"]) == (None, True, True)
    assert await tasks(house) == []
    told = await house.told(DossierItemChanged)
    assert [(one.step_done.step, one.step_done.action, one.step_done.text, one.by) for one in told] == [
        ("assess", "accept", "Terecht.", "crm-0"),
        ("complete", "complete", None, "crm-0"),
    ]
    assert [(one.version, one.changed) for one in told] == [
        (1, ("workflow",)),
        (2, ("workflow", "completed", "completed_at")),
    ]
    assert told[1].fields.completed is True


async def test_an_item_of_each_destination_enters_a_workflow_of_its_own(house: House) -> None:
    """FR-68, FR-69: items made by multi-select enter a workflow where each has its own destination."""
    people = [a_destination(str(number)) for number in range(1, 4)]

    ids = await record(house, *people, record_separately=True)
    together = {"request_id": "x", "type": "request", "subject": "Samen", "destinations": people}
    refused = await house.ask("POST", "/dossier-items", together)

    assert {task["item_id"] for task in await tasks(house)} == set(ids)
    assert {task["destination"]["number"] for task in await tasks(house)} == {"1", "2", "3"}
    assert refused.json()["code"] == "separate_required_by_workflow"


async def test_an_item_without_destination_enters_a_workflow_too(house: House) -> None:
    """FR-68, R-27."""
    ids = await record(house, destinations=[])

    (task,) = await tasks(house)

    assert ([task["item_id"]], task["destination"]) == (ids, None)


async def test_an_item_stays_in_the_version_that_it_entered(house: House) -> None:
    """FR-68: the workflow is pinned where the item is recorded."""
    (item_id,) = await record(house, feature_value_1=1)
    other = {**COMPLAINT, "steps": [{**COMPLAINT["steps"][0], "id": "other", "actions": [{"id": "x", "name": {"nl": "x"}, "to": None}]}]}  # fmt: skip
    assert (await house.ask("PUT", "/workflows/complaint", other)).status_code == 200

    moved = await act(house, item_id, "accept")
    (later,) = await record(house, feature_value_1=1)

    assert (moved["workflow_version"], moved["task"]["step"]) == (1, "answer")
    shown = (await house.ask("GET", f"/dossier-items/{later}/workflow")).json()
    assert (shown["workflow_version"], shown["task"]["step"]) == (2, "other")


async def test_an_action_of_another_step_is_refused_naming_the_possible_ones(house: House) -> None:
    """FR-68."""
    (item_id,) = await record(house)
    (note,) = await record(house, type="note")
    path = f"/dossier-items/{item_id}/workflow"

    wrong = await house.ask("POST", path, {"action": "complete"})
    other_step = await house.ask("POST", path, {"action": "accept", "step": "complete"})
    nowhere = await house.ask("POST", f"/dossier-items/{note}/workflow", {"action": "accept"})
    await act(house, item_id, "reject")
    ended = await house.ask("POST", path, {"action": "accept"})

    answers = [(one.status_code, one.json()["code"]) for one in (wrong, other_step, nowhere, ended)]
    assert answers == [
        (409, "action_not_of_step"),
        (409, "another_step"),
        (409, "no_workflow"),
        (409, "workflow_ended"),
    ]
    assert "accept, reject" in wrong.json()["detail"]


async def test_the_same_key_twice_is_one_action(house: House) -> None:
    """FR-68: a double click does not go two steps on."""
    (item_id,) = await record(house)
    path, body = f"/dossier-items/{item_id}/workflow", {"action": "accept"}

    answers = [await house.ask("POST", path, body, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert [answer.json()["task"]["step"] for answer in answers] == ["complete", "complete"]
    assert len(await house.told(DossierItemChanged)) == 1


async def test_a_task_is_for_the_responsible_until_it_is_assigned(house: House) -> None:
    """FR-68: who does a task is who is named for it, else the one responsible for the item."""
    (item_id,) = await record(house)
    path = f"/dossier-items/{item_id}"

    before = [task["item_id"] for task in await tasks(house, "?unassigned=true")]
    await house.ask("PATCH", path, {"responsible_id": "256"})
    responsible = await tasks(house, "?assigned_to=256")
    for _ in range(2):
        await house.ask("POST", f"{path}/workflow/assign", {"to": "311"})
    assigned = await tasks(house, "?assigned_to=311")
    back = (await house.ask("POST", f"{path}/workflow/assign", {"to": None})).json()
    nobody = await house.ask("POST", f"{path}/workflow/assign", {"to": " "})

    assert (before, len(responsible), len(assigned)) == ([item_id], 1, 1)
    assert await tasks(house, "?unassigned=true") == []
    assert (back["task"]["assigned_to"], nobody.status_code) == ("256", 422)
    told = [one for one in await house.told(DossierItemChanged) if one.changed == ("task",)]
    assert [one.task.assignee for one in told] == ["311", None]


async def test_a_completed_item_has_no_task_until_it_is_completed_no_more(house: House) -> None:
    """FR-68."""
    (item_id,) = await record(house)
    path = f"/dossier-items/{item_id}"

    await house.ask("PATCH", path, {"completed": True})
    done = await tasks(house)
    refused = await house.ask("POST", f"{path}/workflow", {"action": "accept"})
    await house.ask("PATCH", path, {"completed": False})

    assert (done, refused.json()["code"]) == ([], "item_completed")
    assert [task["item_id"] for task in await tasks(house)] == [item_id]


async def test_what_is_said_at_a_step_goes_with_the_key_of_its_contact(house: House) -> None:
    """R-26."""
    (item_id,) = await record(house)
    await act(house, item_id, "accept", text="Anna heeft gelijk")

    states = [event.state for event in await house.store.notifications(0, 1000, ())]
    house.store.keyring.erase("organisation|1000|#0")

    assert not [state for state in states if b"Anna" in state]
    (told,) = await house.told(DossierItemChanged)
    assert (told.step_done.action, told.step_done.text) == ("accept", None)


def a_task(number: int, due_on: date | None, assigned_to: str | None = None) -> OpenTask:
    return OpenTask(
        *(UUID(int=number), UUID(int=0), "request", "Verzoek", None, "handle", 1, "assess", {"nl": "Beoordelen"}),
        assigned_to,
        due_on,
        datetime(2026, 3, 2, tzinfo=UTC),
    )


async def test_tasks_are_listed_by_their_last_day_page_by_page(house: House) -> None:
    """FR-68: overdue tasks are shown as such, and come first."""
    yesterday, later = today() - timedelta(days=1), today() + timedelta(days=3)
    days = {1: None, 2: later, 3: today(), 4: yesterday, 5: today(), 6: yesterday}
    found = [a_task(number, day, "256" if number % 2 else None) for number, day in days.items()]
    for task in found:
        await house.store.record(rows=[house.dossier.tasks._table.row(task.item_id, task)])

    seen: list[int] = []
    cursor = ""
    while True:
        page = (await house.ask("GET", f"/tasks?limit=2{cursor}")).json()
        seen += [UUID(task["item_id"]).int for task in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == [4, 6, 3, 5, 2, 1]
    overdue = await tasks(house, "?overdue=true")
    assert [(UUID(task["item_id"]).int, task["overdue"]) for task in overdue] == [(4, True), (6, True)]
    assert {UUID(task["item_id"]).int for task in await tasks(house, "?assigned_to=256")} == {1, 3, 5}
    assert (await house.ask("GET", "/tasks?cursor=x")).status_code == 422


_DEEDS = st.lists(st.sampled_from(["accept", "reject", "complete", "return", "done", "undone", "assign"]), max_size=8)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=_DEEDS)
async def test_whatever_is_done_the_task_listed_is_the_one_the_events_tell(house: House, deeds: list[str]) -> None:
    """FR-68: any row of actions leaves the item at the step that the last one led to."""
    (item_id,) = await record(house)
    steps = {("assess", "accept"): "complete", ("complete", "return"): "assess"}
    at, is_done = "assess", False
    for deed in deeds:
        path = f"/dossier-items/{item_id}"
        if deed in {"done", "undone"}:
            await house.ask("PATCH", path, {"completed": deed == "done"})
            is_done = deed == "done"
        elif deed == "assign":
            await house.ask("POST", f"{path}/workflow/assign", {"to": "311"})
        elif (await house.ask("POST", f"{path}/workflow", {"action": deed})).status_code == 200:
            at = steps.get((at, deed), "")
            is_done = is_done or not at

    item = await house.store.load(DossierItem, UUID(item_id))

    assert item is not None
    listed = {task["item_id"]: task["step"] for task in await tasks(house, "?limit=500")}
    assert listed.get(item_id) == (None if is_done or not at else at)
    assert (item.open_task.step if item.open_task else None) == listed.get(item_id)
    assert bool(item.fields.get("completed")) == is_done
