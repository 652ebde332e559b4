"""Field settings are set by administrators for everyone, and by operators for themselves; and who asks is known."""

import asyncio
from typing import Any

import pytest

from services.dossier.adapters.tables import METADATA
from services.dossier.adapters.tables.personal import SqlPersonal
from services.dossier.domain.field_setting import FieldSetting
from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.operator import Operator
from shared.contracts.dossier import DossierItemRequested, RunStarted
from shared.store import Store
from tests.unit.dossier.conftest import House, a_request
from tests.unit.dossier.drafting import MAIL, Desk

FREE = {"preferred_value": None, "mandatory": False, "visible": True, "changeable": True, "is_set": False}
SET = {"preferred_value": "Huis", "mandatory": True, "visible": True, "changeable": False, "is_set": True}


async def test_an_administrator_sets_a_field_and_takes_it_back(house: House) -> None:
    """FR-60, R-28: preferred value, mandatory, visible, changeable."""
    path = "/field-settings/sender_name"
    said = {"preferred_value": "Huis", "mandatory": True, "changeable": False}

    before = (await house.ask("GET", path)).json()
    put = (await house.ask("PUT", path, said)).json()
    shown = (await house.ask("GET", path)).json()
    removed = await house.ask("DELETE", path)

    assert before == {"id": "sender_name", **FREE}
    assert put == shown == {"id": "sender_name", **SET}
    assert removed.status_code == 204
    assert (await house.ask("GET", path)).json() == before
    listed = (await house.ask("GET", "/field-settings")).json()["items"]
    assert {"sender_name", "sender_address"} <= {one["id"] for one in listed}


async def test_the_same_setting_again_records_nothing_and_each_other_one_says_who(house: House) -> None:
    """R-28: who set what stays on record."""
    for value in ("Huis", "Huis", "Wij"):
        await house.ask("PUT", "/field-settings/sender_name", {"preferred_value": value})
    await house.ask("DELETE", "/field-settings/sender_name")

    identity = setup_id_of("field-setting", "sender_name")
    events = [house.store.mapper.to_domain_event(one) for one in house.store.recorder.select_events(identity)]
    told = [event.facts and event.facts["preferred_value"] for event in events]  # type: ignore[attr-defined]
    assert told == ["Huis", "Wij", None]
    assert {event.operator for event in events} == {"crm-0"}  # type: ignore[attr-defined]


async def test_two_administrators_at_once_both_have_their_say(house: House) -> None:
    settings = [{"preferred_value": str(n)} for n in range(5)]

    answers = await asyncio.gather(*(house.ask("PUT", "/field-settings/sender_name", one) for one in settings))

    assert {answer.status_code for answer in answers} == {200}
    setting = await house.store.load(FieldSetting, setup_id_of("field-setting", "sender_name"))
    assert setting is not None
    assert setting.version == 5


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "code"),
    [
        ("/field-settings/colour", {}, 404, "field", "field_without_settings"),
        ("/field-settings/colour", {"preferred_value": "a"}, 404, "field", "field_without_settings"),
        ("/field-settings/sender_name", {"preferred_value": "a\nb"}, 422, "preferred_value", "control_character"),
        ("/field-settings/sender_name", {"preferred_value": "a" * 201}, 422, "preferred_value", "too_long"),
        ("/field-settings/sender_name", {"colour": 1}, 422, "colour", "unknown_field"),
        ("/field-settings/sender_address", {"preferred_value": "a@"}, 422, "preferred_value", "invalid_sender_address"),
        (
            "/field-settings/sender_address",
            {"preferred_value": "", "changeable": False},
            422,
            "preferred_value",
            "field_never_filled",
        ),
        (
            "/field-settings/comment",
            {"mandatory": True, "visible": False},
            422,
            "preferred_value",
            "field_never_filled",
        ),
        ("/field-settings/subject", {"visible": False}, 422, "preferred_value", "field_never_filled"),
        ("/me/field-settings/colour", {"last_chosen": True}, 404, "field", "field_without_settings"),
        ("/me/field-settings/colour", {"preferred_value": "a"}, 404, "field", "field_without_settings"),
        ("/me/field-settings/sender_name", {}, 422, "preferred_value", "preferred_or_last_chosen"),
        (
            "/me/field-settings/sender_name",
            {"preferred_value": "Jan", "last_chosen": True},
            422,
            "preferred_value",
            "preferred_or_last_chosen",
        ),
    ],
)
async def test_what_cannot_be_set_of_a_field_is_refused(
    house: House, path: str, body: Any, status: int, field: str, code: str
) -> None:
    """FR-60: also a setting under which no draft could ever be finished."""
    answer = await house.ask("PUT", path, body)

    assert answer.status_code == status
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


async def test_each_operator_has_settings_of_his_own(house: House) -> None:
    """R-28: personal are preferred value and last chosen value."""
    anna, bert = house.signed_in("anna"), house.signed_in("bert")
    path = "/me/field-settings/sender_name"

    await house.ask("PUT", path, {"preferred_value": "Anna"}, session=anna)
    await house.ask("PUT", path, {"last_chosen": True}, session=bert)

    shown = [(await house.ask("GET", path, session=who)).json() for who in (anna, bert, None)]
    assert [(one["preferred_value"], one["last_chosen"], one["is_set"]) for one in shown] == [
        ("Anna", False, True),
        (None, True, True),
        (None, False, False),
    ]
    await house.ask("DELETE", path, session=anna)
    assert (await house.ask("GET", path, session=anna)).json()["is_set"] is False


async def test_an_administrators_setting_shuts_out_those_of_operators(house: House) -> None:
    """R-28: even one that supplies no value."""
    anna = house.signed_in("anna")
    path = "/me/field-settings/sender_name"
    await house.ask("PUT", path, {"preferred_value": "Anna"}, session=anna)
    operator = Operator("user:anna", "anna")

    await house.ask("PUT", "/field-settings/sender_name", {"mandatory": True})
    refused = await house.ask("PUT", path, {"preferred_value": "Ik"}, session=anna)
    holding = await house.dossier.desk.field_settings.holding(operator)

    assert (refused.status_code, refused.json()["code"]) == (409, "set_by_administrator")
    assert (await house.ask("GET", path, session=anna)).json()["shut_out"] is True
    assert (holding["sender_name"].by, holding["sender_name"].value) == ("administrator", None)
    await house.ask("DELETE", "/field-settings/sender_name")
    assert (await house.dossier.desk.field_settings.holding(operator))["sender_name"].value == "Anna"


async def test_only_administrators_set_fields_for_everyone(house: House) -> None:
    anna = house.signed_in("anna")

    assert (await house.ask("PUT", "/field-settings/sender_name", {}, session=anna)).status_code == 403
    assert (await house.ask("DELETE", "/field-settings/sender_name", session=anna)).status_code == 403


async def test_a_desktop_helper_is_known_of_each_user(house: House) -> None:
    """FR-104: its presence is knowable per user."""
    anna, bert = house.signed_in("anna", "anna@house.example", "Anna de Vries"), house.signed_in("bert")

    await house.ask("PUT", "/me/desktop-helper", {"linked": True}, session=anna)

    assert (await house.ask("GET", "/me", session=anna)).json() == {
        "name": "anna",
        "kind": "session",
        "scopes": ["read", "send"],
        "role": "clerk",
        "full_name": "Anna de Vries",
        "email": "anna@house.example",
        "desktop_helper": True,
    }
    assert (await house.ask("GET", "/me", session=bert)).json()["desktop_helper"] is False
    assert (await house.ask("GET", "/me")).json()["role"] is None
    await house.ask("PUT", "/me/desktop-helper", {"linked": False}, session=anna)
    assert (await house.ask("GET", "/me", session=anna)).json()["desktop_helper"] is False


async def test_what_is_personal_stays_apart_on_every_database(store_url: str) -> None:
    async with Store(store_url, "dossier", METADATA) as store:
        personal = SqlPersonal(store)
        rows = [personal.put(who, "field:a", {"who": who}) for who in ("user:anna", "token:anna")]
        await store.record(rows=[*rows, personal.put("user:anna", "field:b", {"n": 1})])
        await store.record(rows=[personal.put("user:anna", "field:b", {"n": 2})])
        await store.record(rows=[personal.removed("token:anna", "field:a")])

        assert await personal.facts("user:anna", ["field:a", "field:b"]) == {
            "field:a": {"who": "user:anna"},
            "field:b": {"n": 2},
        }
        assert await personal.facts("token:anna", ["field:a", "field:b"]) == {}


@pytest.mark.parametrize(
    ("setting", "given", "name"),
    [
        pytest.param(None, {}, "Verkoop", id="row 3"),
        pytest.param({"preferred_value": "Huis"}, {}, "Huis", id="row 4"),
        pytest.param({"preferred_value": ""}, {}, "", id="row 4: an explicit empty one"),
        pytest.param(None, {"sender_name": "Jan"}, "Jan", id="row 5 and 7"),
        pytest.param({"preferred_value": "Huis"}, {"sender_name": "Jan"}, "Jan", id="row 6 and 8"),
        pytest.param({"preferred_value": "Huis"}, {"sender_name": ""}, "", id="row 6: cleared"),
        pytest.param({"changeable": False}, {}, "Verkoop", id="not changeable alone"),
        pytest.param({"changeable": False}, {"sender_name": "Verkoop"}, "Verkoop", id="nothing changed"),
        pytest.param({"preferred_value": "Huis", "changeable": False}, {}, "Huis", id="row 4: not changeable"),
    ],
)
async def test_a_request_of_a_program_is_held_to_the_administrators_setting(
    house: House, setting: dict[str, Any] | None, given: dict[str, Any], name: str
) -> None:
    """FR-59…63, A8: what it gives is an edit."""
    if setting is not None:
        assert (await house.ask("PUT", "/field-settings/sender_name", setting)).status_code == 200

    answer = await house.ask("POST", "/dossier-items", a_request(**given))
    await house.record_all()

    assert answer.status_code == 202, answer.text
    [mail] = await house.told(DossierItemRequested)
    assert (mail.sender.name, mail.sender.address) == (name, "sales@house.example")


@pytest.mark.parametrize(
    ("field", "setting", "given", "code"),
    [
        ("sender_name", {"preferred_value": "Huis", "changeable": False}, "Jan", "field_not_changeable"),
        ("sender_address", {"changeable": False}, "jan@house.example", "field_not_changeable"),
        ("sender_address", {"visible": False}, "jan@house.example", "field_not_visible"),
        ("sender_name", {"mandatory": True}, "", "missing"),
    ],
)
@pytest.mark.parametrize("door", ["", "/check", "/preview"])
async def test_a_request_of_a_program_changes_no_field_that_an_administrator_shut(
    house: House, field: str, setting: dict[str, Any], given: str, code: str, door: str
) -> None:
    """FR-60, FR-63, R-28: row 9, at each door that takes a request."""
    await house.ask("PUT", f"/field-settings/{field}", setting)

    answer = await house.ask("POST", f"/dossier-items{door}", a_request(**{field: given}))

    said = answer.json()
    assert [(one["field"], one["code"]) for one in said["errors"]] == [(field, code)]
    assert await house.told(RunStarted) == []


async def test_a_draft_is_finished_with_the_sender_that_it_showed(house: House) -> None:
    """A8: row 10, also where the setting that came meanwhile lets nobody change the field."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL, sender_name="Jan")
    await house.ask("PUT", "/field-settings/sender_name", {"preferred_value": "Huis", "changeable": False})

    await desk.finish(draft_id)
    await house.record_all()

    assert [mail.sender.name for mail in await house.told(DossierItemRequested)] == ["Jan"]
