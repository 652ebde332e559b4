"""The tables of contacts over one database, and contacts as hypothesis invents them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection

from services.dossier.adapters.tables import SqlContactChecks, SqlContactPages, SqlContacts
from services.dossier.application.contacts import Contacts
from services.dossier.domain.contact import Contact, Known
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import SORTS, ContactFilter, Cursor, Order
from shared.store import Store

FROM = datetime(2026, 3, 2, tzinfo=UTC)
LETTERS = st.sampled_from(
    ["", "a", "An", "anna", "Ánna de Vries", "de", "Zoë", "100%_", "bakkerij 'de \"ster\"'", "nn"]
)
EMAILS = st.sampled_from([None, "", "anna@bakery.example", "ANNA@bakery.example", "no address", "zoe@home.example"])
FACTS = st.fixed_dictionaries(
    {
        "name": LETTERS,
        "email": EMAILS,
        "function": st.one_of(st.none(), LETTERS),
        "language": st.sampled_from(["nl", "en"]),
        "consent": st.sampled_from(["granted", "denied", "unknown"]),
        "blocked": st.booleans(),
        "bounced": st.booleans(),
        "correspondence": st.booleans(),
        "preferred_medium": st.sampled_from([None, "post"]),
    }
)
ADDRESSES = st.builds(
    Address,
    st.sampled_from(["organisation", "person", "employee", "sales_relation"]),
    st.sampled_from(["1", "2", "10", "100", "a", "b c"]),
    st.sampled_from([None, None, "1", "55"]),
)
CONTACTS = st.dictionaries(ADDRESSES, st.tuples(st.integers(0, 5), FACTS), min_size=10, max_size=30)
_POINTS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(["organisation", "person", "contact_person", "employee"]),
    "blocked": st.booleans(),
    "consent": st.sampled_from(["granted", "denied", "unknown"]),
    "address": st.sampled_from(["missing", "invalid", "bounced", "valid", "not_valid"]),
    "language": st.sampled_from(["nl", "en"]),
    "correspondence": st.booleans(),
    "of": st.sampled_from(["organisation/1", "sales_relation/10"]),
}
_WORDS = st.sampled_from(
    [
        None,
        "a",
        "an",
        "nn",
        "anna",
        "ÁNNA",
        "vries anna",
        "1",
        "100%",
        '"',
        "e",
        "z",
        "example",
        "anna example",
        "nn e 1",
    ]
)


@st.composite
def _filters(draw: st.DrawFn) -> ContactFilter:
    """Return a filter of words and of two points at most, so that it lets through more than one now and then."""
    points = draw(st.lists(st.sampled_from(sorted(_POINTS)), max_size=2, unique=True))
    return ContactFilter(q=draw(_WORDS), **{name: draw(_POINTS[name]) for name in points})


FILTERS = _filters()
ORDERS = st.builds(Order, st.sampled_from(SORTS), st.booleans())


@dataclass
class Lists:
    """The tables of contacts over one database."""

    store: Store

    def __post_init__(self) -> None:
        self.tables = SqlContacts(self.store)
        self.pages = SqlContactPages(self.store)
        self.checks = SqlContactChecks(self.store)
        self.contacts = Contacts(self.store, self.tables, self.pages)

    async def put(self, *contacts: Contact) -> None:
        """Have these contacts stand."""
        await self.store.record(rows=self.tables.rows(contacts))

    async def hold(self, invented: dict[Address, tuple[int, dict[str, Any]]]) -> list[Contact]:
        """Have these contacts stand and no others; of two in one place the last."""
        await self.store.transact(_clear)
        by_place = {address.place: (address, *said) for address, said in invented.items()}
        standing = [a_contact(address, minutes, **facts) for address, minutes, facts in by_place.values()]
        await self.put(*standing)
        return standing

    async def all(self, wanted: ContactFilter, order: Order, limit: int) -> list[Known]:
        """Return the contacts of a list, gone through page by page."""
        page = await self.pages.page(wanted, order, limit)
        found = [*page.items]
        while page.next:
            assert len(page.items) == limit
            page = await self.pages.page(wanted, order, limit, Cursor.read(str(page.next), order))
            found += page.items
        return found


def _clear(connection: Connection) -> None:
    connection.exec_driver_sql("DELETE FROM contacts")
    connection.exec_driver_sql("DELETE FROM contact_counts")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO contact_words (contact_words) VALUES ('delete-all')")


def a_contact(address: Address, minutes: int = 0, **facts: Any) -> Contact:
    """Return a contact of which these facts are known."""
    return Contact.record(address, FROM + timedelta(minutes=minutes), facts)
