"""The four services as processes of their own, with NATS and a counting sink: to be killed, restarted and questioned.

They are forked from a process that has read the program: starting takes a tenth of what it takes by the command.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from shared.access import Access
from shared.settings import Settings
from tests.e2e.forked import Forked, fork
from tests.nats import Nats

SERVICES = ("dossier", "renderer", "mailer", "history")


class Crew:
    """Everything that it takes to mail, on a data folder of its own; the sink answers after `delay_ms`."""

    def __init__(self, folder: Path, delay_ms: int = 0, store_url: str | None = None) -> None:
        self.data = folder / "data"
        self.log = folder / "accepted.log"
        self.nats = Nats(self.data / "nats")
        self._folder = folder
        self._delay_ms = delay_ms
        self._store_url = store_url  # a PostgreSQL database, or an SQLite file per service
        self._processes: dict[str, subprocess.Popen[bytes] | Forked] = {}
        self._ports = dict(zip((*SERVICES, "sink"), _free_ports(len(SERVICES) + 1), strict=True))
        self._http = httpx2.AsyncClient(timeout=30)

    async def __aenter__(self) -> Self:
        self.data.mkdir(parents=True)
        await self.nats.start()
        settings = Settings(data=self.data, store_url=self._store_url)
        with closing(Access(settings.access_url)) as access:
            token = access.create_token("test", {"admin"})
        self._http.headers["Authorization"] = f"Bearer {token}"
        self.start("sink")
        for service in SERVICES:
            self.start(service)
        await self.ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
        await self.nats.close()

    @property
    def sink_url(self) -> str:
        """Where the sink takes mail."""
        return f"smtp://127.0.0.1:{self._ports['sink']}?tls=none"

    def start(self, name: str) -> None:
        """Start a service, or the sink."""
        self._processes[name] = self._sink() if name == "sink" else self._service(name)

    def kill(self, name: str) -> None:
        """Kill a process where it stands."""
        self._processes[name].send_signal(signal.SIGKILL)
        self._processes[name].wait()

    def stop(self, name: str) -> int:
        """Stop a process in good order; return its exit code."""
        self._processes[name].send_signal(signal.SIGTERM)
        return self._processes[name].wait(timeout=60)

    async def ready(self, seconds: float = 60) -> None:
        """Wait until every service answers that it is ready."""
        async with asyncio.timeout(seconds):
            for service in SERVICES:
                while not await self._is_ready(service):
                    await asyncio.sleep(0.1)

    async def post(self, service: str, path: str, **more: Any) -> httpx2.Response:
        """Post to a service, again and again while it is away."""
        return await self._insist("POST", service, path, **more)

    async def get(self, service: str, path: str, **more: Any) -> httpx2.Response:
        """Ask a service, again and again while it is away."""
        return await self._insist("GET", service, path, **more)

    async def put(self, service: str, path: str, **more: Any) -> httpx2.Response:
        """Put to a service, again and again while it is away."""
        return await self._insist("PUT", service, path, **more)

    async def counts(self, run_id: str) -> Counter[str]:
        """Return how many mails of a run have each status, as the history tells it."""
        answer = await self.get("history", f"/api/v1/runs/{run_id}")
        return Counter({status: number for status, number in answer.json().get("counts", {}).items() if number})

    async def settled(self, run_id: str, seconds: float = 120) -> Counter[str]:
        """Wait until every mail of a run has its outcome; return how many have which."""
        async with asyncio.timeout(seconds):
            while True:
                answer = await self.get("history", f"/api/v1/runs/{run_id}")
                if answer.status_code == 200 and answer.json()["complete"]:
                    return await self.counts(run_id)
                await asyncio.sleep(0.2)

    def arrived(self) -> Counter[str]:
        """Return how often the sink accepted each Message-ID."""
        if not self.log.exists():
            return Counter()
        return Counter(line.split()[0] for line in self.log.read_text("utf-8").splitlines())

    async def rows(self, run_id: str) -> list[dict[str, Any]]:
        """Return every row of a run."""
        rows: list[dict[str, Any]] = []
        cursor = None
        while True:
            query = {"run_id": run_id, "limit": "500"} | ({"cursor": cursor} if cursor else {})
            page = (await self.get("history", "/api/v1/processing", params=query)).json()
            rows += page["items"]
            cursor = page["next"]
            if cursor is None:
                return rows

    def address(self, service: str) -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self._ports[service]}"

    def _sink(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.sink", "--port", str(self._ports["sink"]), "--log", str(self.log)]
        with (self._folder / "sink.log").open("ab") as log:
            return subprocess.Popen([*command, "--delay-ms", str(self._delay_ms)], stdout=log, stderr=log)

    def _service(self, name: str) -> Forked:
        environment = os.environ | {
            "UITPOST_DATA": str(self.data),
            "UITPOST_NATS_URL": self.nats.url,
            "UITPOST_SMTP_URL": self.sink_url,
            "UITPOST_HTTP": f"127.0.0.1:{self._ports[name]}",
        }
        if self._store_url:
            environment["UITPOST_STORE_URL"] = self._store_url
        return fork("serve", name, environment=environment, output=self._folder / f"{name}.log")

    async def _insist(self, method: str, service: str, path: str, **more: Any) -> httpx2.Response:
        async with asyncio.timeout(60):
            while True:
                try:
                    return await self._http.request(method, self.address(service) + path, **more)
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)

    async def _is_ready(self, service: str) -> bool:
        try:
            return (await self._http.get(f"{self.address(service)}/readyz")).status_code == 200
        except httpx2.TransportError:
            return False


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def a_mailing(number: int, request_id: str, **more: Any) -> dict[str, Any]:
    """Return a request for so many invitations with a letter, to people made up for it."""
    return {
        "request_id": request_id,
        "type": "outgoing_mail",
        "subject": "Invitation 2026",
        "issue_method": "email",
        "record_separately": True,
        "consent_attested": True,
        "sender_name": "The Bakery",
        "sender_address": "post@bakery.example",
        "body_layout_id": "invitation",
        "attachment_layout_id": "letter",
        "destinations": [
            {
                "kind": "person",
                "number": str(1000 + n),
                "recipient": {"name": f"Anna {n} de Vries", "email": f"anna{n}@home.example", "language": "nl"},
            }
            for n in range(number)
        ],
    } | more
