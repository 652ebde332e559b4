"""Four services as own processes and a mail server that has its troubles: what the history then shows of each mail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio

from tests.e2e.crew import Crew, a_mailing
from tests.faults import DROP, FaultyServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TroubledServer(FaultyServer):
    """A misbehaving server on a port that is given."""

    def __init__(self, port: int, plan: dict[str, str | list[str]]) -> None:
        super().__init__(plan)
        self._given = port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._given, limit=2**20)
        return self


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    """One crew for all tests here: each makes a run of its own."""
    folder: Path = tmp_path_factory.mktemp("crew")
    async with Crew(folder, delay_ms=3) as crew:
        yield crew


@asynccontextmanager
async def trouble(crew: Crew, plan: dict[str, str | list[str]]) -> AsyncIterator[FaultyServer]:
    """Have a misbehaving server where the sink was."""
    crew.kill("sink")
    port = int(crew.sink_url.partition("?")[0].rpartition(":")[2])
    async with TroubledServer(port, plan) as server:
        yield server
    crew.start("sink")


async def record(crew: Crew, number: int, request_id: str) -> str:
    """Have so many mails made and sent; return the run."""
    answer = await crew.post("dossier", "/api/v1/dossier-items", json=a_mailing(number, request_id))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])


async def timeline(crew: Crew, row_id: str) -> list[tuple[str, int | None, str | None]]:
    """Return what the history tells of a row's attempts: what became of each, and the server's code and words."""
    told = (await crew.get("history", f"/api/v1/processing/{row_id}")).json()["timeline"]
    return [(entry["status"], entry["smtp_code"], entry["text"]) for entry in told if entry["attempt"]]


async def test_a_server_that_is_away_for_the_whole_run_costs_no_mail(crew: Crew) -> None:
    """A21."""
    crew.kill("sink")
    run_id = await record(crew, 40, "away")
    async with asyncio.timeout(60):
        while "mail server paused" not in crew.log.with_name("mailer.log").read_text("utf-8"):
            await asyncio.sleep(0.1)
    while_away = await crew.counts(run_id)

    crew.start("sink")
    counts = await crew.settled(run_id)

    assert not {"sent", "failed", "in_doubt"} & set(while_away)
    assert counts == {"sent": 40}
    rows = await crew.rows(run_id)
    assert [crew.arrived()[row["message_id"]] for row in rows] == [1] * 40
    assert {row["attempts"] for row in rows} == {1}


async def test_a_mail_put_off_is_tried_again_and_arrives_once(crew: Crew) -> None:
    async with trouble(crew, {"MAIL": ["451 4.3.0 come back later"]}) as server:
        run_id = await record(crew, 1, "put off")

        counts = await crew.settled(run_id)

        (row,) = await crew.rows(run_id)
        assert counts == {"sent": 1}
        assert row["attempts"] == 2
        assert len(server.mails) == 1
        assert await timeline(crew, row["id"]) == [
            ("deferred", 451, "come back later"),
            ("sent", 250, "Ok: queued as 4XyZ12"),
        ]


async def test_a_mail_refused_for_good_shows_the_servers_code_and_words(crew: Crew) -> None:
    """FR-54, R-3."""
    async with trouble(crew, {"RCPT": ["550 5.1.1 no such mailbox here"]}) as server:
        run_id = await record(crew, 3, "refused")

        counts = await crew.settled(run_id)

        (failed,) = [row for row in await crew.rows(run_id) if row["status"] == "failed"]
        assert counts == {"sent": 2, "failed": 1}
        assert (failed["smtp_code"], failed["smtp_text"]) == (550, "5.1.1 no such mailbox here")
        assert len(server.mails) == 2


async def test_a_mail_whose_last_answer_is_lost_is_shown_in_doubt_and_is_not_sent_again(crew: Crew) -> None:
    async with trouble(crew, {"DOT": [DROP]}) as server:
        doubtful = await record(crew, 1, "in doubt")
        counts = await crew.settled(doubtful)
        await asyncio.to_thread(crew.stop, "mailer")
        crew.start("mailer")
        another = await record(crew, 1, "after the doubt")
        await crew.settled(another)

        (row,) = await crew.rows(doubtful)
        assert counts == {"in_doubt": 1}
        assert row["status"] == "in_doubt"
        message_id = row["message_id"].encode()
        assert [message_id in mail for mail in server.mails] == [True, False]


async def test_a_mailer_stopped_in_good_order_in_mid_run_leaves_nothing_in_doubt(crew: Crew) -> None:
    before = len(crew.arrived())
    run_id = await record(crew, 300, "stopped")
    async with asyncio.timeout(60):
        while len(crew.arrived()) < before + 40:
            await asyncio.sleep(0.02)

    code = await asyncio.to_thread(crew.stop, "mailer")
    arrived_at_stop = len(crew.arrived()) - before
    crew.start("mailer")
    counts = await crew.settled(run_id)

    rows = await crew.rows(run_id)
    assert code == 0
    assert arrived_at_stop < 300
    assert counts == {"sent": 300}
    assert {crew.arrived()[row["message_id"]] for row in rows} == {1}
    assert {row["attempts"] for row in rows} == {1}
