"""A row gets its next mail: once for two who ask at the same moment, and never without having been asked for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.crew import Crew, a_mailing

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    """One crew for all tests here: each mails to people of its own."""
    async with Crew(tmp_path_factory.mktemp("crew")) as crew:
        yield crew


async def test_two_resends_at_the_same_moment_make_one_mail(crew: Crew) -> None:
    """FR-57, A11."""
    before = crew.arrived()
    run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=a_mailing(1, "twice"))).json()["run_id"]
    await crew.settled(run_id)
    (row,) = await crew.rows(run_id)

    answers = await asyncio.gather(*(_resend(crew, row["id"], f"key-{n}") for n in range(2)))
    told = await _told(crew, row["id"], mails=2)

    made = {result["mail_id"] for answer in answers for result in answer["results"] if result.get("mail_id")}
    assert len(made) == 1
    assert [mail["ordinal"] for mail in told["mails"]] == [1, 2]
    assert told["mails"][1]["resend_of"] == told["mails"][0]["mail_id"]
    sent = [entry for entry in told["timeline"] if entry["what"] == "sent"]
    assert {entry["mail_id"] for entry in sent} == {mail["mail_id"] for mail in told["mails"]}
    assert sorted((crew.arrived() - before).values()) == [1, 1]


async def test_the_same_key_twice_is_one_resend_and_a_new_one_another(crew: Crew) -> None:
    """FR-58, FR-100, A11."""
    before = crew.arrived()
    run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=a_mailing(3, "resend"))).json()["run_id"]
    await crew.settled(run_id)
    ids = [row["id"] for row in await crew.rows(run_id)]

    first = await _resend(crew, ids[0], "again")
    await _arrived(crew, before, 4)
    await crew.settled(run_id)
    second = await _resend(crew, ids[0], "again")
    many = await crew.post(
        "history",
        "/api/v1/processing/resend",
        json={"ids": ids, "reason": "all of them"},
        headers={"Idempotency-Key": "all"},
    )
    await _arrived(crew, before, 7)

    assert first["results"] == second["results"]
    assert {result["outcome"] for result in many.json()["results"]} == {"resent"}
    assert await crew.settled(run_id) == {"sent": 3}
    assert (crew.arrived() - before).total() == 7


async def test_the_message_of_every_mail_is_the_one_that_was_sent(crew: Crew) -> None:
    """FR-12, FR-50, R-16."""
    mailing = a_mailing(2, "eml", record_separately=False)
    run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=mailing)).json()["run_id"]
    await crew.settled(run_id)

    for row in await crew.rows(run_id):
        message = await crew.get("history", f"/api/v1/processing/{row['id']}/message.eml")
        told = (await crew.get("history", f"/api/v1/processing/{row['id']}")).json()

        assert message.status_code == 200, message.text
        assert message.headers["etag"].strip('"') in {entry.get("wire_sha256") for entry in told["timeline"]}
        assert message.headers["etag"].strip('"') in crew.log.read_text("utf-8")
        assert row["message_id"].encode() in message.content


async def _resend(crew: Crew, row: str, key: str) -> dict[str, Any]:
    answer = await crew.post(
        "history",
        "/api/v1/processing/resend",
        json={"ids": [row], "reason": "the first one was lost in the post"},
        headers={"Idempotency-Key": key},
    )
    assert answer.status_code in {202, 409}, answer.text
    return answer.json() if answer.status_code == 202 else {"results": []}


async def _told(crew: Crew, row: str, mails: int) -> dict[str, Any]:
    """Return what is told of a row, once all so many mails of it are told to be sent."""
    async with asyncio.timeout(60):
        while True:
            told: dict[str, Any] = (await crew.get("history", f"/api/v1/processing/{row}")).json()
            if [mail["status"] for mail in told["mails"]] == ["sent"] * mails:
                return told
            await asyncio.sleep(0.05)


async def _arrived(crew: Crew, before: Counter[str], number: int) -> None:
    async with asyncio.timeout(60):
        while (crew.arrived() - before).total() < number:
            await asyncio.sleep(0.05)
