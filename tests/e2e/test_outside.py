"""A NATS client in another language, which knows the AsyncAPI file alone, has a mail sent and hears that it was."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import Start, token_of
from tests.e2e.crew import a_mailing

_NATS = Path(sys.executable).with_name("nats-server")
_STRANGER = Path(__file__).with_name("outside.pl")
_README = Path(__file__).parents[2] / "README.md"
_DOCUMENT = Path(__file__).parents[2] / "deploy" / "asyncapi.yaml"


@pytest.fixture
def open_nats(tmp_path: Path) -> Iterator[str]:
    """A NATS server of somebody else's, without authentication."""
    ports = tmp_path / "ports"
    ports.mkdir()
    command = [
        str(_NATS),
        "-js",
        "-sd",
        str(tmp_path / "streams"),
        "-a",
        "127.0.0.1",
        "-p",
        "-1",
        "--ports_file_dir",
        str(ports),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (found := list(ports.glob("*.ports"))) or not found[0].read_text("utf-8"):
        assert server.poll() is None
    yield json.loads(found[0].read_text("utf-8"))["nats"][0]
    server.terminate()
    server.wait()


def test_a_stranger_has_a_mail_sent_once_however_often_it_asks(
    tmp_path: Path, start_forked: Start, open_nats: str, sink: tuple[str, Path]
) -> None:
    address, log = sink
    served = start_forked(tmp_path / "data", "serve", "--all", UITPOST_NATS_URL=open_nats, UITPOST_SMTP_URL=address)
    served.says(r'"event": "(started)"')

    heard = _ask(open_nats, a_mailing(1, "crm-000123"), times=10)

    sent = [message for subject, message in heard if subject == "uitpost.mailer.mail-sent.v1"]
    started = [message for subject, message in heard if subject == "uitpost.dossier.run-started.v1"]
    assert len(sent) == len(started) == 1
    assert sent[0]["run_id"] == started[0]["run_id"]
    (line,) = log.read_text("utf-8").splitlines()
    assert line.split()[:2] == [sent[0]["message_id"], "anna0@home.example"]


def test_a_stranger_hears_why_its_request_was_refused(
    tmp_path: Path, start_forked: Start, open_nats: str, sink: tuple[str, Path]
) -> None:
    address, log = sink
    served = start_forked(tmp_path / "data", "serve", "--all", UITPOST_NATS_URL=open_nats, UITPOST_SMTP_URL=address)
    served.says(r'"event": "(started)"')

    heard = _ask(open_nats, a_mailing(1, "crm-1", body_layout_id="nowhere", subjekt="x"), times=1)

    (refused,) = [message for subject, message in heard if subject == "uitpost.dossier.intake-refused.v1"]
    assert refused["request_id"] == "crm-1"
    assert "subjekt" in json.dumps(refused["errors"])
    assert log.read_text("utf-8") == ""


def test_the_request_that_the_readme_shows_is_a_mail(
    tmp_path: Path, start_forked: Start, sink: tuple[str, Path]
) -> None:
    address, log = sink
    served = start_forked(tmp_path / "data", "serve", "--all", UITPOST_SMTP_URL=address)
    url = served.says(r'"url": "(http[^"]+)", "event": "started"')
    token = token_of(tmp_path / "data", "send")
    body = re.search(r"-d '(.+?)'", _README.read_text("utf-8"), re.DOTALL)
    assert body is not None

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = httpx2.post(f"{url}/api/v1/dossier-items", content=body[1], headers=headers)

    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + 60
    while "anna@home.example" not in log.read_text("utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _ask(nats: str, event: dict[str, Any], times: int) -> list[tuple[str, dict[str, Any]]]:
    """Have the stranger publish an event; return what it hears, each message once (a retold one has the same id)."""
    host, _, port = nats.removeprefix("nats://").partition(":")
    command = ["perl", str(_STRANGER), host, port, str(_DOCUMENT), str(times)]
    stranger = subprocess.run(command, input=json.dumps(event), capture_output=True, text=True, timeout=90, check=True)
    heard = {}
    for line in stranger.stdout.splitlines():
        subject, event_id, payload = line.split("\t", 2)
        heard[event_id] = (subject, json.loads(payload))
    return list(heard.values())
