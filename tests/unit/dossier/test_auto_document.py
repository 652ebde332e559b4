"""The document that a type makes of itself: a file of its item, an addressee's own or generic, and no row."""

from typing import Any
from uuid import uuid5

import pytest

from shared.contracts.dossier import DocumentRequested, DossierItemRecorded, DossierItemRequested, RunStarted
from tests.unit.dossier.conftest import House, a_destination

LETTER = {
    "name": "Bevestiging",
    "kind": "typst",
    "fields": [{"name": "reference", "required": True}],
    "sources": {"nl": {"typst": "Dag"}},
}


@pytest.fixture
async def confirming(house: House) -> House:
    await house.ask("PUT", "/layouts/confirmation", LETTER)
    body = {"name": {"nl": "Klacht"}, "auto_document_layout_id": "confirmation"}
    assert (await house.ask("PUT", "/item-types/complaint", body)).status_code == 200
    return house


def a_complaint(*destinations: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return a request for an item that only informs, of the type that makes a document."""
    return {
        "request_id": "crm-1",
        "type": "complaint",
        "subject": "Klacht",
        "destinations": list(destinations),
        **other,
    }


async def recorded(house: House, body: dict[str, Any]) -> None:
    answer = await house.ask("POST", "/dossier-items", body)
    assert answer.status_code == 202, answer.text
    await house.record_all()


async def test_with_one_destination_it_is_the_addressees_own(confirming: House) -> None:
    """FR-87, A17: with the recipient's own data, whatever the issue method; the layout version is pinned (A24)."""
    await recorded(confirming, a_complaint(a_destination("1", merge={"reference": "K-7"})))

    [item] = await confirming.told(DossierItemRecorded)
    [document] = await confirming.told(DocumentRequested)
    assert (document.slot, document.document_id) == ("auto_document", uuid5(item.item_id, "auto_document"))
    assert (document.person, document.destination.number) == ("organisation|1|#0", "1")
    assert (document.recipient.name, document.merge) == ("Bakkerij 1", {"reference": "K-7"})
    assert (document.attachment_layout.layout_id, document.attachment_layout.version) == ("confirmation", 1)
    assert [one.layout_id for one in (await confirming.told(RunStarted))[0].layouts] == ["confirmation"]


@pytest.mark.parametrize("numbers", [[], ["1", "2"]])
async def test_with_several_destinations_or_none_it_is_generic(confirming: House, numbers: list[str]) -> None:
    """FR-87…88, A17: one per item, and what the layout needs of an addressee is not asked."""
    await recorded(confirming, a_complaint(*(a_destination(number) for number in numbers)))

    [document] = await confirming.told(DocumentRequested)
    assert (document.slot, document.person, document.recipient, document.merge) == ("auto_document", None, None, None)


async def test_what_the_layout_needs_of_its_one_addressee_is_asked(confirming: House) -> None:
    """A17: a lack is refused before anything is recorded."""
    problem = await confirming.refused(a_complaint(a_destination()))

    assert [(one["field"], one["code"]) for one in problem["errors"]] == [
        ("destinations[0].merge.reference", "merge_field_missing")
    ]


async def test_a_layout_that_became_one_of_a_body_is_refused(confirming: House) -> None:
    """A17."""
    body = {"name": "Bevestiging", "kind": "text", "sources": {"nl": {"text": "Dag"}}}
    await confirming.ask("PUT", "/layouts/confirmation", body)

    problem = await confirming.refused(a_complaint(a_destination()))

    assert [(one["field"], one["code"]) for one in problem["errors"]] == [("type", "layout_kind")]


async def test_it_is_no_row_and_not_counted(confirming: House) -> None:
    """A17."""
    await recorded(confirming, a_complaint(a_destination("1", merge={"reference": "K-7"})))

    assert await confirming.told(DossierItemRequested) == []
    assert (
        await confirming.ask("POST", "/dossier-items", a_complaint(a_destination("1", merge={"reference": "K-7"})))
    ).json()["items"] == 1


async def test_it_is_mailed_only_where_it_is_chosen_as_the_attachment(confirming: House) -> None:
    """A17: the document goes with the item, not with the mail."""
    mailed = {"issue_method": "email", "sender_id": "sales", "body_text": "Dag"}
    one = a_destination("1", merge={"reference": "K-7"})

    await recorded(confirming, a_complaint(one, **mailed))
    await recorded(confirming, a_complaint(one, request_id="crm-2", attachment_layout_id="confirmation", **mailed))

    without, with_it = await confirming.told(DossierItemRequested)
    assert without.attachment_layout is None
    assert with_it.attachment_layout.layout_id == "confirmation"
    assert len(await confirming.told(DocumentRequested)) == 2


async def test_its_addressees_data_lie_sealed_and_are_gone_with_the_key(confirming: House) -> None:
    """A17, R-26."""
    await recorded(confirming, a_complaint(a_destination("1", merge={"reference": "geheim-K-7"})))
    [before] = await confirming.told(DocumentRequested)

    confirming.store.keyring.erase(before.person)

    [after] = await confirming.told(DocumentRequested)
    assert (after.person, after.recipient, after.merge) == (before.person, None, None)
    assert b"geheim-K-7" not in b"".join(file.read_bytes() for file in confirming.folder.glob("dossier.db*"))


async def test_a_type_without_it_records_at_most_two_facts_an_item(confirming: House) -> None:
    """A17: what most items are costs nothing more."""
    before = confirming.store.recorder.max_notification_id() or 0
    plain = a_complaint(*(a_destination(str(n)) for n in range(10)), type="note", record_separately=True)

    await recorded(confirming, plain)

    facts = (confirming.store.recorder.max_notification_id() or 0) - before
    assert facts <= 2 * 10 + 2, "the run's own two are no item's"
