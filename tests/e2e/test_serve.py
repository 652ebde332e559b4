"""Each service in a process of its own, and one mail through all four."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import httpx2

from deploy.local import SERVICES
from deploy.mailbox import Mailbox
from deploy.nats_server import NatsServer
from deploy.record import url_of
from tests.e2e.conftest import WAITS, Run, Start, left_of


def test_a_service_alone_starts_no_nats_and_says_what_to_do(tmp_path: Path, run: Run) -> None:
    done = run(tmp_path, "serve", "dossier")

    assert done.returncode == 7
    assert "uitpost serve --all" in done.stderr
    assert left_of(tmp_path) == []


def test_nats_that_does_not_answer_is_out_of_reach(tmp_path: Path, run: Run) -> None:
    done = run(tmp_path, "serve", "mailer", UITPOST_NATS_URL="nats://127.0.0.1:1")

    assert done.returncode == 7
    assert "127.0.0.1:1" in done.stderr


def test_an_address_that_others_reach_is_not_opened_before_somebody_can_come_in(tmp_path: Path, run: Run) -> None:
    done = run(tmp_path, "serve", "--all", UITPOST_HTTP="0.0.0.0:0")

    assert done.returncode == 78
    assert "uitpost token create" in done.stderr
    assert left_of(tmp_path) == []


async def test_services_side_by_side_need_no_address_of_their_own(tmp_path: Path, start_forked: Start) -> None:
    async with NatsServer(tmp_path / "nats"):
        services = [start_forked(tmp_path, "serve", name, UITPOST_HTTP=None) for name in ("renderer", "mailer")]
        urls = [await asyncio.to_thread(one.says, r'"url": "(http://\S+?)"') for one in services]
        ready = [await asyncio.to_thread(_status, url, "/readyz", 200) for url in urls]

    assert len(set(urls)) == 2
    assert ready == [200, 200]


async def test_a_service_whose_nats_is_away_lives_but_is_not_ready(tmp_path: Path, start_forked: Start) -> None:
    async with NatsServer(tmp_path / "nats"):
        mailer = start_forked(tmp_path, "serve", "mailer")
        url = await asyncio.to_thread(mailer.says, r'"url": "(http://\S+?)"')
        ready = await asyncio.to_thread(_status, url, "/readyz", 200)

    away = await asyncio.to_thread(_status, url, "/readyz", 503)
    alive = httpx2.get(f"{url}/healthz")

    assert (ready, away, alive.status_code) == (200, 503, 200)
    assert mailer.stop() == 0, mailer.output.read_text("utf-8")


def test_the_death_of_nats_ends_the_process_and_leaves_nothing(tmp_path: Path, start: Start) -> None:
    everything = start(tmp_path, "serve", "--all")
    everything.says(r'"event": "(started)"')

    os.kill(int((tmp_path / "nats" / "pid").read_text()), signal.SIGKILL)

    assert everything.process.wait(WAITS) == 1
    assert "nats-server ended with -9" in everything.output.read_text("utf-8")
    assert left_of(tmp_path) == []


async def test_one_mail_goes_through_four_processes(tmp_path: Path, start: Start, run: Run) -> None:
    async with NatsServer(tmp_path / "nats"), Mailbox(folder=tmp_path / "mailbox") as mailbox:
        smtp = f"smtp://127.0.0.1:{mailbox.port}?tls=none"
        processes = [start(tmp_path, "serve", service, UITPOST_SMTP_URL=smtp) for service in SERVICES]
        await asyncio.to_thread(_all_ready, tmp_path)

        added = await asyncio.to_thread(
            run, tmp_path, "sender", "add", "sales", "--name", "Sales", "--address", "sales@debrug.example"
        )
        recorded = await asyncio.to_thread(run, tmp_path, *RECORD)
        run_id = json.loads(recorded.stdout)["run_id"]
        watched = await asyncio.to_thread(run, tmp_path, "mailing", "watch", run_id, "--json", "--timeout", str(WAITS))
        listed = await asyncio.to_thread(run, tmp_path, "history", "list", "--run", run_id, "--json")
        stopped = [await asyncio.to_thread(process.stop) for process in processes]

    (row,) = json.loads(listed.stdout)
    (mail,) = (tmp_path / "mailbox").glob("*.eml")
    assert added.returncode == watched.returncode == 0, watched.stderr
    assert json.loads(watched.stdout)["counts"]["sent"] == 1
    assert (row["status"], row["recipient_address"]) == ("sent", "anna@devries.example")
    assert b"anna@devries.example" in mail.read_bytes()
    assert stopped == [0, 0, 0, 0]
    assert left_of(tmp_path) == []


RECORD = (
    *("item", "record", "--json", "--type", "outgoing_mail", "--issue-method", "email", "--sender", "sales"),
    *("--to", "person/1000201", "--name", "Anna de Vries", "--email", "anna@devries.example"),
    *("--subject", "Welcome", "--body-layout", "invitation", "--attachment-layout", "letter"),
)


def _all_ready(data: Path) -> None:
    deadline = time.monotonic() + WAITS
    while time.monotonic() < deadline:
        urls = [url_of(data, service) for service in SERVICES]
        if all(url and httpx2.get(f"{url}/readyz", timeout=WAITS).status_code == 200 for url in urls):
            return
        time.sleep(0.1)
    raise AssertionError("not all services became ready")


def _status(url: str, path: str, wanted: int) -> int:
    """Return the status of a path, asked again until it is the wanted one or patience ends."""
    deadline = time.monotonic() + WAITS
    while (status := httpx2.get(url + path, timeout=WAITS).status_code) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return status
