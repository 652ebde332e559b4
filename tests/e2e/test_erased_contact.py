"""A contact's key is gone, then everything that NATS held: its facts are told again without its name, and stand."""

import asyncio
import sqlite3
from pathlib import Path

import psycopg
import pytest

from tests.e2e.crew import SERVICES, Crew, a_mailing

_MAILS = 5


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_facts_without_their_key_are_told_again_and_every_row_keeps_its_status(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """R-26."""
    url: str | None = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    async with Crew(tmp_path, store_url=url) as crew:
        run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=a_mailing(_MAILS, "erased"))).json()[
            "run_id"
        ]
        before = await crew.settled(run_id)
        rows = await crew.rows(run_id)
        told = await _told(crew)

        for service in SERVICES:
            crew.stop(service)
        number = str(rows[0]["number"])
        erased = _erase(crew.data, url, number)
        await crew.nats.wipe()
        for service in SERVICES:
            crew.start(service)
        await crew.ready()
        await _told_again(crew, told)
        later = await _one_more(crew)

        assert erased == {"dossier", "renderer", "mailer"}
        assert await crew.settled(run_id) == before == {"sent": _MAILS}
        assert {row["id"]: row["status"] for row in await crew.rows(run_id)} == {
            row["id"]: row["status"] for row in rows
        }
        assert later == {"sent": 1}
        assert sum(crew.arrived().values()) == _MAILS + 1
        gone = next(row["id"] for row in rows if row["number"] == number)
        assert (await crew.get("history", f"/api/v1/processing/{gone}/message.eml")).status_code in {404, 410}


def _erase(data: Path, url: str | None, number: str) -> set[str]:
    """Delete the key of a contact from the keys of every service; return which services had one."""
    found = set()
    statement = "UPDATE {} SET key = NULL WHERE person LIKE {}"
    for service in SERVICES:
        if url is None:
            with sqlite3.connect(data / f"{service}-keys.db") as keys:
                changed = keys.execute(statement.format("keys", "?"), (f"%|{number}|%",)).rowcount
        else:
            with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as server:
                changed = server.execute(statement.format(f"{service}.keys", "%s"), (f"%|{number}|%",)).rowcount
        if changed:
            found.add(service)
    return found


async def _told(crew: Crew) -> dict[str, int]:
    """Return how many messages each stream holds."""
    connection = await crew.nats.connect("admin")
    return {name: (await connection.js.stream_info(name)).state.messages for name in ("DOSSIER", "RENDERER", "MAILER")}


async def _told_again(crew: Crew, before: dict[str, int]) -> None:
    async with asyncio.timeout(60):
        while True:
            now = await _told(crew)
            if all(now[name] >= number for name, number in before.items()):
                return
            await asyncio.sleep(0.2)


async def _one_more(crew: Crew) -> dict[str, int]:
    """Return what becomes of a mail after all that."""
    mailing = a_mailing(1, "later", destinations=[a_mailing(99, "x")["destinations"][98]])
    run_id = (await crew.post("dossier", "/api/v1/dossier-items", json=mailing)).json()["run_id"]
    return dict(await crew.settled(run_id))
