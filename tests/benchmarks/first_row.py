"""Measures the first row of the table of speeds: personal letters by mail, all durable, from submit to last accept.

Run by `make bench`. The last line is one JSON object; ratios between runs on one machine mean more than the figures.
"""

import argparse
import asyncio
import base64
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from shared.access import Access
from tests.benchmarks import pieces
from tests.benchmarks.known import know
from tests.benchmarks.usage import Disk, Usage

_UITPOST = Path(sys.executable).with_name("uitpost")
_ATTACHMENT = 100_000  # bytes, the same for all


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--without-pdf", action="store_true", help="mails without a letter")
    parser.add_argument("--without-pieces", action="store_true", help="leave out the pieces alone")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uitpost-bench-") as folder:
        figures = asyncio.run(_measure(Path(folder), wanted.mails, with_pdf=not wanted.without_pdf))
    _show(figures)
    if not wanted.without_pieces:
        figures["pieces_ms"] = pieces.measure()
        _show_pieces(figures)
    print(json.dumps(figures))


@dataclass
class Stage:
    """Everything that is measured, running: all four services in one process, and the sink in its own."""

    data: Path
    log: Path
    pid: int
    http: httpx2.AsyncClient
    peak_mb: float = field(default=0)

    async def mail(self, number: int, request_id: str, *, with_pdf: bool) -> str:
        """Submit a mailing and wait until the sink has accepted the last mail; return the run's id."""
        accepted = self.accepted() + number
        answer = await self.http.post("/api/v1/dossier-items", json=_mailing(number, request_id, with_pdf=with_pdf))
        if answer.status_code != httpx2.codes.ACCEPTED:
            raise SystemExit(answer.text)
        while self.accepted() < accepted:
            await asyncio.sleep(0.01)
        return str(answer.json()["run_id"])

    def accepted(self) -> int:
        """Return how many mails the sink has accepted."""
        return self.log.stat().st_size if self.log.exists() else 0

    async def projected(self, run_id: str) -> None:
        """Wait until the history knows the outcome of every mail."""
        while not (await self.http.get(f"/api/v1/runs/{run_id}")).json().get("complete"):
            await asyncio.sleep(0.05)

    async def watch_memory(self) -> None:
        """Note the largest proportional set size, until cancelled."""
        while True:
            self.peak_mb = max(self.peak_mb, Usage.of(self.pid).memory_mb)
            await asyncio.sleep(1)


async def _measure(folder: Path, mails: int, *, with_pdf: bool) -> dict[str, Any]:
    async with _stage(folder) as stage:
        await know(stage.http, mails)
        await stage.projected(await stage.mail(20, "warm-up", with_pdf=with_pdf))
        before, disk = Usage.of(stage.pid), Disk.of(stage.data)
        memory = asyncio.create_task(stage.watch_memory())
        began = time.monotonic()
        run_id = await stage.mail(mails, "measured", with_pdf=with_pdf)
        seconds = time.monotonic() - began
        await stage.projected(run_id)
        used = Usage.of(stage.pid) - before
        memory.cancel()
        pdf = await _pdf_size(stage.http, run_id)
    grown = Disk.of(folder / "data") - disk  # after the end, when every write-ahead log has been written back
    return {
        "mails": mails,
        "seconds": round(seconds, 2),
        "mails_per_s": round(mails / seconds, 1),
        "cpu_ms_per_mail": round(1000 * used.total / mails, 2),
        "cpu_ms_by_process": {name: round(1000 * cpu / mails, 2) for name, cpu in used.by_name.items()},
        "peak_mb": round(stage.peak_mb),
        "disk_bytes_per_mail": round(grown.total / mails),
        "disk_bytes_by_file": {name: round(size / mails) for name, size in grown.by_name.most_common()},
        "pdf_bytes": pdf,
    }


@asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    data, log = folder / "data", folder / "sink.log"
    command = [sys.executable, "-m", "tests.benchmarks.sink", str(log)]
    sink = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert sink.stdout is not None
    port = sink.stdout.readline().split()[-1]
    environment = os.environ | {
        "UITPOST_DATA": str(data),
        "UITPOST_SMTP_URL": f"smtp://127.0.0.1:{port}?tls=none",
        "UITPOST_HTTP": "127.0.0.1:0",
    }
    with (folder / "serve.log").open("wb") as out:
        serve = subprocess.Popen([_UITPOST, "serve", "--all"], env=environment, stdout=out, stderr=out)
    try:
        url = await _started(data, serve, folder / "serve.log")
        token = Access(f"sqlite:///{data / 'access.db'}").create_token("bench", {"admin"})
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=120) as http:
            yield Stage(data, log, serve.pid, http)
    finally:
        serve.send_signal(signal.SIGTERM)
        serve.wait(timeout=60)
        sink.terminate()
        sink.wait()


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


def _mailing(number: int, request_id: str, *, with_pdf: bool) -> dict[str, Any]:
    shared = random.Random(1).randbytes(_ATTACHMENT)
    letter = {"attachment_layout_id": "letter"} if with_pdf else {}
    return {
        "request_id": request_id,
        "type": "outgoing_mail",
        "subject": "Annual statement 2026",
        "issue_method": "email",
        "record_separately": True,
        "consent_attested": True,
        "sender_name": "The Bakery",
        "sender_address": "post@bakery.example",
        "body_layout_id": "invitation",
        "attachments": [
            {
                "filename": "terms.pdf",
                "content_type": "application/pdf",
                "content": base64.b64encode(shared).decode(),
            }
        ],
        "destinations": [_destination(n) for n in range(number)],
    } | letter


def _destination(n: int) -> dict[str, Any]:
    rows = [[f"Article {row} for {n}", str(row + 1), f"{12 * row + n % 50},50"] for row in range(8)]
    return {"kind": "person", "number": str(100_000 + n), "merge": {"rows": rows}}


async def _pdf_size(http: httpx2.AsyncClient, run_id: str) -> int:
    """Return the size of one of the letters, taken from a message as it was sent."""
    row = (await http.get("/api/v1/processing", params={"run_id": run_id, "limit": "1"})).json()["items"][0]
    message = await http.get(f"/api/v1/processing/{row['id']}/message.eml")
    part = message.content.partition(b"application/pdf")[2].partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
    return len(base64.b64decode(part))


def _show(figures: dict[str, Any]) -> None:
    """Print the figures for a person."""
    print(f"{figures['mails']} mails in {figures['seconds']} s: {figures['mails_per_s']} mails/s")
    print(f"CPU {figures['cpu_ms_per_mail']} ms a mail: {_listed(figures['cpu_ms_by_process'])}")
    print(f"memory at most {figures['peak_mb']} MB, a letter {figures['pdf_bytes']} bytes")
    print(f"disk {figures['disk_bytes_per_mail']} bytes a mail: {_listed(figures['disk_bytes_by_file'])}")


def _show_pieces(figures: dict[str, Any]) -> None:
    """Print how far the whole is from its pieces alone."""
    alone = figures["pieces_ms"]
    rest = figures["cpu_ms_per_mail"] - sum(alone.values())
    print(f"the pieces alone, ms a mail: {_listed(alone)}; all else {rest:.2f}")


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


if __name__ == "__main__":
    main()
