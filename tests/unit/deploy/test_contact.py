"""`uitpost contact` and `uitpost view`: what they ask, show and write, and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.cli import contact, progress
from tests.unit.deploy.stand_in import StandIn
from tests.unit.deploy.test_cli import Uitpost, api, uitpost

__all__ = ["api", "uitpost"]
ID = "5b0ce0a3-3c4e-5d0b-8f43-6a3d1f1c7e90"


def a_job(done: int, state: str = "waiting", refused: int = 0) -> dict[str, Any]:
    lines = [{"line": 3, "field": "kind", "code": "x", "detail": "Line 3, column kind: no such kind"}]
    counts = {"recorded": done - refused, "changed": 0, "unchanged": 0, "refused": refused}
    return {"import_id": ID, "state": state, "lines": 4, "done": done, **counts, "refused_lines": lines[:refused]}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "contacts.csv"
    file.write_text("kind,number\nperson,1\nplanet,2\n", "utf-8")
    return file


def test_refused_lines_of_an_import_end_with_4_are_named_and_kept(
    uitpost: Uitpost, api: StandIn, people: Path, tmp_path: Path
) -> None:
    """R-3."""
    api.answer("POST /contacts/import", a_job(4, "done", refused=1))
    api.answer(f"GET /contacts/imports/{ID}/refused.csv", "the lines")

    ended = uitpost("contact", "import", str(people), "--refused", str(tmp_path / "refused.csv"), "--json")

    assert ended.code == 4
    assert ended.err == "Line 3, column kind: no such kind\n"
    assert json.loads(ended.out) == {"recorded": 3, "changed": 0, "unchanged": 0, "refused": 1, "import_id": ID}
    assert api.bodies("POST /contacts/import") == [people.read_bytes()]
    assert (tmp_path / "refused.csv").read_text("utf-8") == '"the lines"'


def test_a_long_import_is_followed_to_its_end(
    uitpost: Uitpost, api: StandIn, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY", 0.0)
    monkeypatch.setattr(contact, "_EVERY", 0.001)
    api.answer("POST /contacts/import", a_job(0), status=202)
    api.answer(f"GET /contacts/imports/{ID}", a_job(2), a_job(4, "done"))

    ended = uitpost("contact", "import", str(people))

    assert ended.code == 0
    assert "2 of 4 done, 0 refused" in ended.err
    assert "4 of 4 done, 0 refused" in ended.err


def test_an_import_whose_lines_are_lost_fails(uitpost: Uitpost, api: StandIn, people: Path) -> None:
    api.answer("POST /contacts/import", a_job(2, "lost"))

    ended = uitpost("contact", "import", str(people))

    assert (ended.code, ended.err) == (1, "Only 2 of 4 lines were kept; import the list again.\n")


def test_contacts_are_listed_as_a_filter_and_a_view_say(uitpost: Uitpost, api: StandIn) -> None:
    """FR-18, FR-19, A25."""
    api.answer("GET /views/mine", {"columns": ["name", "function"]})
    listed = {"kind": "person", "number": "1", "contact_id": None, "name": "Anna", "function": "Inkoper"}
    api.answer("GET /contacts", {"items": [listed], "next": None})

    ended = uitpost("contact", "list", "--view", "mine", "--q", "anna", "--filter", "blocked=false", "--sort", "-name")

    assert ended.out == "person\t1\t\tAnna\tInkoper\n"
    assert api.queries("GET /contacts") == [
        {"view": "mine", "q": "anna", "blocked": "false", "sort": "-name", "limit": "50"}
    ]
    assert uitpost("contact", "list", "--filter", "colour=red").code == 2


def test_a_check_of_addresses_says_how_many_and_names_them(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    """FR-14, FR-17."""
    counts = {"contacts": 9, "usable": 8, "through_destination": 1, "consent_unknown": 2, "offer_letter": 1}
    problem = {"code": "missing", "detail": "No address."}
    row = {
        "kind": "person",
        "number": "1",
        "contact_id": None,
        "name": "Anna",
        "email_used": None,
        "problems": [problem],
    }
    report = {"counts": {**counts, "problems": {"missing": 1}}, "items": [row], "next": None}
    api.answer("GET /contacts/check-email", report)
    api.answer("GET /contacts/check-email.csv", "the rows")

    ended = uitpost("contact", "check-email", "--filter", "kind=person", "--csv", str(tmp_path / "check.csv"))

    assert ended.out == "person\t1\t\tAnna\t\tmissing\tNo address.\n"
    assert ended.err.startswith("8 of 9 contacts can be mailed, 1 of them through their organisation; 1 missing.\n")
    assert (tmp_path / "check.csv").read_text("utf-8") == '"the rows"'
    assert {query["kind"] for query in api.queries("GET /contacts/check-email")} == {"person"}


def test_contacts_are_exported_to_a_file(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    api.answer("GET /contacts/export.csv", "all of them")

    ended = uitpost("contact", "export", str(tmp_path / "out.csv"), "--filter", "kind=person")

    assert ended.code == 0
    assert (tmp_path / "out.csv").read_text("utf-8") == '"all of them"'
    assert uitpost("contact", "export", str(tmp_path / "no" / "folder.csv")).code == 2


def test_what_cannot_be_exported_is_no_empty_file(uitpost: Uitpost, api: StandIn, tmp_path: Path) -> None:
    api.answer("GET /contacts/export.csv", {"title": "No", "detail": "no such view", "errors": []}, status=404)

    ended = uitpost("contact", "export", str(tmp_path / "out.csv"), "--view", "none")

    assert (ended.code, ended.err) == (3, "no such view\n")
    assert not (tmp_path / "out.csv").exists()


def test_a_view_is_saved_listed_and_forgotten(uitpost: Uitpost, api: StandIn) -> None:
    """FR-19, A25."""
    api.answer("PUT /views/mine", {"id": "mine"})
    api.answer("GET /views", {"items": [{"id": "mine", "name": "Mine", "columns": ["name"]}], "next": None})
    api.answer("DELETE /views/mine", None)

    columns = ("--column", "name", "--column", "email", "--filter", "blocked=no", "--filter", "kind=person")
    saved = uitpost("view", "save", "mine", "--name", "Mine", *columns, "--sort", "-email")
    listed = uitpost("view", "list")
    forgotten = uitpost("view", "delete", "mine")

    assert (saved.code, listed.code, forgotten.code) == (0, 0, 0)
    assert api.bodies("PUT /views/mine") == [
        {
            "name": "Mine",
            "columns": ["name", "email"],
            "sort": "-email",
            "filter": {"blocked": False, "kind": "person"},
            "shared": False,
        }
    ]
    assert listed.out.startswith("mine\tMine\t")
