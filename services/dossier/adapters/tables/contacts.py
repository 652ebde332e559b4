"""Contacts as they stand: a row each, with what it is listed, filtered and searched by."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    column,
    select,
    table,
)
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.contact_words import (
    index_due,
    keep_briefs,
    keep_counts,
    keep_words,
    with_initials,
)
from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.contact import Contact, Known, stated_of
from services.dossier.domain.facet import AddressState, Facet, listed_as
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import fold, words_of
from services.dossier.domain.text import is_email
from shared.store import Row, Store

_SORTED = String().with_variant(String(collation="C"), "postgresql")  # by its bytes on either database
_KEY = 80  # characters that contacts are sorted by
CONTACTS = Table(
    "contacts",
    METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("place", _SORTED, nullable=False),  # number space, number and contact id
    Column("base", _SORTED),  # the place of a contact person's destination
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("contact_id", String),
    Column("role_of", String),  # number of the organisation or person whose role it is
    Column("generation", Integer, nullable=False),
    Column("facet", Integer, nullable=False),
    Column("changed", _SORTED, nullable=False),
    Column("name", _SORTED, nullable=False),
    Column("email", _SORTED, nullable=False),
    Column("function", _SORTED, nullable=False),
    Column("words", Text, nullable=False),  # what is searched: number, name and address
    Column("facts", Text, nullable=False),  # JSON
)
COUNTS = Table(
    "contact_counts",
    METADATA,
    Column("facet", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)
SORTS = {
    "number": CONTACTS.c.place,
    "name": CONTACTS.c.name,
    "email": CONTACTS.c.email,
    "function": CONTACTS.c.function,
    "changed": CONTACTS.c.changed,
}
Index("contacts_place", CONTACTS.c.place, unique=True)
Index("contacts_facet", CONTACTS.c.facet, CONTACTS.c.place, CONTACTS.c.sequence)
_IS_ROLE = CONTACTS.c.role_of.is_not(None)
Index("contacts_by_role", CONTACTS.c.role_of, CONTACTS.c.place, sqlite_where=_IS_ROLE, postgresql_where=_IS_ROLE)
READ = ("name", "email")  # orders that have nothing to do with that in which contacts were recorded
for _by, _of in SORTS.items():  # with the facet at hand, what is filtered out costs no look at its row; nor do words
    _words = [CONTACTS.c.words] if _by in READ else []
    Index(f"contacts_by_{_by}", _of, CONTACTS.c.sequence, CONTACTS.c.facet, *_words)
# Contacts are found by their words in the order of `sequence`. To sort many of them, SQLite looks at no more of each
# than these: a fifth of the pages that their rows lie on.
BRIEFS = {
    by: table(f"contact_{_of.name}s", column("sequence", Integer), column("facet", Integer), column(_of.name, String))
    for by, _of in SORTS.items()
    if by in {"number", *READ}
}
for _by in BRIEFS:
    Index(f"contacts_brief_{SORTS[_by].name}", CONTACTS.c.sequence, SORTS[_by], CONTACTS.c.facet).ddl_if(
        dialect="sqlite"
    )
keep_words(CONTACTS)
keep_briefs(CONTACTS, [SORTS[_by].name for _by in BRIEFS])
keep_counts(CONTACTS)

_AT_ONCE = 500  # contacts in one query
_KNOWN = select(CONTACTS).where(CONTACTS.c.place.in_(bindparam("places", expanding=True)))


class SqlContacts:
    """The contacts, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._dialect = store.read_now(_dialect)
        insert = postgresql.insert if self._dialect == "postgresql" else sqlite.insert
        contacts = insert(CONTACTS)
        said = [column.name for column in CONTACTS.c if column.name not in {"sequence", "place"}]
        self._put = contacts.on_conflict_do_update(
            index_elements=["place"], set_={name: contacts.excluded[name] for name in said}
        )

    async def known(self, addresses: Collection[Address]) -> dict[str, Known]:
        """Return the contacts that stand at these addresses, by place."""
        places = sorted({address.place for address in addresses})

        def query(connection: Connection) -> dict[str, Known]:
            return {row["place"]: known_of(row) for row in _looked_up(connection, places)}

        return await self._store.read(query) if places else {}

    def rows(self, contacts: Sequence[Contact]) -> list[Row]:
        """Return the rows of contacts as they now are, and what has their words found."""
        return [*(self._row(contact) for contact in contacts), *(index_due(self._dialect) if contacts else ())]

    def _row(self, contact: Contact) -> Row:
        address, facts = contact.address, contact.facts
        email: str = facts["email"] or ""
        words = words_of(address.number, address.contact_id, facts["name"], email)
        return self._put, {
            **address._asdict(),
            "place": address.place,
            "base": address.base.place if address.contact_id else None,
            "role_of": None if address.contact_id else facts["organisation"],
            "generation": int((contact.person or "#0").rpartition("#")[2]),
            "facet": facet_of(contact).number,
            "changed": contact.as_of.astimezone(UTC).isoformat(timespec="microseconds"),
            "name": fold(facts["name"])[:_KEY],
            "email": fold(email)[:_KEY],
            "function": fold(facts["function"] or "")[:_KEY],
            "words": words if self._dialect == "sqlite" else with_initials(words),
            "facts": orjson.dumps(stated_of(facts)).decode(),
        }


def facet_of(contact: Contact) -> Facet:
    """Return what a contact can be filtered by."""
    facts = contact.facts
    return Facet(
        listed_as(contact.address),
        _state(facts["email"], bounced=facts["bounced"]),
        facts["consent"],
        facts["language"],
        facts["blocked"],
        facts["correspondence"],
        facts["preferred_medium"] == "post",
    )


def known_of(row: RowMapping) -> Known:
    """Return the contact that a row keeps."""
    return Known(
        address=Address(row["kind"], row["number"], row["contact_id"]),
        generation=row["generation"],
        email_valid=Facet.of(row["facet"]).email_valid,
        as_of=datetime.fromisoformat(row["changed"]),
        **orjson.loads(row["facts"]),
    )


def _state(email: str | None, *, bounced: bool) -> AddressState:
    if not email:
        return "missing"
    if not is_email(email):
        return "invalid"
    return "bounced" if bounced else "valid"


def _dialect(connection: Connection) -> str:
    return connection.dialect.name


def _looked_up(connection: Connection, places: Sequence[str]) -> Iterator[RowMapping]:
    for start in range(0, len(places), _AT_ONCE):
        yield from connection.execute(_KNOWN, {"places": places[start : start + _AT_ONCE]}).mappings()
