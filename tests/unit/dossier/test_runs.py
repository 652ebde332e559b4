"""A run under way is paused, resumed and cancelled, and whatever is said of it when, each destination gets its item."""

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dossier.domain import run as run_module
from services.dossier.domain.identity import NS
from services.dossier.domain.layout import LayoutFacts
from shared.contracts.asks import Resend
from shared.contracts.dossier import (
    DossierItemExcluded,
    DossierItemRecorded,
    DossierItemRequested,
    RunCancelled,
    RunPaused,
    RunResumed,
    RunStarted,
)
from tests.unit.dossier.conftest import LAYOUTS, House, a_destination, a_request

RUN = str(uuid5(NS, "crm-1"))
ROWS = 5  # destinations, in chunks of two


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two destinations recorded in one transaction."""
    monkeypatch.setattr("services.dossier.application.freezing.CHUNK", 2)


async def accepted(house: House, **request: Any) -> None:
    """Have a request for five mails accepted, not yet recorded."""
    destinations = [a_destination(str(n)) for n in range(ROWS)]
    facts = {"destinations": destinations, "record_separately": True, "consent_attested": True}
    answer = await house.ask("POST", "/dossier-items", a_request(**facts | request))
    assert answer.status_code == 202, answer.text


async def say(house: House, verb: str, reason: str = "") -> dict[str, Any]:
    """Say something of the run, which must be taken; return the answer."""
    answer = await house.ask("POST", f"/runs/{RUN}/{verb}", {"reason": reason})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def refusal(house: House, verb: str) -> tuple[int, str]:
    """Say something of the run, which must be refused; return status and code."""
    before = len(await house.told())
    answer = await house.ask("POST", f"/runs/{RUN}/{verb}")
    assert len(await house.told()) == before
    return answer.status_code, answer.json()["code"]


async def rows_of(house: House) -> dict[UUID, str]:
    """Return what was told of each row: requested, or the status with which it was left out."""
    told = await house.told(DossierItemRequested, DossierItemExcluded)
    rows = {m.processing_id: "requested" if isinstance(m, DossierItemRequested) else m.status for m in told}
    assert len(rows) == len(told), "a row was told twice"
    return rows


async def test_a_paused_run_records_nothing_more_until_it_is_resumed(house: House) -> None:
    """A mailing is paused and goes on (FR-65); its rows to come are queued: its total minus its rows (A14)."""
    await accepted(house)
    await house.recorder.record_next(UUID(RUN))

    paused = await say(house, "pause", "wrong date")
    await house.record_all()
    held = len(await rows_of(house))
    await say(house, "resume")
    await house.record_all()

    assert (paused["state"], paused["operator"], paused["reason"]) == ("paused", "crm-0", "wrong date")
    assert held == 2
    assert Counter((await rows_of(house)).values()) == {"requested": ROWS}
    [started] = await house.told(RunStarted)
    first, second = await house.told(RunPaused, RunResumed)
    assert started.total == ROWS
    assert (first.operator, first.reason, first.version < second.version) == ("crm-0", "wrong date", True)


async def test_a_resumed_run_goes_on_by_itself_and_a_paused_one_holds_up_no_other(house: House) -> None:
    """Small runs overtake big ones, and paused ones (R-30)."""
    await accepted(house)
    await say(house, "pause")
    await house.ask("POST", "/dossier-items", a_request(request_id="small", destinations=[a_destination("small")]))
    recording = asyncio.create_task(house.recorder.run())

    async with asyncio.timeout(30):
        while len(await rows_of(house)) < 1:
            await asyncio.sleep(0.01)
        await say(house, "resume")
        while len(await rows_of(house)) < 1 + ROWS:
            await asyncio.sleep(0.01)
    recording.cancel()

    first = (await house.told(DossierItemRequested))[0]
    assert str(first.run_id) != RUN


async def test_a_pause_outlives_the_dossier(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.set_up()
    await accepted(house)
    await say(house, "pause")
    await house.store.close()

    again = House(tmp_path, blobs=house.blobs)
    await again.record_all()
    held = len(await rows_of(again))
    await say(again, "resume")
    await again.record_all()

    assert held == 0
    assert len(await rows_of(again)) == ROWS
    await again.store.close()


async def test_a_cancelled_run_records_every_destination_that_is_left_without_a_mail(house: House) -> None:
    """Nothing is lost with a mailing: each destination has its item and a row, and the counts add up (A14)."""
    without_address = a_destination("4", recipient={"name": "Bakkerij 4"})
    await accepted(house, destinations=[*(a_destination(str(n)) for n in range(4)), without_address])
    await house.recorder.record_next(UUID(RUN))

    answer = await say(house, "cancel", "wrong letter")
    await house.record_all()

    assert (answer["state"], answer["reason"]) == ("cancelled", "wrong letter")
    assert Counter((await rows_of(house)).values()) == {"requested": 2, "cancelled": 2, "no_address": 1}
    assert len(await house.told(DossierItemRecorded)) == ROWS
    [cancelled] = await house.told(RunCancelled)
    requested = await house.told(DossierItemRequested)
    assert (cancelled.operator, cancelled.reason) == ("crm-0", "wrong letter")
    assert all(mail.requested_at <= cancelled.at for mail in requested)
    assert len(house.blobs._kept) == len(await house.tables.set_up("layout")), "frozen destinations are left behind"


async def test_a_paused_run_can_be_cancelled_and_is_then_recorded_to_its_end(house: House) -> None:
    await accepted(house)
    await say(house, "pause")
    await house.record_all()

    await say(house, "cancel")
    await house.record_all()

    assert Counter((await rows_of(house)).values()) == {"cancelled": ROWS}


async def test_what_is_said_twice_is_recorded_once(house: House) -> None:
    await accepted(house)

    answers = [await say(house, verb) for verb in ("pause", "pause", "resume", "resume", "cancel", "cancel")]

    assert answers[0] == answers[1]
    assert answers[2] == answers[3]
    assert answers[4] == answers[5]
    assert [type(m) for m in await house.told(RunPaused, RunResumed, RunCancelled)] == [
        RunPaused,
        RunResumed,
        RunCancelled,
    ]


@pytest.mark.parametrize(
    ("before", "complete", "verb", "refused"),
    [
        ([], True, "pause", (409, "run_complete")),
        (["pause"], True, "resume", (409, "run_complete")),
        ([], True, "cancel", (409, "run_complete")),
        (["cancel"], True, "pause", (409, "run_cancelled")),
        (["cancel"], False, "resume", (409, "run_cancelled")),
    ],
)
async def test_what_has_ended_is_neither_paused_nor_resumed_nor_cancelled(
    house: House, before: list[str], complete: bool, verb: str, refused: tuple[int, str]
) -> None:
    await accepted(house)
    for said in before:
        await say(house, said)
    house.history.complete = complete

    assert await refusal(house, verb) == refused


async def test_a_run_can_be_stopped_while_nobody_knows_how_far_it_is(house: House) -> None:
    await accepted(house)
    house.history.complete = None

    assert (await say(house, "cancel"))["state"] == "cancelled"


async def test_a_run_that_nobody_started_is_not_found(house: House) -> None:
    assert await refusal(house, "pause") == (404, "unknown_run")
    answer = await house.ask("POST", f"/runs/{RUN}/cancel", language="nl")
    assert answer.json()["errors"] == [
        {"field": "run_id", "code": "unknown_run", "detail": "Er is geen mailing met dit id."}
    ]


async def test_items_that_issue_nothing_can_be_paused_and_not_cancelled(house: House) -> None:
    """Information is recorded whatever happens: there is nothing to cancel where nothing is sent (A19)."""
    await accepted(house, type="note", issue_method="none", sender_id=None, body_text=None)
    await say(house, "pause")
    await house.record_all()
    held = len(await house.told(DossierItemRecorded))

    refused = await refusal(house, "cancel")
    await say(house, "resume")
    await house.record_all()

    assert (held, refused) == (0, (409, "run_issues_nothing"))
    assert len(await house.told(DossierItemRecorded)) == ROWS
    assert (await house.told(RunStarted))[0].total == ROWS


async def test_a_reason_is_not_longer_than_the_history_shows_and_nothing_else_is_taken(house: House) -> None:
    await accepted(house)

    long = await house.ask("POST", f"/runs/{RUN}/pause", {"reason": "x" * 1001})
    other = await house.ask("POST", f"/runs/{RUN}/pause", {"because": "x"})

    assert [long.json()["code"], other.json()["code"]] == ["too_long", "unknown_field"]
    assert await house.told(RunPaused) == []


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_row_sent_again_after_the_cancellation_is_asked_for_later_than_it(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A cancelled row may be sent again (A11), and stopped again by cancelling once more."""
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    house = House(tmp_path, url=url)
    await house.set_up()
    await accepted(house)
    await say(house, "cancel")
    await house.record_all()
    [row, *_] = await rows_of(house)

    await house.dossier.resending.resend(Resend(processing_id=row, token=row, operator="anna"))
    await say(house, "cancel", "this one neither")

    [mail] = await house.told(DossierItemRequested)
    first, second = await house.told(RunCancelled)
    assert first.at < mail.requested_at <= second.at
    assert (mail.ordinal, mail.resend_of) == (1, None)
    await house.store.close()


async def test_a_cancellation_is_never_before_what_the_run_asked_for(house: House) -> None:
    await accepted(house)
    await house.recorder.record_next(UUID(RUN))
    run = await house.store.load(run_module.Run, UUID(RUN))
    assert run is not None
    later = run.modified_on.replace(year=run.modified_on.year + 1)
    run.trigger_event(run_module.Run.ChunkRecorded, index=1, timestamp=later)  # by a clock that runs ahead

    run.cancel("anna", "")

    assert run.said is not None
    assert run.said.timestamp == later


async def test_every_chunk_has_the_layout_versions_of_the_start(house: House) -> None:
    """The layout version is pinned when the run starts (A24)."""
    await accepted(house, body_layout_id="plain", body_text=None)
    await house.recorder.record_next(UUID(RUN))

    changed = LAYOUTS["plain"] | {"sources": {"nl": {"text": "Hallo"}}}
    await house.dossier.layouts.put("plain", LayoutFacts.model_validate(changed), "crm")
    await house.record_all()

    mails = await house.told(DossierItemRequested)
    [started] = await house.told(RunStarted)
    assert len(mails) == ROWS
    assert {mail.body_layout for mail in mails} == set(started.layouts)
    assert (await house.tables.set_up("layout"))["plain"]["version"] == started.layouts[0].version + 1


@given(st.lists(st.sampled_from(["record", "pause", "resume", "cancel"]), max_size=12))
@settings(max_examples=15, deadline=None)
async def test_whatever_is_said_when_each_destination_has_one_row_in_the_end(saying: list[str]) -> None:
    """Counts add up (A14) and a cancelled run asks for no mail afterwards."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.dossier.application.freezing.CHUNK", 2)
        house = House(Path(folder))
        await house.set_up()
        await accepted(house)
        asked: int | None = None  # rows requested until the run was cancelled
        for word in saying:
            if word == "record":
                await house.recorder.record_next(UUID(RUN))
            elif (await house.ask("POST", f"/runs/{RUN}/{word}")).status_code == 200 and word == "cancel":
                asked = len(await rows_of(house)) if asked is None else asked
        await house.ask("POST", f"/runs/{RUN}/resume")
        await house.record_all()

        asked = ROWS if asked is None else asked
        assert Counter((await rows_of(house)).values()) == +Counter({"requested": asked, "cancelled": ROWS - asked})
        assert len(await house.told(DossierItemRecorded)) == ROWS
        await house.store.close()
