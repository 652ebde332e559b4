"""The letter of a row is made again: as its next one, by the layout it had or as that now is, told with who and why."""

import asyncio
from base64 import b64encode
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused
from shared.contracts.asks import Remake
from shared.contracts.dossier import DossierItemRequested
from tests.unit.dossier.conftest import House, a_destination, a_request

LAYOUT: dict[str, Any] = {
    "name": "Brief",
    "kind": "typst",
    "fields": [{"name": "table"}],
    "sources": {"nl": {"typst": "Dag"}},
}


async def a_letter(house: House, **other: Any) -> DossierItemRequested:
    """Have a letter asked for; return what was told of it."""
    await house.ask("PUT", "/layouts/own", LAYOUT)
    letter = {"issue_method": "document", "body_text": None, "sender_id": None, "attachment_layout_id": "own"}
    destinations = [a_destination(merge={"table": 7})]
    request = a_request(**{**letter, "destinations": destinations, **other})
    answer = await house.ask("POST", "/dossier-items", request)
    assert answer.status_code == 202, answer.text
    await house.record_all()
    [told] = await house.told(DossierItemRequested)
    assert isinstance(told, DossierItemRequested)
    return told


def wish(row: UUID, **other: Any) -> Remake:
    return Remake(**{"processing_id": row, "token": uuid4(), "operator": "jan", "reason": "Zoek geraakt", **other})


async def refusal(house: House, asked: Remake) -> str:
    before = len(await house.told())
    with pytest.raises(Refused) as refused:
        await house.dossier.remaking.remake(asked)
    assert len(await house.told()) == before
    return refused.value.code


async def test_no_letter_is_made_again_of_an_item_that_was_deleted(house: House) -> None:
    """A11, R-26."""
    letter = await a_letter(house)
    item = await house.store.load(DossierItem, letter.item_id)
    assert item is not None
    item.delete("jan")
    await house.store.record(item)

    assert await refusal(house, wish(letter.processing_id)) == "item_deleted"


async def test_a_letter_is_made_again_as_the_next_one_of_its_row(house: House) -> None:
    """A11, FR-92: told with who and why, for the contact as it now is, and nobody asks the mailer."""
    first = await a_letter(house)
    await house.ask("PUT", "/contacts/organisation/1000", {"name": "Bakkerij Nieuw"})

    made = await house.dossier.remaking.remake(wish(first.processing_id))

    _, second = await house.told(DossierItemRequested)
    assert (second.mail_id, second.ordinal, second.resend_of) == (made.mail_id, 2, first.mail_id)
    assert (second.requested_by, second.resend_reason) == ("jan", "Zoek geraakt")
    assert (second.processing_id, second.item_id, second.document_date) == (
        *(first.processing_id, first.item_id),
        first.document_date,
    )
    assert (second.merge, second.parts, second.attachment_layout) == (first.merge, None, first.attachment_layout)
    assert second.recipient.name == "Bakkerij Nieuw"
    assert house.mailer.asked == []


async def test_a_letter_is_made_again_for_the_contact_as_it_was_if_asked_so(house: House) -> None:
    """A11: with its pinned layout the same letter, byte for byte."""
    first = await a_letter(house)
    await house.ask("PUT", "/contacts/organisation/1000", {"name": "Bakkerij Nieuw"})

    await house.dossier.remaking.remake(wish(first.processing_id, address="original"))

    assert (await house.told(DossierItemRequested))[1].recipient == first.recipient


async def test_a_letter_is_made_by_the_newest_version_of_its_layout_if_asked_so(house: House) -> None:
    """A11, A24: what is pinned stays pinned otherwise, also after that."""
    first = await a_letter(house)
    await house.ask("PUT", "/layouts/own", LAYOUT | {"sources": {"nl": {"typst": "Goedendag"}}})

    for layout in ("pinned", "newest", "pinned"):
        await house.dossier.remaking.remake(wish(first.processing_id, layout=layout))

    versions = [told.attachment_layout.version for told in await house.told(DossierItemRequested)]
    assert versions == [1, 1, 2, 1]
    hashes = {told.attachment_layout.sha256 for told in await house.told(DossierItemRequested)}
    assert len(hashes) == 2


async def test_the_same_token_is_the_same_letter_and_two_at_once_make_one(house: House) -> None:
    first = await a_letter(house)
    asked = wish(first.processing_id)

    once, again = await house.dossier.remaking.remake(asked), await house.dossier.remaking.remake(asked)
    both = await asyncio.gather(*(house.dossier.remaking.remake(wish(first.processing_id)) for _ in range(2)))

    assert once == again
    assert len(await house.told(DossierItemRequested)) == 1 + len({once.mail_id, *(one.mail_id for one in both)})


async def test_a_letter_is_not_made_again_by_a_version_that_makes_no_pdf_here(house: House) -> None:
    """A11, FR-105."""
    first = await a_letter(house)
    docx = {"content": b64encode(b"PK\x03\x04").decode()}
    await house.ask("PUT", "/layouts/own", {"name": "Brief", "kind": "word", "files": {"nl": docx}})

    assert await refusal(house, wish(first.processing_id, layout="newest")) == "layout_makes_no_pdf"


async def test_what_cannot_be_made_again_is_refused(house: House) -> None:
    """A11: and nothing is recorded of it."""
    first = await a_letter(house)
    newest = wish(first.processing_id, layout="newest")
    await house.ask("PUT", "/layouts/own", LAYOUT | {"fields": [{"name": "hall", "required": True}]})

    assert await refusal(house, newest) == "lacks_field"
    await house.dossier.layouts.block("own", True, "jan", "verouderd")
    assert await refusal(house, newest) == "layout_blocked_now"
    assert await refusal(house, wish(uuid4())) == "unknown_row"
    await house.dossier.remaking.remake(wish(first.processing_id))


async def test_no_letter_is_made_again_after_one_that_the_asker_does_not_know_to_be_made(house: House) -> None:
    """A11: what was answered stays so, however often it is asked."""
    first = await a_letter(house)
    asked = wish(first.processing_id, after=1)

    assert await refusal(house, wish(first.processing_id, after=0)) == "letter_to_come"
    made = await house.dossier.remaking.remake(asked)
    assert await refusal(house, wish(first.processing_id, after=1)) == "letter_to_come"

    assert await house.dossier.remaking.remake(asked) == made


async def test_a_mail_is_not_made_again_as_a_letter(house: House) -> None:
    """A11."""
    await house.ask("POST", "/dossier-items", a_request())
    await house.record_all()
    [mail] = await house.told(DossierItemRequested)

    assert await refusal(house, wish(mail.processing_id)) == "not_a_letter"
