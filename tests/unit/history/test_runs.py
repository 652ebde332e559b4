"""How a run stands, on SQLite and PostgreSQL: its state, its counts, its rate, and the one notice when it ended."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from services.history.adapters.tables import TABLES, JobTables, NoticeTable, ProjectedTables, RecordTables
from services.history.application import History, Notices, Resending
from services.history.domain.run import RUN_STATES, Run, Said, Sought
from services.history.inbox import asked
from services.history.web import routes
from shared.access import Access
from shared.blobs import MemoryBlobs
from shared.contracts import Message
from shared.contracts.asks import RunWanted
from shared.contracts.dossier import RunCancelled, RunPaused, RunResumed, RunStarted
from shared.contracts.message import LayoutVersion
from shared.pages import frame
from shared.store import Store
from tests.unit.history.doors import Silence
from tests.unit.history.printed import a_printing
from tests.unit.history.story import (
    RUN,
    START,
    at,
    deferred,
    excluded,
    failed,
    in_doubt,
    not_rendered,
    not_sent,
    recorded,
    rendered,
    requested,
    resolved,
    sent,
    started,
    told,
)
from tests.unit.history.story import said as word

OTHER = uuid5(RUN, "another")
LAYOUT = LayoutVersion(layout_id="invitation", version=3, sha256="ab" * 32)


class Teller:
    """Tells history of messages, each publisher's in the order given."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: dict[str, int] = {}

    async def tell(self, *messages: Message) -> None:
        """Tell of messages, in batches of one publisher each."""
        for message in messages:
            publisher = message.SUBJECT.split(".")[1]
            before = self._told.get(publisher, 0)
            await ProjectedTables(self._store).project(publisher, told([message], after=before))
            self._told[publisher] = before + 1

    async def run(self, run_id: UUID = RUN) -> Run:
        """Return a run as history shows it."""
        run = await RecordTables(self._store).run(run_id)
        assert run is not None
        return run


@pytest.fixture
def teller(store: Store) -> Teller:
    return Teller(store)


async def notices_of(store: Store, name: str = "crm") -> list[Any]:
    return await NoticeTable(store).page(name, 10, None, unread=False)


PAUSED = word(RunPaused, 3)
RESUMED = word(RunResumed, 4)
CANCELLED = word(RunCancelled, 5)
ALL_SENT = [requested(1), requested(2), rendered(1), rendered(2), sent(1), sent(2)]


@pytest.mark.parametrize(
    ("messages", "state", "complete"),
    [
        ([], "running", False),
        ([requested(1), rendered(1), sent(1)], "running", False),
        (ALL_SENT, "complete", True),
        ([PAUSED], "paused", False),
        ([PAUSED, *ALL_SENT], "complete", True),
        ([PAUSED, RESUMED], "running", False),
        ([RESUMED, PAUSED], "running", False),
        ([CANCELLED], "cancelled", False),
        ([requested(1), CANCELLED, not_sent(1), excluded(2, "cancelled", "cancelled")], "cancelled", True),
        ([*ALL_SENT, requested(1, 2)], "running", False),
        ([CANCELLED, *ALL_SENT, requested(1, 2)], "cancelled", False),
    ],
)
async def test_a_run_stands_as_its_rows_and_its_operators_say(
    teller: Teller, store: Store, messages: list[Message], state: Any, complete: bool
) -> None:
    """The decision table of a run's state; its counts add up to its destinations (A14)."""
    await teller.tell(started(2), *messages)

    run = await teller.run()
    found = {one: await RecordTables(store).runs(Sought(state=one), 10, None) for one in RUN_STATES}  # type: ignore[arg-type]
    assert (run.state, run.complete) == (state, complete)
    assert sum(run.counts.values()) == run.total == 2
    assert {one for one, runs in found.items() if runs} == {state}
    assert (run.ended_at is not None) == complete


async def test_each_of_the_three_can_have_cancelled_a_row(teller: Teller) -> None:
    """Dossier, renderer and mailer each settle what they hold, and the counts add up (A14)."""
    await teller.tell(
        started(4),
        *(requested(row) for row in (1, 2, 3)),
        CANCELLED,
        excluded(4, "cancelled", "cancelled"),
        not_rendered(3, "cancelled"),
        rendered(1),
        rendered(2),
        sent(1),
        not_sent(2),
    )

    run = await teller.run()

    assert run.counts == {"sent": 1, "cancelled": 3}
    assert (run.state, run.done, run.complete) == ("cancelled", 4, True)
    assert [(said.what, said.operator, said.reason) for said in run.said] == [("cancelled", "j.jansen", "wrong date")]


async def test_one_failure_stops_no_other_and_the_result_counts_each(teller: Teller, store: Store) -> None:
    """A partial failure never stops the rest, and who started the run is told how it ended (A22, R-30)."""
    await teller.tell(
        started(5),
        *(requested(row) for row in (1, 2, 3, 4)),
        excluded(5),
        not_rendered(1),
        *(rendered(row) for row in (2, 3, 4)),
        failed(2),
        sent(3),
        in_doubt(4),
    )

    counts = {"sent": 1, "failed": 1, "render_failed": 1, "in_doubt": 1, "no_address": 1}
    [notice] = await notices_of(store)
    assert (await teller.run()).counts == counts
    assert (notice.run_id, notice.state, notice.total, notice.counts) == (RUN, "complete", 5, counts)
    assert notice.ended_at == at(4, 3), "the last one is in doubt three seconds after it was asked for"


async def test_a_run_of_items_alone_ends_when_they_stand(teller: Teller, store: Store) -> None:
    await teller.tell(started(2, "none"), recorded(1, "none"))
    half = await teller.run()
    await teller.tell(PAUSED)
    paused = await teller.run()
    await teller.tell(RESUMED, recorded(2, "none"))
    whole = await teller.run()

    assert (half.state, half.done, half.complete) == ("running", 1, False)
    assert paused.state == "paused"
    assert (whole.state, whole.done, whole.ended_at) == ("complete", 2, at(2))
    assert [notice.counts for notice in await notices_of(store)] == [{}]


async def test_a_run_whose_rows_were_heard_of_before_its_start_is_complete_at_once(
    teller: Teller, store: Store
) -> None:
    await teller.tell(sent(1), failed(2), started(2))

    assert (await teller.run()).state == "complete"
    assert [run.run_id for run in await RecordTables(store).runs(Sought(state="complete"), 10, None)] == [RUN]
    assert [notice.counts for notice in await notices_of(store)] == [{"sent": 1, "failed": 1}]


async def test_nobody_is_told_of_a_run_twice(teller: Teller, store: Store) -> None:
    """The operator is told once, of his own run (R-30): what is sent again is answered row by row."""
    await teller.tell(started(2), *ALL_SENT)
    [first] = await notices_of(store)

    await teller.tell(requested(1, 2))
    opened = await teller.run()
    await teller.tell(rendered(1, 2), failed(1, 2))
    again = await teller.run()

    assert await notices_of(store) == [first]
    assert first.counts == {"sent": 2}
    assert (opened.complete, again.complete, again.counts) == (False, True, {"sent": 1, "failed": 1})
    assert again.ended_at is not None
    assert again.ended_at > first.ended_at


async def test_a_read_model_made_anew_makes_no_notice_anew(teller: Teller, store: Store) -> None:
    """A notice that was read stays read, whatever is thrown away and rebuilt (R-30)."""
    story = [started(2), *ALL_SENT, requested(1, 2), rendered(1, 2), sent(1, 2)]
    await teller.tell(*story)
    await Notices(NoticeTable(store)).read("crm", RUN)
    before = await notices_of(store)
    run = await teller.run()

    await ProjectedTables(store).forget()
    await Teller(store).tell(*story)

    assert await notices_of(store) == before
    assert before[0].read_at is not None
    assert await teller.run() == run


@given(st.permutations(range(3)), st.lists(st.integers(1, 3), min_size=30, max_size=30))
@settings(max_examples=10, deadline=None)
async def test_in_whatever_order_the_streams_are_read_a_run_stands_the_same(order: list[int], sizes: list[int]) -> None:
    """The state, the counts and the end of a run follow from what was told, not from when it was heard (A14)."""
    story: list[list[Message]] = [
        [started(4), *(requested(row) for row in (1, 2, 3)), PAUSED, RESUMED, CANCELLED],
        [rendered(1), rendered(2), not_rendered(3, "cancelled")],
        [deferred(1), in_doubt(2), not_sent(1), resolved(2, "sent")],
    ]
    story[0] += [excluded(4, "cancelled", "cancelled"), requested(3, 2)]
    story[1] += [rendered(3, 2)]
    story[2] += [sent(3, 2)]
    left = [list(messages) for messages in story]
    async with Store("sqlite://", "history", TABLES) as one, Store("sqlite://", "history", TABLES) as other:
        await Teller(one).tell(*(message for messages in story for message in messages))
        teller, turn = Teller(other), 0
        while any(left):
            stream = order[turn % 3]
            size = sizes[turn % 30]
            await teller.tell(*left[stream][:size])
            left[stream] = left[stream][size:]
            turn += 1

        run, same = await Teller(one).run(), await teller.run()
        assert (run.state, run.counts, run.said, run.ended_at) == (same.state, same.counts, same.said, same.ended_at)
        assert run.counts == {"sent": 2, "cancelled": 2}
        assert len(await notices_of(one)) == len(await notices_of(other)) == 1


@pytest.mark.parametrize(
    ("said", "seconds", "settled", "rate", "left"),
    [
        ([], 10, {0: 20}, 2.0, 40.0),
        ([], 0, {0: 20}, 20.0, 4.0),
        ([], 10, {}, 0.0, None),
        ([], 150, {0: 10, 1: 20, 2: 25}, 0.5, 90.0),
        ([(RunPaused, 5)], 10, {0: 20}, None, None),
        ([(RunPaused, 5), (RunResumed, 65)], 75, {0: 20, 1: 30}, 3.0, 50 / 3),
        ([], 10, {0: 100}, None, None),
    ],
    ids=["lately", "at once", "nothing yet", "in the last two minutes", "paused", "since it goes on", "complete"],
)
def test_how_fast_a_run_goes_and_how_long_it_takes(
    said: Sequence[Any], seconds: float, settled: dict[int, int], rate: float | None, left: float | None
) -> None:
    """Progress shows a rate and an estimated time left."""
    start = START.replace(second=0)
    words = tuple(
        _said(version, kind, start + timedelta(seconds=second)) for version, (kind, second) in enumerate(said, 2)
    )
    done = sum(settled.values())
    run = Run(
        **started(100).model_dump(exclude={"layouts", "started_at"}),
        started_at=start,
        rows={"sent": done, "sending": 100 - done},
        said=words,
        settled={start + timedelta(minutes=minute): n for minute, n in settled.items()},
    )

    now = start + timedelta(seconds=seconds)

    assert run.rate(now) == rate
    assert run.seconds_left(now) == (pytest.approx(left) if left is not None else None)


def _said(version: int, kind: type[Any], at: datetime) -> Any:
    return Said(version, "paused" if kind is RunPaused else "resumed", at, "anna", "")


@pytest.fixture
def access(tmp_path: Any) -> Access:
    return Access(f"sqlite:///{tmp_path / 'access.db'}")


@pytest.fixture
async def client(store: Store, access: Access) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    history, doors = History(RecordTables(store), Silence(), MemoryBlobs()), Silence()
    for router in routes(
        history, Resending(JobTables(store), doors), Notices(NoticeTable(store)), a_printing(history, store, doors)
    ):
        app.include_router(router)
    frame(app, access)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as caller:
        caller.headers["Authorization"] = f"Bearer {access.create_token('crm', {'read'})}"
        yield caller


def a_start(number: int, **changed: Any) -> RunStarted:
    facts = {"run_id": uuid5(RUN, str(number)), "started_at": START + timedelta(seconds=number), **changed}
    return started(1).model_copy(update=facts)


async def test_runs_are_listed_newest_first_by_state_subject_and_owner(
    client: httpx2.AsyncClient, teller: Teller
) -> None:
    """Every run can be found (FR-2, FR-99)."""
    await teller.tell(
        a_start(1, subject="100% korting", submitted_by="anna"),
        a_start(2),
        a_start(3, subject="Nieuwjaar"),
        word(RunPaused, 2, run_id=uuid5(RUN, "2")),
    )

    async def found(**query: str) -> list[str]:
        answer = (await client.get("/api/v1/runs", params=query)).json()
        return [run["subject"] for run in answer["items"]]

    assert await found() == ["Nieuwjaar", "Uitnodiging 2026", "100% korting"]
    assert await found(state="paused") == ["Uitnodiging 2026"]
    assert await found(q="0% K") == ["100% korting"]
    assert await found(q="%") == ["100% korting"]
    assert await found(mine="true") == ["Nieuwjaar", "Uitnodiging 2026"]
    assert await found(mine="true", q="jaar", state="running") == ["Nieuwjaar"]
    assert (await client.get("/api/v1/runs", params={"state": "ended"})).status_code == 422


async def test_pages_of_runs_meet_without_gap(client: httpx2.AsyncClient, teller: Teller) -> None:
    await teller.tell(*(a_start(number, started_at=START + timedelta(seconds=number // 3)) for number in range(10)))
    seen: list[str] = []
    query = {"limit": "4"}

    while True:
        page = (await client.get("/api/v1/runs", params=query)).json()
        seen += [run["run_id"] for run in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]

    assert len(seen) == len(set(seen)) == 10


async def test_a_run_is_shown_with_its_layouts_its_words_and_its_progress(
    client: httpx2.AsyncClient, teller: Teller
) -> None:
    """The layout versions are those pinned at the start (A24), and the attestation stands there too (A12)."""
    start = started(2).model_copy(update={"layouts": (LAYOUT,), "consent_attested": True})
    await teller.tell(start, requested(1), rendered(1), sent(1), PAUSED)

    run = (await client.get(f"/api/v1/runs/{RUN}")).json()

    assert run["layouts"] == [LAYOUT.model_dump()]
    assert run["consent_attested"] is True
    assert (run["state"], run["done"], run["total"], run["complete"]) == ("paused", 1, 2, False)
    assert run["counts"] == {"queued": 1, "sent": 1}
    assert [(one["what"], one["operator"], one["reason"]) for one in run["said"]] == [
        ("paused", "j.jansen", "wrong date")
    ]
    assert (run["rate"], run["seconds_left"]) == (None, None)


async def test_each_is_told_of_his_own_runs_alone_until_he_has_read_it(
    client: httpx2.AsyncClient, teller: Teller, access: Access
) -> None:
    """An operator is told when his own run ends, and only his own (R-30)."""
    await teller.tell(started(2), *ALL_SENT, a_start(1, submitted_by="anna", total=0), a_start(2, submitted_by=None))
    path = "/api/v1/notices"

    mine = (await client.get(path)).json()
    refused = await client.post(f"{path}/{uuid5(RUN, '1')}/read")
    read = await client.post(f"{path}/{RUN}/read")
    again = await client.post(f"{path}/{RUN}/read")
    after = (await client.get(path)).json()
    unread = (await client.get(path, params={"unread": "true"})).json()
    client.headers["Authorization"] = f"Bearer {access.create_token('piet', {'read'})}"
    others = (await client.get(path)).json()

    assert [(one["run_id"], one["subject"], one["counts"]) for one in mine["items"]] == [
        (str(RUN), "Uitnodiging 2026", {"sent": 2})
    ]
    assert (mine["unread"], mine["items"][0]["read_at"]) == (1, None)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_notice")
    assert (read.status_code, again.status_code) == (204, 204)
    assert (after["unread"], after["items"][0]["read_at"] is not None) == (0, True)
    assert unread["items"] == others["items"] == []


async def test_all_notices_are_read_at_once(client: httpx2.AsyncClient, teller: Teller) -> None:
    for row in (1, 2):
        run_id = uuid5(RUN, str(row))
        await teller.tell(
            a_start(row), requested(row, run_id=run_id), failed(row).model_copy(update={"run_id": run_id})
        )

    first = (await client.get("/api/v1/notices", params={"limit": "1"})).json()
    second = (await client.get("/api/v1/notices", params={"limit": "1", "cursor": first["next"]})).json()
    await client.post("/api/v1/notices/read")
    after = (await client.get("/api/v1/notices")).json()

    assert [first["unread"], after["unread"]] == [2, 0]
    assert {one["items"][0]["run_id"] for one in (first, second)} == {str(uuid5(RUN, n)) for n in ("1", "2")}
    assert second["next"] is None


async def test_the_dossier_is_told_whether_a_run_is_complete(store: Store, teller: Teller) -> None:
    await teller.tell(started(2), *ALL_SENT, a_start(1))
    _, answer = asked(History(RecordTables(store), Silence(), MemoryBlobs())).doors["run"][:2]

    complete = [await answer(RunWanted(run_id=run_id)) for run_id in (RUN, uuid5(RUN, "1"), OTHER)]

    assert [found.complete for found in complete] == [True, False, None]  # type: ignore[union-attr]
