"""Item types are set up and copied, and a request obeys the type that it names."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.dossier.domain.item_type import FieldUses, ItemTypeFacts
from shared.contracts.dossier import DossierItemRecorded, DossierItemRequested
from tests.unit.dossier.conftest import House, a_destination, a_request

CAUSE = "0f7dcb9e-56a1-5a0f-9f5e-5a7e1c1f2b3d"


async def put(house: House, type_id: str = "own", **facts: Any) -> dict[str, Any]:
    """Set up a type; return it as shown."""
    answer = await house.ask("PUT", f"/item-types/{type_id}", {"name": {"nl": "Eigen"}, **facts})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def record(house: House, **request: Any) -> DossierItemRecorded:
    """Record one item of the type; return it as told."""
    answer = await house.ask("POST", "/dossier-items", a_request(**{"type": "own", **request}))
    assert answer.status_code == 202, answer.text
    await house.record_all()
    item: DossierItemRecorded = (await house.told(DossierItemRecorded))[-1]
    return item


async def wrong(house: House, **request: Any) -> list[tuple[str, str]]:
    """Ask for what must be refused; return field and code of each thing wrong."""
    problem = await house.refused(a_request(**{"type": "own", **request}))
    return [(error["field"], error["code"]) for error in problem["errors"]]


async def test_supplied_types_are_offered_with_negative_codes(house: House) -> None:
    """FR-27, FR-71, R-19: outgoing mail, and two that only inform."""
    listed = (await house.ask("GET", "/item-types")).json()["items"]

    assert [(kind["id"], kind["supplied"]) for kind in listed] == [
        ("outgoing_mail", True),
        ("incoming_mail", True),
        ("note", True),
    ]
    assert listed[0]["name"] == {"nl": "Uitgaande post", "en": "Outgoing mail"}
    assert all(kind["code"] < 0 for kind in listed)
    assert (await house.ask("GET", "/item-types/note")).json()["issue_methods"] == ["none"]
    for unknown in ("x", "%00", "%EF%BF%BF"):
        assert (await house.ask("GET", f"/item-types/{unknown}")).status_code == 404


async def test_a_supplied_type_stays_and_its_copy_can_be_changed(house: House) -> None:
    """FR-103, R-19."""
    refused = await house.ask("PUT", "/item-types/note", {"name": {"nl": "Notitie"}})
    copied = await house.ask("POST", "/item-types/note/copy", {"id": "memo", "code": 12})
    again = await house.ask("POST", "/item-types/note/copy", {"id": "memo", "code": 12})
    changed = await put(house, "memo", name={"nl": "Memo", "en": "Memo"}, code=12)
    taken = await house.ask("POST", "/item-types/note/copy", {"id": "memo"})

    assert (refused.status_code, refused.json()["code"]) == (409, "supplied_item_type")
    assert (copied.status_code, again.json()) == (201, copied.json())
    assert copied.json()["name"] == {"nl": "Notitie (kopie)", "en": "Note (copy)"}
    assert (copied.json()["issue_methods"], copied.json()["supplied"]) == (["none"], False)
    assert (changed["version"], changed["issue_methods"]) == (2, ["none", "document", "email"])
    assert (taken.status_code, taken.json()["code"]) == (409, "item_type_id_taken")


async def test_a_type_put_again_as_it_is_has_no_next_version(house: House) -> None:
    """FR-103."""
    versions = [(await put(house, confidential=flag))["version"] for flag in (False, False, True)]

    assert versions == [1, 1, 2]
    assert (await house.ask("GET", "/item-types/own")).json()["confidential"] is True
    assert [kind["id"] for kind in (await house.ask("GET", "/item-types")).json()["items"]][3:] == ["own"]


async def test_what_is_set_of_a_type_is_shown(house: House) -> None:
    """FR-51, FR-103, R-17…18: both choices of issuing and of linking files may be on."""
    facts: dict[str, Any] = {
        "code": 15,
        "confidential": True,
        "numbering": True,
        "last_number": 117,
        "fields": {"start_date": "mandatory", "priority": "off"},
        "submitter_is_responsible": True,
        "link_file": True,
        "issue_methods": ["none", "email"],
        "auto_open_attachment": True,
        "auto_document_layout_id": "brief",
        "destinations": {"organisation": "mandatory"},
    }

    shown = await put(house, **facts)

    assert shown["fields"] == FieldUses().model_dump() | facts.pop("fields")
    assert {name: shown[name] for name in facts} == facts


async def test_a_code_belongs_to_one_type(house: House) -> None:
    """R-19."""
    await put(house, "one", code=15)
    body = {"name": {"nl": "Ander"}, "code": 15}

    other = await house.ask("PUT", "/item-types/other", body)
    raced = await asyncio.gather(*(house.ask("PUT", f"/item-types/{n}", body | {"code": 16}) for n in range(5)))

    assert (other.status_code, other.json()["code"]) == (409, "code_taken")
    assert sorted(answer.status_code for answer in raced) == [200, 409, 409, 409, 409]
    assert (await put(house, "one", code=15))["version"] == 1


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": {}}, "name", "missing"),
    ({"name": {"fr": "Note"}}, "name.fr.[key]", "wrong_value"),
    ({"name": {"nl": "a\nb"}}, "name.nl", "control_character"),
    ({"code": -3}, "code", "wrong_value"),
    ({"fields": {"start_date": "yes"}}, "fields.start_date", "wrong_value"),
    ({"fields": {"colour": "on"}}, "fields.colour", "unknown_field"),
    ({"issue_methods": []}, "issue_methods", "missing"),
    ({"destinations": {"planet": "optional"}}, "destinations", "unknown_destination_kind"),
    ({"destinations": {"person": "perhaps"}}, "destinations.person", "wrong_value"),
    ({"auto_document_layout_id": "x"}, "auto_document_layout_id", "unknown_layout"),
    ({"auto_document_layout_id": "plain"}, "auto_document_layout_id", "layout_kind"),
    ({"workflow_id": "x"}, "workflow_id", "unknown_workflow"),
    ({"on_intake": {"issue_method": "email"}}, "on_intake.sender_id", "missing"),
    ({"on_intake": {"issue_method": "email", "sender_id": "x"}}, "on_intake.sender_id", "unknown_sender"),
    ({"on_intake": {"issue_method": "document"}}, "on_intake.attachment_layout_id", "missing"),
    (
        {"on_intake": {"issue_method": "document", "attachment_layout_id": "welcome"}},
        "on_intake.attachment_layout_id",
        "layout_kind",
    ),
    (
        {"on_intake": {"issue_method": "document", "attachment_layout_id": "brief", "body_layout_id": "plain"}},
        "on_intake.body_layout_id",
        "body_of_document",
    ),
    (
        {"issue_methods": ["none"], "on_intake": {"issue_method": "document", "attachment_layout_id": "brief"}},
        "on_intake.issue_method",
        "issue_method_not_of_type",
    ),
    ({"features": {"combinations": [{"id": 1}]}}, "features.combinations[0].feature_value_1", "missing"),
    (
        {"features": {"combinations": [{"id": 1, "feature_value_2": 4}]}},
        "features.combinations[0].feature_value_2",
        "no_such_feature",
    ),
    (
        {"features": {"feature_1": {"name": {"nl": "A"}, "values": [{"id": 1, "name": {"nl": "a"}}] * 2}}},
        "features.feature_1.values[1].id",
        "duplicate_number",
    ),
    (
        {
            "features": {
                "feature_1": {"name": {"nl": "A"}},
                "combinations": [{"id": 1, "feature_value_1": 4}, {"id": 2, "feature_value_1": 4}],
            }
        },
        "features.combinations[1]",
        "duplicate_combination",
    ),
    (
        {
            "features": {
                "feature_1": {"name": {"nl": "A"}},
                "combinations": [{"id": 1, "feature_value_1": 4, "workflow_id": "x"}],
            }
        },
        "features.combinations[0].workflow_id",
        "unknown_workflow",
    ),
]


@pytest.mark.parametrize(("facts", "field", "code"), WRONG)
async def test_a_type_that_cannot_be_is_refused_by_field(
    house: House, facts: dict[str, Any], field: str, code: str
) -> None:
    """FR-103."""
    answer = await house.ask("PUT", "/item-types/own", {"name": {"nl": "Eigen"}, **facts})

    assert answer.status_code == 422, answer.text
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


async def test_an_item_of_a_blocked_type_is_refused(house: House) -> None:
    await put(house, blocked=True)

    assert await wrong(house) == [("type", "type_blocked")]


GIVEN: dict[str, Any] = {
    "start_date": "2026-03-09",
    "end_date": "2026-03-10",
    "cause_item_id": CAUSE,
    "action_type": "BEL",
    "priority": "low",
    "source_code": "WEB",
    "responsible_id": "000256",
    "comment": "Gebeld",
    "completed": True,
}


@pytest.mark.parametrize("field", FieldUses.model_fields)
async def test_a_field_that_is_off_is_refused_and_one_that_must_be_is_missed(house: House, field: str) -> None:
    """R-17: each check box, off and mandatory."""
    await put(house, fields={field: "off"})
    off = await wrong(house, **{field: GIVEN[field]})
    await put(house, fields={field: "mandatory"})
    lacking = await wrong(house)

    assert (field, "field_off") in off
    assert lacking == [(field, "missing")]


async def test_files_are_linked_only_where_the_type_says_so(house: House) -> None:
    """R-18: whether a document or e-mail may be chosen does not matter to it."""
    file = {"filename": "a.txt", "content": ""}
    await put(house, link_file=False)

    refused = await wrong(house, attachments=[file])
    await put(house, link_file=True)
    item = await record(house, attachments=[file])

    assert refused == [("attachments", "link_file_off")]
    assert [one.filename for one in item.attachments] == ["a.txt"]


@pytest.mark.parametrize(
    ("allowed", "method", "is_allowed"),
    [
        (["none"], "email", False),
        (["none"], "document", False),
        (["none", "document"], "document", True),
        (["document", "email"], "none", False),
        (["email"], "email", True),
    ],
)
async def test_an_item_is_issued_only_as_its_type_allows(
    house: House, allowed: list[str], method: str, is_allowed: bool
) -> None:
    """FR-90…92, R-18: the choice between a document and an e-mail."""
    await put(house, issue_methods=allowed)
    layout = {"attachment_layout_id": "brief"} if method == "document" else {}
    body = a_request(type="own", issue_method=method, **layout)

    if is_allowed:
        assert (await house.ask("POST", "/dossier-items", body)).status_code == 202
    else:
        problem = await house.refused(body)
        assert [(one["field"], one["code"]) for one in problem["errors"]] == [
            ("issue_method", "issue_method_not_of_type")
        ]
        assert ", ".join(allowed) in problem["errors"][0]["detail"]


async def test_a_cause_is_an_item_that_stands(house: House) -> None:
    """R-17."""
    await put(house)
    first = await record(house)

    later = await record(house, request_id="crm-2", cause_item_id=str(first.item_id))

    assert await wrong(house, request_id="crm-3", cause_item_id=CAUSE) == [("cause_item_id", "unknown_cause")]
    assert later.fields is not None
    assert later.fields.cause_item_id == first.item_id


async def test_who_submits_is_responsible_where_the_type_prefers_so(house: House) -> None:
    """R-17: sender preferred as responsible."""
    await put(house, submitter_is_responsible=True, fields={"responsible_id": "mandatory"})

    submitted = await record(house, submitted_by="j.jansen")
    given = await record(house, request_id="crm-2", responsible_id="000256")

    assert [item.fields and item.fields.responsible_id for item in (submitted, given)] == ["j.jansen", "000256"]


async def test_what_is_completed_has_a_date(house: House) -> None:
    """R-17: completed, and its date."""
    await put(house)

    now = await record(house, completed=True)
    then = await record(house, request_id="crm-2", completed=True, submitted_at="2020-01-02T03:04:05Z")

    assert now.fields is not None
    assert now.fields.completed_at is not None
    assert abs((now.fields.completed_at - now.recorded_at).total_seconds()) < 60
    assert then.fields is not None
    assert then.fields.completed_at == datetime.fromisoformat("2020-01-02T03:04:05Z")


async def test_an_item_of_a_confidential_type_says_so(house: House) -> None:
    """R-17."""
    await put(house, confidential=True)

    item = await record(house)

    assert item.fields is not None
    assert item.fields.confidential is True


A, B = ("organisation", None), ("person", None)
CONTACT = ("organisation", "5")


@pytest.mark.parametrize(
    ("rules", "at", "separately", "found"),
    [
        ({}, [A, B], False, []),
        ({"organisation": "optional"}, [], False, []),
        ({"organisation": "mandatory"}, [A], False, []),
        ({"organisation": "mandatory"}, [A, B], False, []),
        ({"organisation": "mandatory"}, [B], False, [("destinations[0]", "destination_mandatory")]),
        ({"organisation": "mandatory"}, [], False, [("destinations", "destination_mandatory")]),
        ({"organisation": "mandatory"}, [A, B], True, [("destinations[1]", "destination_mandatory")]),
        ({"organisation": "not_allowed"}, [B, A], False, [("destinations[1].kind", "destination_not_allowed")]),
        ({"organisation": "not_allowed"}, [CONTACT], False, []),
        ({"contact_person": "not_allowed"}, [CONTACT], False, [("destinations[0].kind", "destination_not_allowed")]),
        ({"contact_person": "mandatory"}, [CONTACT], False, []),
        ({"organisation": "mandatory"}, [CONTACT], False, []),
        ({"contact_person": "mandatory"}, [A], False, [("destinations[0]", "destination_mandatory")]),
        ({"organisation": "one_of_these", "person": "one_of_these"}, [B], False, []),
        ({"organisation": "one_of_these", "person": "one_of_these"}, [A, B], True, []),
        (
            {"organisation": "one_of_these", "employee": "one_of_these"},
            [B],
            False,
            [("destinations[0]", "destination_one_of_these")],
        ),
        ({"person": "one_of_these"}, [], False, [("destinations", "destination_one_of_these")]),
    ],
)
async def test_each_rule_per_kind_of_destination(
    house: House,
    rules: dict[str, str],
    at: list[tuple[str, str | None]],
    separately: bool,
    found: list[tuple[str, str]],
) -> None:
    """R-20: optional, mandatory, not allowed, one of these; item by item."""
    await put(house, destinations=rules)
    destinations = [a_destination(str(n), kind=kind, contact_id=contact) for n, (kind, contact) in enumerate(at, 1)]
    body = a_request(
        type="own", issue_method="none", sender_id=None, destinations=destinations, record_separately=separately
    )

    if found:
        problem = await house.refused(body)
        assert [(one["field"], one["code"]) for one in problem["errors"]] == found
    else:
        assert (await house.ask("POST", "/dossier-items", body)).status_code == 202


def value(number: int, *, blocked: bool = False) -> dict[str, Any]:
    return {"id": number, "name": {"nl": f"waarde {number}"}, "blocked": blocked}


FEATURES: dict[str, Any] = {
    "use": True,
    "feature_1": {"name": {"nl": "Onderwerp"}, "values": [value(1), value(2), value(3, blocked=True)]},
    "feature_2": {"name": {"nl": "Kanaal"}},
    "combinations": [
        {
            "id": 10,
            "feature_value_1": 1,
            "feature_value_2": 7,
            "description": "Klacht per brief",
            "workflow_id": "handle",
        },
        {"id": 11, "feature_value_1": 2},
        {"id": 12, "feature_value_1": 1, "blocked": True},
    ],
}
NO = {"use": False}
EXISTING = FEATURES | {"only_existing": True}
ONES = {"feature_value_1": 1, "feature_value_2": 7}


@pytest.mark.parametrize(
    ("features", "given", "became"),
    [
        (NO, {}, {}),
        (NO, {"feature_value_1": 1}, [("feature_value_1", "field_off")]),
        (NO, {"feature_combination_id": 10}, [("feature_combination_id", "field_off")]),
        (FEATURES, {}, {}),
        (FEATURES | {"without_allowed": False}, {}, [("feature_value_1", "features_missing")]),
        (FEATURES, ONES, ONES | {"feature_combination_id": 10}),
        (FEATURES, {"feature_combination_id": 10}, ONES | {"feature_combination_id": 10}),
        (FEATURES, ONES | {"feature_combination_id": 10}, ONES | {"feature_combination_id": 10}),
        (
            FEATURES,
            {"feature_value_1": 2, "feature_combination_id": 10},
            [("feature_value_1", "not_of_combination")],
        ),
        (FEATURES, {"feature_combination_id": 99}, [("feature_combination_id", "unknown_combination")]),
        (FEATURES, {"feature_combination_id": 12}, [("feature_combination_id", "combination_blocked")]),
        (FEATURES, {"feature_value_1": 1}, [("feature_value_1", "combination_blocked")]),
        (FEATURES, {"feature_value_2": 8}, {"feature_value_2": 8}),
        (FEATURES, {"feature_value_1": 9}, [("feature_value_1", "unknown_feature_value")]),
        (FEATURES, {"feature_value_1": 3}, [("feature_value_1", "feature_value_blocked")]),
        (FEATURES, {"feature_value_3": 1}, [("feature_value_3", "no_such_feature")]),
        (EXISTING, {"feature_value_2": 8}, [("feature_value_2", "no_such_combination")]),
        (EXISTING, {"feature_value_1": 2}, {"feature_value_1": 2, "feature_combination_id": 11}),
    ],
)
async def test_each_way_to_give_features(
    house: House, features: dict[str, Any], given: dict[str, Any], became: dict[str, Any] | list[tuple[str, str]]
) -> None:
    """R-17, R-21: whether they are used, only in existing combinations, or left out."""
    await house.dossier.workflows.record_supplied()
    await put(house, features=features)

    if isinstance(became, list):
        assert await wrong(house, **given) == became
    else:
        item = await record(house, **given)
        assert (item.fields.model_dump(exclude_none=True) if item.fields else {}) == became


@pytest.mark.parametrize(("given", "workflow"), [(ONES, "handle"), ({"feature_value_1": 2}, "copy"), ({}, "copy")])
async def test_the_workflow_is_the_combinations_else_the_types(
    house: House, given: dict[str, int], workflow: str
) -> None:
    """R-21, A13."""
    await house.dossier.workflows.record_supplied()
    await house.dossier.workflows.copy("handle", "copy")
    await put(house, features=FEATURES, workflow_id="copy")

    assert (await record(house, **given)).workflow_id == workflow


async def test_items_of_a_numbered_type_get_the_next_numbers(house: House) -> None:
    """R-17: numbering, with the last used number."""
    await put(house, numbering=True, last_number=117)
    two = {"destinations": [a_destination("1"), a_destination("2")], "consent_attested": True}

    await record(house, **two, record_separately=True)
    await record(house, request_id="crm-2", **two)
    await record(house, request_id="crm-2", **two)
    await put(house, numbering=True, last_number=50)
    await record(house, request_id="crm-3", destinations=[], issue_method="none", sender_id=None, body_text=None)
    items = await house.told(DossierItemRecorded)

    assert [item.fields.number for item in items] == [118, 119, 120, 121]
    assert (await house.ask("GET", "/item-types/own")).json()["last_number"] == 121


async def test_no_number_is_given_twice_however_many_ask_at_once(house: House) -> None:
    """R-17."""
    await put(house, numbering=True)
    bodies = [a_request(type="own", request_id=f"crm-{n}") for n in range(20)]

    await asyncio.gather(*(house.ask("POST", "/dossier-items", body) for body in bodies))
    await house.record_all()

    numbers = [item.fields.number for item in await house.told(DossierItemRecorded)]
    assert sorted(numbers) == list(range(1, 21))


async def test_the_numbers_of_a_long_run_go_on_from_chunk_to_chunk(house: House) -> None:
    """R-17."""
    await put(house, numbering=True)
    destinations = [{"kind": "person", "number": str(n), "recipient": {"name": "A"}} for n in range(300)]
    body = {"request_id": "crm-1", "type": "own", "subject": "Ter informatie", "record_separately": True}

    await house.ask("POST", "/dossier-items", body | {"destinations": destinations})
    await house.record_all()

    items = await house.told(DossierItemRecorded)
    assert [(item.destinations[0].number, item.fields.number) for item in items] == [
        (str(n), n + 1) for n in range(300)
    ]


ON_INTAKE = {
    "issue_method": "email",
    "sender_id": "sales",
    "body_layout_id": "plain",
    "attachment_layout_id": "brief",
    "attachment_read_only": True,
}


def silent(**other: Any) -> dict[str, Any]:
    """Return a request that says nothing of being issued."""
    return {"request_id": "crm-1", "type": "own", "subject": "Klacht", "destinations": [a_destination()], **other}


async def test_an_item_is_issued_as_its_type_says_where_the_request_says_nothing(house: House) -> None:
    """FR-91, R-18: the choice of the type goes before none, and what the request says before the type."""
    await put(house, on_intake=ON_INTAKE)

    for request_id, given in (("a", {}), ("b", {"issue_method": "none"}), ("c", {"body_text": "Dag"})):
        answer = await house.ask("POST", "/dossier-items", silent(request_id=request_id, **given))
        assert answer.status_code == 202, answer.text
    await house.record_all()

    by_default, typed = await house.told(DossierItemRequested)
    assert (by_default.sender.sender_id, by_default.body_layout.layout_id) == ("sales", "plain")
    assert (by_default.attachment_layout.layout_id, by_default.body_text) == ("brief", None)
    assert (typed.body_layout, typed.body_text) == (None, "Dag")
    assert sorted(item.issue_method for item in await house.told(DossierItemRecorded)) == ["email", "email", "none"]


async def test_a_request_is_the_same_request_after_its_type_was_set_otherwise(house: House) -> None:
    """A23: what is asked is remembered, not what the type made of it."""
    await put(house, on_intake=ON_INTAKE)
    first = await house.ask("POST", "/dossier-items", silent())
    await put(house)

    again = await house.ask("POST", "/dossier-items", silent())

    assert (again.status_code, again.json()) == (202, first.json())


async def test_items_that_only_inform_are_recorded_for_several_at_once(house: House) -> None:
    """FR-71, A19: no sender, layout, address or consent."""
    nobody = {"kind": "person", "recipient": {"name": "Zonder adres"}}
    destinations = [{**nobody, "number": str(n)} for n in range(2)]

    for type_id in ("note", "incoming_mail"):
        for separately in (True, False):
            body = silent(request_id=f"{type_id} {separately}", type=type_id, record_separately=separately)
            answer = await house.ask("POST", "/dossier-items", body | {"destinations": destinations})
            assert answer.json()["items"] == (2 if separately else 1)
    await house.record_all()

    assert await house.told(DossierItemRequested) == []


async def test_on_postgresql_types_and_numbers_are_the_same(tmp_path: Path, postgres_url: str) -> None:
    """FR-103, R-17."""
    house = House(tmp_path, url=postgres_url)
    await house.set_up()
    await put(house, code=15, numbering=True, last_number=5)
    await put(house, code=15, numbering=True, last_number=3)
    taken = await house.ask("PUT", "/item-types/other", {"name": {"nl": "Ander"}, "code": 15})

    item = await record(house)

    assert taken.json()["code"] == "code_taken"
    assert item.fields is not None
    assert item.fields.number == 6
    assert (await house.ask("GET", "/item-types/own")).json()["last_number"] == 6
    await house.store.close()


def test_a_type_needs_only_a_name() -> None:
    """FR-103: a new type accepts what a supplied one accepts."""
    facts = ItemTypeFacts(name={"nl": "Eigen"})

    assert set(facts.fields.model_dump().values()) == {"on"}
    assert facts.wrongs() == []
