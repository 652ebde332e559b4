"""Contacts are put, told from upstream, shown and found."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.dossier.domain.contact import Contact
from services.dossier.domain.contact_facts import PERSONAL
from services.dossier.domain.identity import Address, contact_id_of
from tests.unit.dossier.conftest import House

CAME = datetime.now(UTC) + timedelta(hours=1)


async def contact(house: House, path: str) -> dict[str, Any]:
    body: dict[str, Any] = (
        await house.ask("GET", f"/contacts{path}" if path.startswith("?") else f"/contacts/{path}")
    ).json()
    return body


async def versions(house: House, address: Address) -> int:
    found = await house.store.load(Contact, contact_id_of(address))
    return found.version if found else 0


async def test_a_contact_that_was_put_is_shown(house: House) -> None:
    """FR-17, R-2."""
    facts = {
        "name": "Anna de Vries",
        "email": "anna@bakery.example",
        "private_email": "anna@home.example",
        "phone": "+31 6 12345678",
        "letter_salutation": "Geachte mevrouw De Vries,",
        "attention_line": "T.a.v. mevrouw A. de Vries",
        "function": "Inkoper",
        "department": "Inkoop",
        "person_number": "2044",
        "preferred_medium": "post",
        "correspondence": False,
        "language": "en",
        "consent": "granted",
        "consent_date": "2026-03-02",
        "consent_proof": "Formulier 88",
        "organisation": "9",
        "blocked": True,
        "bounced": False,
        "fields": {"shoe": 42},
    }

    await house.ask("PUT", "/contacts/organisation/1?contact_id=5", facts)

    shown = await contact(house, "contact_person/1?contact_id=5")
    del shown["as_of"], shown["email_check"]
    assert shown == {"kind": "organisation", "number": "1", "contact_id": "5", "email_valid": True, **facts}


async def test_what_is_personal_of_a_contact_lies_sealed_in_its_events(house: House) -> None:
    """R-26."""
    personal = {name: f"secret {name}" for name in PERSONAL - {"fields"}} | {"fields": {"a": "secret fields"}}

    await house.ask("PUT", "/contacts/person/1", {**personal, "consent": "denied"})

    stored = (await house.store.notifications(0, 10_000, ()))[-1].state
    assert b"denied" in stored
    assert b"secret" not in stored


async def test_consent_keeps_its_day_and_proof_until_another_is_given(house: House) -> None:
    """R-29, A12."""
    granted = {"consent": "granted", "consent_date": "2026-03-02", "consent_proof": "Formulier 88"}

    await house.ask("PUT", "/contacts/person/1", {"email": "a@home.example", **granted})
    await house.ask("PUT", "/contacts/person/1", {"email": "b@home.example", "consent": "granted"})
    kept = await contact(house, "person/1")
    await house.ask("PUT", "/contacts/person/1", {"email": "b@home.example", "consent": "denied"})
    denied = await contact(house, "person/1")

    assert {name: kept[name] for name in granted} == granted
    assert (denied["consent_date"], denied["consent_proof"]) == (denied["as_of"][:10], None)
    said = (await house.ask("GET", "/contacts/person/1/consents")).json()["items"]
    assert [(stand["consent"], stand["date"], stand["proof"], stand["email"]) for stand in said] == [
        ("granted", "2026-03-02", "Formulier 88", "a@home.example"),
        ("denied", denied["consent_date"], None, "b@home.example"),
    ]
    assert (await house.ask("GET", "/contacts/person/2/consents")).json()["items"] == []


async def test_an_address_that_bounced_is_of_use_again_once_it_is_another(house: House) -> None:
    """A10."""
    await house.ask("PUT", "/contacts/person/1", {"email": "old@home.example", "bounced": True})

    await house.dossier.upstream.contact(b'{"kind": "person", "number": "1", "name": "Anna"}', CAME, 1)
    same = await contact(house, "person/1")
    await house.dossier.upstream.contact(
        b'{"kind": "person", "number": "1", "email": "new@home.example"}', CAME + timedelta(seconds=1), 2
    )

    assert same["bounced"]
    assert not (await contact(house, "person/1"))["bounced"]


async def test_put_again_a_contact_is_what_the_last_one_said(house: House) -> None:
    """FR-20."""
    await house.ask("PUT", "/contacts/person/1", {"name": "Anna", "consent": "denied"})

    await house.ask("PUT", "/contacts/person/1", {"name": "Anna de Vries"})
    await house.ask("PUT", "/contacts/person/1", {"name": "Anna de Vries"})

    shown = await contact(house, "person/1")
    assert (shown["name"], shown["consent"]) == ("Anna de Vries", "unknown")
    assert await versions(house, Address("person", "1")) == 2


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        ("planet/1", {}, "kind", "unknown_destination_kind"),
        ("contact_person/1", {}, "contact_id", "missing"),
        ("person/1", {"colour": 1}, "colour", "unknown_field"),
        ("person/1", {"language": "fr"}, "language", "wrong_value"),
        ("person/1", {"name": "a\nb"}, "name", "control_character"),
        ("person/1", {"fields": {"a": "x" * 10_001}}, "fields", "too_long"),
        ("person/1", {"attention_line": "a\nb"}, "attention_line", "control_character"),
        ("person/1", {"preferred_medium": "pigeon"}, "preferred_medium", "wrong_value"),
        ("person/1", {"correspondence": "yes"}, "correspondence", "wrong_type"),
        ("person/1", {"consent": "granted", "consent_date": "2 maart"}, "consent_date", "wrong_date"),
        ("person/1", {"consent_proof": "Formulier 88"}, "consent_proof", "consent_not_said"),
    ],
)
async def test_a_contact_that_cannot_be_is_refused_by_name(
    house: House, path: str, body: Any, field: str, code: str
) -> None:
    answer = await house.ask("PUT", f"/contacts/{path}", body)

    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


async def test_who_is_not_known_is_not_found(house: House) -> None:
    answer = await house.ask("GET", "/contacts/person/1", language="nl")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_contact")


async def test_contacts_are_found_by_what_they_are_called_page_by_page(house: House) -> None:
    for number in range(5):
        await house.ask("PUT", f"/contacts/person/{number}", {"name": f"Anna {number}"})
    await house.ask("PUT", "/contacts/employee/9", {"name": "Bram_100%"})

    first = await contact(house, "?q=ANNA&limit=3")
    rest = await contact(house, f"?q=ANNA&limit=3&cursor={first['next']}")

    assert [one["number"] for one in first["items"] + rest["items"]] == ["0", "1", "2", "3", "4"]
    assert rest["next"] is None
    assert [one["number"] for one in (await contact(house, "?q=_100%25"))["items"]] == ["9"]
    assert (await house.ask("GET", "/contacts?cursor=~")).status_code == 422


async def test_upstream_facts_hold_only_if_they_are_newer(house: House) -> None:
    take = house.dossier.upstream.contact

    def record(**facts: Any) -> bytes:
        return json.dumps({"kind": "person", "number": "1", **facts}).encode()

    await take(record(name="Anna", consent="granted"), CAME, 1)
    await take(record(name="Anna de Vries"), CAME + timedelta(seconds=2), 3)
    await take(record(name="Anna Vries"), CAME + timedelta(seconds=1), 2)
    await take(record(name="Ouder", as_of="2001-01-01T00:00:00Z"), CAME + timedelta(seconds=4), 4)

    shown = await contact(house, "person/1")
    assert (shown["name"], shown["consent"]) == ("Anna de Vries", "granted")
    await house.ask("PUT", "/contacts/person/1", {"name": "Met de hand"})
    assert (await contact(house, "person/1"))["name"] == "Met de hand"
