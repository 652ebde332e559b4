"""What is installed is what `pyproject.toml` asks for, pinned by hash, from no named place."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNS = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["postgres"]]
LOCKS = {
    ROOT / "requirements.lock": RUNS,
    ROOT / "requirements-dev.lock": [*RUNS, *PROJECT["dependency-groups"]["dev"]],
}


def pins(lock: Path) -> dict[str, str]:
    """Return the version of each locked package, all of which have a hash."""
    entries = re.findall(r"^([\w.-]+)==([^\s;]+)[^\n]*\\\n +--hash=sha256:", lock.read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in entries}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_the_lock_answers_the_project(lock: Path) -> None:
    pinned = pins(lock)

    for need in map(Requirement, LOCKS[lock]):
        version = pinned.get(canonicalize_name(need.name), "no version")
        assert need.specifier.contains(version, prereleases=True), f"{need}, locked {version}: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_line_of_the_lock_is_a_pin_with_its_hash_or_says_why(lock: Path) -> None:
    text = lock.read_text("utf-8")

    odd = [line for line in text.splitlines() if not re.match(r"[\w.-]+==|    (--hash=|#)", line)]

    assert odd == []
    assert set(pins(lock)) == {canonicalize_name(name) for name in re.findall(r"^[\w.-]+", text, re.MULTILINE)}


def test_what_runs_is_what_was_tested() -> None:
    runs, tested = map(pins, LOCKS)

    assert runs.items() <= tested.items()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_the_lock_names_no_folder_and_no_host(lock: Path) -> None:
    assert re.findall(r"\S*(?:://|\.\./|(?<!\S)/)\S*", lock.read_text("utf-8")) == []
