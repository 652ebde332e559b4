"""Measures recording at bulk: one request for thousands of known contacts, by a dossier of its own process.

Run by `make bench`. Counted from submit to the last item that stands in the dossier, with full durability; the relay
tells them meanwhile. The last line is one JSON object; ratios between runs on one machine mean more than the figures.
"""

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from shared.access import Access
from tests.benchmarks.known import know
from tests.benchmarks.usage import Usage
from tests.nats import Nats

_UITPOST = Path(sys.executable).with_name("uitpost")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uitpost-bench-") as folder:
        figures = asyncio.run(_measure(Path(folder), wanted.items))
    for name, found in figures.items():
        print(f"{name}: {', '.join(f'{what} {value}' for what, value in found.items())}")
    print(json.dumps(figures))


@dataclass
class Stage:
    """A dossier in its own process."""

    data: Path
    pid: int
    http: httpx2.AsyncClient

    async def record(self, request: dict[str, Any]) -> dict[str, float]:
        """Have a request accepted and recorded; return how fast that was, and what it took."""
        number = len(request["destinations"])
        body = json.dumps(request).encode()
        before = self._recorded()
        cpu, began = Usage.of(self.pid).total, time.monotonic()
        answer = await self.http.post("/api/v1/dossier-items", content=body)
        accepted = time.monotonic() - began
        if answer.status_code != httpx2.codes.ACCEPTED:
            raise SystemExit(answer.text)
        while self._recorded() - before < number:
            await asyncio.sleep(0.02)
        seconds = time.monotonic() - began
        return {
            "items": number,
            "items_per_s": round(number / seconds),
            "accepted_after_s": round(accepted, 2),
            "items_per_s_since_accepted": round(number / (seconds - accepted)),
            "cpu_us_per_item": round(1e6 * (Usage.of(self.pid).total - cpu) / number),
            "peak_mb": _peak_mb(self.pid),
        }

    def _recorded(self) -> int:
        query = "SELECT count(*) FROM events WHERE topic = 'dossier.DossierItem.Recorded'"
        with closing(sqlite3.connect(f"file:{self.data}/dossier.db?mode=ro", uri=True)) as connection:
            count: int = connection.execute(query).fetchone()[0]
        return count


async def _measure(folder: Path, items: int) -> dict[str, Any]:
    async with _stage(folder) as stage:
        await know(stage.http, items)
        await stage.record(_request(20, "warm-up", "email"))
        return {
            "with mail": await stage.record(_request(items, "with-mail", "email")),
            "record only": await stage.record(_request(items, "record-only", "none")),
        }


@asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    data = folder / "data"
    data.mkdir()
    nats = Nats(data / "nats")
    await nats.start()
    settings = {"UITPOST_DATA": str(data), "UITPOST_NATS_URL": nats.url, "UITPOST_HTTP": "127.0.0.1:0"}
    environment = os.environ | settings | {"UITPOST_SMTP_URL": "smtp://127.0.0.1:1?tls=none"}
    with (folder / "serve.log").open("wb") as out:
        serve = subprocess.Popen([_UITPOST, "serve", "dossier"], env=environment, stdout=out, stderr=out)
    try:
        url = await _started(data, serve, folder / "serve.log")
        token = Access(f"sqlite:///{data / 'access.db'}").create_token("bench", {"admin"})
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=300) as http:
            yield Stage(data, serve.pid, http)
    finally:
        serve.send_signal(signal.SIGTERM)
        serve.wait(timeout=60)
        await nats.stop()


async def _started(data: Path, serve: subprocess.Popen[bytes], log: Path) -> str:
    record = data / "run" / "dossier.json"
    while serve.poll() is None:
        if record.exists():
            url = str(json.loads(record.read_text("utf-8"))["url"])
            try:
                async with httpx2.AsyncClient() as http:
                    if (await http.get(f"{url}/readyz")).status_code == httpx2.codes.OK:
                        return url
            except httpx2.TransportError:
                pass
        await asyncio.sleep(0.05)
    raise SystemExit(log.read_text("utf-8"))


def _request(number: int, request_id: str, issue_method: str) -> dict[str, Any]:
    mail = {"sender_name": "The Bakery", "sender_address": "post@bakery.example", "body_layout_id": "invitation"}
    return {
        "request_id": request_id,
        "type": "outgoing_mail",
        "subject": "Annual statement 2026",
        "issue_method": issue_method,
        "record_separately": True,
        "consent_attested": True,
        "destinations": [{"kind": "person", "number": str(100_000 + n), "merge": {"table": n}} for n in range(number)],
    } | (mail if issue_method == "email" else {})


def _peak_mb(pid: int) -> int:
    """Return the largest resident set that a process had so far."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


if __name__ == "__main__":
    main()
