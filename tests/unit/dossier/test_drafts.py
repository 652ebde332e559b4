"""The life of drafts: frozen destinations, each operator's own, resumed, given up, swept; and finished once."""

import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.dossier.adapters.tables import METADATA
from services.dossier.adapters.tables.drafts import SqlDrafts
from services.dossier.application.drafts import MOST
from services.dossier.domain.draft import Draft
from services.dossier.domain.draft_destinations import CHUNK
from services.dossier.domain.field_setting import Applied
from services.dossier.domain.operator import Operator
from services.dossier.domain.sender_fields import Edited, Selected, after
from shared.contracts.dossier import DossierItemRecorded, DossierItemRequested, RunStarted
from shared.store import Conflict, Store
from tests.unit.dossier.conftest import House, a_destination
from tests.unit.dossier.drafting import MAIL, Desk

TABLES = ("drafts", "draft_destinations")
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.unit.dossier.conftest import House
from tests.unit.dossier.drafting import Desk

async def finish():
    house = House(Path(sys.argv[1]))
    house.dossier.recording._opened = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    house.token = sys.argv[3]
    await Desk(house).finish(sys.argv[2])

asyncio.run(finish())
"""


def kept(house: House) -> dict[str, int]:
    """Return how many rows each table of drafts holds."""
    with closing(sqlite3.connect(house.folder / "dossier.db")) as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}  # noqa: S608


async def test_a_draft_is_resumed_as_it_was_left(house: House) -> None:
    """FR-30: also by a process that started anew."""
    draft_id = await Desk(house).open(**MAIL, comment="later")
    before = await Desk(house).ask("GET", f"/drafts/{draft_id}")
    await house.store.close()

    again = House(house.folder)
    again.token = house.token

    assert await Desk(again).ask("GET", f"/drafts/{draft_id}") == before
    assert [one["id"] for one in (await Desk(again).ask("GET", "/drafts"))["items"]] == [draft_id]
    await again.store.close()


async def test_a_draft_is_its_operators_alone(house: House) -> None:
    """Others do not even learn that it exists; nor does a token of the same name."""
    anna, bert = Desk(house, house.signed_in("anna")), Desk(house, house.signed_in("bert"))
    house.token = house.access.create_token("anna", ["send"])
    draft_id = await anna.open(**MAIL)
    path = f"/drafts/{draft_id}"
    wishes = [
        ("GET", path, None),
        ("PATCH", path, {"subject": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/destinations", None),
        ("POST", f"{path}/finish", {}),
        ("POST", "/my-files", {"draft_id": draft_id}),
    ]

    for stranger in (bert, Desk(house)):
        refused = [await stranger.refused(*wish) for wish in wishes]
        assert {status for status, _ in refused} == {404}
        assert {code for _, errors in refused for _, code in errors} == {"unknown_draft"}
        assert (await stranger.ask("GET", "/drafts"))["items"] == []

    assert (await anna.ask("GET", path))["subject"] == MAIL["subject"]
    await anna.finish(draft_id)
    for stranger in (bert, Desk(house)):
        for wish in (("POST", f"{path}/finish", {}), ("POST", "/my-files", {"draft_id": draft_id})):
            assert (await stranger.refused(*wish))[0] == 404


async def test_a_draft_given_up_leaves_nothing(house: House) -> None:
    """FR-97: no item, no message, no row of it or of its destinations."""
    desk = Desk(house)
    told = len(await house.told())
    draft_id = await desk.open(**MAIL)

    await desk.ask("DELETE", f"/drafts/{draft_id}")

    assert kept(house) == {"drafts": 0, "draft_destinations": 0}
    assert len(await house.told()) == told
    assert await desk.refused("GET", f"/drafts/{draft_id}") == (404, [("", "unknown_draft")])


async def test_all_rows_of_a_filter_are_frozen_when_the_draft_is_opened(house: House) -> None:
    """A3: also those of other pages; who comes later is not among them."""
    desk = Desk(house)
    numbers = [str(n) for n in range(CHUNK + 20)]
    lines = "\n".join(f"person,{n},Anna {n}" for n in numbers)
    await house.ask("POST", "/contacts/import", f"kind,number,name\n{lines}\nperson,x,Bert".encode())

    draft = await desk.ask("POST", "/drafts", {"type": "note", "filter": {"q": "anna"}})
    await house.ask("PUT", "/contacts/person/late", {"name": "Anna"})

    path = f"/drafts/{draft['id']}/destinations"
    first = await desk.ask("GET", f"{path}?limit=500")
    second = await desk.ask("GET", f"{path}?limit=500&cursor={first['next']}")
    assert draft["destinations"] == {"count": len(numbers), "kinds": {"person": len(numbers)}}
    assert sorted(one["number"] for one in first["items"] + second["items"]) == sorted(numbers)
    assert second["next"] is None
    await desk.change(draft["id"], subject="Dag", record_separately=True)
    assert (await desk.finish(draft["id"]))["items"] == len(numbers)


@pytest.mark.parametrize(
    ("opening", "field", "code"),
    [
        ({"destinations": [{"kind": "planet", "number": "1"}]}, "destinations[0].kind", "unknown_destination_kind"),
        ({"destinations": [{"kind": "person", "number": "1"}]}, "destinations[0]", "unknown_contact"),
        ({"destinations": [a_destination(), a_destination()]}, "destinations[1]", "duplicate_destination"),
        ({"destinations": [], "filter": {"q": ""}}, "filter", "destinations_or_filter"),
        ({"filter": {"colour": 1}}, "filter.colour", "unknown_field"),
        ({"type": 1}, "type", "wrong_type"),
    ],
)
async def test_what_cannot_be_opened_is_refused_and_leaves_nothing(
    house: House, opening: dict[str, Any], field: str, code: str
) -> None:
    status, errors = await Desk(house).refused("POST", "/drafts", {"type": "outgoing_mail", **opening})

    assert (status, errors) == (422, [(field, code)])
    assert kept(house) == {"drafts": 0, "draft_destinations": 0}


async def test_an_operator_has_so_many_drafts_at_most(house: House) -> None:
    desk = Desk(house)
    for _ in range(MOST):
        await desk.ask("POST", "/drafts", {"type": "note"})

    assert await desk.refused("POST", "/drafts", {"type": "note"}) == (409, [("", "too_many_drafts")])


async def test_two_changes_at_once_are_both_made(house: House) -> None:
    desk = Desk(house)
    draft_id = await desk.open()

    changes: list[dict[str, Any]] = [{"subject": "Dag"}, {"comment": "x"}, {"priority": "high"}, {"blocked": True}]
    await asyncio.gather(*(desk.change(draft_id, **change) for change in changes))

    fields = await desk.fields(draft_id)
    assert [fields[name]["value"] for change in changes for name in change] == ["Dag", "x", "high", True]


async def test_drafts_that_nobody_touches_are_swept(house: House) -> None:
    desk = Desk(house)
    old, fresh = await desk.open(), await desk.open()
    long_ago = (datetime.now(UTC) - timedelta(days=91)).timestamp()
    with closing(sqlite3.connect(house.folder / "dossier.db")) as database, database:
        database.execute("UPDATE drafts SET changed_at = ? WHERE id = ?", (long_ago, old))

    swept = await house.dossier.desk.drafts.sweep()

    assert swept == 1
    assert [one["id"] for one in (await desk.ask("GET", "/drafts"))["items"]] == [fresh]
    assert kept(house) == {"drafts": 1, "draft_destinations": 1}


async def test_what_is_said_of_an_addressee_is_readable_with_his_key_only(house: House) -> None:
    """R-26: erased meanwhile, nothing personal of him is left in a draft."""
    desk = Desk(house)
    draft_id = await desk.open(a_destination("1", merge={"table": "seven"}))
    path = f"/drafts/{draft_id}/destinations"
    before = (await desk.ask("GET", path))["items"]

    house.store.keyring.erase("organisation|1|#0")

    assert (before[0]["merge"], before[0]["recipient"]["name"]) == ({"table": "seven"}, "Bakkerij 1")
    assert (await desk.ask("GET", path))["items"] == [{"kind": "organisation", "number": "1", "contact_id": None}]


async def test_a_finish_records_what_the_draft_shows_and_lets_it_go(house: House) -> None:
    """FR-48, FR-35, A18: with the shared file and that of the last step."""
    desk = Desk(house)
    files = [(await house.ask("POST", f"/attachments?filename={n}.pdf", n.encode())).json()["sha256"] for n in "ab"]
    named = [{"filename": f"{n}.pdf", "sha256": sha} for n, sha in zip("ab", files, strict=True)]
    draft_id = await desk.open(**MAIL, sender_name="Jan", attachments=named[:1], file=named[1], priority="high")

    finished = await desk.finish(draft_id)
    await house.record_all()

    [run] = await house.told(RunStarted)
    [item] = await house.told(DossierItemRecorded)
    [mail] = await house.told(DossierItemRequested)
    assert (finished["run_id"], finished["item_ids"]) == (str(run.run_id), [str(item.item_id)])
    assert (run.request_id, run.submitted_by) == (draft_id, "crm-0")
    assert (mail.subject, mail.body_text, mail.sender.name) == ("Uitnodiging", "Dag", "Jan")
    assert [file.filename for file in mail.attachments] == ["a.pdf", "b.pdf"]
    assert kept(house) == {"drafts": 0, "draft_destinations": 0}


async def test_ten_finishes_at_once_are_one_run_and_one_answer(house: House) -> None:
    """A23: and so is one that comes after the draft is gone."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL)

    answers = await asyncio.gather(*(desk.finish(draft_id) for _ in range(10)))
    later = await desk.finish(draft_id)
    await house.record_all()

    assert answers == [later] * 10
    assert Counter(type(one).__name__ for one in await house.told(RunStarted, DossierItemRequested)) == {
        "RunStarted": 1,
        "DossierItemRequested": 1,
    }
    assert kept(house) == {"drafts": 0, "draft_destinations": 0}


async def test_a_change_in_the_moment_of_a_finish_is_in_what_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A23, FR-48: whoever was told that his change was made finds it in the item."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL)
    judge, changed = house.dossier.judging.judge, list[str]()

    async def judged_while_it_is_changed(*given: Any) -> Any:
        if not changed:
            changed.append("Gewijzigd")
            await desk.change(draft_id, subject=changed[0])
        return await judge(*given)

    monkeypatch.setattr(house.dossier.judging, "judge", judged_while_it_is_changed)
    finished = await desk.finish(draft_id)

    [run] = await house.told(RunStarted)
    assert (str(run.run_id), run.subject) == (finished["run_id"], "Gewijzigd")
    assert kept(house) == {"drafts": 0, "draft_destinations": 0}


async def test_killed_before_it_answered_a_finish_is_answered_when_asked_again(house: House) -> None:
    """A23, FR-48: the run stands and the draft is gone at one and the same moment."""
    draft_id = await Desk(house).open(**MAIL)
    await house.store.close()
    command = [sys.executable, "-c", KILLED, str(house.folder), draft_id, house.token]

    died = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=False)
    again = House(house.folder)
    again.token = house.token
    finished = await Desk(again).finish(draft_id)

    assert died.returncode == -9, died.stderr
    assert kept(again) == {"drafts": 0, "draft_destinations": 0}
    assert [str(run.run_id) for run in await again.told(RunStarted)] == [finished["run_id"]]
    await again.store.close()


async def test_a_draft_whose_request_was_accepted_already_is_let_go(house: House) -> None:
    """A23: whoever accepted it, and whatever was changed of the draft since."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL)
    operator_draft = await house.dossier.desk.drafts._table.find(UUID(draft_id), "token:crm-0")
    assert operator_draft is not None
    intake = await house.dossier.desk.finishing.intake(operator_draft, Operator("token:crm-0", "crm-0"), BytesIO())
    accepted = await house.dossier.recording.accept(intake, "crm-0")
    await desk.change(draft_id, subject="Anders")

    finished = await desk.finish(draft_id)

    assert finished["run_id"] == str(accepted.run_id)
    assert kept(house) == {"drafts": 0, "draft_destinations": 0}
    assert [run.subject for run in await house.told(RunStarted)] == ["Uitnodiging"]


async def test_a_mail_server_that_is_gone_at_the_finish_refuses_it(house: House) -> None:
    """A21: nothing is recorded, and the draft stays."""
    desk = Desk(house)
    draft_id = await desk.open(**MAIL)
    await desk.ask("DELETE", "/mail-servers/default")

    refused = await desk.refused("POST", f"/drafts/{draft_id}/finish", {})

    assert refused == (422, [("issue_method", "mail_server_not_configured")])
    assert await house.told(RunStarted) == []
    assert (await desk.ask("GET", f"/drafts/{draft_id}"))["subject"] == "Uitnodiging"


async def test_several_destinations_are_one_item_or_an_item_each(house: House) -> None:
    """FR-80: the ticked rows go as one row does."""
    desk = Desk(house)
    for separately, items in ((False, 1), (True, 2)):
        draft_id = await desk.open(
            a_destination("1"), a_destination("2"), **MAIL, record_separately=separately, consent_attested=True
        )

        assert (await desk.finish(draft_id))["items"] == items


def a_draft(owner: str = "user:anna", **facts: Any) -> Draft:
    """Return a draft with something in each of its parts."""
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    draft = Draft.open(
        {"sender_name": Applied("Huis", by="person"), "comment": Applied("x", visible=False)},
        {"subject": "Dag"},
        id=uuid4(),
        owner=owner,
        type="note",
        count=1,
        kinds={"person": 1},
        opened_at=now,
        changed_at=now,
    )
    name = after(after(draft.sender_name, Selected("sales", "Verkoop")), Edited("Jan"))
    return replace(draft, sender_name=name, **facts)


async def test_drafts_are_kept_on_every_database(store_url: str) -> None:
    """Whole, apart by owner, and changed only from the version that was read."""
    async with Store(store_url, "dossier", METADATA) as store:
        table = SqlDrafts(store)
        one, other = a_draft(), a_draft("user:bert")
        for draft in (one, other):
            await store.record(rows=table.opened(draft, [b"first", b"second"]))

        assert await table.find(one.id, "user:anna") == one
        assert await table.find(one.id, "user:bert") is None
        assert await table.of("user:bert") == [other]
        assert await table.count("user:anna") == 1
        assert [await table.chunk(one.id, n) for n in range(3)] == [b"first", b"second", None]
        assert await table.change(one) is True
        assert await table.change(one) is False
        with pytest.raises(Conflict):
            await store.record(only_if=table.let_go(one))
        assert await table.chunk(one.id, 0) == b"first"
        await store.record(only_if=table.let_go(replace(one, version=one.version + 1)))
        assert await table.find(one.id, "user:anna") is None
        await store.record(rows=table.opened(one, [b"first"]))
        await store.record(rows=table.removed(one.id))
        assert await table.find(one.id, "user:anna") is None
        assert await table.chunk(one.id, 0) is None
        assert await table.remove_older(other.changed_at + timedelta(seconds=1)) == 1
        assert await table.chunk(other.id, 0) is None
