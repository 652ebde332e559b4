"""Which address a mail goes to, whose consent counts, and who gets none: the table of A1, A10 and A12."""

from typing import Any

import pytest

from services.dossier.domain.address import exclusion, resolve
from services.dossier.domain.contact import Known
from services.dossier.domain.identity import Address

BASE = Address("organisation", "1")
PERSON = Address("organisation", "1", "5")


def known(address: Address, email: str | None = "a@home.example", **facts: Any) -> Known:
    return Known(address, email=email, email_valid=bool(email) and "@" in str(email), **facts)


@pytest.mark.parametrize(
    ("contact", "base", "given", "email", "address_of", "left_out"),
    [
        (known(PERSON, "p@home.example"), known(BASE), None, "p@home.example", "contact", None),
        (known(PERSON, None), known(BASE), None, "a@home.example", "destination", None),
        (known(PERSON, None), known(BASE, None), None, None, None, ("no_address", "missing")),
        (known(PERSON, None), None, None, None, None, ("no_address", "missing")),
        (known(PERSON, "p"), known(BASE), None, "p", "contact", ("no_address", "invalid")),
        (known(PERSON, blocked=True), known(BASE), None, "a@home.example", "contact", ("no_address", "contact_blocked")),
        (known(PERSON, None), known(BASE, blocked=True), None, "a@home.example", "destination", ("no_address", "contact_blocked")),
        (known(PERSON), known(BASE, blocked=True), None, "a@home.example", "contact", None),
        (known(PERSON, blocked=True), known(BASE), {"email": "g@home.example"}, "g@home.example", None, ("no_address", "contact_blocked")),
        (None, known(BASE, None), {"email": "g@home.example"}, "g@home.example", None, None),
        (known(PERSON, None, consent="denied"), known(BASE), None, "a@home.example", "destination", ("no_consent", "denied")),
        (known(PERSON, None), known(BASE, consent="denied"), None, "a@home.example", "destination", ("no_consent", "denied")),
        (known(PERSON), known(BASE, consent="denied"), None, "a@home.example", "contact", None),
        (known(PERSON, None, private_email="home@life.example"), known(BASE, None), None, None, None, ("no_address", "missing")),
        (known(BASE, None, private_email="home@life.example"), known(BASE, None), None, None, None, ("no_address", "missing")),
        (known(PERSON, bounced=True), known(BASE), None, "a@home.example", "contact", ("no_address", "bounced")),
        (known(PERSON, None), known(BASE, bounced=True), None, "a@home.example", "destination", ("no_address", "bounced")),
        (known(PERSON, bounced=True), known(BASE), {"email": "g@home.example"}, "g@home.example", None, None),
        (known(PERSON, correspondence=False), known(BASE), None, "a@home.example", "contact", ("no_consent", "no_correspondence")),
        (known(PERSON, None), known(BASE, correspondence=False), None, "a@home.example", "destination", ("no_consent", "no_correspondence")),
        (known(PERSON), known(BASE, correspondence=False), None, "a@home.example", "contact", None),
        (known(PERSON, correspondence=False), known(BASE), {"email": "g@home.example"}, "g@home.example", None, ("no_consent", "no_correspondence")),
        (known(PERSON, None, correspondence=False), known(BASE, None), None, None, None, ("no_address", "missing")),
    ],
)  # fmt: skip
def test_an_addressee_of_a_mailing(
    contact: Known | None,
    base: Known | None,
    given: dict[str, Any] | None,
    email: str | None,
    address_of: str | None,
    left_out: tuple[str, str] | None,
) -> None:
    """FR-16, FR-67, FR-94, R-1, R-2, A1, A10, A12."""
    resolved = resolve(contact, base, given)

    assert (resolved.recipient["email"], resolved.recipient["address_of"]) == (email, address_of)
    assert exclusion(resolved.verdict, "attest", mailing=True) == left_out


@pytest.mark.parametrize(
    ("facts", "left_out"),
    [
        ({"consent": "denied"}, None),
        ({"consent": "unknown"}, None),
        ({"blocked": True}, ("no_address", "contact_blocked")),
        ({"correspondence": False}, ("no_consent", "no_correspondence")),
    ],
)
def test_one_to_one_consent_only_warns_while_who_is_blocked_or_wants_no_correspondence_gets_none(
    facts: dict[str, Any], left_out: tuple[str, str] | None
) -> None:
    """R-2, A12."""
    verdict = resolve(known(PERSON, **facts), known(BASE)).verdict

    assert exclusion(verdict, "enforce", mailing=False) == left_out


def test_name_and_language_are_the_contacts_own_unless_given() -> None:
    """R-2."""
    contact, base = known(PERSON, None, name="Anna", language="en"), known(BASE, name="Bakkerij")

    own = resolve(contact, base).recipient
    given = resolve(contact, base, {"name": "A. de Vries", "email": None, "language": "nl"}).recipient

    assert (own["name"], own["language"]) == ("Anna", "en")
    assert (given["name"], given["language"], given["email"]) == ("A. de Vries", "nl", "a@home.example")
