"""Whatever is killed, wherever it stands: every recipient gets one outcome, and no mail goes out twice unmarked."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.e2e.crew import SERVICES, Crew, a_mailing

_MAILS = 600
_KINDS = (*SERVICES, "nats", "all")
_KILLS = 10


@pytest.mark.parametrize("seed", [1])
async def test_no_mail_is_lost_or_doubled_by_kills_at_random_moments(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with Crew(tmp_path, delay_ms=3) as crew:
        answer = await crew.post("dossier", "/api/v1/dossier-items", json=a_mailing(_MAILS, f"kills-{seed}"))
        assert answer.status_code == 202, answer.text
        run_id = answer.json()["run_id"]

        kills = await _kill_while_open(crew, run_id, chance)
        counts = await crew.settled(run_id)

        assert set(kills) == set(_KINDS), "not everything was killed while mails were open"
        assert sum(counts.values()) == _MAILS
        assert set(counts) <= {"sent", "in_doubt"}
        await _none_is_doubled_or_missing(crew, run_id)
        await _doubt_is_resolved_by_decision(crew, run_id)


async def test_a_nats_server_that_loses_everything_in_mid_run_costs_no_mail(tmp_path: Path) -> None:
    async with Crew(tmp_path, delay_ms=3) as crew:
        answer = await crew.post("dossier", "/api/v1/dossier-items", json=a_mailing(_MAILS, "wipe"))
        run_id = answer.json()["run_id"]

        while len(crew.arrived()) < _MAILS // 6:
            await asyncio.sleep(0.05)
        await crew.nats.wipe()
        counts = await crew.settled(run_id)

        assert counts == {"sent": _MAILS}
        assert set(crew.arrived().values()) == {1}
        assert len(crew.arrived()) == _MAILS


async def _kill_while_open(crew: Crew, run_id: str, chance: random.Random) -> list[str]:
    """Kill each service, NATS and everything at once, then whatever, as long as mails are open; return what was."""
    killed: list[str] = []
    for victim in [*chance.sample(_KINDS, len(_KINDS)), *chance.choices(_KINDS, k=_KILLS - len(_KINDS))]:
        await asyncio.sleep(chance.uniform(0.2, 0.9))
        if len(crew.arrived()) >= _MAILS - 20:
            break
        names = SERVICES if victim == "all" else () if victim == "nats" else (victim,)
        for name in names:
            crew.kill(name)
        if victim in {"nats", "all"}:
            await crew.nats.kill()
            await crew.nats.start()
        for name in names:
            crew.start(name)
        killed.append(victim)
    return killed


async def _none_is_doubled_or_missing(crew: Crew, run_id: str) -> None:
    arrived = crew.arrived()
    rows = await crew.rows(run_id)

    assert len({row["id"] for row in rows}) == _MAILS
    for row in rows:
        times = arrived[row["message_id"]]
        assert times == 1 if row["status"] == "sent" else times <= 1, row
    assert set(arrived) <= {row["message_id"] for row in rows}


async def _doubt_is_resolved_by_decision(crew: Crew, run_id: str) -> None:
    """Send every mail in doubt again by decision: the same bytes, marked as a possible duplicate."""
    doubtful = [row for row in await crew.rows(run_id) if row["status"] == "in_doubt"]
    for row in doubtful:
        path = f"/api/v1/processing/{row['id']}/resolve"
        answer = await crew.post("history", path, json={"outcome": "resend", "reason": "the relay knows nothing"})
        assert answer.status_code < 300, answer.text

    counts = await crew.settled(run_id)
    arrived = crew.arrived()

    assert counts == {"sent": _MAILS}
    assert len(arrived) == _MAILS
    again = {row["message_id"] for row in doubtful}
    assert {message_id for message_id, times in arrived.items() if times > 1} <= again
    assert max(arrived.values()) <= 2
