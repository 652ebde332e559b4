"""How a contact is said and shown over HTTP, the same at every door."""

from typing import Any

from services.dossier.application import Refusals
from services.dossier.domain.contact import Known
from services.dossier.domain.contact_facts import ContactFacts, address_wrongs
from services.dossier.domain.email_check import Checked
from services.dossier.domain.identity import Address
from services.dossier.domain.refusal import Refused, Wrong
from shared.pages import Language

_WORDS = {"no_consent": "no_consent", "no_correspondence": "no_correspondence"}  # the others begin with address_


def address_said(kind: str, number: str, contact_id: str | None) -> Address:
    """Return the address that a path says; raise `Refused` for none."""
    if wrongs := address_wrongs(kind, number, contact_id):
        raise Refused(wrongs)
    return Address.of(kind, number, contact_id)


def shown(contact: Known) -> dict[str, Any]:
    """Return a contact as it is answered."""
    return {
        **contact.address._asdict(),
        "email_valid": contact.email_valid,
        **{name: getattr(contact, name) for name in ContactFacts.model_fields},
        "as_of": contact.as_of.isoformat() if contact.as_of else None,
    }


def checked_shown(refusals: Refusals, checked: Checked, spoken: Language) -> dict[str, Any]:
    """Return whether a contact can be mailed, in words."""
    problems = [
        {"code": code, "detail": refusals.said(Wrong("", _WORDS.get(code, f"address_{code}")), spoken)}
        for code in checked.problems
    ]
    return {
        "email_used": checked.email,
        "address_of": checked.address_of,
        "destination_email": checked.destination_email,
        "problems": problems,
        "offer_letter": checked.offer_letter,
    }
