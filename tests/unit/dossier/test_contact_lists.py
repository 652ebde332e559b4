"""Contacts are listed in any order, filtered, searched and counted, on either database and however many they are."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dossier.adapters.tables import contact_filters, contact_search, contact_terms
from services.dossier.domain.contact import Contact, Known
from services.dossier.domain.contact_facts import ContactFacts
from services.dossier.domain.facet import Facet
from services.dossier.domain.identity import KINDS, Address, contact_id_of
from services.dossier.domain.looking import ContactFilter, Cursor, Order, fold
from services.dossier.domain.refusal import Refused
from tests.unit.dossier.conftest import House
from tests.unit.dossier.lists import CONTACTS, FILTERS, FROM, ORDERS, Lists, a_contact


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contacts=CONTACTS,
    wanted=FILTERS,
    order=ORDERS,
    limit=st.integers(1, 5),
    plan=st.fixed_dictionaries(
        {
            "_FEW": st.integers(0, 9),
            "_NEXT": st.tuples(st.integers(1, 9)),
            "_AHEAD": st.integers(1, 20),
            "_SOON": st.integers(0, 9),
            "_PERHAPS": st.integers(1, 3),
            "RARE": st.integers(0, 9),
            "VERY_COMMON": st.sampled_from([1, 3, 100]),
        }
    ),
)
async def test_going_from_page_to_page_visits_each_contact_wanted_once_and_in_order(
    lists: Lists,
    contacts: dict[Address, tuple[int, dict[str, Any]]],
    wanted: ContactFilter,
    order: Order,
    limit: int,
    plan: dict[str, Any],
) -> None:
    """FR-19, A3, A25: whichever way the few, the many, the rare and the common ones are found."""
    standing = await lists.hold(contacts)
    expected = {contact.address.place for contact in standing if _is_wanted(contact, wanted)}

    with pytest.MonkeyPatch.context() as patch:
        for name, most in plan.items():
            for room in (contact_filters, contact_search, contact_terms):
                if hasattr(room, name):
                    patch.setattr(room, name, most)
        found = await lists.all(wanted, order, limit)
        frozen = await lists.pages.addresses(wanted, order, 1000)

        assert [known.address.place for known in found] == [address.place for address in frozen]
        assert sorted(address.place for address in frozen) == sorted(expected)
        keys = [_key(known, order) for known in found]
        filled = [key for key in keys if key]
        assert keys == sorted(filled, reverse=order.descending) + [b""] * (len(keys) - len(filled))
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


async def test_what_a_contact_was_called_before_finds_it_no_longer(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-26."""
    monkeypatch.setattr(contact_filters, "_FEW", 0)  # as among many, where words are found by their trigrams
    contact = a_contact(Address("person", "1"), name="Anna de Vries", email="anna@home.example", consent="granted")
    await lists.put(contact)
    contact.change(FROM + timedelta(days=1), {"name": "", "email": None})
    await lists.put(contact)

    for q in ("anna", "vr", "home.ex"):
        assert (await lists.pages.page(ContactFilter(q=q), Order(), 10)).items == []
    assert len((await lists.pages.page(ContactFilter(q="1"), Order(), 10)).items) == 1
    facet = Facet("person", "missing", "granted")
    assert await lists.pages.facets(ContactFilter()) == {facet: 1}


async def test_a_contact_of_the_longest_words_there_may_be_stands_and_is_found(lists: Lists) -> None:
    """R-26: no index refuses them, found by is what fits."""
    signs = random.Random(7)
    number, contact_id, name, email = (
        "".join(chr(signs.randrange(0x20000, 0x2A000)) for _ in range(length)) for length in (80, 80, 200, 320)
    )
    await lists.put(a_contact(Address("person", number, contact_id), name=name, email=email))

    for q in (number[:50], contact_id[-50:], name[-50:]):
        assert len((await lists.pages.page(ContactFilter(q=q), Order("name"), 10)).items) == 1


async def test_of_a_contact_whose_key_is_gone_only_the_number_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-26."""
    monkeypatch.setattr(contact_filters, "_FEW", 0)
    at = Address("person", "12")
    await house.ask("PUT", "/contacts/person/12", {"name": "Anna", "email": "anna@home.example", "consent": "denied"})

    house.store.keyring.erase(at.person())
    erased = await house.store.load(Contact, contact_id_of(at))
    assert erased is not None
    await house.store.record(rows=house.dossier.contacts.rows([erased]))

    async def found(q: str) -> list[str]:
        listed = (await house.ask("GET", f"/contacts?q={q}")).json()["items"]
        return [f"{one['number']} {one['name']} {one['email']} {one['consent']}" for one in listed]

    assert [await found(q) for q in ("anna", "home", "an", "12")] == [[], [], [], ["12  None denied"]]


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


@pytest.mark.parametrize("descending", [False, True])
async def test_whoever_has_nothing_to_be_sorted_by_comes_last(lists: Lists, *, descending: bool) -> None:
    """FR-19, A25."""
    for number, email in enumerate(["b@home.example", None, "a@home.example"]):
        await lists.put(a_contact(Address("person", f"{number}"), name="Anna", email=email))

    found = await lists.all(ContactFilter(), Order("email", descending), 1)

    emails = [known.email for known in found]
    assert emails == [*sorted(["a@home.example", "b@home.example"], reverse=descending), None]


def test_the_facts_that_views_show_are_those_of_a_contact() -> None:
    """A25."""
    assert set(ContactFacts.model_fields) <= set(Known.__dataclass_fields__)
