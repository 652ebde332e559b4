"""Views are saved, chosen, shared and applied to lists of contacts."""

from typing import Any

import pytest

from shared.access import Scope
from tests.unit.dossier.conftest import House

CHECK = {
    "name": "Mijn controle",
    "columns": ["name", "email", "fields.shoe"],
    "sort": "-name",
    "filter": {"kind": "person", "blocked": False},
}


class User:
    """Somebody with a token of their own."""

    def __init__(self, house: House, name: str, scope: Scope = "read") -> None:
        self._house = house
        self._token = {"Authorization": f"Bearer {house.access.create_token(name, [scope])}"}

    async def ask(self, method: str, path: str, body: Any = None, language: str = "en") -> tuple[int, Any]:
        """Return the status and the answer."""
        answer = await self._house.ask(method, path, body, language, **self._token)
        return answer.status_code, answer.json() if answer.content else None

    async def views(self) -> list[str]:
        """Return the ids of the views that the user can choose."""
        return [view["id"] for view in (await self.ask("GET", "/views"))[1]["items"]]


async def test_a_saved_view_says_which_contacts_are_shown_how(house: House) -> None:
    """FR-19, A25."""
    anna = User(house, "anna")
    for number, blocked in (("1", False), ("2", False), ("3", True)):
        facts = {"name": f"Anna {number}", "email": "a@home.example", "blocked": blocked, "fields": {"shoe": number}}
        await house.ask("PUT", f"/contacts/person/{number}", facts)
    await house.ask("PUT", "/contacts/employee/9", {"name": "Bram"})

    await anna.ask("PUT", "/views/check", CHECK)
    _, shown = await anna.ask("GET", "/contacts?view=check")
    _, blocked = await anna.ask("GET", "/contacts?view=check&blocked=true&sort=number&limit=1")

    assert [(item["number"], item["fields.shoe"]) for item in shown["items"]] == [("2", "2"), ("1", "1")]
    assert set(shown["items"][0]) == {"kind", "number", "contact_id", "name", "email", "fields.shoe"}
    assert [item["number"] for item in blocked["items"]] == ["3"]


@pytest.mark.parametrize(("language", "name"), [("nl", "Contacten: e-mailcontrole"), ("en", "Contacts: e-mail check")])
async def test_the_contacts_of_an_organisation_are_listed_in_the_supplied_view(
    house: House, language: str, name: str
) -> None:
    """FR-18, R-2, A25."""
    anna = User(house, "anna")
    await house.ask("PUT", "/contacts/organisation/10?contact_id=6", {"name": "Eva", "function": "Inkoper"})
    await house.ask("PUT", "/contacts/organisation/10?contact_id=5", {"name": "Bram", "consent": "granted"})
    await house.ask("PUT", "/contacts/organisation/1?contact_id=5", {"name": "Chris"})

    _, view = await anna.ask("GET", "/views/contacts-email-check", language=language)
    _, first = await anna.ask("GET", "/contacts/organisation/10/contacts?limit=1")
    _, rest = await anna.ask("GET", f"/contacts/organisation/10/contacts?limit=1&cursor={first['next']}")
    _, whole = await anna.ask("GET", "/contacts/organisation/10/contacts?view=&sort=-number")

    assert (view["name"], view["columns"]) == (name, ["name", "function", "email", "blocked", "consent"])
    shown = [(item["contact_id"], item["name"], item["function"]) for item in first["items"] + rest["items"]]
    assert shown == [("5", "Bram", None), ("6", "Eva", "Inkoper")]
    assert rest["next"] is None
    assert [item["contact_id"] for item in whole["items"]] == ["6", "5"]
    assert "phone" in whole["items"][0]


async def test_a_view_is_the_users_own_until_an_administrator_shares_one(house: House) -> None:
    """A25."""
    anna, bram, chief = User(house, "anna"), User(house, "bram", "send"), User(house, "chief", "admin")

    await anna.ask("PUT", "/views/mine", CHECK)
    await chief.ask("PUT", "/views/ours", {**CHECK, "name": "Onze controle", "shared": True})
    refused = await bram.ask("PUT", "/views/mine", {**CHECK, "shared": True})
    taken = await User(house, "other", "admin").ask("PUT", "/views/ours", {**CHECK, "shared": True})
    own = await bram.ask("PUT", "/views/ours", {**CHECK, "name": "Liever zo"})

    assert await anna.views() == ["contacts-email-check", "mine", "ours"]
    assert await bram.views() == ["contacts-email-check", "ours"]
    assert (refused[0], refused[1]["code"]) == (403, "administrators_share")
    assert (taken[0], taken[1]["code"]) == (409, "view_taken")
    assert (own[1]["name"], own[1]["owner"]) == ("Liever zo", "bram")
    assert (await anna.ask("GET", "/views/ours"))[1]["name"] == "Onze controle"


async def test_a_view_is_forgotten_by_its_owner_or_once_shared_by_an_administrator(house: House) -> None:
    """A25."""
    anna, chief = User(house, "anna"), User(house, "chief", "admin")
    await anna.ask("PUT", "/views/mine", CHECK)
    await User(house, "other", "admin").ask("PUT", "/views/ours", {**CHECK, "shared": True})

    answers = [
        (await user.ask("DELETE", f"/views/{view}"))[0]
        for user, view in (
            (chief, "mine"),
            (anna, "ours"),
            (anna, "contacts-email-check"),
            (anna, "mine"),
            (chief, "ours"),
        )
    ]

    assert answers == [404, 403, 409, 204, 204]
    assert await anna.views() == ["contacts-email-check"]


@pytest.mark.parametrize(
    ("other", "field", "code"),
    [
        ({"columns": ["colour"]}, "columns[0]", "unknown_column"),
        ({"columns": ["name", "name"]}, "columns[1]", "column_twice"),
        ({"columns": []}, "columns", "missing"),
        ({"sort": "colour"}, "sort", "wrong_value"),
        ({"filter": {"colour": "red"}}, "filter.colour", "unknown_field"),
        ({"filter": {"kind": "planet"}}, "filter.kind", "unknown_destination_kind"),
        ({"name": "a\nb"}, "name", "control_character"),
    ],
)
async def test_a_view_that_cannot_be_is_refused_by_name(house: House, other: Any, field: str, code: str) -> None:
    """A25."""
    status, problem = await User(house, "anna").ask("PUT", "/views/check", {**CHECK, **other})

    assert status == 422
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("view=nothing", 404, "unknown_view"),
        ("kind=planet", 422, "unknown_destination_kind"),
        ("sort=colour", 422, "wrong_value"),
        ("of=planet/1", 422, "unknown_destination_kind"),
        ("q=a%00b", 422, "not_text"),
    ],
)
async def test_a_list_that_cannot_be_is_refused(house: House, query: str, status: int, code: str) -> None:
    answer = await User(house, "anna").ask("GET", f"/contacts?{query}")

    assert (answer[0], answer[1]["code"]) == (status, code)
