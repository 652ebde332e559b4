"""`uitpost event` on a real server: what is told and heard is listed, shown, followed, and told by hand."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Start, left_of
from tests.unit.deploy.test_cli import Ended, Uitpost, uitpost

__all__ = ["uitpost"]
REQUEST = {"request_id": "crm-1", "type": "note", "subject": "Gebeld", "destinations": []}


def lines(done: Ended) -> list[dict[str, Any]]:
    """Return what a command said, each line of it as JSON."""
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def written(folder: Path, **more: Any) -> str:
    """Return a file with a request."""
    file = folder / f"{len(list(folder.iterdir()))}.json"
    file.write_text(json.dumps(REQUEST | more), "utf-8")
    return str(file)


def test_events_are_told_and_looked_at_from_the_command_line(tmp_path: Path, start: Start, uitpost: Uitpost) -> None:
    """A23: a request that comes again is answered with the run that it was."""
    data, files = tmp_path / "data", tmp_path / "files"
    files.mkdir()
    services = start(data, "serve", "--all")
    services.says(r'"url": "(http://\S+?)"')

    _told(uitpost, files)
    _looked_at(uitpost)
    _refused(uitpost, files, uitpost("token", "create", "--nats", "--name", "crm").out)

    assert services.stop() == 0
    assert uitpost("event", "list").code == 7
    assert left_of(data) == []


def _told(uitpost: Uitpost, files: Path) -> None:
    published = uitpost("event", "publish", "dossier-item", "-f", written(files), "--json")
    again = uitpost("event", "publish", "dossier-item", "-f", written(files), "--json")
    other = uitpost("event", "publish", "dossier-item", "-f", written(files, subject="Gemaild"))
    contact = uitpost("event", "publish", "contact", "-f", written(files), "--no-wait")

    assert json.loads(published.out)["request_id"] == "crm-1"
    assert json.loads(again.out)["run_id"] == json.loads(published.out)["run_id"]
    assert (other.code, "crm-1" in other.err) == (4, True)
    assert (contact.code, contact.out) == (0, "")


def _looked_at(uitpost: Uitpost) -> None:
    started, *_ = found = lines(uitpost("event", "replay", "--json"))
    names = [one["type"] for one in found]
    [run_started] = json.loads(uitpost("event", "list", "--type", "RunStarted", "--json").out)
    place = run_started["place"]
    run_id = run_started["data"]["run_id"]
    of_run = lines(uitpost("event", "replay", "--json", "--run", run_id))

    assert names.index("uitpost.intake.dossier-item") < names.index("uitpost.dossier.run-started.v1")
    assert {"uitpost.intake.dossier-item", "uitpost.dossier.run-started.v1", "uitpost.dossier.intake-refused.v1"} <= {
        *names
    }
    assert started["specversion"] == "1.0"
    assert json.loads(uitpost("event", "show", place, "--json").out) == run_started
    assert {one["data"]["run_id"] for one in of_run} == {run_id}
    assert lines(
        uitpost("event", "tail", "--json", "--since", "2026-01-01", "--type", "run-started", "--limit", "1")
    ) == [run_started]
    assert uitpost("event", "list", "--limit", "1").out.count("\n") == 1
    assert run_started["data"].keys() <= json.loads(uitpost("event", "schema", "run-started").out)["properties"].keys()


def _refused(uitpost: Uitpost, files: Path, seed: str) -> None:
    key = files / "crm.nk"
    key.write_text(seed, "utf-8")

    ended = {
        "no such event": uitpost("event", "show", "DOSSIER/99999"),
        "no place": uitpost("event", "show", "DOSSIER"),
        "no such type": uitpost("event", "tail", "--type", "planet"),
        "no key": uitpost("event", "list", "--seed", written(files)),
        "no right": uitpost("event", "list", "--seed", str(key)),
        "no server": uitpost("event", "list", "--nats", "nats://127.0.0.1:1"),
        "told with a key of its own": uitpost(
            "event", "publish", "dossier-item", "-f", written(files, request_id="crm-2"), "--seed", str(key)
        ),
    }

    assert {name: one.code for name, one in ended.items()} == {
        "no such event": 3,
        "no place": 2,
        "no such type": 2,
        "no key": 2,
        "no right": 6,
        "no server": 7,
        "told with a key of its own": 0,
    }
    assert not [one.err for one in ended.values() if "Traceback" in one.err]
