"""What becomes of a recorded item: its fields, contact and files change, responses are added, each only once."""

import asyncio
from base64 import b64encode
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dossier.domain.item import DossierItem
from services.dossier.domain.item_type import ItemTypeFacts
from shared.contracts.dossier import DossierItemChanged, DossierItemRecorded, ResponseAdded
from tests.unit.dossier.conftest import House, a_destination

ANNA = {"kind": "organisation", "number": "1000", "contact_id": "5", "recipient": {"name": "Anna"}}


FEATURES = {
    "use": True,
    "feature_1": {"name": {"nl": "Product"}, "values": [{"id": n, "name": {"nl": f"p{n}"}} for n in (1, 2, 7)]},
    "feature_2": {"name": {"nl": "Aard"}},
    "combinations": [{"id": 12, "feature_value_1": 1, "feature_value_2": 4}, {"id": 13, "feature_value_1": 2}],
}


@pytest.fixture(autouse=True)
async def types(house: House) -> None:
    """A type with features, and one that has little."""
    put = house.dossier.item_types.put
    await put("memo", ItemTypeFacts.model_validate({"name": {"nl": "Memo"}, "features": FEATURES}))
    uses = {"responsible_id": "mandatory", "priority": "off", "comment": "off"}
    bare = {"name": {"nl": "Kaal"}, "fields": uses, "link_file": False, "numbering": True}
    await put("bare", ItemTypeFacts.model_validate(bare))


async def a_memo(house: House, *destinations: dict[str, Any], **more: Any) -> str:
    """Record an item and return its id."""
    to = [*destinations] if destinations else [a_destination()]
    body = {"request_id": str(uuid4()), "type": "memo", "subject": "Gebeld", "destinations": to, **more}
    answer = await house.ask("POST", "/dossier-items", body)
    assert answer.status_code == 202, answer.text
    await house.record_all()
    item_id: str = answer.json()["item_ids"][0]
    return item_id


async def patch(house: House, item_id: str, **change: Any) -> dict[str, Any]:
    answer = await house.ask("PATCH", f"/dossier-items/{item_id}", change)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.mark.parametrize(
    ("recorded", "change", "fields"),
    [
        ({}, {"responsible_id": "000256"}, {"responsible_id": "000256"}),
        ({}, {"feature_combination_id": 12}, {"feature_value_1": 1, "feature_value_2": 4, "feature_combination_id": 12}),
        ({"feature_combination_id": 12}, {"feature_value_2": 5}, {"feature_value_1": 1, "feature_value_2": 5}),
        ({"feature_combination_id": 12}, {"feature_combination_id": 13}, {"feature_value_1": 2, "feature_combination_id": 13}),
        ({"feature_combination_id": 13}, {"feature_value_1": None}, {}),
        ({"responsible_id": "1"}, {"responsible_id": None}, {}),
        ({"responsible_id": "1"}, {"responsible_id": ""}, {}),
        ({"priority": "low", "source_code": "WEB"}, {"priority": "high"}, {"priority": "high", "source_code": "WEB"}),
        ({"start_date": "2026-03-02"}, {"end_date": "2026-03-04"}, {"start_date": "2026-03-02", "end_date": "2026-03-04"}),
        ({"feature_value_1": 1}, {"feature_value_1": 2, "feature_value_2": 3}, {"feature_value_1": 2, "feature_value_2": 3}),
        ({}, {"action_type": "BEL", "source_code": "TEL"}, {"action_type": "BEL", "source_code": "TEL"}),
        ({}, {"sub_destinations": [{"kind": "project", "number": "P1"}]}, {"sub_destinations": [{"kind": "project", "number": "P1"}]}),
        ({"completed": True, "completed_at": "2026-03-02T09:00:00Z"}, {"completed": False}, {"completed": False}),
        ({"completed": True, "completed_at": "2026-03-02T09:00:00Z"}, {"completed": None}, {}),
        ({}, {"completed": True, "completed_at": "2026-03-02T09:00:00Z"}, {"completed": True, "completed_at": "2026-03-02T09:00:00Z"}),
        ({"blocked": True}, {"blocked": False}, {"blocked": False}),
    ],
)  # fmt: skip
async def test_a_field_is_changed_cleared_or_left(
    house: House, recorded: dict[str, Any], change: dict[str, Any], fields: dict[str, Any]
) -> None:
    """R-23: an item's fields can be changed later."""
    item_id = await a_memo(house, **recorded)

    first = await patch(house, item_id, **change)
    second = await patch(house, item_id, **change)

    assert first["fields"] == fields
    assert second == first
    (told,) = await house.told(DossierItemChanged)
    assert (told.version, told.by) == (2, "crm-0")
    assert set(told.changed) >= set(change)


async def test_an_item_completed_has_the_moment_of_it_until_it_is_completed_no_more(house: House) -> None:
    """R-23."""
    item_id = await a_memo(house)

    done = await patch(house, item_id, completed=True)
    again = await patch(house, item_id, completed=True)
    open_again = await patch(house, item_id, completed=False)

    assert done["fields"]["completed_at"]
    assert again == done
    assert open_again["fields"] == {"completed": False}


@pytest.mark.parametrize(
    ("recorded", "change", "field", "code"),
    [
        ({}, {"subject": ""}, "subject", "missing"),
        ({}, {"subject": "twee\nregels"}, "subject", "subject_line_break"),
        ({}, {"type": "outgoing_mail"}, "type", "never_changed"),
        ({}, {"destinations": []}, "destinations", "never_changed"),
        ({}, {"number": "2"}, "number", "never_changed"),
        ({}, {"attachments": []}, "attachments", "attachments_apart"),
        ({}, {"colour": "red"}, "colour", "unknown_field"),
        ({}, {"priority": "urgent"}, "priority", "wrong_value"),
        ({}, {"contact_id": "77"}, "contact_id", "no_such_contact"),
        ({}, {"contact_id": "a|b"}, "contact_id", "wrong_number"),
        ({}, {"comment": "a\0b"}, "comment", "not_text"),
        ({}, {"completed_at": "2026-03-02T09:00:00Z"}, "completed_at", "completed_at_without_completed"),
        ({"start_date": "2026-03-02"}, {"end_date": "2026-03-01"}, "end_date", "end_before_start"),
        ({"blocked": True, "feature_value_1": 1}, {"feature_value_1": 7}, "feature_value_1", "features_archived"),
        ({"blocked": True}, {"feature_combination_id": 2, "blocked": False}, "feature_combination_id", "features_archived"),
        ({"destinations": []}, {"contact_id": "5"}, "contact_id", "no_destination"),
        ({}, {"feature_value_1": 9}, "feature_value_1", "unknown_feature_value"),
        ({}, {"feature_combination_id": 9}, "feature_combination_id", "unknown_combination"),
        ({}, {"cause_item_id": str(UUID(int=1))}, "cause_item_id", "unknown_cause"),
        ({"type": "bare", "responsible_id": "1"}, {"priority": "low"}, "priority", "field_off"),
        ({"type": "bare", "responsible_id": "1"}, {"comment": "x"}, "comment", "field_off"),
        ({"type": "bare", "responsible_id": "1"}, {"responsible_id": ""}, "responsible_id", "missing"),
    ],
)  # fmt: skip
async def test_what_may_not_change_is_refused_by_name(
    house: House, recorded: dict[str, Any], change: dict[str, Any], field: str, code: str
) -> None:
    """R-17, R-23: the main destination never changes, nor do the features of an archived item."""
    item_id = await a_memo(house, **recorded)

    answer = await house.ask("PATCH", f"/dossier-items/{item_id}", change)

    assert answer.status_code == 422, answer.text
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert await house.told(DossierItemChanged) == []


@pytest.mark.parametrize("change", [{"contact_id": "5"}, {"sub_destinations": [{"kind": "project", "number": "1"}]}])
async def test_the_destinations_of_an_item_with_several_stay(house: House, change: dict[str, Any]) -> None:
    """R-23: once an item has several destinations, they cannot be changed; its other fields can."""
    item_id = await a_memo(house, a_destination("1"), a_destination("2"))

    refused = await house.ask("PATCH", f"/dossier-items/{item_id}", change)
    changed = await patch(house, item_id, priority="low")

    assert refused.json()["errors"][0]["code"] == "several_destinations"
    assert changed["fields"] == {"priority": "low"}


async def test_the_contact_of_an_item_changes_and_takes_the_comment_along(house: House) -> None:
    """R-23: a sub-destination such as the contact can be changed; the organisation stays."""
    await a_memo(house, ANNA)
    item_id = await a_memo(house, a_destination("1000"), comment="Zij belde.", extra={"LoId": "boven"})

    said = await patch(house, item_id, contact_id="5")
    house.store.keyring.erase("organisation|1000|#0")
    item = await house.store.load(DossierItem, UUID(item_id))

    (told,) = await house.told(DossierItemChanged)
    assert (said["contact_id"], told.changed, told.destination.number) == ("5", ("contact_id",), "1000")
    assert item is not None
    assert (item.comment, item.fields) == ("Zij belde.", {"extra": {"LoId": "boven"}})
    assert told.person == "organisation|1000|5#0"


async def test_a_comment_is_sealed_for_the_one_contact_it_is_about(house: House) -> None:
    """R-26: what is said of a contact goes with its key, in the run, the item, its changes and its responses.

    So does what is kept as it came, which may say anything.
    """
    item_id = await a_memo(house, ANNA, comment="Anna is ziek", custom_fields={"U1": "Anna 06"}, extra={"id": "Anna"})
    await patch(house, item_id, comment="Anna is weer beter", custom_fields={"U1": "Anna 07"}, priority="low")
    await house.ask("POST", f"/dossier-items/{item_id}/responses", {"text": "Anna gebeld"})

    events = await house.store.notifications(0, 1000, ())
    house.store.keyring.erase("organisation|1000|5#0")
    item = await house.store.load(DossierItem, UUID(item_id))
    refused = [
        await house.ask("POST", f"/dossier-items/{item_id}/responses", {"text": "Anna gemaild"}),
        await house.ask("PATCH", f"/dossier-items/{item_id}", {"comment": "Anna"}),
        await house.ask("PATCH", f"/dossier-items/{item_id}", {"extra": {"id": "Anna 2"}}),
    ]

    assert not [event.topic for event in events if b"Anna" in event.state]
    assert item is not None
    assert (item.comment, item.fields) == (None, {"priority": "low"})
    assert [answer.json()["errors"][0]["field"] for answer in refused] == ["text", "comment", "extra"]
    assert {answer.json()["code"] for answer in refused} == {"erased"}
    assert [(one.text, one.n) for one in await house.told(ResponseAdded)] == [(None, 1)]


@pytest.mark.parametrize("numbers", [(), ("1", "2")])
async def test_a_comment_of_nobody_or_of_several_is_kept_for_all_of_them(
    house: House, numbers: tuple[str, ...]
) -> None:
    """R-27: an item without a destination is as good as any other."""
    to = [a_destination(number) for number in numbers]
    body = {"request_id": "1", "type": "note", "subject": "Beleid", "destinations": to, "comment": "Voor allen"}
    item_id = (await house.ask("POST", "/dossier-items", body)).json()["item_ids"][0]
    await house.record_all()

    changed = await patch(house, item_id, comment="Voor iedereen")

    told = await house.told(DossierItemRecorded)
    assert {(one.comment, one.person) for one in told} == {("Voor allen", None)}
    assert changed["comment"] == "Voor iedereen"


async def test_of_two_changes_at_once_each_keeps_what_the_other_does_not_name(house: House) -> None:
    """R-23, R-25."""
    item_id = await a_memo(house)

    await asyncio.gather(*(patch(house, item_id, **{name: 7}) for name in ("feature_value_1", "feature_value_2")))

    assert (await patch(house, item_id))["fields"] == {"feature_value_1": 7, "feature_value_2": 7}
    assert [one.version for one in await house.told(DossierItemChanged)] == [2, 3]


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 412), ('"2"', 200), ('W/"2"', 200), ("*", 200), (None, 200), ("2", 422), ('"two"', 422)],
)
async def test_a_change_of_an_older_version_is_refused_where_it_names_one(
    house: House, if_match: str | None, status: int
) -> None:
    """R-25: whoever names the version they saw never overwrites what they did not see."""
    item_id = await a_memo(house)
    await patch(house, item_id, priority="low")

    headers = {"If-Match": if_match} if if_match else {}
    answer = await house.ask("PATCH", f"/dossier-items/{item_id}", {"priority": "high"}, **headers)

    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.headers["ETag"] == '"3"'


async def test_files_are_added_and_taken_away_and_names_need_not_be_unique(house: House) -> None:
    """R-24: an attachment is changed by adding another and taking the first away."""
    item_id = await a_memo(house, attachments=[{"filename": "a.txt", "content": b64encode(b"one").decode()}])
    path = f"/dossier-items/{item_id}/attachments"
    other = {"filename": "a.txt", "content": b64encode(b"two").decode()}

    added = [await house.ask("POST", path, other, **{"Idempotency-Key": "k1"}) for _ in range(2)]
    twin = await house.ask("POST", path, other)
    removed = [await house.ask("DELETE", f"{path}/1") for _ in range(2)]
    never = await house.ask("DELETE", f"{path}/9")

    assert [one.json()["n"] for one in (*added, twin)] == [2, 2, 3]
    assert [one.status_code for one in (*removed, never)] == [204, 204, 404]
    files = (await patch(house, item_id))["attachments"]
    assert [(file["n"], file["filename"]) for file in files] == [(2, "a.txt"), (3, "a.txt")]
    assert house.blobs.get(files[0]["sha256"]) == b"two"
    told = await house.told(DossierItemChanged)
    assert [(one.attachment_added and one.attachment_added.n, one.attachment_removed) for one in told] == [
        (2, None),
        (3, None),
        (None, 1),
    ]


@pytest.mark.parametrize(
    ("file", "field", "code"),
    [
        ({"filename": "a/b", "content": ""}, "filename", "wrong_filename"),
        ({"filename": "a"}, "content", "content_or_sha256"),
        ({"filename": "a", "content": "%"}, "content", "not_base64"),
        ({"filename": "a", "sha256": "0" * 64}, "sha256", "unknown_attachment"),
    ],
)
async def test_a_file_that_is_none_is_refused(house: House, file: dict[str, Any], field: str, code: str) -> None:
    """R-24."""
    item_id = await a_memo(house)

    answer = await house.ask("POST", f"/dossier-items/{item_id}/attachments", file)

    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


async def test_a_type_without_linked_files_takes_none_later_either(house: House) -> None:
    """R-17, R-24."""
    item_id = await a_memo(house, type="bare", responsible_id="1")

    changed = await patch(house, item_id, responsible_id="2")
    answer = await house.ask("POST", f"/dossier-items/{item_id}/attachments", {"filename": "a", "content": ""})

    assert answer.json()["code"] == "link_file_off"
    assert changed["fields"] == {"number": 1, "responsible_id": "2"}


@pytest.mark.parametrize(
    ("edit_mode", "workflow_id", "completed", "code"),
    [
        ("always", None, False, None),
        ("always", None, True, None),
        ("until_completed", None, False, None),
        ("until_completed", None, True, "editing_off_once_completed"),
        ("never", None, False, "editing_off"),
        ("never", None, True, "editing_off"),
        ("until_completed", "handle", True, "editing_off_once_completed"),
        ("never", "handle", False, None),
        ("never", "handle", True, "editing_off"),
    ],
)
async def test_the_type_says_until_when_an_item_is_changed(
    house: House, edit_mode: str, workflow_id: str | None, completed: bool, code: str | None
) -> None:
    """R-17, R-23: outside a workflow the edit mode of the type counts; responses can always be added."""
    await house.dossier.workflows.record_supplied()
    facts = {"name": {"nl": "Eigen"}, "edit_mode": edit_mode, "workflow_id": workflow_id}
    await house.dossier.item_types.put("own", ItemTypeFacts.model_validate(facts))
    file = {"filename": "a", "content": ""}
    item_id = await a_memo(house, type="own", completed=completed, attachments=[file])
    path = f"/dossier-items/{item_id}"

    answers = [
        await house.ask("PATCH", path, {"priority": "high"}),
        await house.ask("POST", f"{path}/attachments", file),
        await house.ask("DELETE", f"{path}/attachments/1"),
    ]
    response = await house.ask("POST", f"{path}/responses", {"text": "Gezien."})
    nothing = await house.ask("PATCH", path, {"responsible_id": None})

    said = [(one.status_code, one.json()["code"] if one.is_error else None) for one in answers]
    assert said == ([(409, code)] * 3 if code else [(200, None), (201, None), (204, None)])
    assert (response.status_code, nothing.status_code) == (201, 200)


async def test_whoever_sees_an_item_may_respond_and_the_same_key_is_one_response(house: House) -> None:
    """R-23: responses can always be added by who may see the item, also when it is archived."""
    item_id = await a_memo(house, blocked=True)
    path = f"/dossier-items/{item_id}/responses"
    house.token = house.access.create_token("reader", ["read"])

    answers = [await house.ask("POST", path, {"text": "Gebeld"}, **{"Idempotency-Key": "k"}) for _ in range(2)]
    internal = await house.ask("POST", path, {"text": "Onder ons", "internal": True})
    refused = await house.ask("PATCH", f"/dossier-items/{item_id}", {"priority": "low"})
    empty = await house.ask("POST", path, {"text": ""})

    assert [answer.json()["n"] for answer in (*answers, internal)] == [1, 1, 2]
    assert (refused.status_code, empty.status_code) == (403, 422)
    told = await house.told(ResponseAdded)
    assert [(one.n, one.text, one.internal, one.by) for one in told] == [
        (1, "Gebeld", False, "reader"),
        (2, "Onder ons", True, "reader"),
    ]


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [("PATCH", "", {}), ("POST", "/responses", {"text": "x"}), ("DELETE", "/attachments/1", None)],
)
async def test_an_unknown_item_is_not_found(house: House, method: str, rest: str, body: Any) -> None:
    answer = await house.ask(method, f"/dossier-items/{uuid4()}{rest}", body)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_item")


_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "responsible_id": st.sampled_from(["1", "2", "", None]),
        "priority": st.sampled_from(["high", "low", None]),
        "feature_value_1": st.sampled_from([1, 2, None]),
        "completed": st.sampled_from([True, False, None]),
        "comment": st.sampled_from(["a", "b", "", None]),
    },
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(_CHANGES, max_size=6))
async def test_any_row_of_changes_leaves_what_the_last_ones_said(house: House, changes: list[dict[str, Any]]) -> None:
    """R-23, R-25: what stands is what was said last of each field, and its events tell the same once more."""
    item_id = await a_memo(house)
    wanted: dict[str, Any] = {}
    for change in changes:
        await patch(house, item_id, **change)
        wanted |= change

    said = await patch(house, item_id)
    item = await house.store.load(DossierItem, UUID(item_id))

    assert item is not None
    follow = ("completed_at", "feature_combination_id")
    stands = {name: value for name, value in said["fields"].items() if name not in follow}
    assert stands == {name: value for name, value in wanted.items() if value not in (None, "") and name != "comment"}
    assert ("completed_at" in said["fields"]) == (wanted.get("completed") is True)
    assert said["comment"] == (wanted.get("comment") or "")
    assert (item.fields, item.edition) == (said["fields"], said["version"])
