"""Contacts are listed in any order, filtered, searched and counted, on either database and however many they are."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dossier.adapters.tables import METADATA, SqlContactPages, SqlContacts, contact_pages
from services.dossier.application.contact_tables import Page
from services.dossier.domain.contact import Contact, Known
from services.dossier.domain.contact_facts import ContactFacts
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import KINDS, Address
from services.dossier.domain.looking import SORTS, ContactFilter, Cursor, Order, fold
from services.dossier.domain.refusal import Refused
from shared.store import Store
from tests.unit.dossier.conftest import House

FROM = datetime(2026, 3, 2, tzinfo=UTC)
_LETTERS = st.sampled_from(
    ["", "a", "An", "anna", "Ánna de Vries", "de", "Zoë", "100%_", "bakkerij 'de \"ster\"'", "nn"]
)
_EMAILS = st.sampled_from([None, "", "anna@bakery.example", "ANNA@bakery.example", "no address", "zoe@home.example"])
_FACTS = st.fixed_dictionaries(
    {
        "name": _LETTERS,
        "email": _EMAILS,
        "function": st.one_of(st.none(), _LETTERS),
        "language": st.sampled_from(["nl", "en"]),
        "consent": st.sampled_from(["granted", "denied", "unknown"]),
        "blocked": st.booleans(),
        "bounced": st.booleans(),
        "correspondence": st.booleans(),
        "preferred_medium": st.sampled_from([None, "post"]),
    }
)
_ADDRESSES = st.builds(
    Address,
    st.sampled_from(["organisation", "person", "employee", "sales_relation"]),
    st.sampled_from(["1", "2", "10", "100", "a", "b c"]),
    st.sampled_from([None, None, "1", "55"]),
)
_FILTERS = st.builds(
    ContactFilter,
    q=st.one_of(
        st.none(), st.sampled_from(["a", "an", "nn", "anna", "ÁNNA", "vries anna", "1", "100%", '"', "e", "z"])
    ),
    kind=st.sampled_from([None, None, "organisation", "person", "contact_person", "employee"]),
    blocked=st.sampled_from([None, None, True, False]),
    consent=st.sampled_from([None, None, "granted", "denied", "unknown"]),
    address=st.sampled_from([None, None, "missing", "invalid", "bounced", "valid", "not_valid"]),
    language=st.sampled_from([None, None, "nl", "en"]),
    correspondence=st.sampled_from([None, None, True, False]),
    of=st.sampled_from([None, None, None, "organisation/1", "sales_relation/10"]),
)
_ORDERS = st.builds(Order, st.sampled_from(SORTS), st.booleans())


@dataclass
class Lists:
    """The tables of contacts over one database."""

    store: Store

    def __post_init__(self) -> None:
        self.contacts = SqlContacts(self.store)
        self.pages = SqlContactPages(self.store)

    async def put(self, *contacts: Contact) -> None:
        """Have these contacts stand."""
        await self.store.record(rows=[self.contacts.row(contact) for contact in contacts])

    async def clear(self) -> None:
        """Have none stand."""
        await self.store.transact(lambda connection: connection.exec_driver_sql("DELETE FROM contacts"))

    async def all(self, wanted: ContactFilter, order: Order, limit: int) -> list[Known]:
        """Return the contacts of a list, gone through page by page."""
        found: list[Known] = []
        page = Page([], None)
        while not found or page.next:
            after = Cursor.read(str(page.next), order) if page.next else None
            page = await self.pages.page(wanted, order, limit, after)
            assert len(page.items) == limit or page.next is None
            found += page.items
            if not found:
                break
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
async def lists(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Lists]:
    """The tables on either database."""
    url = f"sqlite:///{tmp_path}/dossier.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    async with Store(url, "dossier", METADATA) as store:
        yield Lists(store)


def a_contact(address: Address, minutes: int = 0, **facts: Any) -> Contact:
    return Contact.record(address, FROM + timedelta(minutes=minutes), facts)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contacts=st.dictionaries(_ADDRESSES, st.tuples(st.integers(0, 5), _FACTS), max_size=25),
    wanted=_FILTERS,
    order=_ORDERS,
    limit=st.integers(1, 30),
    plan=st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(1, 30)),
)
async def test_going_from_page_to_page_visits_each_contact_wanted_once_and_in_order(
    lists: Lists,
    contacts: dict[Address, tuple[int, dict[str, Any]]],
    wanted: ContactFilter,
    order: Order,
    limit: int,
    plan: tuple[int, int, int],
) -> None:
    """FR-19, A3, A25: whichever way the few, the many, the rare and the common ones are found."""
    by_place = {address.place: (address, *said) for address, said in contacts.items()}
    standing = [a_contact(address, minutes, **facts) for address, minutes, facts in by_place.values()]
    await lists.clear()
    await lists.put(*standing)
    expected = {contact.address.place for contact in standing if _is_wanted(contact, wanted)}

    with pytest.MonkeyPatch.context() as patch:
        for name, most in zip(("_FEW", "_NEXT", "_RARE"), plan, strict=True):
            patch.setattr(contact_pages, name, most)
        found = await lists.all(wanted, order, limit)
        frozen = await lists.pages.addresses(wanted, order, 1000)

        assert [known.address.place for known in found] == [address.place for address in frozen]
        assert sorted(address.place for address in frozen) == sorted(expected)
        keys = [_key(known, order) for known in found]
        assert keys == sorted(keys, reverse=order.descending)
        assert await lists.pages.count(wanted, 1000) == len(expected)
        assert await lists.pages.count(wanted, 2) == min(len(expected), 2)


def _is_wanted(contact: Contact, wanted: ContactFilter) -> bool:
    facts, address = contact.facts, contact.address
    said = [part for part in (address.number, address.contact_id, facts["name"], facts["email"]) if part]
    parts = [fold(part) for part in said]
    words = [word for part in parts for word in part.split()]
    state = "missing"
    if facts["email"]:
        is_valid = facts["email"] != "no address"
        state = "invalid" if not is_valid else "bounced" if facts["bounced"] else "valid"
    for term in fold(wanted.q or "").split():
        found_in = {1: (part.startswith(term) for part in parts), 2: (word.startswith(term) for word in words)}
        if not any(found_in.get(len(term), (term in word for word in words))):
            return False
    kind = "contact_person" if address.contact_id else address.kind
    return (
        wanted.kind in {None, kind}
        and all(getattr(wanted, n) in {None, facts[n]} for n in ("blocked", "consent", "language", "correspondence"))
        and (wanted.address in {None, state} or (wanted.address == "not_valid" and state != "valid"))
        and (wanted.base is None or (address.contact_id is not None and address.base.place == wanted.base.place))
    )


def _key(known: Known, order: Order) -> Any:
    keys: dict[str, Any] = {
        "number": known.address.place.encode(),
        "name": fold(known.name).encode(),
        "email": fold(known.email or "").encode(),
        "function": fold(known.function or "").encode(),
        "changed": known.as_of,
    }
    return keys[order.by]


async def test_what_a_contact_was_called_before_finds_it_no_longer(lists: Lists) -> None:
    """R-26."""
    contact = a_contact(Address("person", "1"), name="Anna de Vries", email="anna@home.example", consent="granted")
    await lists.put(contact)
    contact.change(FROM + timedelta(days=1), {"name": "", "email": None})
    await lists.put(contact)

    for q in ("anna", "vr", "home.ex"):
        assert (await lists.pages.page(ContactFilter(q=q), Order(), 10)).items == []
    assert len((await lists.pages.page(ContactFilter(q="1"), Order(), 10)).items) == 1
    facet = Facet("person", "missing", "granted")
    assert await lists.pages.facets(ContactFilter()) == {facet: 1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_facet_is_told_from_every_other_by_its_number(kind: str) -> None:
    """A2."""
    of_this_kind = [
        Facet(kind, address, consent, language, blocked, correspondence, by_post)
        for address in ("missing", "invalid", "bounced", "valid")
        for consent in ("unknown", "granted", "denied")
        for language in ("nl", "en")
        for blocked in (False, True)
        for correspondence in (False, True)
        for by_post in (False, True)
    ]

    assert [Facet.of(facet.number) for facet in of_this_kind] == of_this_kind


@pytest.mark.parametrize(
    "text", ["~", "", "bm8", "WyJuYW1lIiwiYSIsMV0", "WyJudW1iZXIiLDEsMV0", "WyJudW1iZXIiLCJhIiwtMV0"]
)
def test_a_cursor_that_was_not_given_out_for_this_order_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Cursor.read(text, Order("number"))


async def test_all_contacts_of_a_filter_are_frozen_and_counted_over_http(house: House) -> None:
    """FR-64, FR-73, FR-74, FR-79, A3."""
    for number in range(3):
        await house.ask("PUT", f"/contacts/person/{number}", {"name": f"Anna {number}"})
        await house.ask("PUT", f"/contacts/employee/{number}", {"name": f"Anna {number}", "blocked": True})

    count = (await house.ask("GET", "/contacts/count?q=anna&blocked=true")).json()
    frozen = await house.dossier.contacts.addresses_of(ContactFilter(q="anna", blocked=True), Order("name", True))
    await house.ask("PUT", "/contacts/employee/7", {"name": "Anna 7", "blocked": True})

    assert count == {"count": 3, "more": False}
    assert frozen == [Address("employee", number) for number in ("2", "1", "0")]


def test_the_facts_that_views_show_are_those_of_a_contact() -> None:
    """A25."""
    assert set(ContactFacts.model_fields) <= set(Known.__dataclass_fields__)
