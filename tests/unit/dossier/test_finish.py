"""What a finish opens, what it leaves in My files, and what the type of an item makes of a draft."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.dossier.adapters.tables import METADATA
from services.dossier.adapters.tables.my_files import SqlFiles
from services.dossier.application.my_files import MyFile
from shared.store import Store
from tests.unit.dossier.conftest import House, a_destination
from tests.unit.dossier.drafting import MAIL, Desk, fields_of

TWO = [a_destination("1"), a_destination("2")]


@pytest.fixture
async def desk(house: House) -> Desk:
    names = {"nl": "Bericht", "en": "Message"}
    for opens in (True, False):
        await house.ask("PUT", f"/item-types/opens-{opens}", {"name": names, "auto_open_attachment": opens})
    return Desk(house, house.signed_in("anna"))


async def finished(desk: Desk, opens: bool = True, number: int = 1, separately: bool = True, **said: Any) -> Any:
    """Finish a draft of so many destinations; return the answer."""
    changes = MAIL | ({"record_separately": separately, "consent_attested": True} if number > 1 else {})
    draft_id = await desk.open(*TWO[:number], type=f"opens-{opens}", **changes)
    return await desk.finish(draft_id, **said)


@pytest.mark.parametrize(
    ("opens", "number", "separately", "said", "is_opened", "files"),
    [
        pytest.param(True, 1, True, {"can_open": True}, True, 0, id="on, one item, the browser can"),
        pytest.param(True, 1, True, {"desktop_helper": True}, True, 0, id="on, one item, the helper is there"),
        pytest.param(True, 2, False, {"can_open": True}, True, 0, id="on, one item at two destinations"),
        pytest.param(True, 1, True, {}, False, 1, id="on, nothing said"),
        pytest.param(True, 1, True, {"desktop_helper": False}, False, 1, id="on, no helper"),
        pytest.param(True, 2, True, {"can_open": True}, False, 1, id="on, two items"),
        pytest.param(False, 1, True, {"can_open": True}, False, 0, id="off"),
        pytest.param(False, 2, True, {}, False, 0, id="off, two items"),
    ],
)
async def test_the_attachment_is_opened_or_lies_in_my_files(
    desk: Desk, opens: bool, number: int, separately: bool, said: dict[str, Any], is_opened: bool, files: int
) -> None:
    """FR-51…53, A9."""
    answer = await finished(desk, opens, number, separately, **said)

    listed = (await desk.ask("GET", "/my-files"))["items"]
    url = f"/api/v1/dossier-items/{answer['item_ids'][0]}/attachment"
    assert answer["open_attachment"] == (url if is_opened else None)
    assert len(listed) == files
    if files:
        one_item = answer["items"] == 1
        assert (listed[0]["run_id"], listed[0]["subject"]) == (answer["run_id"], MAIL["subject"])
        assert listed[0]["item_id"] == (answer["item_ids"][0] if one_item else None)
        assert listed[0]["url"] == (url if one_item else f"/api/v1/processing?run_id={answer['run_id']}")


async def test_a_helper_that_is_linked_opens_without_being_named(desk: Desk) -> None:
    """FR-53, FR-104: unless the client says that it is not there just now."""
    await desk.ask("PUT", "/me/desktop-helper", {"linked": True})

    answers = [await finished(desk), await finished(desk, desktop_helper=False)]

    assert [answer["open_attachment"] is not None for answer in answers] == [True, False]


async def test_a_client_that_failed_to_open_has_it_put_in_my_files(desk: Desk) -> None:
    """A9: once, however often it says so."""
    draft_id = await desk.open(type="opens-True", **MAIL)
    await desk.finish(draft_id, can_open=True)
    before = (await desk.ask("GET", "/my-files"))["items"]

    for _ in range(2):
        await desk.ask("POST", "/my-files", {"draft_id": draft_id})

    after = (await desk.ask("GET", "/my-files"))["items"]
    assert (len(before), len(after)) == (0, 1)


async def test_a_finish_answered_again_leaves_one_file(desk: Desk) -> None:
    """A23."""
    draft_id = await desk.open(type="opens-True", **MAIL)

    answers = [await desk.finish(draft_id) for _ in range(2)]

    assert answers[0] == answers[1]
    assert len((await desk.ask("GET", "/my-files"))["items"]) == 1


async def test_my_files_are_each_operators_own_and_can_be_taken_away(house: House, desk: Desk) -> None:
    """FR-53: newest first, page by page."""
    bert = Desk(house, house.signed_in("bert"))
    made = [(await finished(desk))["run_id"] for _ in range(3)]

    first = await desk.ask("GET", "/my-files?limit=2")
    second = await desk.ask("GET", f"/my-files?limit=2&cursor={first['next']}")

    listed = first["items"] + second["items"]
    assert [file["run_id"] for file in listed] == made[::-1]
    assert second["next"] is None
    assert (await bert.ask("GET", "/my-files"))["items"] == []
    assert await bert.refused("DELETE", f"/my-files/{listed[0]['id']}") == (404, [("", "unknown_file")])
    await desk.ask("DELETE", f"/my-files/{listed[0]['id']}")
    assert [file["run_id"] for file in (await desk.ask("GET", "/my-files"))["items"]] == made[1::-1]
    assert await desk.refused("GET", "/my-files?cursor=x") == (422, [("cursor", "wrong_value")])


async def test_files_are_kept_on_every_database(store_url: str) -> None:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    async with Store(store_url, "dossier", METADATA) as store:
        table = SqlFiles(store)
        files = [MyFile(uuid4(), "user:anna", uuid4(), None, "Dag", 2, at + timedelta(seconds=n)) for n in range(3)]
        other = MyFile(uuid4(), "user:bert", uuid4(), uuid4(), "Dag", 1, at)
        await store.record(rows=[table.put(file) for file in (*files, other, files[0])])

        first = await table.page("user:anna", None, 2)
        rest = await table.page("user:anna", (first[-1].at.timestamp(), str(first[-1].id)), 2)

        assert [*first, *rest] == files[::-1]
        assert await table.page("user:bert", None, 2) == [other]
        assert await table.remove(other.id, "user:anna") is False
        assert await table.remove(other.id, "user:bert") is True


@pytest.mark.parametrize(
    ("number", "auto_document", "workflow", "state", "reason", "ticked_off", "ticked_on"),
    [
        pytest.param(1, True, True, None, None, None, "one_destination", id="one destination"),
        pytest.param(2, False, False, "open", None, None, None, id="free"),
        pytest.param(
            2,
            False,
            True,
            "open",
            "separate_required_by_workflow",
            "separate_required_by_workflow",
            None,
            id="must be on",
        ),
        pytest.param(
            2,
            True,
            False,
            "locked",
            "separate_forbidden_by_auto_document",
            None,
            "separate_forbidden_by_auto_document",
            id="locked off",
        ),
        pytest.param(
            2,
            True,
            True,
            "locked",
            "workflow_conflicts_with_auto_document",
            "workflow_conflicts_with_auto_document",
            "workflow_conflicts_with_auto_document",
            id="impossible",
        ),
    ],
)
async def test_the_box_separately_is_as_the_table_has_it(
    house: House,
    number: int,
    auto_document: bool,
    workflow: bool,
    state: str | None,
    reason: str | None,
    ticked_off: str | None,
    ticked_on: str | None,
) -> None:
    """FR-69, FR-70, FR-82, FR-88, FR-89, A13: the table of §1.6 in a draft, with the reason in words."""
    desk = Desk(house)
    await house.dossier.workflows.record_supplied()
    [supplied, *_] = (await desk.ask("GET", "/workflows"))["items"]
    facts = {
        "name": {"nl": "Bericht", "en": "Message"},
        "auto_document_layout_id": "brief" if auto_document else None,
        "workflow_id": supplied["id"] if workflow else None,
    }
    await desk.ask("PUT", "/item-types/bound", facts)

    draft_id = await desk.open(*TWO[:number], type="bound", subject="Dag")
    draft = await desk.ask("GET", f"/drafts/{draft_id}")
    box = fields_of(draft).get("record_separately")
    on = await house.ask("PATCH", f"/drafts/{draft_id}", {"record_separately": True})

    assert (box and box["state"], box and box["reason"] and box["reason"]["code"]) == (state, reason)
    assert [one["code"] for one in draft["wrong"] if one["field"] == "record_separately"] == (
        [ticked_off] if ticked_off else []
    )
    assert (on.json()["errors"][0]["code"] if on.status_code == 422 else None) == ticked_on
    if state:
        finish = await house.ask("POST", f"/drafts/{draft_id}/finish", {})
        assert finish.status_code == (422 if reason and "conflicts" in reason else 202), finish.text


async def test_a_draft_has_the_fields_that_its_type_has(desk: Desk) -> None:
    """FR-91, R-17: what is off is not there, what is mandatory must be filled in."""
    fields = {"comment": "off", "priority": "mandatory", "start_date": "off"}
    facts = {"name": {"nl": "x", "en": "x"}, "fields": fields, "link_file": False, "issue_methods": ["email"]}
    await Desk(desk.house).ask("PUT", "/item-types/strict", facts)

    draft_id = await desk.open(type="strict", **{name: value for name, value in MAIL.items() if name != "issue_method"})
    shown = await desk.fields(draft_id)

    assert shown.keys().isdisjoint({"comment", "start_date", "attachments", "feature_value_1"})
    assert (shown["priority"]["mandatory"], shown["issue_method"]["value"]) == (True, "email")
    assert shown["file"]["reason"]["code"] == "link_file_off"
    assert await desk.refused("PATCH", f"/drafts/{draft_id}", {"comment": "x"}) == (
        422,
        [("comment", "not_in_this_draft")],
    )
    assert await desk.refused("POST", f"/drafts/{draft_id}/finish") == (422, [("priority", "missing")])
    await desk.change(draft_id, priority="high")
    await desk.finish(draft_id)


async def test_features_that_make_an_item_enter_a_workflow_make_the_box_mandatory(house: House) -> None:
    """A13, FR-68: judged as soon as they are filled in."""
    desk = Desk(house)
    await house.dossier.workflows.record_supplied()
    [supplied, *_] = (await desk.ask("GET", "/workflows"))["items"]
    combination = {"id": 1, "feature_value_1": 1, "workflow_id": supplied["id"]}
    features = {
        "use": True,
        "feature_1": {"name": {"nl": "x", "en": "x"}, "values": [{"id": 1, "name": {"nl": "y", "en": "y"}}]},
        "combinations": [combination],
    }
    await desk.ask("PUT", "/item-types/felt", {"name": {"nl": "x", "en": "x"}, "features": features})
    draft_id = await desk.open(*TWO, type="felt", subject="Dag")

    boxes = [(await desk.fields(draft_id))["record_separately"]]
    boxes.append(fields_of(await desk.change(draft_id, feature_value_1=1))["record_separately"])

    assert [box["mandatory"] for box in boxes] == [False, True]
    assert await desk.refused("POST", f"/drafts/{draft_id}/finish") == (
        422,
        [("record_separately", "separate_required_by_workflow")],
    )


async def test_whoever_finishes_is_responsible_where_the_type_says_so(desk: Desk) -> None:
    """R-17: the mandatory field is filled by the finish itself."""
    facts = {
        "name": {"nl": "x", "en": "x"},
        "fields": {"responsible_id": "mandatory"},
        "submitter_is_responsible": True,
    }
    await Desk(desk.house).ask("PUT", "/item-types/own", facts)
    draft_id = await desk.open(type="own", subject="Dag")

    assert (await desk.ask("GET", f"/drafts/{draft_id}"))["wrong"] == []
    await desk.finish(draft_id)


async def test_a_destination_that_the_type_does_not_allow_opens_no_draft(house: House) -> None:
    """R-20."""
    facts = {"name": {"nl": "x", "en": "x"}, "destinations": {"organisation": "not_allowed"}}
    await Desk(house).ask("PUT", "/item-types/people", facts)

    refused = await Desk(house).refused("POST", "/drafts", {"type": "people", "destinations": [a_destination()]})

    assert refused == (422, [("destinations[0].kind", "destination_not_allowed")])
