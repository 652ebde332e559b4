"""A run is stopped, held and let go in the middle by real services: every row ends, and no mail goes out for nothing."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.e2e.crew import SERVICES, Crew, a_mailing

_MAILS = 300
_DELAY = 120  # milliseconds in which the mail server takes a mail: slower than they are made
_BEGUN = 40  # mails that have arrived when something is said of the run
_STILL = 1.5  # seconds in which nothing arrives where nothing is sent any more


async def test_a_run_cancelled_in_the_middle_ends_with_one_outcome_for_each(tmp_path: Path) -> None:
    """All have an address and are sent without a question (FR-95), until the mailing is cancelled.

    What became of each is seen in the history (FR-99) and adds up (A14); its operator is told once (R-30); rows can be
    sent again (A11).
    """
    async with Crew(tmp_path, delay_ms=_DELAY) as crew:
        run_id = await _begun(crew, a_mailing(_MAILS, "cancel"))

        answer = await crew.post("dossier", f"/api/v1/runs/{run_id}/cancel", json={"reason": "wrong date"})
        counts = await crew.settled(run_id)
        rows = await crew.rows(run_id)
        again = [row for row in rows if row["status"] == "cancelled"][:3]
        await _send_again(crew, run_id, [row["id"] for row in again])

        assert answer.status_code == 200, answer.text
        assert set(counts) == {"sent", "cancelled"}
        assert sum(counts.values()) == len(rows) == _MAILS
        assert await crew.settled(run_id) == {"sent": counts["sent"] + 3, "cancelled": counts["cancelled"] - 3}
        await _only_what_was_sent_has_arrived(crew, run_id)
        await _nothing_left_after_the_mailer_heard(crew, rows)
        await _its_operator_was_told_once(crew, run_id, counts)


async def test_a_cancelled_run_ends_whatever_dies_meanwhile(tmp_path: Path) -> None:
    """Whoever is killed before, during or after: nothing is lost, doubled or sent all the same (A14, A22)."""
    async with Crew(tmp_path, delay_ms=_DELAY) as crew:
        run_id = await _begun(crew, a_mailing(_MAILS, "cancel"))

        crew.kill("dossier")
        crew.start("dossier")
        for service in ("mailer", "renderer"):
            crew.kill(service)
        answer = await crew.post("dossier", f"/api/v1/runs/{run_id}/cancel")
        for service in ("mailer", "renderer"):
            crew.start(service)
        for service in SERVICES:
            await asyncio.sleep(0.2)
            crew.kill(service)
            crew.start(service)
        counts = await crew.settled(run_id)

        assert answer.status_code == 200, answer.text
        assert set(counts) <= {"sent", "in_doubt", "cancelled"}
        assert counts["cancelled"] > 0
        assert sum(counts.values()) == len(await crew.rows(run_id)) == _MAILS
        await _only_what_was_sent_has_arrived(crew, run_id)


async def test_of_a_paused_run_nothing_arrives_until_it_is_resumed_and_then_all_once(tmp_path: Path) -> None:
    """A mailing (FR-65) goes to several contact persons in one run (FR-2), also after a pause.

    Those without an address are left out, and the others are sent (FR-98).
    """
    people = [_a_contact_person(n, has_address=n % 50 > 0) for n in range(_MAILS)]
    async with Crew(tmp_path, delay_ms=_DELAY) as crew:
        run_id = await _begun(crew, a_mailing(0, "pause", destinations=people, missing_addresses="continue"))

        answer = await crew.post("dossier", f"/api/v1/runs/{run_id}/pause", json={"reason": "wait"})
        held = await _nothing_arrives(crew)
        for service in ("mailer", "dossier"):
            crew.kill(service)
            crew.start(service)
        await crew.ready()
        still_held = await _nothing_arrives(crew)
        paused = (await crew.get("history", f"/api/v1/runs/{run_id}")).json()
        await crew.post("dossier", f"/api/v1/runs/{run_id}/resume")
        counts = await crew.settled(run_id)
        too_late = await crew.post("dossier", f"/api/v1/runs/{run_id}/cancel")

        assert answer.json()["state"] == "paused"
        assert (too_late.status_code, too_late.json()["code"]) == (409, "run_complete")
        assert held == still_held < _MAILS - 6
        assert (paused["state"], paused["said"][0]["reason"], paused["complete"]) == ("paused", "wait", False)
        assert sum(paused["counts"].values()) == paused["total"] == _MAILS
        assert counts == {"sent": _MAILS - 6, "no_address": 6}
        assert set(crew.arrived().values()) == {1}
        assert len(crew.arrived()) == _MAILS - 6


def _a_contact_person(n: int, *, has_address: bool) -> dict[str, Any]:
    email = {"email": f"anna{n}@bakery.example"} if has_address else {}
    recipient = {"name": f"Anna {n} de Vries", "language": "nl", **email}
    return {"kind": "contact_person", "number": str(1000 + n), "contact_id": str(n), "recipient": recipient}


async def _begun(crew: Crew, mailing: dict[str, Any]) -> str:
    """Have a mailing recorded, and wait until some of its mails have arrived; return its run."""
    answer = await crew.post("dossier", "/api/v1/dossier-items", json=mailing)
    assert answer.status_code == 202, answer.text
    async with asyncio.timeout(60):
        while len(crew.arrived()) < _BEGUN:
            await asyncio.sleep(0.01)
    run_id: str = answer.json()["run_id"]
    return run_id


async def _nothing_arrives(crew: Crew) -> int:
    """Wait until nothing has arrived for a while; return how many had."""
    async with asyncio.timeout(60):
        while True:
            before = len(crew.arrived())
            await asyncio.sleep(_STILL)
            if len(crew.arrived()) == before:
                return before


async def _send_again(crew: Crew, run_id: str, ids: list[str]) -> None:
    answer = await crew.post(
        "history", "/api/v1/processing/resend", json={"ids": ids}, headers={"Idempotency-Key": "again"}
    )
    assert {result["outcome"] for result in answer.json()["results"]} == {"resent"}, answer.text
    async with asyncio.timeout(60):
        while any(row["status"] != "sent" for row in await crew.rows(run_id) if row["id"] in ids):
            await asyncio.sleep(0.1)


async def _only_what_was_sent_has_arrived(crew: Crew, run_id: str) -> None:
    await _nothing_arrives(crew)
    arrived = crew.arrived()
    rows = await crew.rows(run_id)

    for row in rows:
        times = arrived[row["message_id"]]
        assert times == 1 if row["status"] == "sent" else times <= (row["status"] == "in_doubt"), row
    assert set(arrived) <= {row["message_id"] for row in rows if row["status"] != "cancelled"}


async def _nothing_left_after_the_mailer_heard(crew: Crew, rows: list[dict[str, Any]]) -> None:
    """See that every attempt had begun before the first mail was cancelled by the mailer."""
    asked = [crew.get("history", f"/api/v1/processing/{row['id']}") for row in rows]
    told = [answer.json() for answer in [await one for one in asked]]
    first_mails = [entry for row in told for entry in row["timeline"] if entry["ordinal"] == 1]
    begun = [entry["attempt_started_at"] for entry in first_mails if entry["what"] == "sent"]
    by_mailer = [entry["at"] for entry in first_mails if entry["what"] == "cancelled" and not entry["text"]]

    assert max(map(datetime.fromisoformat, begun)) < min(map(datetime.fromisoformat, by_mailer))


async def _its_operator_was_told_once(crew: Crew, run_id: str, counts: Counter[str]) -> None:
    notices = (await crew.get("history", "/api/v1/notices")).json()
    assert [(one["run_id"], one["state"], one["counts"]) for one in notices["items"]] == [
        (run_id, "cancelled", dict(counts))
    ]
