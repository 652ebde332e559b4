"""What the documents tell people to type and open exists."""

import json
import re

from tests.architecture.tree import ROOT, files

TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_every_make_command_in_a_document_is_a_target() -> None:
    named = {
        (str(path.relative_to(ROOT)), target)
        for path in files("*.md")
        for target in re.findall(r"(?:^ {4,}|^\$ |`)make ([a-z][a-z-]*)", path.read_text("utf-8"), re.MULTILINE)
    }

    assert {(document, target) for document, target in named if target not in TARGETS} == set()


def test_every_file_a_document_links_to_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in files("*.md")
        for link in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", path.read_text("utf-8"))
        if not (path.parent / link).exists()
    ]

    assert missing == []


def test_the_commands_promised_to_everyone_exist() -> None:
    assert {"run", "demo", "test", "check", "bench", "lock"} <= TARGETS


def test_every_test_that_keeps_a_decision_exists() -> None:
    named = re.findall(r"`(tests/[\w./]+)`", (ROOT / "README.md").read_text("utf-8"))

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_outcome_shown_is_the_planned_one() -> None:
    shown = dict(re.findall(r"^(\w+) +(\d+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    planned = json.loads((ROOT / "deploy/sample/expected.json").read_text("utf-8"))

    assert {status: int(number) for status, number in shown.items()} == planned | {"total": sum(planned.values())}
