"""A draft is looked at before it is finished: its addressees checked, and one of its messages shown or mailed."""

import pytest

from shared.contracts.dossier import PreviewRequested, RunStarted
from tests.unit.dossier.conftest import House, a_destination
from tests.unit.dossier.drafting import MAIL, Desk

TWO = [a_destination("1"), a_destination("2", recipient={"name": "Zonder"})]


@pytest.fixture
def anna(house: House) -> Desk:
    return Desk(house, house.signed_in("anna", "anna@house.example", "Anna de Vries"))


async def test_a_draft_is_checked_addressee_by_addressee(house: House, anna: Desk) -> None:
    """FR-42, FR-94, FR-96, R-6: in the operator's own name too, and nothing of it is recorded."""
    draft_id = await anna.open(*TWO, **MAIL | {"sender_id": "me"})

    checked = await anna.ask("POST", f"/drafts/{draft_id}/check", {})
    missing = await anna.ask("GET", f"/checks/{checked['check_id']}/missing")

    assert (checked["state"], checked["total"], checked["errors"]) == ("done", 2, [])
    assert [(one["number"], one["reason"]) for one in missing["items"]] == [("2", "missing")]
    assert await house.told(RunStarted) == []
    assert (await anna.ask("GET", f"/drafts/{draft_id}"))["subject"] == MAIL["subject"]


async def test_a_draft_that_lacks_something_says_so_before_its_addressees_are_checked(house: House) -> None:
    desk = Desk(house)
    draft_id = await desk.open(*TWO, issue_method="email")

    status, errors = await desk.refused("POST", f"/drafts/{draft_id}/check", {})

    assert (status, [field for field, _ in errors]) == (422, ["subject", "sender_id", "sender_address"])


async def test_one_sample_of_a_draft_is_mailed_to_its_sender(house: House, anna: Desk) -> None:
    """FR-43, FR-44, A7: to the sender address as it is resolved, with the data of the recipient that is chosen."""
    draft_id = await anna.open(*TWO, **MAIL | {"sender_id": "me"})

    shown = await anna.ask("POST", f"/drafts/{draft_id}/preview", {"recipient": 1, "send": True})

    [sent] = await house.told(PreviewRequested)
    assert shown["recipient"]["number"] == "2"
    assert sent.sender.address == "anna@house.example"
    assert await anna.refused("POST", f"/drafts/{draft_id}/preview", {"recipient": 2}) == (
        422,
        [("recipient", "no_such_destination")],
    )


async def test_a_sample_can_be_seen_before_the_body_is_typed(house: House) -> None:
    """A7: and of the contact that was chosen (FR-29)."""
    desk = Desk(house)
    await house.ask("PUT", "/contacts/organisation/1", {"name": "Bakkerij", "email": "info@bakery.example"})
    await house.ask("PUT", "/contacts/organisation/1?contact_id=a", {"name": "Anna", "email": "anna@bakery.example"})
    draft_id = await desk.open({"kind": "organisation", "number": "1"}, **MAIL | {"body_text": ""})
    await desk.change(draft_id, contact_id="a")

    shown = await desk.ask("POST", f"/drafts/{draft_id}/preview")

    assert (shown["recipient"]["contact_id"], shown["recipient"]["email"]) == ("a", "anna@bakery.example")


async def test_a_draft_of_another_is_neither_checked_nor_shown(house: House, anna: Desk) -> None:
    draft_id = await anna.open(**MAIL)

    for wish in ("check", "preview"):
        assert (await Desk(house).refused("POST", f"/drafts/{draft_id}/{wish}", {}))[0] == 404
