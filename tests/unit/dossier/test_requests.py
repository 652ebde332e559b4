"""What the parts of a mail were made of is known for as long as its row: by that they can be made again (A4, A11)."""

from uuid import uuid4

import pytest

from services.dossier.inbox import asked
from shared.contracts.asks import RequestWanted, ResendAnswer
from shared.contracts.dossier import DossierItemExcluded, DossierItemRequested
from shared.messaging import Refusal
from tests.unit.dossier.conftest import House, a_destination
from tests.unit.dossier.test_resending import PARTS, a_row, wish


async def made_of(house: House, mail: DossierItemRequested) -> DossierItemRequested:
    """Ask at the door what the parts of a mail were made of."""
    wanted = RequestWanted(processing_id=mail.processing_id, mail_id=mail.mail_id)
    answer = await asked(house.dossier).doors["request"][1](wanted)
    assert isinstance(answer, DossierItemRequested)
    return answer


async def test_a_mail_was_made_of_its_own_request_or_of_that_whose_parts_it_took_over(house: House) -> None:
    """A4, A11: the words that were told then, whatever became of contact and address since."""
    row = await a_row(house)
    await house.ask("PUT", "/contacts/organisation/1000", {"name": "Nieuw", "email": "nieuw@bakery.example"})
    for parts in (PARTS, PARTS, None, PARTS):
        house.mailer.answer = ResendAnswer(state="free", parts=parts)
        await house.dossier.resending.resend(wish(row))
    mails = await house.told(DossierItemRequested)

    answers = [await made_of(house, mail) for mail in mails]

    assert [bool(mail.parts) for mail in mails] == [False, True, True, False, True]
    assert answers == [mails[0], mails[0], mails[0], mails[3], mails[3]]


async def test_a_row_that_never_had_a_mail_answers_of_the_first_one_asked_for(house: House) -> None:
    nowhere = a_destination("1", recipient={"name": "Bakkerij"})
    await a_row(house, destinations=[nowhere, a_destination("2")], record_separately=True, consent_attested=True)
    [left_out] = await house.told(DossierItemExcluded)
    await house.ask("PUT", "/contacts/organisation/1", {"email": "nieuw@bakery.example"})
    await house.dossier.resending.resend(wish(left_out.processing_id))
    mail = (await house.told(DossierItemRequested))[-1]

    answer = await made_of(house, mail)

    assert answer == mail
    assert answer.processing_id == left_out.processing_id


async def test_what_cannot_be_told_of_a_mail_is_refused_by_name(house: House) -> None:
    """R-16: the data of an erased contact are not to be had."""
    await a_row(house)
    [mail] = await house.told(DossierItemRequested)
    codes = []

    for unknown in ({"processing_id": uuid4()}, {"mail_id": uuid4()}):
        with pytest.raises(Refusal) as refused:
            await made_of(house, mail.model_copy(update=unknown))
        codes.append(refused.value.code)
    house.store.keyring.erase(mail.person or "")
    with pytest.raises(Refusal) as refused:
        await made_of(house, mail)

    assert [*codes, refused.value.code] == ["unknown_row", "unknown_mail", "erased"]
