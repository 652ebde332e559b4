"""Layouts are put as versions, copied, blocked, compared, and offered only to those whose data they take."""

from typing import Any

import pytest

from services.dossier.layouts import names, supplied
from shared.contracts.dossier import DossierItemRequested, RunStarted
from shared.contracts.layouts import LayoutProblem, Placeholder
from tests.unit.dossier.conftest import LAYOUTS, House, a_destination, a_request
from tests.unit.dossier.drafting import Desk

PLAIN = LAYOUTS["plain"]
GREETING = PLAIN | {"sources": {"nl": {"text": "Beste {{ recipient.name }}\nTafel {{ merge.table }}"}}}


async def with_supplied(house: House) -> None:
    """Put the layouts of the product."""
    await house.dossier.layouts.record_supplied(supplied(), {name: said["nl"] for name, said in names().items()})


async def test_each_version_says_when_by_whom_and_why_it_was_put(house: House) -> None:
    """FR-102, A24."""
    await house.ask("PUT", "/layouts/plain", GREETING | {"reason": "De tafel hoort erbij"})
    await house.ask("PUT", "/layouts/plain", GREETING | {"reason": "Nog eens"})

    versions = (await house.ask("GET", "/layouts/plain/versions")).json()["items"]
    first = (await house.ask("GET", "/layouts/plain/versions/1")).json()
    assert [(one["version"], one["by"], one["reason"]) for one in versions] == [
        (1, "crm", ""),
        (2, "crm-0", "De tafel hoort erbij"),
    ]
    assert versions[0]["at"] < versions[1]["at"]
    assert versions[0]["sha256"] != versions[1]["sha256"] == (await house.ask("GET", "/layouts/plain")).json()["sha256"]
    assert first["sources"] == PLAIN["sources"]


async def test_two_versions_are_compared_part_by_part(house: House) -> None:
    fields = [{"name": "table", "required": True}]
    await house.ask("PUT", "/layouts/plain", GREETING | {"name": "Groet", "fields": fields})

    compared = (await house.ask("GET", "/layouts/plain/versions/1/compare/2")).json()

    assert compared["facts"] == [{"name": "name", "from": "Kort", "to": "Groet"}]
    assert compared["fields"] == {"added": ["table"], "removed": [], "changed": []}
    [source] = compared["sources"]
    assert (source["language"], source["part"]) == ("nl", "text")
    assert source["diff"].splitlines()[2:] == [
        "@@ -1 +1,2 @@",
        "-Dag {{ recipient.name }}",
        "+Beste {{ recipient.name }}",
        "+Tafel {{ merge.table }}",
    ]


@pytest.mark.parametrize("path", ["versions/9", "versions/1/compare/9", "versions/0"])
async def test_a_version_that_never_was_is_not_found(house: House, path: str) -> None:
    answer = await house.ask("GET", f"/layouts/plain/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_layout_version")


async def test_a_run_keeps_the_version_it_started_with(house: House) -> None:
    """A24, R-15."""
    pinned = (await house.ask("GET", "/layouts/plain")).json()
    request = a_request(body_layout_id="plain", body_text=None)

    assert (await house.ask("POST", "/dossier-items", request)).status_code == 202
    await house.ask("PUT", "/layouts/plain", GREETING)
    await house.ask("PUT", "/layouts/plain/blocked", {"blocked": True})
    await house.record_all()

    [run] = await house.told(RunStarted)
    [mail] = await house.told(DossierItemRequested)
    assert [(one.version, one.sha256) for one in run.layouts] == [(1, pinned["sha256"])]
    assert mail.body_layout == run.layouts[0]


async def test_a_supplied_layout_is_copied_and_the_copy_is_changed(house: House) -> None:
    """R-9."""
    await with_supplied(house)

    changed = await house.ask("PUT", "/layouts/letter", LAYOUTS["brief"])
    copied = await house.ask("POST", "/layouts/letter/copy", {"id": "our-letter", "name": "Onze brief"})
    again = await house.ask("POST", "/layouts/letter/copy", {"id": "our-letter", "name": "Onze brief"})
    then = await house.ask("PUT", "/layouts/our-letter", LAYOUTS["brief"])

    original = (await house.ask("GET", "/layouts/letter")).json()
    assert (changed.status_code, changed.json()["code"]) == (409, "supplied_layout")
    assert (copied.status_code, copied.json()) == (201, again.json())
    assert copied.json()["sha256"] == original["sha256"]
    assert (copied.json()["supplied"], copied.json()["copy_of"]) == (False, "letter")
    assert (then.status_code, then.json()["version"]) == (200, 2)


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"id": "plain", "name": "Kopie"}, 409, "layout_id_taken"),
        ({"id": "a/b", "name": "Kopie"}, 422, "wrong_number"),
        ({"id": "other", "name": " "}, 422, "missing"),
        ({"id": "other", "name": "a\nb"}, 422, "control_character"),
    ],
)
async def test_a_copy_that_cant_be_is_refused(house: House, wish: dict[str, str], status: int, code: str) -> None:
    """R-9."""
    answer = await house.ask("POST", "/layouts/brief/copy", wish)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_blocked_layout_is_neither_offered_nor_taken(house: House) -> None:
    """R-12."""
    await house.ask("PUT", "/layouts/plain/blocked", {"blocked": True, "reason": "Wordt herzien"})

    offered = (await house.ask("GET", "/layouts?for=body")).json()["items"]
    shown = (await house.ask("GET", "/layouts/plain")).json()
    problem = await house.refused(a_request(body_layout_id="plain", body_text=None))
    await house.ask("PUT", "/layouts/plain/blocked", {"blocked": False})
    taken = await house.ask("POST", "/dossier-items", a_request(body_layout_id="plain", body_text=None))

    assert [one["id"] for one in offered] == ["welcome"]
    assert (shown["blocked"], shown["block_reason"], shown["version"]) == (True, "Wordt herzien", 1)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("body_layout_id", "layout_blocked")]
    assert "Wordt herzien" in problem["errors"][0]["detail"]
    assert taken.status_code == 202


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("", ["brief", "people", "plain", "welcome"]),
        ("?for=attachment", ["brief"]),
        ("?for=body&destination_kind=person", ["people", "plain", "welcome"]),
        ("?for=body&destination_kind=organisation", ["plain", "welcome"]),
        ("?destination_kind=employee", ["brief", "plain", "welcome"]),
    ],
)
async def test_only_layouts_that_take_the_data_of_a_destination_are_offered(
    house: House, query: str, offered: list[str]
) -> None:
    """R-10, R-11, FR-36, FR-38."""
    await house.ask("PUT", "/layouts/people", PLAIN | {"data_collection": ["person", "contact_person"]})

    assert [one["id"] for one in (await house.ask("GET", f"/layouts{query}")).json()["items"]] == offered


async def test_a_request_with_a_layout_of_other_data_is_refused_by_destination(house: House) -> None:
    """R-11."""
    await house.ask("PUT", "/layouts/people", PLAIN | {"data_collection": ["person"]})
    destinations = [a_destination("1", kind="person"), a_destination("2")]
    request = a_request(body_layout_id="people", body_text=None, consent_attested=True)

    problem = await house.refused(request | {"destinations": destinations})
    taken = await house.ask("POST", "/dossier-items", request | {"destinations": destinations[:1]})

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("destinations[1].kind", "layout_of_other_data")
    ]
    assert taken.status_code == 202


async def test_the_data_collection_of_a_layout_is_never_replaced(house: House) -> None:
    """R-10: fields are added to it, but for other data there is a copy."""
    await house.ask("PUT", "/layouts/people", PLAIN | {"data_collection": ["person"]})

    other = await house.ask("PUT", "/layouts/people", PLAIN | {"data_collection": ["employee"]})
    more = await house.ask("PUT", "/layouts/people", PLAIN | {"fields": [{"name": "table"}]})

    assert (other.status_code, other.json()["code"]) == (409, "data_collection_fixed")
    assert (more.status_code, more.json()["data_collection"]) == (200, ["person"])


async def test_a_draft_offers_what_fits_its_destinations(house: House) -> None:
    """R-11, R-12, FR-36, FR-38."""
    desk = Desk(house)
    await house.ask("PUT", "/layouts/people", PLAIN | {"data_collection": ["person"]})
    await house.ask("PUT", "/layouts/plain/blocked", {"blocked": True})

    fields = await desk.fields(await desk.open(issue_method="email"))

    assert [one["value"] for one in fields["body_layout_id"]["options"]] == ["welcome"]
    assert [one["value"] for one in fields["attachment_layout_id"]["options"]] == ["brief"]


@pytest.mark.parametrize(
    ("others", "field", "code"),
    [
        ({"data_collection": ["planet"]}, "data_collection[0]", "unknown_destination_kind"),
        ({"sort_by": "merge.city"}, "sort_by", "not_sortable"),
        ({"reason": "a\x07"}, "reason", "control_character"),
    ],
)
async def test_what_does_not_fit_a_layout_is_refused_by_name(
    house: House, others: dict[str, Any], field: str, code: str
) -> None:
    """R-10, R-14."""
    answer = await house.ask("PUT", "/layouts/other", PLAIN | others)

    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


@pytest.mark.parametrize("sort_by", ["recipient.name", "merge.city"])
async def test_a_layout_says_what_its_letters_are_sorted_by(house: House, sort_by: str) -> None:
    """R-14."""
    answer = await house.ask("PUT", "/layouts/other", PLAIN | {"fields": [{"name": "city"}], "sort_by": sort_by})

    assert (answer.status_code, answer.json()["sort_by"]) == (200, sort_by)


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_a_layout_that_cant_be_merged_is_refused_by_part_and_line(house: House, language: str) -> None:
    """FR-102, R-12."""
    problem = LayoutProblem(language="nl", part="text", line=2, code="layout_wrongly_written", detail="unexpected '}'")
    house.judge.problems = (problem,)

    answer = await house.ask("PUT", "/layouts/plain", GREETING, language)

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "sources.nl.text", "layout_wrongly_written")
    assert " 2 " in error["detail"]
    assert "unexpected '}'" in error["detail"]
    assert (await house.ask("GET", "/layouts/plain")).json()["version"] == 1


async def test_no_layout_is_recorded_while_nobody_can_look_at_it(house: House) -> None:
    """FR-102."""
    house.judge.problems = None

    answer = await house.ask("PUT", "/layouts/other", GREETING)

    assert (answer.status_code, answer.json()["code"]) == (503, "renderer_silent")
    assert (await house.ask("GET", "/layouts/other")).status_code == 404


async def test_what_a_layout_uses_is_proposed_as_its_fields(house: House) -> None:
    """R-15: nobody writes the list by hand, and what is used without being declared is warned of."""
    house.judge.found = house.judge.found.model_copy(
        update={
            "placeholders": (
                Placeholder(path="recipient.name", places=("nl.text",), required=True),
                Placeholder(path="merge.table", places=("nl.text",), required=True),
                Placeholder(path="merge.rows[].amount", places=("nl.text",)),
                Placeholder(path="merge.city", places=("nl.text",)),
            )
        }
    )
    body = GREETING | {"fields": [{"name": "city", "required": True}]}

    found = (await house.ask("POST", "/layouts/inspect", body)).json()
    put = (await house.ask("PUT", "/layouts/other", body)).json()

    assert found["fields"] == [
        {"name": "city", "required": True},
        {"name": "table", "required": True},
        {"name": "rows", "required": False},
    ]
    assert [one["code"] for one in put["warnings"]] == ["layout_field_undeclared"] * 2
    assert put["fields"] == [{"name": "city", "required": True}]


async def test_looking_into_a_layout_records_nothing(house: House) -> None:
    house.judge.problems = (LayoutProblem(language="nl", part="text", code="layout_failing", detail="no"),)

    answer = await house.ask("POST", "/layouts/inspect", GREETING)

    assert (answer.status_code, [one["code"] for one in answer.json()["problems"]]) == (200, ["layout_failing"])
    assert len((await house.ask("GET", "/layouts")).json()["items"]) == len(LAYOUTS)


async def test_the_formats_that_are_made_are_listed(house: House) -> None:
    """FR-105, FR-106."""
    listed = await house.ask("GET", "/formats")
    house.judge.problems = None
    silent = await house.ask("GET", "/formats")

    assert [(one["kind"], one["engines"]) for one in listed.json()["items"]] == [("typst", {"typst": "0.1"})]
    assert (silent.status_code, silent.json()["code"]) == (503, "renderer_silent")
