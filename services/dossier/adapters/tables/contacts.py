"""Contacts as they stand, to be looked up, listed and searched."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import orjson
from sqlalchemy import Boolean, Column, Connection, Integer, RowMapping, String, Table, Text, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.contact import Contact, Known
from services.dossier.domain.identity import Address
from services.dossier.domain.text import is_email
from shared.store import Row, Store

_CONTACTS = Table(
    "contacts",
    METADATA,
    Column("place", String, primary_key=True),  # number space, number and contact id
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("contact_id", String),
    Column("generation", Integer, nullable=False),
    Column("email_valid", Boolean, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("as_of", String, nullable=False),
    Column("words", Text),  # what is searched: number, name and address in lower case
)
_AT_ONCE = 500  # contacts in one query
_KNOWN = select(_CONTACTS).where(_CONTACTS.c.place.in_(bindparam("places", expanding=True)))


class SqlContacts:
    """The contacts, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = postgresql.insert if store.read_now(_dialect) == "postgresql" else sqlite.insert
        contacts = insert(_CONTACTS)
        self._put = contacts.on_conflict_do_update(
            index_elements=["place"], set_={column.name: contacts.excluded[column.name] for column in _CONTACTS.c}
        )

    async def known(self, addresses: Collection[Address]) -> dict[str, Known]:
        """Return the contacts that stand at these addresses, by place."""
        places = sorted({address.place for address in addresses})

        def query(connection: Connection) -> dict[str, Known]:
            return {row["place"]: _known(row) for row in _looked_up(connection, places)}

        return await self._store.read(query) if places else {}

    async def page(self, q: str, after: str, limit: int) -> list[Known]:
        """Return contacts in the order of their places."""
        query = select(_CONTACTS).where(_CONTACTS.c.place > after).order_by(_CONTACTS.c.place).limit(limit)
        if q:
            query = query.where(_CONTACTS.c.words.contains(q.lower(), autoescape=True))
        return await self._store.read(lambda connection: [_known(row) for row in connection.execute(query).mappings()])

    def row(self, contact: Contact) -> Row:
        """Return the row of a contact as it now is."""
        address, facts = contact.address, contact.facts
        email: str = facts["email"] or ""
        words = " ".join(filter(None, (address.number, address.contact_id, facts["name"], email))).lower()
        return self._put, {
            **address._asdict(),
            "place": address.place,
            "generation": int((contact.person or "#0").rpartition("#")[2]),
            "email_valid": bool(email) and is_email(email),
            "facts": orjson.dumps(facts).decode(),
            "as_of": contact.as_of.isoformat(),
            "words": words,
        }


def _dialect(connection: Connection) -> str:
    return connection.dialect.name


def _looked_up(connection: Connection, places: Sequence[str]) -> Iterator[RowMapping]:
    for start in range(0, len(places), _AT_ONCE):
        yield from connection.execute(_KNOWN, {"places": places[start : start + _AT_ONCE]}).mappings()


def _known(row: RowMapping) -> Known:
    return Known(
        address=Address(row["kind"], row["number"], row["contact_id"]),
        generation=row["generation"],
        email_valid=row["email_valid"],
        as_of=datetime.fromisoformat(row["as_of"]),
        **orjson.loads(row["facts"]),
    )
