"""The examples for other systems do what they say, in each language."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import Run, Start, token_of

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
    command: list[str], tmp_path: Path, start_forked: Start, sink: tuple[str, Path]
) -> None:
    address, log = sink
    served = start_forked(tmp_path / "data", "serve", "--all", UITPOST_SMTP_URL=address)
    url = served.says(r'"url": "(http[^"]+)", "event": "started"')
    token = token_of(tmp_path / "data", "send")

    done = [_ran(command, url, token) for _ in range(2)]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert "anna@home.example" in done[0].stdout
    assert "sent" in done[0].stdout
    assert done[1].stdout == done[0].stdout
    assert log.read_text("utf-8").count("anna@home.example") == 1


def test_an_example_says_what_is_wrong_with_a_request(tmp_path: Path, start_forked: Start) -> None:
    served = start_forked(tmp_path / "data", "serve", "--all")
    url = served.says(r'"url": "(http[^"]+)", "event": "started"')
    token = token_of(tmp_path / "data", "send")

    done = _ran([sys.executable, "record.py"], url, token)

    assert done.returncode == 1
    assert done.stderr.startswith("issue_method: ")


def test_an_afas_client_records_an_item_that_the_history_shows(tmp_path: Path, start_forked: Start, run: Run) -> None:
    served = start_forked(tmp_path / "data", "serve", "--all")
    url = served.says(r'"url": "(http[^"]+)", "event": "started"')
    bearer = token_of(tmp_path / "data", "send")
    token = run(tmp_path / "data", "token", "create", "--afas", "--scope", "send", "--name", "profit").stdout.strip()
    with httpx2.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {bearer}"}) as client:
        client.put("/contacts/organisation/1000744", json={"name": "The Bakery"}).raise_for_status()

        done = [_ran(["sh", "knsubject.sh"], url, "", UITPOST_AFAS_TOKEN=token) for _ in range(2)]

        assert [one.stdout for one in done] == ["1\n", "1\n"], done[0].stderr
        item = _shown(client)
    assert (item["subject"], item["submitted_by"], item["comment"]) == (
        "Invitation 2026",
        "profit",
        "Invited by **telephone**",
    )
    assert item["fields"]["item_number"] == 1
    assert [file["filename"] for file in item["attachments"]] == ["route.txt"]
    assert [one["text"] for one in item["responses"]] == ["They will come."]


def _shown(client: httpx2.Client) -> dict[str, Any]:
    """Return the one item in the dossier, once its response is heard of."""
    while True:
        items = client.get("/contacts/organisation/1000744/dossier").json()["items"]
        if items:
            item: dict[str, Any] = client.get(f"/dossier-items/{items[0]['item_id']}").json()
            if item["responses"]:
                assert len(items) == 1
                return item
        time.sleep(0.1)


def _ran(command: list[str], url: str, token: str, **more: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"UITPOST_URL": url, "UITPOST_TOKEN": token, "PATH": "/usr/local/bin:/usr/bin:/bin", **more}
    return subprocess.run(
        command, cwd=_EXAMPLES, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
