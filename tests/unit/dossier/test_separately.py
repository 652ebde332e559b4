"""The tick box "record separately per destination": its decision table, as a rule, at a door, and for a request."""

from typing import Any

import pytest

from services.dossier.domain.separately import BY_BOTH, BY_DOCUMENT, BY_WORKFLOW, TickBox, tick_box
from shared.contracts.dossier import DossierItemRecorded
from tests.unit.dossier.conftest import House, a_destination, a_request

# destinations, auto document, workflow → state, reason, refused when off, refused when on
TABLE: list[tuple[int, bool, bool, str, str | None, bool, bool]] = [
    *(
        (n, auto, flow, "not_shown", None, False, False)
        for n in (0, 1)
        for auto in (True, False)
        for flow in (True, False)
    ),
    (2, False, False, "free", None, False, False),
    (2, False, True, "must_be_on", BY_WORKFLOW, True, False),
    (2, True, False, "locked_off", BY_DOCUMENT, False, True),
    (2, True, True, "impossible", BY_BOTH, True, True),
]


@pytest.mark.parametrize(("destinations", "auto", "flow", "state", "reason", "off", "on"), TABLE)
def test_each_row_of_the_table(
    destinations: int, auto: bool, flow: bool, state: str, reason: str | None, off: bool, on: bool
) -> None:
    """FR-68…70, FR-82, FR-88…89: a row of the table each."""
    box = tick_box(destinations, auto_document=auto, workflow=flow)

    assert box == TickBox(state, reason)  # type: ignore[arg-type]
    assert box.refusal(ticked=False) == (reason if off else None)
    assert box.refusal(ticked=True) == (reason if on else None)


TYPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "flow": {"workflow_id": "handle"},
    "document": {"auto_document_layout_id": "brief"},
    "both": {"workflow_id": "handle", "auto_document_layout_id": "brief"},
}


@pytest.fixture
async def typed(house: House) -> House:
    await house.dossier.workflows.record_supplied()
    for name, facts in TYPES.items():
        answer = await house.ask("PUT", f"/item-types/{name}", {"name": {"nl": name}, **facts})
        assert answer.status_code == 200, answer.text
    return house


@pytest.mark.parametrize("ticked", [False, True])
@pytest.mark.parametrize(
    ("kind", "when_off", "when_on"),
    [("plain", None, None), ("flow", BY_WORKFLOW, None), ("document", None, BY_DOCUMENT), ("both", BY_BOTH, BY_BOTH)],
)
async def test_a_request_for_several_is_held_to_the_table(
    typed: House, kind: str, when_off: str | None, when_on: str | None, ticked: bool
) -> None:
    """FR-68…70, FR-88…89, A19: also for an item that only informs, and for whoever asks by a program."""
    body = {
        "request_id": "crm-1",
        "type": kind,
        "subject": "Ter informatie",
        "record_separately": ticked,
        "destinations": [a_destination("1"), a_destination("2")],
    }
    code = when_on if ticked else when_off

    if code:
        problem = await typed.refused(body)
        assert [(one["field"], one["code"]) for one in problem["errors"]] == [("record_separately", code)]
        assert problem["errors"][0]["detail"].strip()
    else:
        assert (await typed.ask("POST", "/dossier-items", body)).status_code == 202
        await typed.record_all()
        assert len(await typed.told(DossierItemRecorded)) == (2 if ticked else 1)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("ticked", [False, True])
async def test_one_destination_is_one_item_whatever_is_ticked(typed: House, kind: str, ticked: bool) -> None:
    """FR-82, the table's first row."""
    answer = await typed.ask("POST", "/dossier-items", a_request(type=kind, record_separately=ticked))

    assert (answer.status_code, answer.json()["items"]) == (202, 1)


async def test_an_item_that_enters_a_workflow_says_which(typed: House) -> None:
    """FR-68, A13."""
    await typed.ask("POST", "/dossier-items", a_request(type="flow"))
    await typed.record_all()

    assert [item.workflow_id for item in await typed.told(DossierItemRecorded)] == ["handle"]


FEATURES: dict[str, Any] = {
    "use": True,
    "feature_1": {
        "name": {"nl": "Onderwerp"},
        "values": [{"id": 1, "name": {"nl": "Klacht"}}, {"id": 2, "name": {"nl": "Vraag"}}],
    },
    "combinations": [
        {"id": 10, "feature_value_1": 1, "workflow_id": "handle"},
        {"id": 11, "feature_value_1": 2},
    ],
}


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_the_box_is_told_with_its_reason_once_the_features_are_filled(house: House, language: str) -> None:
    """FR-70, R-21, A13: the workflow hangs on the combination of features."""
    await house.dossier.workflows.record_supplied()
    await house.ask("PUT", "/item-types/complaint", {"name": {"nl": "Klacht"}, "features": FEATURES})

    async def box(**asked: Any) -> dict[str, Any]:
        answer = await house.ask("POST", "/item-types/complaint/record-separately", asked, language)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    complaint = await box(features={"feature_value_1": 1}, destinations=2)
    question = await box(features={"feature_combination_id": 11}, destinations=2)
    empty = await box(destinations=1)

    assert (complaint["state"], complaint["ticked"], complaint["workflow_id"]) == ("must_be_on", True, "handle")
    assert complaint["code"] == BY_WORKFLOW
    assert "workflow" in complaint["reason"]
    assert (question["state"], question["ticked"], question["reason"]) == ("free", False, None)
    assert empty["state"] == "not_shown"


async def test_features_that_cannot_be_are_refused_where_the_box_is_asked_for(house: House) -> None:
    await house.ask(
        "PUT", "/item-types/complaint", {"name": {"nl": "Klacht"}, "features": FEATURES | {"combinations": []}}
    )

    asked = {"features": {"feature_value_1": 9}, "destinations": 2}
    answer = await house.ask("POST", "/item-types/complaint/record-separately", asked)

    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [
        ("features.feature_value_1", "unknown_feature_value")
    ]
    assert (await house.ask("POST", "/item-types/x/record-separately", asked)).status_code == 404
