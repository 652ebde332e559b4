"""The roles of organisations and persons, as their contacts name whose they are."""

from sqlalchemy import select

from services.dossier.adapters.tables.contacts import CONTACTS
from services.dossier.domain.identity import Address
from shared.store import Store

_MOST = 200  # roles of one organisation


class SqlRoles:
    """The roles, looked up in the table of contacts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def roles_of(self, number: str) -> list[Address]:
        """Return the roles of an organisation or person, in the order of their places."""
        query = select(CONTACTS.c.kind, CONTACTS.c.number).where(CONTACTS.c.role_of == number)
        query = query.order_by(CONTACTS.c.place).limit(_MOST)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Address(kind, number) for kind, number in rows]
