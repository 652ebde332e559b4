"""Which destinations are of one organisation or person, on either database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.dossier.inbox import asked
from shared.contracts.asks import RolesFound, RolesWanted
from tests.unit.dossier.conftest import House


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A dossier with an organisation of two roles, a person of one, and an employee of it."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    house = House(tmp_path, url=url)
    for path, whose in {
        "organisation/1000": None,
        "organisation/1000?contact_id=5": "1000",
        "sales_relation/S1": "1000",
        "purchase_relation/P1": "1000",
        "person/2000": None,
        "income_tax_client/I1": "2000",
        "employee/E1": "2000",
        "employer/W1": None,
    }.items():
        answer = await house.ask("PUT", f"/contacts/{path}", {"organisation": whose})
        assert answer.status_code == 200, answer.text
    yield house
    await house.store.close()


ORGANISATION = [("organisation", "1000"), ("sales_relation", "S1"), ("purchase_relation", "P1")]
PERSON = [("person", "2000"), ("income_tax_client", "I1")]


@pytest.mark.parametrize(
    ("kind", "number", "roles"),
    [
        ("organisation", "1000", ORGANISATION),
        ("sales_relation", "S1", ORGANISATION),
        ("purchase_relation", "P1", ORGANISATION),
        ("person", "2000", PERSON),
        ("income_tax_client", "I1", PERSON),
        ("employee", "E1", [("employee", "E1")]),
        ("employer", "W1", [("employer", "W1")]),
        ("applicant", "unknown", [("applicant", "unknown")]),
    ],
)
async def test_roles_are_those_of_the_organisation_or_person_itself(
    house: House, kind: str, number: str, roles: list[tuple[str, str]]
) -> None:
    """R-22: an item at an organisation shows at all its roles, at a person likewise; an employee stands alone."""
    _, answer, *_ = asked(house.dossier).doors["roles"]

    found = await answer(RolesWanted(kind=kind, number=number))

    assert isinstance(found, RolesFound)
    assert {(one.kind, one.number) for one in found.roles} == set(roles)
    assert (found.roles[0].kind, found.roles[0].number) == (kind, number)
