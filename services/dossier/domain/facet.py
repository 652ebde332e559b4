"""What of a contact can be filtered and counted, and what decides whether it gets a mail, as one small number."""

from functools import cache
from typing import Literal, NamedTuple

from services.dossier.domain.contact_facts import Consent, Language
from services.dossier.domain.identity import KINDS, Address

AddressState = Literal["missing", "invalid", "bounced", "valid"]
# The numbers are kept: what is new goes behind, and nothing changes its place.
_CONSENTS: tuple[Consent, ...] = ("unknown", "granted", "denied")
_STATES: tuple[AddressState, ...] = ("missing", "invalid", "bounced", "valid")
_LANGUAGES: tuple[Language, ...] = ("nl", "en")


class Facet(NamedTuple):
    """The few values of a contact that lists are filtered by; `kind` is contact_person for whoever is one."""

    kind: str
    address: AddressState
    consent: Consent = "unknown"
    language: Language = "nl"
    blocked: bool = False
    correspondence: bool = True
    by_post: bool = False

    @property
    def number(self) -> int:
        """The number that stands for these values."""
        parts = (
            (KINDS.index(self.kind), 6),
            (_STATES.index(self.address), 2),
            (_CONSENTS.index(self.consent), 2),
            (_LANGUAGES.index(self.language), 3),
            (self.blocked, 1),
            (self.correspondence, 1),
            (self.by_post, 1),
        )
        number = 0
        for value, bits in parts:
            number = number << bits | value
        return number

    @classmethod
    def of(cls, number: int) -> "Facet":
        """Return the values that a number stands for."""
        return _of(number)

    @property
    def email(self) -> str | None:
        """Something where the contact has an address, None where it has none."""
        return None if self.address == "missing" else self.address

    @property
    def email_valid(self) -> bool:
        """Whether the address is valid by its form."""
        return self.address in {"valid", "bounced"}

    @property
    def bounced(self) -> bool:
        """Whether mail to the address was refused after sending."""
        return self.address == "bounced"


@cache
def _of(number: int) -> Facet:
    return Facet(
        kind=KINDS[number >> 10],
        address=_STATES[number >> 8 & 3],
        consent=_CONSENTS[number >> 6 & 3],
        language=_LANGUAGES[number >> 3 & 7],
        blocked=bool(number & 4),
        correspondence=bool(number & 2),
        by_post=bool(number & 1),
    )


def listed_as(address: Address) -> str:
    """Return the kind in whose list a contact stands: a contact person in a list of their own."""
    return "contact_person" if address.contact_id else address.kind
