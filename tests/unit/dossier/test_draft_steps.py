"""Which steps and fields a draft shows, which are mandatory or locked, and the reasons in words."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.dossier.domain.identity import KINDS
from tests.unit.dossier.conftest import House, a_destination
from tests.unit.dossier.drafting import MAIL, Desk, fields_of

FILE = b"%PDF-1.7"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_draft_is_opened_from_the_list_of_every_kind(house: House, kind: str) -> None:
    """FR-21…25, FR-26, FR-28: one row of a list is the destination, whatever kind it is of."""
    contact_id = "5" if kind == "contact_person" else None
    query = f"?contact_id={contact_id}" if contact_id else ""
    await house.ask("PUT", f"/contacts/{kind}/1000{query}", {"name": "Bakkerij", "email": "post@bakery.example"})
    destination = {"kind": kind, "number": "1000", "contact_id": contact_id}

    draft = await Desk(house).ask("POST", "/drafts", {"type": "outgoing_mail", "destinations": [destination]})

    assert draft["destinations"] == {"count": 1, "kinds": {kind: 1}}
    assert [step["step"] for step in draft["steps"]] == ["general", "issue", "attachments", "finish"]


async def test_outgoing_mail_is_among_the_types_that_are_asked_for(house: House) -> None:
    """FR-27: an unknown type opens nothing."""
    types = [kind["id"] for kind in (await Desk(house).ask("GET", "/item-types"))["items"]]

    refused = await Desk(house).refused("POST", "/drafts", {"type": "poem", "destinations": [a_destination()]})

    assert "outgoing_mail" in types
    assert refused == (422, [("type", "unknown_type")])
    assert (await Desk(house).ask("GET", "/drafts"))["items"] == []


@pytest.mark.parametrize(
    ("changes", "count", "expected"),
    [
        ({}, 1, ["general", "issue", "attachments", "finish"]),
        ({}, 2, ["general", "destinations", "issue", "attachments", "finish"]),
        ({"issue_method": "document"}, 1, ["general", "issue", "attachments", "layouts", "finish"]),
        ({"issue_method": "email"}, 1, ["general", "issue", "attachments", "layouts", "addresses", "finish"]),
        (
            {"issue_method": "email"},
            2,
            ["general", "destinations", "issue", "attachments", "layouts", "addresses", "finish"],
        ),
    ],
)
async def test_the_issue_method_decides_which_steps_follow(
    house: House, changes: dict[str, Any], count: int, expected: list[str]
) -> None:
    """FR-80, FR-81, FR-90, FR-91, FR-93, A19: the general steps come first, and ticked rows get theirs too."""
    desk = Desk(house)

    draft_id = await desk.open(*(a_destination(str(n)) for n in range(count)), **changes)

    assert [step["step"] for step in (await desk.ask("GET", f"/drafts/{draft_id}"))["steps"]] == expected


async def test_an_information_only_type_has_no_choice_of_issuing(house: House) -> None:
    """A19: no sender, layout, address or consent steps."""
    draft = await Desk(house).ask("POST", "/drafts", {"type": "note", "destinations": [a_destination()]})

    assert [step["step"] for step in draft["steps"]] == ["general", "attachments", "finish"]
    assert await Desk(house).refused("PATCH", f"/drafts/{draft['id']}", {"issue_method": "email"}) == (
        422,
        [("issue_method", "issue_method_not_of_type")],
    )


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_e_mail_cannot_be_chosen_while_no_mail_server_is_set_up(
    house_without_server: House, language: str
) -> None:
    """FR-31…34, R-4: the reason is told, and once a server is set up the choice is there, nothing else changed."""
    desk = Desk(house_without_server)
    draft_id = await desk.open()

    before = fields_of(await desk.ask("GET", f"/drafts/{draft_id}", language=language))["issue_method"]["options"][2]
    refused = await desk.refused("PATCH", f"/drafts/{draft_id}", {"issue_method": "email"})
    await desk.ask("PUT", "/mail-servers/default", {"host": "relay.example", "port": 25, "security": "starttls"})
    after = (await desk.fields(draft_id))["issue_method"]["options"][2]

    assert (before["value"], before["available"]) == ("email", False)
    assert before["reason"]["code"] == "mail_server_not_configured"
    assert ("mailserver" in before["reason"]["detail"]) is (language == "nl")
    assert refused == (422, [("issue_method", "mail_server_not_configured")])
    assert after == {"value": "email", "available": True, "reason": None}
    await desk.change(draft_id, issue_method="email")


@pytest.fixture
async def house_without_server(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    yield house
    await house.store.close()


SLOTS = [
    # body layout, attachment layout, typed body, chosen file, read-only box, its value
    (None, None, "open", "open", "locked", False),
    ("plain", None, "absent", "open", "locked", False),
    (None, "brief", "open", "absent", "locked", True),  # locked, since this layout always gives a PDF (A6)
    ("plain", "brief", "absent", "absent", "locked", True),
]


@pytest.mark.parametrize(("body", "attachment", "typed", "file", "box", "ticked"), SLOTS)
async def test_each_slot_is_filled_by_a_layout_or_in_the_last_step(
    house: House, body: Any, attachment: Any, typed: str, file: str, box: str, ticked: bool
) -> None:
    """FR-36, FR-37, FR-40, FR-46, FR-47, A5, A18: the table of the slots, row by row."""
    desk = Desk(house)
    put = (await house.ask("POST", "/attachments?filename=a.pdf", FILE)).json()["sha256"]
    draft_id = await desk.open(issue_method="email", body_layout_id=body, attachment_layout_id=attachment)

    fields = await desk.fields(draft_id)
    last_step = {"body_text": "Dag", "file": {"filename": "a.pdf", "sha256": put}}
    answers = {
        name: (await house.ask("PATCH", f"/drafts/{draft_id}", {name: value})).status_code
        for name, value in last_step.items()
    }

    assert (fields["body_text"]["state"], fields["file"]["state"]) == (typed, file)
    assert (fields["attachment_read_only"]["state"], fields["attachment_read_only"]["value"]) == (box, ticked)
    assert answers == {
        "body_text": 200 if typed == "open" else 422,
        "file": 200 if file == "open" else 422,
    }
    assert fields["attachments"]["state"] == "open", "shared files go along in any case"


@pytest.mark.parametrize(
    ("layout", "value", "code"),
    [(None, True, "read_only_needs_attachment_layout"), ("brief", False, "layout_is_pdf_only")],
)
async def test_a_read_only_box_that_is_locked_says_why(house: House, layout: Any, value: Any, code: str) -> None:
    """A6: and is refused otherwise."""
    desk = Desk(house)
    draft_id = await desk.open(issue_method="email", attachment_layout_id=layout)

    box = (await desk.fields(draft_id))["attachment_read_only"]
    refused = await desk.refused("PATCH", f"/drafts/{draft_id}", {"attachment_read_only": value})

    assert (box["reason"]["code"], refused) == (code, (422, [("attachment_read_only", code)]))


async def test_what_was_typed_before_a_layout_was_chosen_is_kept_and_not_sent(house: House) -> None:
    """FR-30, FR-46: it comes back when the layout is taken away."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL)

    with_layout = fields_of(await desk.change(draft_id, body_layout_id="plain"))["body_text"]
    without = fields_of(await desk.change(draft_id, body_layout_id=None))["body_text"]

    assert (with_layout["state"], with_layout["reason"]["code"]) == ("absent", "body_from_layout")
    assert (without["state"], without["value"]) == ("open", "Dag")


async def test_a_sender_must_be_selected_and_an_address_must_be_there(house: House) -> None:
    """FR-41, A8: the sender name may be empty."""
    desk = Desk(house)
    draft_id = await desk.open(subject="Dag", issue_method="email")

    nobody = await desk.refused("POST", f"/drafts/{draft_id}/finish")
    await desk.change(draft_id, sender_id="sales", sender_name="", sender_address="")
    without_address = await desk.refused("POST", f"/drafts/{draft_id}/finish")
    await desk.change(draft_id, sender_address="jan@house.example")

    assert nobody == (422, [("sender_id", "missing"), ("sender_address", "missing")])
    assert without_address == (422, [("sender_address", "missing")])
    await desk.finish(draft_id)


async def test_the_contact_of_a_single_destination_can_be_chosen(house: House) -> None:
    """FR-29, A1: the item goes to the contact chosen last."""
    desk = Desk(house)
    await house.ask("PUT", "/contacts/organisation/1", {"name": "Bakkerij", "email": "info@bakery.example"})
    await house.ask("PUT", "/contacts/organisation/1?contact_id=a", {"name": "Anna", "email": "anna@bakery.example"})
    draft_id = await desk.open({"kind": "organisation", "number": "1"}, **MAIL)

    unknown = await desk.refused("PATCH", f"/drafts/{draft_id}", {"contact_id": "b"})
    await desk.change(draft_id, contact_id="a")
    await desk.finish(draft_id)
    await house.record_all()

    assert unknown == (422, [("contact_id", "unknown_contact")])
    [item] = (await house.told())[-2:-1]
    assert item.destinations[0].contact_id == "a"


async def test_of_several_destinations_no_contact_is_chosen(house: House) -> None:
    desk = Desk(house)
    draft_id = await desk.open(a_destination("1"), a_destination("2"))

    assert await desk.refused("PATCH", f"/drafts/{draft_id}", {"contact_id": "a"}) == (
        422,
        [("contact_id", "not_in_this_draft")],
    )


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"subject": "a\nb"}, "subject", "subject_line_break"),
        ({"subject": "a" * 256}, "subject", "too_long"),
        ({"sender_id": "nobody"}, "sender_id", "unknown_sender"),
        ({"sender_address": "jan@"}, "sender_address", "invalid_sender_address"),
        ({"sender_name": "a\nb"}, "sender_name", "control_character"),
        ({"body_layout_id": "nothing"}, "body_layout_id", "unknown_layout"),
        ({"body_layout_id": "brief"}, "body_layout_id", "layout_kind"),
        ({"attachments": [{"filename": "a/b", "sha256": "0" * 64}]}, "attachments[0].filename", "wrong_filename"),
        ({"attachments": [{"filename": "a", "content": ""}]}, "attachments[0].sha256", "missing"),
        ({"record_separately": True}, "record_separately", "one_destination"),
        ({"destinations": []}, "destinations", "unknown_field"),
        ({"type": "note"}, "type", "unknown_field"),
        ({"end_date": "2026-01-01", "start_date": "2026-01-02"}, "end_date", "end_before_start"),
    ],
)
async def test_a_change_that_a_field_cannot_hold_is_refused_and_nothing_is_changed(
    house: House, changes: dict[str, Any], field: str, code: str
) -> None:
    """FR-30: whoever goes back finds what stood there before."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL)
    before = await desk.ask("GET", f"/drafts/{draft_id}")

    status, errors = await desk.refused("PATCH", f"/drafts/{draft_id}", {**changes, "comment": "weg"})

    assert (status, (field, code) in errors) == (422, True), errors
    assert await desk.ask("GET", f"/drafts/{draft_id}") == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sender_id": "sales"}, "nothing_is_issued"),
        ({"sender_name": ""}, "nothing_is_issued"),
        ({"body_text": "Dag"}, "nothing_is_issued"),
        ({"consent_attested": True, "issue_method": "document"}, "nothing_is_mailed"),
        ({"body_layout_id": "plain", "issue_method": "document"}, "nothing_is_mailed"),
    ],
)
async def test_a_field_that_is_not_there_takes_no_value(house: House, changes: dict[str, Any], code: str) -> None:
    """FR-91, FR-93, A19."""
    desk = Desk(house)
    draft_id = await desk.open(a_destination("1"), a_destination("2"))

    _, errors = await desk.refused("PATCH", f"/drafts/{draft_id}", changes)

    assert code in {found for _, found in errors}


async def test_a_field_may_be_emptied_whether_it_is_there_or_not(house: House) -> None:
    desk = Desk(house)
    draft_id = await desk.open(subject="Dag", comment="x")

    changed = await desk.change(draft_id, subject=None, comment=None, body_text=None, sender_id=None)

    assert (changed["subject"], fields_of(changed)["comment"]["value"]) == ("", "")
    assert [(wrong["field"], wrong["code"]) for wrong in changed["wrong"]] == [("subject", "missing")]


async def test_an_empty_body_is_warned_of(house: House) -> None:
    """A20: and does not prevent a finish."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL | {"body_text": ""})

    assert [one["code"] for one in (await desk.ask("GET", f"/drafts/{draft_id}"))["warnings"]] == ["body_is_empty"]
    await desk.finish(draft_id)
