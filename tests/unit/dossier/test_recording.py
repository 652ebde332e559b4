"""What an accepted request becomes: one run, its items, a row per destination, and what is told of each."""

from uuid import uuid5

from services.dossier.domain.identity import NS
from shared.contracts.dossier import (
    DossierItemRecorded,
    DossierItemRequested,
    RunStarted,
)
from tests.unit.dossier.conftest import House, a_request


async def test_a_request_becomes_a_run_an_item_and_a_mail_whose_ids_follow_from_it(house: House) -> None:
    answer = await house.ask("POST", "/dossier-items", a_request())
    await house.record_all()

    run_id = uuid5(NS, "crm-1")
    item_id = uuid5(run_id, "organisation|1000|")
    row_id = uuid5(item_id, "organisation|1000|")
    assert answer.status_code == 202
    assert answer.json() == {
        "run_id": str(run_id),
        "items": 1,
        "item_ids": [str(item_id)],
        "excluded": 0,
        "reasons": {},
    }
    started, item, mail = await house.told(RunStarted, DossierItemRecorded, DossierItemRequested)
    assert (started.run_id, started.total, started.submitted_by) == (run_id, 1, "crm-0")
    assert item.item_id == item_id
    assert (mail.processing_id, mail.mail_id) == (row_id, uuid5(row_id, "1"))
    assert mail.person == "organisation|1000|#0"
    assert mail.recipient.email == "post@bakery1000.example"
    assert mail.body_text == "Dag"
    assert mail.sender.address == "sales@house.example"
