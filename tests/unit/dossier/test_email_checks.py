"""Whether contacts have an address is checked before anything is sent: counted, listed, and as a file."""

import csv
import io
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dossier.adapters.tables import contact_checks
from services.dossier.application.email_checks import EmailChecks
from services.dossier.domain.email_check import PROBLEMS, Problem, check
from services.dossier.domain.identity import Address
from services.dossier.domain.looking import ContactFilter, Order
from services.dossier.web.csv_file import defused
from tests.unit.dossier.conftest import House
from tests.unit.dossier.lists import CONTACTS, FILTERS, Lists

BAKERY = {"name": "Bakkerij", "email": "info@bakery.example"}
PEOPLE: dict[str, dict[str, Any]] = {
    "organisation/1": BAKERY,
    "organisation/1?contact_id=5": {"name": "Anna", "consent": "granted"},
    "organisation/1?contact_id=6": {"name": "Bram", "email": "bram@bakery"},
    "organisation/1?contact_id=7": {"name": "Chris", "email": "chris@bakery.example", "consent": "denied"},
    "organisation/2": {"name": "Drukkerij", "preferred_medium": "post"},
    "organisation/2?contact_id=8": {"name": "Dirk", "correspondence": False},
    "person/3": {"name": "Eva", "email": "eva@home.example", "blocked": True},
    "person/4": {"name": "=Fleur", "email": "fleur@home.example", "bounced": True},
    "employee/5": {"name": "Gijs", "private_email": "gijs@home.example"},
}


async def standing(house: House) -> None:
    for place, facts in PEOPLE.items():
        await house.ask("PUT", f"/contacts/{place}", facts)


async def checked(house: House, query: str = "", language: str = "en") -> dict[str, Any]:
    answer = await house.ask("GET", f"/contacts/check-email{query}", language=language)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problems(body: dict[str, Any]) -> dict[str, list[str]]:
    return {
        "/".join(filter(None, (item["kind"], item["number"], item["contact_id"]))): [
            problem["code"] for problem in item["problems"]
        ]
        for item in body["items"]
    }


async def test_a_check_counts_who_can_be_mailed_and_names_who_cannot_and_why(house: House) -> None:
    """FR-14, FR-16, FR-17, R-1, R-2, A1, A10, A12."""
    await standing(house)

    report = await checked(house)

    assert report["counts"] == {
        "contacts": 9,
        "usable": 2,
        "through_destination": 1,
        "consent_unknown": 2,  # the address used is the bakery's, of which nobody knows
        "offer_letter": 1,
        "problems": {
            "bounced": 1,
            "contact_blocked": 1,
            "invalid": 1,
            "missing": 3,
            "no_consent": 1,
            "no_correspondence": 1,
        },
    }
    assert problems(report) == {
        "employee/5": ["missing"],
        "organisation/1/6": ["invalid"],
        "organisation/1/7": ["no_consent"],
        "organisation/2": ["missing"],
        "organisation/2/8": ["missing", "no_correspondence"],
        "person/3": ["contact_blocked"],
        "person/4": ["bounced"],
    }
    filled = {(item["number"], item["contact_id"]): item["destination_email"] for item in report["items"]}
    assert (filled["1", "6"], filled["2", None], filled["2", "8"]) == (True, False, False)


async def test_a_check_is_of_a_filter_a_view_or_a_problem_page_by_page(house: House) -> None:
    """FR-14, FR-19, A25."""
    await standing(house)
    persons = {"name": "Personen", "columns": ["name"], "filter": {"kind": "person"}}
    await house.ask("PUT", "/views/persons", persons)

    of_a_view = await checked(house, "?view=persons")
    missing = await checked(house, "?problem=missing&limit=2")
    rest = await checked(house, f"?problem=missing&limit=2&cursor={missing['next']}")
    of_one = await checked(house, "?of=organisation/1", "nl")
    found = await checked(house, "?q=chris")

    assert list(problems(of_a_view)) == ["person/3", "person/4"]
    assert list(problems(missing) | problems(rest)) == ["employee/5", "organisation/2", "organisation/2/8"]
    assert (rest["counts"], rest["next"]) == (None, None)
    assert (of_one["counts"]["contacts"], of_one["counts"]["through_destination"]) == (3, 1)
    assert of_one["items"][0]["problems"][0]["detail"] == "Het e-mailadres van dit contact is niet geldig."
    assert found["counts"]["contacts"] == 1


async def test_the_properties_of_an_organisation_say_whether_it_can_be_mailed(house: House) -> None:
    """FR-15, FR-17, R-2."""
    await standing(house)

    filled = (await house.ask("GET", "/contacts/organisation/1")).json()["email_check"]
    empty = (await house.ask("GET", "/contacts/organisation/2")).json()["email_check"]
    through = (await house.ask("GET", "/contacts/organisation/1?contact_id=5")).json()["email_check"]

    assert filled == {
        "email_used": "info@bakery.example",
        "address_of": "destination",
        "destination_email": True,
        "problems": [],
        "offer_letter": False,
    }
    assert [problem["code"] for problem in empty["problems"]] == ["missing"]
    assert (empty["destination_email"], empty["offer_letter"]) == (False, True)
    assert (through["email_used"], through["address_of"]) == ("info@bakery.example", "destination")


async def test_contacts_that_are_named_are_checked_and_a_shared_address_is_flagged(house: House) -> None:
    """FR-14, A16."""
    await standing(house)
    named = [
        {"kind": "organisation", "number": "1"},
        {"kind": "contact_person", "number": "1", "contact_id": "5"},
        {"kind": "person", "number": "4"},
        {"kind": "person", "number": "99"},
    ]

    answer = (await house.ask("POST", "/contacts/check-email", {"contacts": named})).json()

    counts = answer["counts"]
    assert (counts["contacts"], counts["usable"], counts["unknown"]) == (3, 2, 1)
    assert problems(answer) == {"person/4": ["bounced"]}
    assert answer["unknown"] == [{"kind": "person", "number": "99", "contact_id": None}]
    assert [(one["number"], one["contact_id"]) for one in answer["same_address"]] == [("1", None), ("1", "5")]


async def test_a_check_is_downloaded_as_a_file_whose_cells_no_spreadsheet_computes(house: House) -> None:
    """FR-14."""
    await standing(house)

    answer = await house.ask("GET", "/contacts/check-email.csv?kind=person", language="nl")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeffkind;number;")
    blocked, bounced = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";")
    assert (blocked["problems"], blocked["detail"]) == ("contact_blocked", "Dit contact is geblokkeerd.")
    assert (bounced["name"], bounced["email_used"]) == ("'=Fleur", "fleur@home.example")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+31 6", "'+31 6"),
        ("-1", "'-1"),
        ("@SUM", "'@SUM"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("Anna", "Anna"),
        ("'s-Gravenhage", "'s-Gravenhage"),
        ("a=1", "a=1"),
    ],
)
def test_a_cell_that_looks_like_a_formula_is_text(cell: str, written: str) -> None:
    assert defused(cell) == written


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contacts=CONTACTS,
    wanted=FILTERS,
    problem=st.sampled_from([None, *PROBLEMS]),
    limit=st.integers(1, 4),
    few=st.sampled_from([0, 1000]),
)
async def test_what_the_tables_find_is_what_each_contact_is_found_by_itself(
    lists: Lists,
    contacts: dict[Address, tuple[int, dict[str, Any]]],
    wanted: ContactFilter,
    problem: Problem | None,
    limit: int,
    few: int,
) -> None:
    """FR-14, FR-16, A1: however many they are."""
    await lists.hold(contacts)
    through = await lists.all(wanted, Order(), 100)
    bases = await lists.contacts.known([known.address.base for known in through])
    each = [check(known, bases.get(known.address.base.place)) for known in through]
    expected = [one for one in each if (problem in one.problems if problem else one.problems)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contact_checks, "_FEW", few)
        checks = EmailChecks(lists.contacts, lists.checks)
        page = await checks.page(wanted, problem, limit)
        found = [*page.items]
        while page.next:
            page = await checks.page(wanted, problem, limit, page.next)
            found += page.items
        tally = await checks.tally(wanted)

    assert found == expected
    assert tally.contacts == len(each)
    assert tally.usable == sum(not one.problems for one in each)
    assert tally.problems == Counter(problem for one in each for problem in one.problems)
    assert tally.offer_letter == sum(one.offer_letter for one in each)
