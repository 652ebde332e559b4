"""The next mail of a row: asked for with a token, allowed by the mailer, with address and consent looked up anew."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.dossier.domain.item import DossierItem
from services.dossier.domain.refusal import Refused
from shared.contracts.asks import Resend, ResendAnswer
from shared.contracts.dossier import DossierItemExcluded, DossierItemRequested
from shared.contracts.message import BlobRef, Parts
from tests.unit.dossier.conftest import House, a_destination, a_request

PARTS = Parts(text=BlobRef(sha256="0" * 64, size=3))


async def a_row(house: House, **other: Any) -> UUID:
    """Have a mail or letter asked for, or left out, and return its row."""
    answer = await house.ask("POST", "/dossier-items", a_request(**other))
    assert answer.status_code == 202, answer.text
    await house.record_all()
    rows = await house.told(DossierItemRequested, DossierItemExcluded)
    row: UUID = rows[0].processing_id
    return row


def wish(row: UUID, **other: Any) -> Resend:
    return Resend(**{"processing_id": row, "token": uuid4(), "operator": "jan", "reason": "Adres verbeterd", **other})


async def refusal(house: House, asked: Resend) -> str:
    before = len(await house.told())
    with pytest.raises(Refused) as refused:
        await house.dossier.resending.resend(asked)
    assert len(await house.told()) == before
    return refused.value.code


async def test_a_row_gets_its_next_mail_at_the_address_it_now_has(house: House) -> None:
    """FR-20, FR-57, FR-100, A11."""
    row = await a_row(house)
    await house.ask("PUT", "/contacts/organisation/1000", {"name": "Bakkerij", "email": "beter@bakery.example"})

    resent = await house.dossier.resending.resend(wish(row))

    first, second = await house.told(DossierItemRequested)
    assert house.mailer.asked == [first.mail_id]
    assert (second.mail_id, second.ordinal, second.resend_of) == (resent.mail_id, 2, first.mail_id)
    assert (second.recipient.email, second.requested_by) == ("beter@bakery.example", "jan")
    assert second.resend_reason == "Adres verbeterd"
    assert (second.processing_id, second.item_id, second.body_text) == (row, first.item_id, first.body_text)


async def test_the_original_address_is_taken_if_asked_for(house: House) -> None:
    """A11."""
    row = await a_row(house)
    await house.ask("PUT", "/contacts/organisation/1000", {"email": "beter@bakery.example"})

    await house.dossier.resending.resend(wish(row, address="original"))

    assert (await house.told(DossierItemRequested))[1].recipient.email == "post@bakery1000.example"


@pytest.mark.parametrize(("content", "parts"), [("same", PARTS), (None, PARTS), ("anew", None)])
async def test_the_same_content_goes_by_its_parts_unless_it_is_made_anew(
    house: House, content: Any, parts: Parts | None
) -> None:
    """A11."""
    row = await a_row(house)
    house.mailer.answer = ResendAnswer(state="free", parts=PARTS)

    await house.dossier.resending.resend(wish(row, content=content))

    assert (await house.told(DossierItemRequested))[1].parts == parts


async def test_nothing_is_sent_again_of_an_item_that_was_deleted(house: House) -> None:
    """A11, R-26: what was mailed of it stays as it is."""
    row = await a_row(house)
    item = await house.store.load(DossierItem, (await house.told(DossierItemRequested))[0].item_id)
    assert item is not None
    item.delete("jan")
    await house.store.record(item)

    assert await refusal(house, wish(row)) == "item_deleted"
    assert house.mailer.asked == []


async def test_the_same_token_is_the_same_wish(house: House) -> None:
    row = await a_row(house)
    asked = wish(row)

    first = await house.dossier.resending.resend(asked)
    house.mailer.answer = ResendAnswer(state="busy")
    again = await house.dossier.resending.resend(asked)

    assert first == again
    assert len(await house.told(DossierItemRequested)) == 2


async def test_of_two_at_once_the_loser_is_answered_with_the_winners_mail(house: House) -> None:
    """A11."""
    row = await a_row(house)

    first, second = await asyncio.gather(*(house.dossier.resending.resend(wish(row)) for _ in range(2)))

    assert first == second
    assert first.ordinal == 2
    assert len(await house.told(DossierItemRequested)) == 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ResendAnswer(state="busy"), "busy"),
        (ResendAnswer(state="unknown"), "busy"),
        (ResendAnswer(state="in_doubt"), "in_doubt"),
        (None, "no_answer"),
    ],
)
async def test_without_the_mailers_word_nothing_is_recorded(
    house: House, answer: ResendAnswer | None, code: str
) -> None:
    row = await a_row(house)
    house.mailer.answer = answer

    assert await refusal(house, wish(row)) == code


async def test_a_row_left_out_gets_its_first_mail_once_it_has_an_address(house: House) -> None:
    """FR-97, A10, A11."""
    people = [a_destination("1", recipient={"name": "Anna"}), a_destination("2")]
    row = await a_row(house, destinations=people, consent_attested=True, record_separately=True)
    assert await refusal(house, wish(row)) == "no_address"
    assert await refusal(house, wish(row, address="original")) == "no_address"
    await house.ask("PUT", "/contacts/organisation/1", {"name": "Anna", "email": "anna@home.example"})

    resent = await house.dossier.resending.resend(wish(row))

    mail = (await house.told(DossierItemRequested))[-1]
    assert house.mailer.asked == []
    assert (resent.ordinal, mail.mail_id, mail.resend_of) == (1, resent.mail_id, None)
    assert mail.recipient.email == "anna@home.example"
    next_one = await house.dossier.resending.resend(wish(row))
    assert (next_one.ordinal, house.mailer.asked) == (2, [resent.mail_id])


async def test_consent_is_looked_up_anew_for_a_mailing(house: House) -> None:
    """FR-67, A11, A12."""
    people = [a_destination("1"), a_destination("2")]
    row = await a_row(house, destinations=people, consent_attested=True, record_separately=True)
    facts = {"email": "post@bakery1.example", "consent": "denied"}
    await house.ask("PUT", "/contacts/organisation/1", facts)

    assert await refusal(house, wish(row)) == "no_consent"
    assert await refusal(house, wish(row, address="original")) == "no_consent"


async def test_a_blocked_contact_gets_no_next_mail(house: House) -> None:
    row = await a_row(house)
    await house.ask("PUT", "/contacts/organisation/1000", {"email": "post@bakery1000.example", "blocked": True})

    assert await refusal(house, wish(row, address="original")) == "no_address"


async def test_a_letter_is_not_sent_again(house: House) -> None:
    """A11."""
    row = await a_row(house, issue_method="document", attachment_layout_id="brief", body_text=None)

    assert await refusal(house, wish(row)) == "letter"


async def test_who_is_erased_gets_no_next_mail(house: House) -> None:
    row = await a_row(house)
    await asyncio.to_thread(house.store.keyring.erase, "organisation|1000|#0")

    assert await refusal(house, wish(row)) == "erased"


async def test_a_row_that_is_not_there_is_said_so(house: House) -> None:
    assert await refusal(house, wish(uuid4())) == "unknown_row"


async def test_an_address_that_bounced_gets_no_next_mail_until_it_is_another(house: House) -> None:
    """R-3, A10."""
    row = await a_row(house)

    noted = [await house.dossier.contacts.note_bounce(row, "post@bakery1000.example") for _ in range(2)]
    refused = await refusal(house, wish(row))
    elsewhere = await house.dossier.contacts.note_bounce(row, "nobody@bakery1000.example")
    unknown = await house.dossier.contacts.note_bounce(uuid4(), "post@bakery1000.example")
    check = (await house.ask("GET", "/contacts/check-email")).json()
    await house.ask("PUT", "/contacts/organisation/1000", {"email": "beter@bakery.example"})
    await house.dossier.resending.resend(wish(row))

    assert (noted, elsewhere, unknown) == ([True, False], False, False)
    assert refused == "no_address"
    assert check["counts"]["problems"] == {"bounced": 1}
    assert (await house.told(DossierItemRequested))[1].recipient.email == "beter@bakery.example"


async def test_the_same_content_is_refused_by_name_once_it_is_no_longer_kept(house: House) -> None:
    """A11: unless it may be made anew, as where nothing is said of it."""
    row = await a_row(house)
    house.mailer.answer = ResendAnswer(state="free", parts=None)

    code = await refusal(house, wish(row, content="same"))
    await house.dossier.resending.resend(wish(row))

    assert code == "parts_gone"
    assert [mail.parts for mail in await house.told(DossierItemRequested)] == [None, None]
