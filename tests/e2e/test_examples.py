"""The examples for other systems do what they say, in each language."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Run, Start

_EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["sh", "record.sh"], id="curl"),
        pytest.param([sys.executable, "record.py"], id="python"),
        pytest.param(["node", "record.mjs"], id="node", marks=pytest.mark.node),
    ],
)
def test_an_example_records_an_item_and_tells_what_became_of_it(
    command: list[str], tmp_path: Path, start: Start, run: Run, sink: tuple[str, Path]
) -> None:
    address, log = sink
    served = start(tmp_path / "data", "serve", "--all", UITPOST_SMTP_URL=address)
    url = served.says(r'"url": "(http[^"]+)", "event": "started"')
    token = run(tmp_path / "data", "token", "create", "--scope", "send", "--name", "crm").stdout.strip()

    done = [_ran(command, url, token) for _ in range(2)]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert "anna@home.example" in done[0].stdout
    assert "sent" in done[0].stdout
    assert done[1].stdout == done[0].stdout
    assert log.read_text("utf-8").count("anna@home.example") == 1


def test_an_example_says_what_is_wrong_with_a_request(tmp_path: Path, start: Start, run: Run) -> None:
    served = start(tmp_path / "data", "serve", "--all")
    url = served.says(r'"url": "(http[^"]+)", "event": "started"')
    token = run(tmp_path / "data", "token", "create", "--scope", "send", "--name", "crm").stdout.strip()

    done = _ran([sys.executable, "record.py"], url, token)

    assert done.returncode == 1
    assert done.stderr.startswith("issue_method: ")


def _ran(command: list[str], url: str, token: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"UITPOST_URL": url, "UITPOST_TOKEN": token, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=_EXAMPLES, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
