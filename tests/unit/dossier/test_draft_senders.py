"""The sender fields of a draft: what is set, selected, typed and taken back, and the sender that is oneself."""

from typing import Any

import pytest

from shared.contracts.dossier import DossierItemRequested
from tests.unit.dossier.conftest import House, a_request
from tests.unit.dossier.drafting import MAIL, Desk, fields_of

SALES = ("Verkoop", "sales@house.example")


@pytest.fixture
async def desk(house: House) -> Desk:
    await house.ask("PUT", "/senders/info", {"name": "Info", "address": "info@house.example"})
    return Desk(house)


async def test_selecting_a_sender_fills_both_fields_and_an_edit_stays(desk: Desk) -> None:
    """FR-59, FR-62, FR-63, A8: one field edited, the other follows the sender; reset ends it."""
    draft_id = await desk.open(issue_method="email")
    shown = [await desk.sender(draft_id)]

    for change in (
        {"sender_id": "sales"},
        {"sender_name": "Jan"},
        {"sender_id": "info"},
        {"sender_name": ""},
        {"reset": ["sender_name"]},
    ):
        await desk.change(draft_id, **change)
        shown.append(await desk.sender(draft_id))

    assert shown == [
        ("", ""),
        SALES,
        ("Jan", "sales@house.example"),
        ("Jan", "info@house.example"),
        ("", "info@house.example"),
        ("Info", "info@house.example"),
    ]


async def test_name_and_address_of_different_senders_are_warned_of(desk: Desk) -> None:
    """A8: at the check step."""
    draft_id = await desk.open(**MAIL)

    await desk.change(draft_id, sender_name="Jan")
    changed = await desk.change(draft_id, sender_id="info")

    assert [warning["code"] for warning in changed["warnings"]] == ["sender_fields_differ"]


async def test_a_field_setting_goes_before_the_sender_and_an_edit_before_both(desk: Desk) -> None:
    """FR-60, FR-61, FR-63."""
    await desk.ask("PUT", "/field-settings/sender_name", {"preferred_value": "Huis"})
    draft_id = await desk.open(issue_method="email")
    shown = [await desk.sender(draft_id)]

    for change in ({"sender_id": "sales"}, {"sender_name": "Jan"}, {"reset": ["sender_name"]}):
        await desk.change(draft_id, **change)
        shown.append(await desk.sender(draft_id))

    address = SALES[1]
    assert shown == [("Huis", ""), ("Huis", address), ("Jan", address), ("Huis", address)]


async def test_a_setting_changed_meanwhile_does_not_touch_a_draft_that_is_open(desk: Desk) -> None:
    """A8: row 10 of the decision table."""
    await desk.ask("PUT", "/field-settings/sender_name", {"preferred_value": "Toen"})
    before = await desk.open(issue_method="email")

    await desk.ask("PUT", "/field-settings/sender_name", {"preferred_value": "Nu", "changeable": False})
    after = await desk.open(issue_method="email")

    assert (await desk.sender(before))[0] == "Toen"
    await desk.change(before, sender_id="sales")
    assert (await desk.sender(before))[0] == "Toen"
    await desk.change(before, sender_name="Jan", sender_id="info")
    assert (await desk.sender(before))[0] == "Jan"
    assert (await desk.sender(after))[0] == "Nu"


@pytest.mark.parametrize(
    ("setting", "state", "code"),
    [({"changeable": False}, "locked", "field_not_changeable"), ({"visible": False}, "hidden", "field_not_visible")],
)
@pytest.mark.parametrize("name", ["sender_name", "comment"])
async def test_a_field_that_may_not_be_changed_says_so_and_keeps_its_value(
    desk: Desk, name: str, setting: dict[str, Any], state: str, code: str
) -> None:
    """R-28, FR-60: row 9 of the decision table, and the same of any field that has settings."""
    await desk.ask("PUT", f"/field-settings/{name}", {"preferred_value": "Vast", **setting})
    draft_id = await desk.open(issue_method="email")

    shown = (await desk.fields(draft_id))[name]
    refused = await desk.refused("PATCH", f"/drafts/{draft_id}", {name: "Los"})

    assert (shown["value"], shown["state"], shown["reason"]["code"]) == ("Vast", state, code)
    assert refused == (422, [(name, code)])


async def test_a_field_that_is_mandatory_by_a_setting_must_be_filled(desk: Desk) -> None:
    """R-28."""
    await desk.ask("PUT", "/field-settings/sender_name", {"mandatory": True})
    await desk.ask("PUT", "/field-settings/comment", {"mandatory": True})
    draft_id = await desk.open(**MAIL)
    await desk.change(draft_id, sender_name="")

    status, errors = await desk.refused("POST", f"/drafts/{draft_id}/finish")

    assert (status, sorted(errors)) == (422, [("comment", "missing"), ("sender_name", "missing")])


async def test_the_value_chosen_last_is_there_the_next_time(house: House) -> None:
    """R-28: remembered at the finish, of whoever wants it, per operator."""
    desks = [Desk(house, house.signed_in(name)) for name in ("anna", "bert")]
    for desk in desks:
        await desk.ask("PUT", "/me/field-settings/sender_name", {"last_chosen": True})

    for desk, name in zip(desks, ("Anna", "Bert"), strict=True):
        await desk.finish(await desk.open(**MAIL, sender_name=name))

    shown = [await desk.sender(await desk.open(issue_method="email", sender_id="sales")) for desk in desks]
    assert shown == [("Anna", SALES[1]), ("Bert", SALES[1])]


async def test_what_was_given_up_is_not_what_was_chosen_last(house: House) -> None:
    desk = Desk(house)
    await desk.ask("PUT", "/me/field-settings/sender_name", {"last_chosen": True})
    draft_id = await desk.open(**MAIL, sender_name="Jan")

    await desk.ask("DELETE", f"/drafts/{draft_id}")

    assert (await desk.sender(await desk.open(issue_method="email")))[0] == ""


async def test_a_person_writes_in_his_own_name(house: House) -> None:
    """R-6: the senders are offered in order, the environment's first and oneself last."""
    await house.ask("PUT", "/senders/default", {"name": "Huis", "address": "post@house.example"})
    desk = Desk(house, house.signed_in("anna", "anna@house.example", "Anna de Vries"))
    draft_id = await desk.open(**MAIL)

    changed = await desk.change(draft_id, sender_id="me")
    await desk.finish(draft_id)
    await house.record_all()

    offered = [option["value"] for option in fields_of(changed)["sender_id"]["options"]]
    assert offered == ["default", "sales", "me"]
    [mail] = await house.told(DossierItemRequested)
    assert (mail.sender.sender_id, mail.sender.name, mail.sender.address) == (
        "me",
        "Anna de Vries",
        "anna@house.example",
    )


async def test_only_a_person_with_an_address_is_a_sender(house: House) -> None:
    """R-6: not a token, whatever its name, not a user without an address; nobody else can be called “me”."""
    house.access.add_user("anna", "clerk", email="anna@house.example")
    house.token = house.access.create_token("anna", ["admin"])
    for desk in (Desk(house), Desk(house, house.signed_in("bert"))):
        draft_id = await desk.open(issue_method="email")

        assert "me" not in [one["value"] for one in (await desk.fields(draft_id))["sender_id"]["options"]]
        refused = await desk.refused("PATCH", f"/drafts/{draft_id}", {"sender_id": "me"})
        assert refused == (422, [("sender_id", "sender_me_is_nobody")])
    taken = await Desk(house).refused("PUT", "/senders/me", {"name": "Ik", "address": "ik@house.example"})
    assert taken == (422, [("id", "sender_me_is_reserved")])


async def test_a_request_may_name_its_sender_me_too(house: House) -> None:
    """R-6: by a person's session; a token has no name of its own to write in."""
    anna = house.signed_in("anna", "anna@house.example")

    by_token = await house.refused(a_request(sender_id="me"))
    by_person = await house.ask("POST", "/dossier-items", a_request(sender_id="me"), session=anna)
    await house.record_all()

    assert by_token["code"] == "sender_me_is_nobody"
    assert by_person.status_code == 202
    [mail] = await house.told(DossierItemRequested)
    assert (mail.sender.name, mail.sender.address) == ("anna", "anna@house.example")


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        ("sales@house.example", []),
        ("sales@mail.house.example", []),
        ("no-reply@house.example", ["sender_takes_no_answers"]),
        ("niet.beantwoorden@house.example", ["sender_takes_no_answers"]),
        ("sales@otherhouse.example", ["sender_domain_not_signed"]),
    ],
)
async def test_a_sender_that_answers_or_trust_would_be_lost_for_is_warned_of(
    house: House, address: str, codes: list[str]
) -> None:
    """R-5: a no-reply sender is discouraged, and the server must be allowed to send for its domain."""
    server = {"host": "relay.example", "port": 25, "security": "starttls", "dkim_domain": "house.example"}
    await house.ask("PUT", "/mail-servers/default", server)
    draft_id = await Desk(house).open(**MAIL, sender_address=address)

    assert [one["code"] for one in (await Desk(house).ask("GET", f"/drafts/{draft_id}"))["warnings"]] == codes
