"""Whether contacts have an address is checked beforehand: of a list, or of those that were ticked (FR-14…17)."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from services.dossier.application.contact_tables import ContactChecks
from services.dossier.application.contacts import Contacts
from services.dossier.domain.contact import Known
from services.dossier.domain.email_check import Checked, Problem, Tally, check
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Cursor

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CheckedPage:
    """Contacts that cannot be mailed, and where the next page goes on, None at the end."""

    items: list[Checked]
    next: Cursor | None


@dataclass
class Ticked:
    """What is found of contacts that were named: those that cannot be mailed, that are unknown, or share an address."""

    tally: Tally
    items: list[Checked]
    unknown: list[Address]
    same_address: list[Address]


class EmailChecks:
    """Checks contacts."""

    def __init__(self, contacts: Contacts, checks: ContactChecks) -> None:
        self._contacts = contacts
        self._checks = checks

    async def tally(self, wanted: ContactFilter) -> Tally:
        """Return how many contacts of a list can be mailed, and how many have each problem."""
        tally = Tally()
        for (contact, base), n in await self._checks.pairs(wanted):
            tally.add(contact, base, by_post=contact.by_post, n=n)
        return tally

    async def page(
        self, wanted: ContactFilter, problem: Problem | None, limit: int, after: Cursor | None = None
    ) -> CheckedPage:
        """Return the next contacts of a list that have a problem, any if None."""
        page = await self._checks.page(wanted, problem, limit, after)
        return CheckedPage(await self._checked(page.items), page.next)

    async def all(self, wanted: ContactFilter, problem: Problem | None) -> AsyncIterator[Checked]:
        """Yield all contacts of a list that have a problem."""
        after: Cursor | None = None
        while True:
            page = await self.page(wanted, problem, _AT_ONCE, after)
            for checked in page.items:
                yield checked
            if page.next is None:
                return
            after = page.next

    async def one(self, contact: Known) -> Checked:
        """Return one contact checked."""
        return (await self._checked([contact]))[0]

    async def ticked(self, addresses: Sequence[Address]) -> Ticked:
        """Check the contacts that are named; the same address at two of them is flagged (A16)."""
        found = Ticked(Tally(), [], [], [])
        used: Counter[str] = Counter()
        mailed: list[tuple[Address, str]] = []
        for start in range(0, len(addresses), _AT_ONCE):
            chunk = addresses[start : start + _AT_ONCE]
            known = await self._contacts.known({place for one in chunk for place in (one, one.base)})
            for address in chunk:
                contact = known.get(address.place)
                if contact is None:
                    found.unknown.append(address)
                    continue
                base = known.get(address.base.place)
                checked = check(contact, base)
                found.tally.add(contact, base, by_post=checked.offer_letter)
                if checked.problems:
                    found.items.append(checked)
                elif checked.email:
                    used[checked.email.casefold()] += 1
                    mailed.append((address, checked.email.casefold()))
        found.same_address = [address for address, email in mailed if used[email] > 1]
        return found

    async def _checked(self, contacts: Sequence[Known]) -> list[Checked]:
        bases = await self._contacts.known({one.address.base for one in contacts if one.address.contact_id})
        return [check(one, bases.get(one.address.base.place) if one.address.contact_id else None) for one in contacts]
