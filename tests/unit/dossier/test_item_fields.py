"""The own fields of an item are taken by their glossary names, refused by name, and told with the item."""

from typing import Any
from uuid import UUID

import pytest

from services.dossier.domain.intake import Intake
from shared.contracts.dossier import DossierItemRecorded
from tests.unit.dossier.conftest import House, a_destination, a_request

FIELDS: dict[str, Any] = {
    "submitted_at": "2026-03-02T09:15:00+01:00",
    "responsible_id": "000256",
    "start_date": "2026-03-09",
    "end_date": "2026-03-09T17:00:00+01:00",
    "priority": "high",
    "completed": True,
    "completed_at": "2026-03-02T08:30:00Z",
    "action_type": "BEL",
    "source_code": "WEB",
    "blocked": False,
    "sub_destinations": [{"kind": "project", "number": "P-14"}],
    "custom_fields": {"U0A1B": "ja"},
    "extra": {"ProfileId": 3},
}
HASH_OF_BEFORE = "d3f5fd0f38bdeb6e091ede1b8f36687ff46fe3bb9be6a13c0776269aa810c711"


@pytest.mark.parametrize("separately", [True, False])
async def test_each_item_is_recorded_with_the_fields_that_were_given(house: House, separately: bool) -> None:
    destinations = [a_destination("1"), a_destination("2")]
    body = a_request(destinations=destinations, record_separately=separately, consent_attested=True, **FIELDS)

    answer = await house.ask("POST", "/dossier-items", body)
    await house.record_all()

    assert answer.status_code == 202, answer.text
    items = await house.told(DossierItemRecorded)
    assert len(items) == (2 if separately else 1)
    for item in items:
        said = item.fields.model_dump(mode="json", exclude_none=True)
        assert said == FIELDS | {"submitted_at": "2026-03-02T09:15:00+01:00"}


async def test_an_item_without_fields_says_nothing_of_them(house: House) -> None:
    await house.ask("POST", "/dossier-items", a_request())
    await house.record_all()

    [item] = await house.told(DossierItemRecorded)
    assert item.fields is None


def test_a_request_without_fields_is_the_request_that_it_was_before_there_were_any() -> None:
    request = Intake.model_validate(a_request())

    assert request.content_hash() == HASH_OF_BEFORE
    assert Intake.model_validate(a_request(blocked=False)).content_hash() != HASH_OF_BEFORE


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"priority": "urgent"}, "priority", "wrong_value"),
        ({"start_date": "tomorrow"}, "start_date", "wrong_type"),
        ({"start_date": "2026-03-09T17:00:00"}, "start_date", "wrong_type"),
        ({"start_date": "2026-03-09", "end_date": "2026-03-08"}, "end_date", "end_before_start"),
        ({"completed_at": "2026-03-02T08:30:00Z"}, "completed_at", "completed_at_without_completed"),
        ({"completed": "yes"}, "completed", "wrong_type"),
        ({"submitted_at": "2026-03-02T09:15:00"}, "submitted_at", "wrong_value"),
        ({"action_type": "BELLEN"}, "action_type", "too_long"),
        ({"source_code": "a\nb"}, "source_code", "control_character"),
        ({"responsible_id": ""}, "responsible_id", "missing"),
        ({"cause_item_id": "54286"}, "cause_item_id", "wrong_type"),
        ({"feature_value_1": 0}, "feature_value_1", "wrong_value"),
        ({"feature_combination_id": "12"}, "feature_combination_id", "wrong_type"),
        (
            {"sub_destinations": [{"kind": "Project", "number": "1"}]},
            "sub_destinations[0].kind",
            "wrong_sub_destination_kind",
        ),
        ({"sub_destinations": [{"kind": "project"}]}, "sub_destinations[0].number", "missing"),
        ({"custom_fields": {"U1": "x" * 20_001}}, "custom_fields", "too_long"),
        ({"extra": {"a": "\x00"}}, "extra.a", "not_text"),
    ],
)
async def test_a_field_that_cannot_be_is_refused_by_name(
    house: House, given: dict[str, Any], field: str, code: str
) -> None:
    problem = await house.refused(a_request(**given))

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


def test_a_cause_is_an_item_by_its_id() -> None:
    cause = "0f7dcb9e-56a1-5a0f-9f5e-5a7e1c1f2b3d"

    request = Intake.model_validate(a_request(cause_item_id=cause))

    assert request.cause_item_id == UUID(cause)
    assert request.own_fields() == {"cause_item_id": cause}
