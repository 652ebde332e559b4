"""Whether contacts can be mailed, before anything is sent: what is wrong with whom (FR-14…17, R-1, R-2)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from services.dossier.domain.address import Reachable, Verdict, judge, used_of
from services.dossier.domain.contact import Known
from services.dossier.domain.facet import Facet

Problem = Literal["missing", "invalid", "bounced", "contact_blocked", "no_consent", "no_correspondence"]
PROBLEMS: tuple[Problem, ...] = ("missing", "invalid", "bounced", "contact_blocked", "no_consent", "no_correspondence")
Pair = tuple[Facet, Facet | None]  # of a contact, and of its destination where that matters


@dataclass(frozen=True, slots=True)
class Checked:
    """A contact checked: whose address is used, what is in the way, and whether a letter is rather to be sent.

    `destination_email` says whether the business address of the organisation or person itself is filled.
    """

    contact: Known
    email: str | None
    address_of: Literal["contact", "destination"] | None
    destination_email: bool
    problems: tuple[str, ...]
    offer_letter: bool


@dataclass
class Tally:
    """How many contacts were checked, how many can be mailed, and how many have each problem.

    `through_destination` are mailed at the address of their organisation. Of `consent_unknown` nobody knows whether
    they want a mailing; `offer_letter` prefer post.
    """

    contacts: int = 0
    usable: int = 0
    through_destination: int = 0
    consent_unknown: int = 0
    offer_letter: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    def add(self, contact: Reachable, base: Reachable | None, *, by_post: bool, n: int = 1) -> None:
        """Count so many contacts in."""
        verdict = judge(contact, base)
        found = problems_of(verdict)
        self.contacts += n
        self.offer_letter += n * by_post
        self.problems.update(dict.fromkeys(found, n))
        if not found:
            self.usable += n
            self.through_destination += n * (used_of(contact, base) is not contact)
            self.consent_unknown += n * (verdict.consent == "unknown")


def problems_of(verdict: Verdict) -> tuple[Problem, ...]:
    """Return everything that is in the way of a mailing."""
    said: dict[Problem, bool] = {
        "no_consent": verdict.consent == "denied",
        "no_correspondence": not verdict.correspondence,
    }
    address = tuple(problem for problem in PROBLEMS if problem == verdict.no_address)
    return (*address, *(problem for problem, holds in said.items() if holds))


def check(contact: Known, base: Known | None) -> Checked:
    """Return a contact checked, with its destination where it is a contact person of one."""
    used = used_of(contact, base)
    owner: Literal["contact", "destination"] = "contact" if contact.address.contact_id else "destination"
    destination = base if contact.address.contact_id else contact
    return Checked(
        contact,
        used.email if used else None,
        None if used is None or not used.email else owner if used is contact else "destination",
        bool(destination and destination.email),
        problems_of(judge(contact, base)),
        contact.preferred_medium == "post",
    )


def needs_base(facet: Facet) -> bool:
    """Return whether it depends on the destination if contacts with these values can be mailed."""
    return facet.kind == "contact_person" and facet.address == "missing"


def with_problem(
    facets: Iterable[Facet], bases: Iterable[Facet], problem: Problem | None
) -> Mapping[frozenset[Facet] | None, list[Facet]]:
    """Return the facets that have a problem, any if None, by the facets that their destination then has.

    Under None stand those whose destination doesn't matter. A destination that isn't known is a Facet without address.
    """
    found: dict[frozenset[Facet] | None, list[Facet]] = {}
    every = frozenset(bases) | {UNKNOWN}
    for facet in facets:
        if needs_base(facet):
            where = frozenset(base for base in every if _has(facet, base, problem))
        else:
            where = every if _has(facet, None, problem) else frozenset()
        if where:
            found.setdefault(None if where == every else where, []).append(facet)
    return found


UNKNOWN = Facet("organisation", "missing")


@lru_cache(100_000)
def _has(facet: Facet, base: Facet | None, problem: Problem | None) -> bool:
    found = problems_of(judge(facet, base))
    return problem in found if problem else bool(found)
