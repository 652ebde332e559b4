"""What an accepted request becomes: one run, its items, a row per destination, and what is told of each."""

import asyncio
from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5
from zoneinfo import ZoneInfo

import pytest

from services.dossier.application.freezing import Freezing, Leftovers
from services.dossier.application.judging import AT_ONCE
from services.dossier.domain.identity import NS, run_id_of
from services.dossier.domain.intake import read
from services.dossier.domain.run import CHUNK, Run
from shared.contracts.asks import Resend
from shared.contracts.dossier import (
    DocumentRequested,
    DossierItemExcluded,
    DossierItemRecorded,
    DossierItemRequested,
    RunStarted,
)
from tests.unit.dossier.conftest import House, a_destination, a_request


async def recorded(house: House, **request: Any) -> dict[str, Any]:
    """Have a request accepted and recorded; return the answer."""
    answer = await house.ask("POST", "/dossier-items", a_request(**request))
    assert answer.status_code == 202, answer.text
    await house.record_all()
    body: dict[str, Any] = answer.json()
    return body


async def test_a_request_becomes_a_run_an_item_and_a_mail_whose_ids_follow_from_it(house: House) -> None:
    """FR-1, FR-3, FR-31, FR-48."""
    answer = await recorded(house)

    run_id = uuid5(NS, "crm-1")
    item_id = uuid5(run_id, "organisation|1000|")
    row_id = uuid5(item_id, "organisation|1000|")
    assert answer == {"run_id": str(run_id), "items": 1, "item_ids": [str(item_id)], "excluded": 0, "reasons": {}}
    started, item, mail = await house.told(RunStarted, DossierItemRecorded, DossierItemRequested)
    assert (started.run_id, started.total, started.submitted_by) == (run_id, 1, "crm-0")
    assert item.item_id == item_id
    assert (mail.processing_id, mail.mail_id) == (row_id, uuid5(row_id, "1"))
    assert mail.person == "organisation|1000|#0"
    assert mail.recipient.email == "post@bakery1000.example"
    assert mail.body_text == "Dag"
    assert mail.sender.address == "sales@house.example"
    assert mail.document_date == datetime.now(ZoneInfo("Europe/Amsterdam")).date()


async def test_recorded_separately_each_destination_has_an_item_of_its_own(house: House) -> None:
    """FR-2, FR-64, FR-65, FR-82, FR-83, A16."""
    destinations = [a_destination("1"), a_destination("2")]

    answer = await recorded(house, destinations=destinations, record_separately=True, consent_attested=True)

    items = await house.told(DossierItemRecorded)
    assert answer["item_ids"] == [str(item.item_id) for item in items]
    assert [item.destinations[0].number for item in items] == ["1", "2"]
    assert await house.told(DocumentRequested) == []


async def test_not_recorded_separately_there_is_one_item_one_generic_attachment_and_a_mail_each(house: House) -> None:
    """FR-84, A4."""
    destinations = [a_destination("1"), a_destination("2")]

    answer = await recorded(house, destinations=destinations, consent_attested=True)

    item, document, *mails = await house.told(DossierItemRecorded, DocumentRequested, DossierItemRequested)
    run_id = uuid5(NS, "crm-1")
    assert answer["items"] == 1
    assert item.item_id == uuid5(run_id, "item")
    assert [destination.number for destination in item.destinations] == ["1", "2"]
    assert (document.document_id, document.body_text) == (uuid5(item.item_id, "generic_attachment"), "Dag")
    assert [mail.processing_id for mail in mails] == [uuid5(item.item_id, f"organisation|{n}|") for n in (1, 2)]


async def test_an_item_needs_no_destination_and_no_mail(house: House) -> None:
    """FR-71, R-27, A19."""
    answer = await recorded(house, type="note", issue_method="none", destinations=[], sender_id=None, body_text=None)

    [item] = await house.told(DossierItemRecorded)
    assert answer["item_ids"] == [str(item.item_id)]
    assert (await house.told(RunStarted))[0].total == 0


async def test_a_contact_person_is_one_of_the_organisation(house: House) -> None:
    """FR-29, FR-72, R-2."""
    person = a_destination("1000", kind="contact_person", contact_id="5")

    await recorded(house, destinations=[person])

    [mail] = await house.told(DossierItemRequested)
    assert (mail.destination.kind, mail.destination.contact_id) == ("organisation", "5")
    assert mail.person == "organisation|1000|5#0"
    organisation = (await house.ask("GET", "/contacts/organisation/1000")).json()
    assert (organisation["name"], organisation["email"]) == ("", None)
    assert (await house.ask("GET", "/contacts/contact_person/1000?contact_id=5")).json()["name"] == "Bakkerij 1000"


async def test_the_same_request_ten_times_at_once_is_one_run_and_one_answer(house: House) -> None:
    """A23."""
    answers = await asyncio.gather(*(house.ask("POST", "/dossier-items", a_request()) for _ in range(10)))
    await house.record_all()

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert Counter(type(message).__name__ for message in await house.told(RunStarted, DossierItemRequested)) == {
        "RunStarted": 1,
        "DossierItemRequested": 1,
    }
    assert len(house.blobs._kept) == len(await house.tables.set_up("layout")), "frozen destinations are left behind"


async def test_a_request_may_be_named_by_its_idempotency_key(house: House) -> None:
    body = a_request()
    del body["request_id"]

    answer = await house.ask("POST", "/dossier-items", body, **{"Idempotency-Key": "crm-1"})

    assert answer.json()["run_id"] == str(uuid5(NS, "crm-1"))


async def test_addresses_come_from_the_contact_person_else_from_the_organisation(house: House) -> None:
    """FR-16, R-1, A1."""
    put = house.ask
    await put("PUT", "/contacts/organisation/1", {"name": "Bakkerij", "email": "info@bakery.example"})
    await put("PUT", "/contacts/contact_person/1?contact_id=a", {"name": "Anna", "email": "anna@bakery.example"})
    await put("PUT", "/contacts/contact_person/1?contact_id=b", {"name": "Bram", "language": "en"})
    people = [{"kind": "organisation", "number": "1", "contact_id": who} for who in (None, "a", "b")]

    await recorded(house, destinations=people, consent_attested=True)

    recipients = [mail.recipient for mail in await house.told(DossierItemRequested)]
    assert [(who.name, who.email, who.language, who.address_of) for who in recipients] == [
        ("Bakkerij", "info@bakery.example", "nl", "destination"),
        ("Anna", "anna@bakery.example", "nl", "contact"),
        ("Bram", "info@bakery.example", "en", "destination"),
    ]


async def test_an_address_corrected_is_used_by_the_next_send(house: House) -> None:
    """FR-19, FR-20."""
    destination = {"kind": "organisation", "number": "1"}
    await house.ask("PUT", "/contacts/organisation/1", {"name": "Bakkerij", "email": "wrong@bakery.example"})
    await recorded(house, request_id="before", destinations=[destination])

    await house.ask("PUT", "/contacts/organisation/1", {"name": "Bakkerij", "email": "right@bakery.example"})
    await recorded(house, request_id="after", destinations=[destination])

    sent = await house.told(DossierItemRequested)
    assert [mail.recipient.email for mail in sent] == ["wrong@bakery.example", "right@bakery.example"]


async def test_a_letter_finds_the_salutation_of_its_contact_where_its_layout_declares_it(house: House) -> None:
    """FR-6, R-2."""
    fields = [{"name": "letter_salutation", "required": True}, {"name": "function"}, {"name": "attention_line"}]
    layout = {"name": "Aanhef", "kind": "text", "fields": fields, "sources": {"nl": {"text": "-"}}}
    await house.ask("PUT", "/layouts/greeting", layout)
    facts = {"email": "anna@bakery.example", "letter_salutation": "Geachte mevrouw,", "department": "Inkoop"}
    own = {"function": "eigen veld"}
    await house.ask("PUT", "/contacts/organisation/1?contact_id=5", {**facts, "function": "Inkoper", "fields": own})

    await recorded(
        house,
        body_text=None,
        body_layout_id="greeting",
        destinations=[{"kind": "contact_person", "number": "1", "contact_id": "5"}],
    )

    (mail,) = await house.told(DossierItemRequested)
    assert mail.merge == {"letter_salutation": "Geachte mevrouw,", "function": "eigen veld"}


async def test_who_gets_no_mail_has_an_item_all_the_same_and_a_reason(house: House) -> None:
    """FR-98, A10, A12."""
    await house.ask("PUT", "/contacts/person/1", {"name": "Zonder"})
    await house.ask("PUT", "/contacts/person/2", {"email": "not an address"})
    await house.ask("PUT", "/contacts/person/3", {"email": "c@home.example", "blocked": True})
    await house.ask("PUT", "/contacts/person/4", {"email": "d@home.example", "consent": "denied"})
    await house.ask("PUT", "/contacts/person/5", {"email": "e@home.example", "consent": "granted"})
    people = [{"kind": "person", "number": str(number)} for number in range(1, 6)]

    answer = await recorded(house, destinations=people, record_separately=True)

    reasons = {"missing": 1, "invalid": 1, "contact_blocked": 1, "denied": 1}
    assert (answer["items"], answer["excluded"], answer["reasons"]) == (5, 4, reasons)
    assert (await house.told(RunStarted))[0].excluded == reasons
    excluded = await house.told(DossierItemExcluded)
    assert [(one.destination.number, one.status, one.reason) for one in excluded] == [
        ("1", "no_address", "missing"),
        ("2", "no_address", "invalid"),
        ("3", "no_address", "contact_blocked"),
        ("4", "no_consent", "denied"),
    ]
    assert [mail.destination.number for mail in await house.told(DossierItemRequested)] == ["5"]
    assert len(await house.told(DossierItemRecorded)) == 5


async def test_one_to_one_mail_goes_out_without_consent(house: House) -> None:
    """A12."""
    await house.ask("PUT", "/contacts/person/4", {"email": "d@home.example", "consent": "denied"})

    await recorded(house, destinations=[{"kind": "person", "number": "4"}])

    assert len(await house.told(DossierItemRequested)) == 1


@pytest.mark.parametrize(("mode", "mails"), [("enforce", 1), ("off", 2)])
async def test_unknown_consent_is_left_out_or_let_be_as_the_house_is_set(tmp_path: Path, mode: Any, mails: int) -> None:
    """FR-67, A12."""
    house = House(tmp_path, consent=mode)
    await house.set_up()
    await house.ask("PUT", "/contacts/person/1", {"email": "a@home.example", "consent": "granted"})
    await house.ask("PUT", "/contacts/person/2", {"email": "b@home.example"})

    await recorded(house, destinations=[{"kind": "person", "number": number} for number in "12"])

    assert len(await house.told(DossierItemRequested)) == mails
    await house.store.close()


async def test_a_known_contact_is_changed_by_newer_facts_only_and_the_item_takes_what_it_was_given(
    house: House,
) -> None:
    await house.ask("PUT", "/contacts/organisation/1000", {"name": "Oud", "email": "oud@bakery.example"})
    given = {"name": "Nieuw", "email": "nieuw@bakery.example"}

    await recorded(house, request_id="a", destinations=[a_destination(recipient=given)])
    old = given | {"as_of": "2001-01-01T00:00:00Z", "name": "Ouder"}
    await recorded(house, request_id="b", destinations=[a_destination(recipient=old)])
    kept = (await house.ask("GET", "/contacts/organisation/1000")).json()
    new = given | {"as_of": "2999-01-01T00:00:00+01:00"}
    await recorded(house, request_id="c", destinations=[a_destination(recipient=new)])

    assert kept["name"] == "Oud"
    assert (await house.ask("GET", "/contacts/organisation/1000")).json()["name"] == "Nieuw"
    mails = await house.told(DossierItemRequested)
    assert [mail.recipient.name for mail in mails] == ["Nieuw", "Ouder", "Nieuw"]
    assert {mail.recipient.email for mail in mails} == {"nieuw@bakery.example"}


async def test_a_letter_is_asked_for_whoever_has_no_address(house: House) -> None:
    """FR-92, FR-93, FR-101."""
    await house.ask("PUT", "/contacts/person/1", {"name": "Zonder"})

    await recorded(
        house,
        issue_method="document",
        attachment_layout_id="brief",
        body_text=None,
        destinations=[{"kind": "person", "number": "1"}],
    )

    [letter] = await house.told(DossierItemRequested)
    assert (letter.issue_method, letter.body_text, letter.recipient.email) == ("document", None, None)
    assert letter.attachment_layout.layout_id == "brief"


async def test_layout_versions_are_pinned_and_a_contacts_own_fields_fill_what_they_declare(house: House) -> None:
    """FR-6, FR-36, FR-38, A24."""
    await house.ask("PUT", "/contacts/person/1", {"email": "a@home.example", "fields": {"table": "7", "shoe": "42"}})
    person = {"kind": "person", "number": "1", "merge": {"colour": "red"}}

    await recorded(house, body_text=None, body_layout_id="welcome", destinations=[person])

    [mail] = await house.told(DossierItemRequested)
    [started] = await house.told(RunStarted)
    assert mail.merge == {"table": "7", "colour": "red"}
    assert mail.body_layout == started.layouts[0]
    assert (mail.body_layout.layout_id, mail.body_layout.version, mail.body_text) == ("welcome", 1, None)


async def test_attachments_go_along_by_hash_and_are_stored_once(house: House) -> None:
    """FR-9, FR-10, FR-35, A18."""
    content = b"the way to the bakery"
    put = await house.ask("POST", "/attachments?filename=route.txt", content)
    files = [
        {"filename": "route.txt", "content": b64encode(content).decode()},
        {"filename": "again.txt", "sha256": put.json()["sha256"]},
    ]
    before = len(house.blobs._kept)

    await recorded(house, attachments=files)

    [mail] = await house.told(DossierItemRequested)
    assert [(file.filename, file.content_type, file.size) for file in mail.attachments] == [
        ("route.txt", "text/plain", len(content)),
        ("again.txt", "text/plain", len(content)),
    ]
    assert {house.blobs.get(file.sha256) for file in mail.attachments} == {content}
    assert len(house.blobs._kept) == before


async def test_all_recipients_of_all_runs_get_the_very_same_file(house: House) -> None:
    """FR-10, FR-35, A18: whoever put it and however often, its bytes lie there once."""
    content = b"the terms" * 1000
    attached = {"attachments": [{"filename": "terms.pdf", "content": b64encode(content).decode()}]}
    people = [a_destination(str(number)) for number in range(30)]

    for request_id in ("one", "other"):
        await recorded(
            house, request_id=request_id, destinations=people, record_separately=True, consent_attested=True, **attached
        )

    told = await house.told(DossierItemRecorded, DossierItemRequested)
    assert len(told) == 2 * 2 * len(people)
    [sha256] = {file.sha256 for message in told for file in message.attachments}
    assert house.blobs.get(sha256) == content
    assert [blob.content for blob in house.blobs._kept.values()].count(content) == 1


async def test_each_addressees_letter_is_asked_for_in_their_own_dossier(house: House) -> None:
    """FR-65, FR-66: a mailing of merge letters, each kept where its addressee is."""
    people = [a_destination(number, merge={"table": number}) for number in ("1", "2", "3")]
    letters = {"issue_method": "document", "attachment_layout_id": "brief", "sender_id": None, "body_text": None}

    await recorded(house, destinations=people, record_separately=True, **letters)

    items = await house.told(DossierItemRecorded)
    asked = await house.told(DossierItemRequested)
    assert [item.destinations[0].number for item in items] == ["1", "2", "3"]
    assert [(letter.item_id, letter.issue_method, letter.merge) for letter in asked] == [
        (item.item_id, "document", {"table": item.destinations[0].number}) for item in items
    ]


async def test_a_run_goes_on_where_it_was_left_and_records_each_row_once(house: House) -> None:
    number = 2 * CHUNK + 7
    people = [a_destination(str(n)) for n in range(number)]
    await house.ask(
        "POST", "/dossier-items", a_request(destinations=people, record_separately=True, consent_attested=True)
    )
    run_id = uuid5(NS, "crm-1")
    await house.recorder.record_next(run_id)
    assert len(await house.told(DossierItemRequested)) == CHUNK
    await house.store.close()

    again = House(house.folder, blobs=house.blobs)
    await again.record_all()

    mails = await again.told(DossierItemRequested)
    assert len({mail.mail_id for mail in mails}) == len(mails) == number
    assert await again.tables.open_runs() == []
    run = await again.store.load(Run, run_id)
    assert run is not None
    assert not any(again.blobs.has(chunk) for chunk in run.chunks)
    await again.store.close()


async def test_a_run_whose_frozen_rows_were_not_let_go_is_closed_later(house: House) -> None:
    await recorded(house)
    run_id = uuid5(NS, "crm-1")
    await house.store.record(rows=[house.tables.opened(run_id)])

    assert await house.recorder.record_next(run_id)

    assert await house.tables.open_runs() == []
    assert len(await house.told(DossierItemRequested)) == 1


async def test_what_was_frozen_for_a_request_that_nobody_accepted_is_thrown_away(house: House) -> None:
    """FR-97: of a request whose acceptance died nothing stays, and it can be asked again."""
    intake = read(a_request(destinations=[a_destination(str(n)) for n in range(CHUNK + 1)], consent_attested=True))
    before = len(house.blobs._kept)
    dead = Freezing(house.store, house.tables, house.blobs, run_id_of(intake.request_id))
    await house.dossier.judging.judge(intake, dead.keep)
    await recorded(house, request_id="sound")
    leftovers = Leftovers(house.store, house.tables, house.blobs)

    await leftovers.sweep(datetime.now(UTC) - timedelta(hours=1))
    assert len(house.blobs._kept) == before + 2, "it may be still under way"
    await leftovers.sweep(datetime.now(UTC) + timedelta(hours=1))

    assert len(house.blobs._kept) == before
    assert await house.tables.left_frozen(datetime.now(UTC) + timedelta(hours=1)) == {}
    again = await recorded(house, destinations=[a_destination()], record_separately=True)
    assert again["items"] == 1


async def test_of_an_accepted_or_a_refused_request_nothing_is_left_to_throw_away(house: House) -> None:
    await recorded(house)
    await house.refused(a_request(request_id="wrong", destinations=[a_destination()], sender_id="nobody"))
    many = [a_destination(str(n)) for n in range(AT_ONCE)]
    await house.refused(a_request(request_id="late", destinations=[*many, {"kind": "person", "number": "stranger"}]))

    assert await house.tables.left_frozen(datetime.now(UTC) + timedelta(hours=1)) == {}
    assert len(house.blobs._kept) == len(await house.tables.set_up("layout"))


async def test_a_small_run_overtakes_a_big_one(house: House) -> None:
    """R-30."""
    people = [a_destination(str(n)) for n in range(3 * CHUNK)]
    big = a_request(request_id="big", destinations=people, record_separately=True, consent_attested=True)
    await house.ask("POST", "/dossier-items", big)
    await house.ask("POST", "/dossier-items", a_request(request_id="small"))
    recording = asyncio.create_task(house.recorder.run())
    async with asyncio.timeout(60):
        while await house.tables.open_runs():
            await asyncio.sleep(0.01)
    recording.cancel()

    mails = await house.told(DossierItemRequested)
    runs = [mail.run_id for mail in mails]
    assert len(runs) == 3 * CHUNK + 1
    assert runs.index(uuid5(NS, "small")) < 2 * CHUNK


async def test_two_runs_that_make_the_same_contact_known_at_once_record_it_once(house: House) -> None:
    for name in ("a", "b"):
        await house.ask("POST", "/dossier-items", a_request(request_id=name))

    await house.record_all()

    assert len(await house.told(DossierItemRequested)) == 2
    assert len((await house.ask("GET", "/contacts")).json()["items"]) == 1


async def test_what_is_personal_lies_sealed_and_is_gone_with_its_key(house: House) -> None:
    """R-26."""
    await house.ask("POST", "/dossier-items", a_request())
    frozen = b"".join(blob.content for blob in house.blobs._kept.values())
    assert b"bakery1000" not in frozen
    await asyncio.to_thread(house.store.keyring.erase, "organisation|1000|#0")

    await house.record_all()

    [mail] = await house.told(DossierItemRequested)
    assert (mail.recipient, mail.merge) == (None, None)
    assert mail.person == "organisation|1000|#0"
    assert datetime.now(UTC) > mail.requested_at


async def test_a_body_typed_for_one_lies_sealed_and_one_for_several_once(house: House) -> None:
    """R-26, A4: what is said to several alike is about none of them, and stays when one is erased."""
    await house.ask("POST", "/dossier-items", a_request(body_text="Beste Anna"))
    several = [a_destination("1"), a_destination("2"), a_destination("3")]
    for way, separately in (("a", True), ("b", False)):
        body = a_request(request_id=way, destinations=several, body_text="Beste leden", consent_attested=True)
        await house.ask("POST", "/dossier-items", body | {"record_separately": separately})
    await house.record_all()
    row = (await house.told(DossierItemRequested))[0].processing_id
    await house.dossier.resending.resend(Resend(processing_id=row, token=uuid4(), operator="jan"))

    stored = [event.state for event in await house.store.notifications(0, 1000, ())]
    lying = b"".join(file.read_bytes() for file in house.folder.glob("dossier.db*"))
    await asyncio.to_thread(house.store.keyring.erase, "organisation|1000|#0")
    await asyncio.to_thread(house.store.keyring.erase, "organisation|1|#0")

    assert b"Beste Anna" not in lying
    assert sum(b"Beste leden" in state for state in stored) == len(["run a", "run b", "generic attachment"])
    texts = [mail.body_text for mail in await house.told(DossierItemRequested)]
    assert Counter(texts) == {None: 2, "Beste leden": 6}


async def test_a_run_whose_destinations_are_lost_holds_up_no_other(house: House) -> None:
    await house.ask("POST", "/dossier-items", a_request(request_id="lost"))
    run = await house.store.load(Run, uuid5(NS, "lost"))
    assert run is not None
    house.blobs.delete(run.chunks)
    await house.ask("POST", "/dossier-items", a_request(request_id="sound"))

    recording = asyncio.create_task(house.recorder.run())
    async with asyncio.timeout(60):
        while len(await house.tables.open_runs()) > 1:
            await asyncio.sleep(0.01)
    recording.cancel()

    assert [mail.run_id for mail in await house.told(DossierItemRequested)] == [uuid5(NS, "sound")]


async def test_on_postgresql_it_is_the_same(tmp_path: Path, postgres_url: str) -> None:
    house = House(tmp_path, url=postgres_url)
    await house.set_up()
    await house.ask("POST", "/contacts/import", b"kind,number,name,email\nperson,1,Anna,anna@home.example\n")
    people = [{"kind": "person", "number": "1"}, a_destination("2")]

    first = await recorded(house, destinations=people, record_separately=True, consent_attested=True)
    again = await recorded(house, destinations=people, record_separately=True, consent_attested=True)

    assert first == again
    assert len(await house.told(DossierItemRecorded)) == len(await house.told(DossierItemRequested)) == 2
    listed = (await house.ask("GET", "/contacts?q=exam")).json()["items"]
    assert {one["number"] for one in listed} == {"1", "2"}
    assert await house.tables.open_runs() == []
    await house.store.close()
