"""Which destinations are of one organisation or person: what is recorded at one of them shows at the others (R-22)."""

from typing import Protocol

from services.dossier.application.contacts import Contacts
from services.dossier.domain.identity import Address

_RELATIONS = ("organisation", "person")
_APART = ("employee",)  # what is recorded at an employee shows there alone


class RoleTable(Protocol):
    """The roles as they stand."""

    async def roles_of(self, number: str) -> list[Address]:
        """Return the destinations of other kinds that belong to the organisation or person of this number."""
        ...


class Roles:
    """The roles of organisations and persons: sales relation, purchase relation, employer and the like."""

    def __init__(self, contacts: Contacts, table: RoleTable) -> None:
        self._contacts = contacts
        self._table = table

    async def of(self, address: Address) -> list[Address]:
        """Return a destination with the organisation or person that it is, and all other roles of that one."""
        number = await self._number_of(address)
        if number is None:
            return [address]
        base = Address("organisation", number)
        known = (await self._contacts.known([base])).get(base.place)
        roles = [role for role in await self._table.roles_of(number) if role.kind not in _APART]
        return list(dict.fromkeys([address, known.address if known else base, *roles]))

    async def _number_of(self, address: Address) -> str | None:
        """Return the number of the organisation or person that a destination is, None where it stands alone."""
        if address.kind in _RELATIONS:
            return address.number
        known = None if address.kind in _APART else await self._contacts.find(address)
        return known.organisation if known else None
