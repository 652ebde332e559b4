"""Bulk: a request of many thousands takes no more memory than a small one, and survives the dossier's death."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from shared.access import Access
from tests.nats import Nats

_UITPOST = Path(sys.executable).with_name("uitpost")
_FEW, _MANY = 500, 20_000
_SMALL_GROWTH = 40  # MB; a request held as objects takes 3 kB a recipient, 60 MB more


class DossierProcess:
    """A dossier as a process of its own, which can be killed and started again over what it left."""

    def __init__(self, folder: Path, nats: Nats) -> None:
        self._data = folder / "data"
        self._data.mkdir()
        self._environment = os.environ | {
            "UITPOST_DATA": str(self._data),
            "UITPOST_NATS_URL": nats.url,
            "UITPOST_NATS_SEED": str(nats.seed_file("dossier").parent),
            "UITPOST_SMTP_URL": "smtp://127.0.0.1:2525",
            "UITPOST_HTTP": "127.0.0.1:0",
        }
        with closing(Access(f"sqlite:///{self._data}/access.db")) as access:
            token = access.create_token("crm", ["send"])
        self._http = httpx2.AsyncClient(timeout=120, headers={"Authorization": f"Bearer {token}"})

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        await self._http.aclose()

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen([_UITPOST, "serve", "dossier"], env=self._environment)
        record = self._data / "run" / "dossier.json"
        async with asyncio.timeout(60):
            while not (record.exists() and json.loads(record.read_text("utf-8"))["pid"] == self._process.pid):
                await asyncio.sleep(0.05)
        self._url = json.loads(record.read_text("utf-8"))["url"]

    def kill(self) -> None:
        """Kill it where it stands."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    async def post(self, number: int, request_id: str) -> httpx2.Response:
        """Ask for a mailing to so many people whom nobody knows yet."""
        people = [
            {
                "kind": "person",
                "number": f"{request_id}{n}",
                "recipient": {"name": "Anna", "email": f"a{n}@home.example"},
            }
            for n in range(number)
        ]
        body = {
            "request_id": request_id,
            "type": "outgoing_mail",
            "subject": "Uitnodiging",
            "issue_method": "email",
            "sender_name": "Verkoop",
            "sender_address": "sales@house.example",
            "body_text": "Dag",
            "destinations": people,
            "record_separately": True,
            "consent_attested": True,
        }
        return await self._http.post(f"{self._url}/api/v1/dossier-items", json=body)

    async def recorded(self, number: int) -> None:
        """Wait until at least so many items stand."""
        async with asyncio.timeout(100):
            while self.count("dossier.DossierItem.Recorded")[0] < number:
                await asyncio.sleep(0.1)

    def count(self, topic: str) -> tuple[int, int]:
        """Return how many events of a kind there are, and of how many things."""
        query = "SELECT count(*), count(DISTINCT originator_id) FROM events WHERE topic = ?"
        with closing(sqlite3.connect(f"file:{self._data}/dossier.db?mode=ro", uri=True)) as connection:
            found: tuple[int, int] = connection.execute(query, (topic,)).fetchone()
        return found

    def left(self) -> int:
        """Return how many blobs lie there for a while only: frozen destinations."""
        with closing(sqlite3.connect(f"file:{self._data}/blobs.db?mode=ro", uri=True)) as connection:
            found: int = connection.execute("SELECT count(*) FROM blobs WHERE transient").fetchone()[0]
        return found

    def peak(self) -> int:
        """Return the most memory it has taken, in MB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text("utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


async def test_a_request_of_many_takes_no_more_memory_than_a_small_one(nats: Nats, tmp_path: Path) -> None:
    """FR-2, FR-64: a run of 100,000 takes at most 250 MB of the dossier, of which this is the fifth part."""
    async with DossierProcess(tmp_path, nats) as dossier:
        assert (await dossier.post(_FEW, "few")).status_code == 202
        await dossier.recorded(_FEW)
        before = dossier.peak()

        answer = await dossier.post(_MANY, "many")
        await dossier.recorded(_FEW + _MANY)

        assert answer.json()["items"] == _MANY
        assert dossier.peak() - before < _SMALL_GROWTH
        assert dossier.peak() < 250


async def test_a_big_run_killed_half_way_is_recorded_once_to_its_end(nats: Nats, tmp_path: Path) -> None:
    """FR-2, FR-3: killed where a third stands, and started again, every item and every mail stands once."""
    number = 6000
    async with DossierProcess(tmp_path, nats) as dossier:
        answer = await dossier.post(number, "big")
        await dossier.recorded(number // 3)
        dossier.kill()
        then, _ = dossier.count("dossier.DossierItem.Recorded")

        await dossier.start()
        await dossier.recorded(number)
        async with asyncio.timeout(60):
            while dossier.left():
                await asyncio.sleep(0.05)

        assert answer.status_code == 202
        assert then < number, "it was killed too late to show anything"
        assert dossier.count("dossier.DossierItem.Recorded") == (number, number)
        assert dossier.count("dossier.Processing.Requested") == (number, number)
        assert dossier.count("dossier.Contact.Recorded") == (number, number)
