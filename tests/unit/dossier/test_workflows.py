"""Workflows are set up over HTTP: which steps and actions make one, and that a supplied one is copied, not changed."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dossier.domain.refusal import Refused
from services.dossier.domain.task import Task, act, first_task
from services.dossier.domain.workflow import SUPPLIED, ActionFacts, StepFacts, WorkflowFacts
from shared.contracts.dossier import WorkflowSet
from tests.unit.dossier.conftest import House

MONDAY = date(2026, 3, 2)


def an_action(to: str | None = None, action: str = "go") -> dict[str, Any]:
    return {"id": action, "name": {"nl": action}, "to": to}


def a_step(step: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": step, "name": {"nl": step}, "actions": list(actions), **more}


def a_workflow(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"name": {"nl": "Klacht"}, "steps": list(steps)}


COMPLAINT = a_workflow(
    a_step("assess", an_action("answer", "accept"), an_action(None, "reject"), term_days=2),
    a_step("answer", an_action(None, "answered"), an_action("assess", "return"), assignee="j.jansen"),
)


async def test_a_workflow_is_set_up_shown_and_told_with_each_version(house: House) -> None:
    """FR-68: a workflow is steps with actions, that items may enter."""
    for _ in range(2):
        put = await house.ask("PUT", "/workflows/complaint", COMPLAINT)
    other = COMPLAINT | {"name": {"nl": "Klacht", "en": "Complaint"}}
    second = await house.ask("PUT", "/workflows/complaint", other)

    assert (put.status_code, put.json()["version"], second.json()["version"]) == (200, 1, 2)
    assert (await house.ask("GET", "/workflows/complaint")).json() == second.json()
    assert [one["id"] for one in (await house.ask("GET", "/workflows")).json()["items"]] == ["complaint"]
    told = await house.told(WorkflowSet)
    assert [(one.version, one.name) for one in told] == [(1, {"nl": "Klacht"}), (2, other["name"])]
    assert [step.assignee for step in told[1].steps] == [None, "j.jansen"]


@pytest.mark.parametrize(
    ("steps", "field", "code"),
    [
        ([a_step("a", an_action("b"))], "steps[0].actions[0].to", "action_leads_nowhere"),
        ([a_step("a", an_action()), a_step("b", an_action())], "steps[1]", "step_unreachable"),
        ([a_step("a", an_action("b")), a_step("b", an_action("a"))], "steps", "workflow_without_end"),
        (
            [a_step("a", an_action(), an_action("b", "on")), a_step("b", an_action("b"))],
            "steps[1]",
            "step_without_end",
        ),
        ([a_step("a", an_action("a"), an_action())], "steps[0].actions[1].id", "duplicate_action"),
        ([a_step("a", an_action("a")), a_step("a", an_action())], "steps[1].id", "duplicate_step"),
        ([a_step("a b", an_action())], "steps[0].id", "wrong_workflow_id"),
        ([a_step("a", an_action(None, "."))], "steps[0].actions[0].id", "wrong_workflow_id"),
        ([a_step("a")], "steps[0].actions", "missing"),
        ([], "steps", "missing"),
        ([a_step("a", an_action(), term_days=-1)], "steps[0].term_days", "wrong_value"),
        ([a_step("a", an_action(), assignee="j\n")], "steps[0].assignee", "control_character"),
        ([a_step("a", an_action(), name={"nl": "a\nb"})], "steps[0].name.nl", "control_character"),
        ([a_step("a", an_action(), description={"nl": "\0"})], "steps[0].description.nl", "not_text"),
    ],
)
async def test_what_is_no_workflow_is_refused_by_name(
    house: House, steps: list[dict[str, Any]], field: str, code: str
) -> None:
    """FR-68: every step is reached, every action leads somewhere, and from every step there is a way to the end."""
    answer = await house.ask("PUT", "/workflows/complaint", a_workflow(*steps))

    assert answer.status_code == 422, answer.text
    errors = [(error["field"], error["code"]) for error in answer.json()["errors"]]
    assert (field, code) in errors
    assert len(errors) <= 2
    assert await house.told(WorkflowSet) == []


async def test_a_supplied_workflow_stays_as_it_is_and_its_copy_can_be_changed(house: House) -> None:
    """FR-68, R-21: a workflow of two steps is supplied, to be copied and edited."""
    for _ in range(2):
        await house.dossier.workflows.record_supplied()
    supplied = (await house.ask("GET", "/workflows/handle")).json()

    refused = await house.ask("PUT", "/workflows/handle", COMPLAINT)
    copies = [await house.ask("POST", "/workflows/handle/copy", {"id": "own"}) for _ in range(2)]
    edited = await house.ask("PUT", "/workflows/own", COMPLAINT)

    assert (supplied["supplied"], supplied["version"], len(supplied["steps"])) == (True, 1, 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "supplied_workflow")
    assert [copy.status_code for copy in copies] == [201, 201]
    assert copies[0].json()["steps"] == supplied["steps"]
    assert copies[0].json()["name"] == {"nl": "Afhandelen (kopie)", "en": "Handle (copy)"}
    assert (edited.json()["version"], edited.json()["supplied"]) == (2, False)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/workflows/none/copy", {"id": "own"}, 404, "unknown_workflow"),
        ("/workflows/handle/copy", {"id": "complaint"}, 409, "workflow_id_taken"),
        ("/workflows/handle/copy", {"id": "a b"}, 422, "wrong_workflow_id"),
        ("/workflows/handle/copy", {"id": "own", "name": {}}, 422, "missing"),
        ("/workflows/handle/copy", {}, 422, "missing"),
    ],
)
async def test_a_copy_that_cannot_be_is_refused(house: House, path: str, body: Any, status: int, code: str) -> None:
    await house.dossier.workflows.record_supplied()
    await house.ask("PUT", "/workflows/complaint", COMPLAINT)

    answer = await house.ask("POST", path, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_unknown_workflow_is_not_found_in_the_language_of_whoever_asks(house: House) -> None:
    answers = [await house.ask("GET", "/workflows/x", language=spoken) for spoken in ("nl", "en")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.json()["detail"] for answer in answers] == ["Er is geen workflow x.", "There is no workflow x."]


@pytest.mark.parametrize(
    ("step", "action", "follows"),
    [
        ("assess", "accept", Task("answer", {"nl": "answer"}, "j.jansen", None)),
        ("assess", "reject", None),
        ("answer", "return", Task("assess", {"nl": "assess"}, None, date(2026, 3, 4))),
        ("answer", "answered", None),
    ],
)
def test_an_action_leads_to_its_step_or_to_the_end(step: str, action: str, follows: Task | None) -> None:
    """FR-68: each action leads to a next step, for its assignee and within its term, or to the end."""
    assert act(COMPLAINT_FACTS, step, action, MONDAY).follows == follows


def test_an_action_of_another_step_is_refused_naming_those_of_this_one() -> None:
    with pytest.raises(Refused) as refused:
        act(COMPLAINT_FACTS, "answer", "accept", MONDAY)

    assert (refused.value.status, refused.value.code) == (409, "action_not_of_step")
    assert refused.value.wrongs[0].values["possible"] == "answered, return"


def test_an_item_enters_a_workflow_at_its_first_step() -> None:
    """FR-68."""
    task = first_task(COMPLAINT_FACTS, MONDAY)

    assert task == Task("assess", {"nl": "assess"}, None, date(2026, 3, 4))
    assert Task.of(task.facts()) == task


COMPLAINT_FACTS = WorkflowFacts.model_validate(COMPLAINT).model_dump()


@st.composite
def _any_workflow(draw: st.DrawFn) -> WorkflowFacts:
    ids = [f"s{n}" for n in range(draw(st.integers(1, 5)))]
    ends = st.sampled_from([*ids, None])
    steps = [
        StepFacts(
            id=step,
            name={"nl": step},
            actions=[
                ActionFacts(id=f"a{n}", name={"nl": "x"}, to=to)
                for n, to in enumerate(draw(st.lists(ends, min_size=1, max_size=3)))
            ],
        )
        for step in ids
    ]
    return WorkflowFacts(name={"nl": "x"}, steps=steps)


@given(_any_workflow())
def test_a_workflow_without_wrongs_can_be_walked_from_any_step_reached_to_its_end(workflow: WorkflowFacts) -> None:
    """FR-68: what is set up as a workflow never leaves an item at a step without a way out."""
    facts = workflow.model_dump()
    walks: dict[str, set[str | None]] = {
        step.id: {getattr(act(facts, step.id, action.id, MONDAY).follows, "step", None) for action in step.actions}
        for step in workflow.steps
    }

    def reach(start: str) -> set[str | None]:
        seen: set[str | None] = {start}
        while fresh := {to for at in seen if at for to in walks[at]} - seen:
            seen |= fresh
        return seen

    sound = reach(workflow.steps[0].id) >= set(walks) and all(None in reach(step) for step in walks)
    assert (workflow.wrongs() == []) == sound


def test_the_supplied_workflows_are_workflows() -> None:
    assert [facts.wrongs() for facts in SUPPLIED.values()] == [[]]
