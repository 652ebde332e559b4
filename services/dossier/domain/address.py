"""Which address a destination's mail goes to (A1), and who gets none (A10, A12)."""

from dataclasses import dataclass
from typing import Any, Literal

from services.dossier.domain.contact import Known

ConsentMode = Literal["enforce", "attest", "off"]
Exclusion = tuple[str, str]  # status and reason


@dataclass(frozen=True, slots=True)
class Resolved:
    """The addressee found: its snapshot, why no address of it is of use, and the consent that goes with it."""

    recipient: dict[str, Any]
    no_address: str | None
    consent: str


def resolve(contact: Known | None, base: Known | None, given: dict[str, Any] | None = None) -> Resolved:
    """Return the address of the chosen contact, else of its destination (R-1); a given one goes before both.

    `contact` and `base` are the same record where nobody was chosen; None is a record not known yet.
    """
    given = given or {}
    used = contact if contact and contact.email else base or contact
    email = given.get("email") or (used.email if used else None)
    address_of = None
    if used and email and not given.get("email"):
        address_of = "contact" if used is contact and contact is not base else "destination"
    said = contact or base
    recipient = {
        "name": given.get("name") or (contact.name if contact else "") or (base.name if base else ""),
        "email": email,
        "language": given.get("language") or (said.language if said else "nl"),
        "address_of": address_of,
    }
    owners = [contact] if given.get("email") else [contact, used]
    return Resolved(recipient, _no_address(owners, used, email, given), _consent(owners))


def _no_address(owners: list[Known | None], used: Known | None, email: str | None, given: dict[str, Any]) -> str | None:
    if any(owner and owner.blocked for owner in owners):
        return "contact_blocked"
    if not email:
        return "missing"
    if used is None or given.get("email") or used.email_valid:
        return None  # a given address was checked when the request was read
    return "invalid"


def _consent(owners: list[Known | None]) -> str:
    """Return the consent of whose address is used, unless the chosen contact denied it."""
    said = [owner.consent for owner in owners if owner]
    return "denied" if "denied" in said else said[-1] if said else "unknown"


def exclusion(resolved: Resolved, mode: ConsentMode, *, mailing: bool) -> Exclusion | None:
    """Return why this addressee gets no mail, None where it does; consent matters in a mailing (≥ 2 recipients)."""
    if resolved.no_address:
        return "no_address", resolved.no_address
    if mailing and (resolved.consent == "denied" or (mode == "enforce" and resolved.consent == "unknown")):
        return "no_consent", resolved.consent
    return None
