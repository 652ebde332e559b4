"""Which address a destination's mail goes to (A1), and who gets none (A10, A12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from services.dossier.domain.contact import Known
from services.dossier.domain.text import is_email

ConsentMode = Literal["enforce", "attest", "off"]
Exclusion = tuple[str, str]  # status and reason


class Reachable(Protocol):
    """What decides whether a contact gets a mail."""

    @property
    def email(self) -> str | None:
        """The business address."""

    @property
    def email_valid(self) -> bool:
        """Whether that address is valid by its form."""

    @property
    def bounced(self) -> bool:
        """Whether mail to that address was refused after sending."""

    @property
    def blocked(self) -> bool:
        """Whether the contact is out of use."""

    @property
    def correspondence(self) -> bool:
        """Whether the contact wants to be written to at all."""

    @property
    def consent(self) -> str:
        """What the contact said of mailings to its address."""


C = TypeVar("C", bound=Reachable)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the way of a mail: why no address is of use, and what the contact wants or not."""

    no_address: str | None
    consent: str
    correspondence: bool = True


@dataclass(frozen=True, slots=True)
class Resolved:
    """The addressee found: its snapshot, and what stands in the way of mailing it."""

    recipient: dict[str, Any]
    verdict: Verdict

    @property
    def no_address(self) -> str | None:
        """Why no address of it is of use, None where one is."""
        return self.verdict.no_address

    @property
    def consent(self) -> str:
        """The consent that goes with the address."""
        return self.verdict.consent


def used_of(contact: C | None, base: C | None) -> C | None:
    """Return whose address is used: the chosen contact's if it has one, else its destination's (R-1)."""
    return contact if contact and contact.email else base or contact


def judge(contact: Reachable | None, base: Reachable | None, given: str | None = None) -> Verdict:
    """Return what stands in the way of a mail to this contact, to the address `given` if any (A1, A10, A12, R-2)."""
    used = used_of(contact, base)
    owners = [owner for owner in ([contact] if given else [contact, used]) if owner]
    return Verdict(_no_address(owners, used, given), _consent(owners), all(owner.correspondence for owner in owners))


def resolve(contact: Known | None, base: Known | None, given: dict[str, Any] | None = None) -> Resolved:
    """Return the address of the chosen contact, else of its destination (R-1); a given one goes before both.

    `contact` and `base` are the same record where nobody was chosen; None is a record not known yet.
    """
    given = given or {}
    used = used_of(contact, base)
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
    return Resolved(recipient, judge(contact, base, given.get("email")))


def _no_address(owners: Sequence[Reachable], used: Reachable | None, given: str | None) -> str | None:
    if any(owner.blocked for owner in owners):
        return "contact_blocked"
    if given:
        return None if is_email(given) else "invalid"
    if used is None or not used.email:
        return "missing"
    if not used.email_valid:
        return "invalid"
    return "bounced" if used.bounced else None


def _consent(owners: Sequence[Reachable]) -> str:
    """Return the consent of whose address is used, unless the chosen contact denied it."""
    said = [owner.consent for owner in owners]
    return "denied" if "denied" in said else said[-1] if said else "unknown"


def exclusion(verdict: Verdict, mode: ConsentMode, *, mailing: bool) -> Exclusion | None:
    """Return why this addressee gets no mail, None where it does; consent matters in a mailing (≥ 2 recipients).

    Whoever wants no correspondence is never written to, as a blocked contact is not (R-2); it is a wish, which no other
    address would change, so it shows as `no_consent`.
    """
    if verdict.no_address:
        return "no_address", verdict.no_address
    if not verdict.correspondence:
        return "no_consent", "no_correspondence"
    if mailing and (verdict.consent == "denied" or (mode == "enforce" and verdict.consent == "unknown")):
        return "no_consent", verdict.consent
    return None
