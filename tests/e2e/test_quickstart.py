"""The first thing that anybody does: `uitpost quickstart`, and `--once` as proof that it works."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import httpx2
import nats
import pytest

from deploy import sample
from tests.e2e.conftest import WAITS, Run, Start, left_of


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_the_sample_mailing_becomes_exactly_what_is_planned(
    store: str, tmp_path: Path, run: Run, request: pytest.FixtureRequest
) -> None:
    """FR-2, FR-95, FR-98, A14, A22."""
    settings = {"UITPOST_STORE_URL": request.getfixturevalue("postgres_url")} if store == "postgresql" else {}

    done = run(tmp_path, "quickstart", "--once", "--expect", str(sample.EXPECTED), **settings)

    outcome = dict(line.split("\t") for line in done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    assert {status: int(count) for status, count in outcome.items()} == {
        **json.loads(sample.EXPECTED.read_text("utf-8")),
        "total": 25,
    }
    assert len(list((tmp_path / "mailbox").glob("*.eml"))) == int(outcome["sent"])
    assert str(tmp_path / "mailbox") in done.stderr
    assert left_of(tmp_path) == []
    assert list((tmp_path / "run").glob("*.json")) == []


def test_another_outcome_than_planned_is_an_error(tmp_path: Path, run: Run) -> None:
    planned = tmp_path / "planned.json"
    planned.write_text('{"sent": 25}')

    done = run(tmp_path / "data", "quickstart", "--once", "--json", "--expect", str(planned))

    assert done.returncode == 1
    assert 'planned was {"sent": 25}' in done.stderr
    assert {line["status"] for line in json.loads(done.stdout)} == {"sent", "failed", "no_address", "total"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_quickstart_lets_us_in_by_its_link_and_leaves_nothing_behind(
    number: signal.Signals, tmp_path: Path, start: Start, run: Run
) -> None:
    quickstart = start(tmp_path, "quickstart", "--no-browser")
    link = quickstart.says(r"Log in\s+(\S+)")

    with httpx2.Client(follow_redirects=True) as browser:
        page = browser.get(link)
        again = httpx2.get(link)
        ready = browser.get(page.url.join("/readyz")).json()
    contacts = run(tmp_path, "contact", "list", "--json")

    assert page.status_code == 200
    assert again.status_code == 403
    assert ready["status"] == "ready"
    assert len(json.loads(contacts.stdout)) == 25
    assert left_of(tmp_path) != []
    assert quickstart.stop(number) == 0
    assert left_of(tmp_path) == []
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(link)


def test_where_the_port_is_taken_quickstart_takes_another_and_says_so(tmp_path: Path, start_forked: Start) -> None:
    first = start_forked(tmp_path / "first", "quickstart", "--no-browser")
    taken = first.says(r"runs at\s+http://(\S+)")

    second = start_forked(tmp_path / "second", "quickstart", "--no-browser", UITPOST_HTTP=taken)

    assert second.says(r"^(\S+) is taken") == taken
    assert second.says(r"runs at\s+http://(\S+)") != taken


async def test_an_upstream_system_submits_over_nats_and_hears_what_became_of_it(
    tmp_path: Path, start_forked: Start, run: Run
) -> None:
    quickstart = start_forked(tmp_path, "quickstart", "--no-browser")
    await asyncio.to_thread(quickstart.says, r"(Log in)")
    seed = (await asyncio.to_thread(run, tmp_path, "token", "create", "--nats", "--name", "crm")).stdout.strip()
    upstream = await nats.connect((tmp_path / "nats" / "url").read_text(), nkeys_seed_str=seed)
    started = await upstream.subscribe("uitpost.dossier.run-started.v1")
    sent = await upstream.subscribe("uitpost.mailer.mail-sent.v1")
    request = sample.mailing() | {
        "request_id": "crm-000123",
        "destinations": [{"kind": "person", "number": "1000205"}],
    }

    await upstream.jetstream().publish("uitpost.intake.dossier-item", json.dumps(request).encode())

    accepted = await started.next_msg(timeout=WAITS)
    mail = await sent.next_msg(timeout=WAITS)
    await upstream.close()
    assert json.loads(accepted.data)["request_id"] == "crm-000123"
    assert json.loads(mail.data)["run_id"] == json.loads(accepted.data)["run_id"]
    assert mail.headers is not None
    assert mail.headers["ce-type"] == "uitpost.mailer.mail-sent.v1"


def test_ctrl_c_in_the_middle_ends_everything_and_says_so(tmp_path: Path, start: Start) -> None:
    once = start(tmp_path, "quickstart", "--once")
    while not (tmp_path / "run" / "history.json").exists() and once.process.poll() is None:
        time.sleep(0.01)

    assert once.stop(signal.SIGINT) == 130
    assert "Interrupted" in once.output.read_text("utf-8")
    assert left_of(tmp_path) == []


def test_the_command_to_try_can_be_typed_as_it_stands(tmp_path: Path, start: Start) -> None:
    quickstart = start(tmp_path, "quickstart", PATH="/usr/bin:/bin")  # as in a clone, whose command is on no path

    command = quickstart.says(r"^Try +(\S+) mailing create")

    assert os.access(command, os.X_OK)
    assert quickstart.stop(signal.SIGINT) == 0
