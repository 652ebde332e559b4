"""A request is checked addressee by addressee before anything of it is recorded, and aborting leaves nothing."""

import asyncio
import csv
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.dossier.application import checking
from services.dossier.domain.address import ConsentMode
from shared.contracts.dossier import RunStarted
from shared.contracts.renderer import Fault
from tests.unit.dossier.conftest import House, a_request

CHECK = "/dossier-items/check"
FAULT = Fault(layout_id="plain", language="nl", field="merge.seat", line=3, detail="no seat for Anna")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once where a renderer does not answer."""
    monkeypatch.setattr(checking, "_PAUSE", 0)


def somebody(number: Any, **recipient: Any) -> dict[str, Any]:
    """Return a destination of which only this is said."""
    return {"kind": "person", "number": str(number), "recipient": {"name": f"Anna {number}"} | recipient}


def somebody_with_address(number: Any) -> dict[str, Any]:
    return somebody(number, email=f"anna{number}@home.example")


def a_mailing(destinations: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    given = a_request(destinations=destinations, consent_attested=True, **other)
    del given["request_id"]
    return given


async def checked(house: House, body: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a check once it is done."""
    answer = await house.ask("POST", CHECK, body)
    assert answer.status_code in {200, 202}, answer.text
    shown: dict[str, Any] = answer.json()
    async with asyncio.timeout(60):
        while shown["state"] == "running":
            await asyncio.sleep(0.02)
            shown = (await house.ask("GET", f"/checks/{shown['check_id']}")).json()
    return shown


async def contacts(house: House, shown: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """Return all that is said of addressees, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        words = "&".join(
            [f"{name}={value}" for name, value in query.items()] + ([f"cursor={cursor}"] if cursor else [])
        )
        page = (await house.ask("GET", f"/checks/{shown['check_id']}/contacts?limit=500&{words}")).json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = page["next"]


async def recorded(house: House) -> int:
    """Return how many events stand in the store, told or not."""
    query = text("SELECT count(*) FROM events")
    return await house.store.read(lambda connection: int(connection.execute(query).scalar() or 0))


async def test_when_every_address_is_valid_nothing_more_is_asked(house: House) -> None:
    """FR-95: all addressees have a valid address, so it can be sent without a further question."""
    before = await recorded(house)

    answer = await house.ask("POST", CHECK, a_mailing([somebody_with_address(1), somebody_with_address(2)]))

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert answer.headers["location"] == f"/api/v1/checks/{shown['check_id']}"
    assert (shown["state"], shown["total"], shown["checked"], shown["gets"]) == ("done", 2, 2, 2)
    assert (shown["can_send"], shown["can_continue"]) == (True, True)
    assert (shown["reasons"], shown["faults"], shown["errors"], shown["warnings"]) == ([], [], [], [])
    assert [len(asked.to) for asked in house.renderer.tried] == [2]
    assert await recorded(house) == before


async def test_addressees_without_an_address_are_shown_apart_with_the_reason_and_as_a_file(house: House) -> None:
    """FR-96: who has no address of use stands in a separate view, each with why."""
    await house.ask("PUT", "/contacts/person/2", {"name": "=Fout", "email": "no address"})
    await house.ask("PUT", "/contacts/person/3", {"name": "Dicht", "email": "dicht@home.example", "blocked": True})
    await house.ask("PUT", "/contacts/person/4", {"name": "Nee", "email": "nee@home.example", "consent": "denied"})
    known = [{"kind": "person", "number": str(number)} for number in (2, 3, 4)]

    shown = await checked(house, a_mailing([somebody(1), *known, somebody_with_address(5)]))

    missing = (await house.ask("GET", f"/checks/{shown['check_id']}/missing")).json()
    assert [(one["index"], one["number"], one["status"], one["reason"]) for one in missing["items"]] == [
        (0, "1", "no_address", "missing"),
        (1, "2", "no_address", "invalid"),
        (2, "3", "no_address", "contact_blocked"),
        (3, "4", "no_consent", "denied"),
    ]
    assert all(one["detail"] for one in missing["items"])
    assert (shown["gets"], shown["can_send"], shown["can_continue"]) == (1, False, True)
    file = await house.ask("GET", f"/checks/{shown['check_id']}/missing.csv")
    assert file.headers["content-disposition"] == 'attachment; filename="missing.csv"'
    lines = list(csv.reader(StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert [line[1] for line in lines] == ["number", "1", "2", "3", "4"]
    assert lines[2][3] == "'=Fout"


async def test_page_follows_page(house: House) -> None:
    shown = await checked(house, a_mailing([somebody(number) for number in range(5)]))
    first = (await house.ask("GET", f"/checks/{shown['check_id']}/missing?limit=3")).json()

    second = (await house.ask("GET", f"/checks/{shown['check_id']}/missing?limit=3&cursor={first['next']}")).json()

    assert [one["index"] for one in first["items"]] == [0, 1, 2]
    assert [one["index"] for one in second["items"]] == [3, 4]
    assert second["next"] is None
    wrong = await house.ask("GET", f"/checks/{shown['check_id']}/missing?cursor=nonsense")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")


async def test_of_five_thousand_each_that_fails_is_named_with_its_reason(house: House) -> None:
    """FR-94: every addressee is checked, and dry-rendered, on the real data: counts per reason, and whom they concern."""
    await house.ask("PUT", "/contacts/person/4998", {"name": "Dicht", "email": "x@home.example", "blocked": True})
    await house.ask("PUT", "/contacts/person/4997", {"name": "Nee", "email": "y@home.example", "consent": "denied"})
    people = [somebody_with_address(number) for number in range(4996)]
    people[17] = somebody(17)
    people[2600] = somebody(2600, email="ANNA5@home.example")
    people[3000] = {"kind": "person", "number": "3000"}
    house.renderer.faults = {"40": FAULT, "4000": FAULT}
    body = a_mailing([*people, *({"kind": "person", "number": str(number)} for number in (4997, 4998))])

    shown = await checked(house, body | {"body_layout_id": "plain", "body_text": None, "consent_attested": False})

    assert (shown["total"], shown["checked"], shown["gets"]) == (4998, 4998, 4992)
    assert {(one["status"], one["reason"]): one["count"] for one in shown["reasons"]} == {
        ("no_address", "missing"): 1,
        ("no_address", "contact_blocked"): 1,
        ("no_consent", "denied"): 1,
        ("render_failed", "render_failed"): 2,
        ("refused", "unknown_contact"): 1,
        ("flagged", "same_address"): 1,
    }
    assert shown["faults"] == [
        {"layout_id": "plain", "language": "nl", "field": "merge.seat", "line": 3, "count": 2},
    ]
    assert shown["consent"] == {"mode": "attest", "unknown": 4992, "attestation_needed": True}
    assert (shown["can_send"], shown["can_continue"]) == (False, False)
    assert [one["index"] for one in await contacts(house, shown)] == [17, 40, 2600, 3000, 4000, 4996, 4997]
    [first, second] = await contacts(house, shown, status="render_failed")
    assert (first["index"], second["index"], first["name"]) == (40, 4000, "Anna 40")
    assert first["fault"] == FAULT.model_dump()
    assert "field merge.seat, line 3" in first["detail"]
    [refused] = await contacts(house, shown, reason="unknown_contact")
    assert refused["field"] == "destinations[3000]"
    assert max(len(asked.to) for asked in house.renderer.tried) <= 50
    assert sum(len(asked.to) for asked in house.renderer.tried) == 4994


async def test_the_same_address_at_two_destinations_is_flagged_and_hinders_nothing(house: House) -> None:
    """A16: two messages go to it, and whoever sends is told."""
    twice = [somebody(number, email="Anna@home.example") for number in (1, 2)]

    shown = await checked(house, a_mailing(twice))

    [flag] = await contacts(house, shown)
    assert (flag["index"], flag["status"], flag["reason"]) == (1, "flagged", "same_address")
    assert "destinations[0]" in flag["detail"]
    assert (shown["gets"], shown["can_send"]) == (2, True)


async def test_an_empty_body_is_warned_of_and_allowed(house: House) -> None:
    """A20: a message without words can be sent."""
    shown = await checked(house, a_mailing([somebody_with_address(1)], body_text="  \n"))

    assert [(one["field"], one["code"]) for one in shown["warnings"] if one["code"] == "empty_body"] == [
        ("body_text", "empty_body")
    ]
    assert shown["can_send"]


async def test_what_an_engine_warns_of_is_told_of_each(house: House) -> None:
    house.renderer.warnings = ("no such font",)

    shown = await checked(house, a_mailing([somebody_with_address(1)]))

    [flag] = await contacts(house, shown)
    assert flag["reason"] == "layout_warning"
    assert "no such font" in flag["detail"]
    assert shown["can_send"]


async def test_without_a_mail_server_the_rest_is_checked_all_the_same(tmp_path: Path) -> None:
    """A21: it is said that none is set up, and the request can't be finished."""
    house = House(tmp_path)
    body = a_mailing([somebody_with_address(1), somebody(2)], sender_address="sales@house.example")

    shown = await checked(house, body | {"sender_id": None})

    assert [(one["field"], one["code"]) for one in shown["errors"]] == [("issue_method", "mail_server_not_configured")]
    assert (shown["gets"], shown["can_send"], shown["can_continue"]) == (1, False, False)
    assert [one["reason"] for one in shown["reasons"]] == ["missing"]
    await house.store.close()


@pytest.mark.parametrize(
    ("mode", "attested", "needed", "gets", "can_send"),
    [
        ("attest", False, True, 2, False),
        ("attest", True, False, 2, True),
        ("enforce", False, False, 0, False),
        ("off", False, False, 2, True),
    ],
)
async def test_whether_an_attestation_is_needed_is_told(
    tmp_path: Path, mode: ConsentMode, attested: bool, needed: bool, gets: int, can_send: bool
) -> None:
    """A12: of a mailing to contacts whose consent is unknown, by how that is set."""
    house = House(tmp_path, consent=mode)
    await house.set_up()
    body = a_mailing([somebody_with_address(1), somebody_with_address(2)]) | {"consent_attested": attested}

    shown = await checked(house, body)

    assert shown["consent"] == {"mode": mode, "unknown": gets, "attestation_needed": needed}
    assert (shown["gets"], shown["can_send"]) == (gets, can_send)
    await house.store.close()


@pytest.mark.parametrize(("consent", "code"), [("unknown", "consent_unknown"), ("denied", "consent_denied")])
async def test_a_message_to_one_alone_is_only_warned_of(house: House, consent: str, code: str) -> None:
    """A12: one-to-one mail needs no consent; who sends it is told."""
    await house.ask("PUT", "/contacts/person/1", {"email": "anna@home.example", "consent": consent})

    shown = await checked(house, a_mailing([{"kind": "person", "number": "1"}]))

    assert [one["code"] for one in shown["warnings"]] == [code]
    assert shown["can_send"]


@pytest.mark.parametrize("people", [[somebody(1), somebody(2)], []])
async def test_with_nobody_to_send_to_it_cannot_go_on(house: House, people: list[dict[str, Any]]) -> None:
    """A10: with zero valid addressees, continue is refused."""
    body = a_mailing(people)

    shown = await checked(house, body)

    assert [one["code"] for one in shown["errors"]] == ["no_valid_addressees"]
    assert not shown["can_continue"]
    refused = await house.ask("POST", "/dossier-items", body | {"request_id": "r"})
    assert refused.json()["code"] == "no_valid_addressees"


async def test_going_on_without_some_is_what_was_checked_and_what_is_new_since_then_is_a_status(house: House) -> None:
    """FR-98, A10: the others are sent; the check is repeated at finish, and new problems are no abort."""
    await house.ask("PUT", "/contacts/person/3", {"name": "Anna 3", "email": "anna3@home.example"})
    people = [somebody(1), somebody_with_address(2), {"kind": "person", "number": "3"}]
    body = a_mailing(people)
    shown = await checked(house, body)
    await house.ask("PUT", "/contacts/person/3", {"name": "Anna 3", "email": None})

    accepted = await house.ask("POST", "/dossier-items", body | {"request_id": "r"})

    assert (shown["gets"], shown["can_continue"]) == (2, True)
    assert (accepted.status_code, accepted.json()["excluded"]) == (202, 2)


async def test_a_request_that_goes_on_for_nobody_less_is_told_that_it_would_be_refused(house: House) -> None:
    shown = await checked(house, a_mailing([somebody(1), somebody_with_address(2)], missing_addresses="refuse"))

    assert [(one["field"], one["code"]) for one in shown["errors"]] == [
        ("missing_addresses", "missing_addresses_refused")
    ]
    assert not shown["can_continue"]


async def test_a_letter_is_tried_and_asks_for_no_address_and_no_consent(house: House) -> None:
    """FR-93: the address steps are for e-mail alone."""
    house.renderer.faults = {"2": FAULT}
    body = a_mailing([somebody(1), somebody(2)], issue_method="document", attachment_layout_id="brief")

    shown = await checked(house, body | {"body_text": None, "sender_id": None, "consent_attested": False})

    assert [(one["status"], one["count"]) for one in shown["reasons"]] == [("render_failed", 1)]
    assert shown["consent"]["attestation_needed"] is False
    assert (shown["gets"], shown["can_continue"]) == (1, True)


async def test_of_what_is_only_recorded_nothing_is_tried(house: House) -> None:
    """FR-93: an item that is not issued needs neither address nor layout."""
    body = a_mailing([somebody(1), somebody(2)], issue_method="none", sender_id=None, body_text=None)

    shown = await checked(house, body | {"consent_attested": False})

    assert (shown["can_send"], shown["reasons"], house.renderer.tried) == (True, [], [])


async def test_what_is_wrong_with_the_request_itself_is_told_and_nothing_is_tried(house: House) -> None:
    shown = await checked(house, a_mailing([somebody_with_address(1)], attachment_layout_id="gone"))

    assert [(one["field"], one["code"]) for one in shown["errors"]] == [("attachment_layout_id", "unknown_layout")]
    assert (shown["can_continue"], house.renderer.tried) == (False, [])
    malformed = await house.ask("POST", CHECK, a_mailing([{"kind": "nowhere", "number": "1"}]))
    assert (malformed.status_code, malformed.json()["code"]) == (422, "unknown_destination_kind")


async def test_a_field_that_a_layout_requires_is_missed_by_name_and_number(house: House) -> None:
    people = [somebody_with_address(number) | {"merge": {"table": 7}} for number in range(3)]
    people[1]["merge"] = {}

    shown = await checked(house, a_mailing(people, body_layout_id="welcome", body_text=None))

    [refused] = await contacts(house, shown)
    assert (refused["status"], refused["reason"]) == ("refused", "merge_field_missing")
    assert refused["field"] == "destinations[1].merge.table"
    assert not shown["can_continue"]


async def test_giving_up_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """FR-97: an aborted check recorded and sent nothing, and nothing of it is kept."""
    monkeypatch.setattr(checking, "SMALL", 1)
    house.renderer.open.clear()
    before = await recorded(house)
    running = (await house.ask("POST", CHECK, a_mailing([somebody(1), somebody_with_address(2)]))).json()
    done = await house.ask("POST", CHECK, a_mailing([somebody(1)]))

    gone = [await house.ask("DELETE", f"/checks/{check}") for check in (running["check_id"], done.json()["check_id"])]
    house.renderer.open.set()

    assert [answer.status_code for answer in gone] == [204, 204]
    for path in (f"/checks/{running['check_id']}", f"/checks/{done.json()['check_id']}/missing"):
        answer = await house.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_check")
    assert (await house.ask("DELETE", f"/checks/{running['check_id']}")).status_code == 404
    assert not house.dossier.rehearsal.checking._running
    assert await recorded(house) == before
    query = text("SELECT (SELECT count(*) FROM checks) + (SELECT count(*) FROM check_findings)")
    assert await house.store.read(lambda connection: connection.execute(query).scalar()) == 0


async def test_how_far_a_big_check_is_can_be_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "SMALL", 1)
    monkeypatch.setattr(checking, "_SLICE", 2)
    house.renderer.open.clear()

    answer = await house.ask("POST", CHECK, a_mailing([somebody_with_address(number) for number in range(6)]))

    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["state"], shown["total"], shown["checked"], shown["can_send"]) == ("running", 6, 0, False)
    house.renderer.open.set()
    done = await checked_again(house, shown)
    assert (done["state"], done["checked"], done["can_send"]) == ("done", 6, True)
    assert done["rate"] > 0


async def checked_again(house: House, shown: dict[str, Any]) -> dict[str, Any]:
    """Return a check that runs, once it is done."""
    async with asyncio.timeout(30):
        while shown["state"] == "running":
            await asyncio.sleep(0.02)
            shown = (await house.ask("GET", f"/checks/{shown['check_id']}")).json()
    return shown


async def test_a_renderer_that_answers_for_none_ends_the_check(house: House) -> None:
    house.renderer.away = True

    shown = await checked(house, a_mailing([somebody_with_address(1), somebody_with_address(2)]))

    assert (shown["state"], [one["code"] for one in shown["errors"]]) == ("failed", ["renderer_no_answer"])
    assert not shown["can_send"]


async def test_a_renderer_that_takes_too_long_over_one_is_asked_for_fewer_at_once(house: House) -> None:
    people = [somebody_with_address(number) for number in range(50)]
    house.renderer.slow_above = 10

    shown = await checked(house, a_mailing(people))

    assert (shown["state"], shown["gets"]) == ("done", 50)


async def test_a_check_whose_process_died_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.renderer.open.clear()
    monkeypatch.setattr(checking, "_AT_ONCE_WITHIN", 0.01)
    monkeypatch.setattr(checking, "_SILENT", timedelta(0))
    shown = (await house.ask("POST", CHECK, a_mailing([somebody_with_address(1)]))).json()

    await house.dossier.rehearsal.checking.close()

    assert shown["state"] == "running"
    assert (await house.ask("GET", f"/checks/{shown['check_id']}")).json()["state"] == "interrupted"


async def test_a_check_ends_and_nothing_of_it_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "KEPT", timedelta(0))
    shown = await checked(house, a_mailing([somebody(1)]))
    monkeypatch.undo()
    stays = await checked(house, a_mailing([somebody(1)]))

    await house.dossier.rehearsal.checking.sweep()

    assert (await house.ask("GET", f"/checks/{shown['check_id']}")).status_code == 404
    assert (await house.ask("GET", f"/checks/{stays['check_id']}/missing")).json()["items"]


async def test_a_layout_changed_after_the_check_is_the_one_that_a_run_pins(house: House) -> None:
    """A24: a check pins nothing; the version is pinned when the run starts, and is the same for all of it."""
    body = a_mailing([somebody_with_address(1), somebody_with_address(2)], body_layout_id="plain", body_text=None)
    await checked(house, body)
    before = house.renderer.tried[0].draft.body_layout
    source = {"name": "Kort", "kind": "text", "sources": {"nl": {"text": "Hallo {{ recipient.name }}"}}}
    await house.ask("PUT", "/layouts/plain", source)

    await checked(house, body)

    after = house.renderer.tried[1].draft.body_layout
    await house.ask("POST", "/dossier-items", body | {"request_id": "r"})
    [started] = await house.told(RunStarted)
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (1, 2)
    assert started.layouts == (after,)


async def test_questions_to_the_renderer_are_not_large(house: House) -> None:
    people = [somebody_with_address(number) | {"merge": {"a": ["x" * 9000] * 27}} for number in range(20)]

    shown = await checked(house, a_mailing(people))

    assert shown["gets"] == 20
    assert [len(asked.to) for asked in house.renderer.tried] == [2] * 10
