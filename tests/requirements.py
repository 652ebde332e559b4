"""Which tests keep which requirement: written as a table, `requirements.md`, and compared with what is collected.

A test keeps a requirement by naming it in its docstring, as FR-27, R-3, A12 or FR-68…70, or in its name, as fr_27.
"""

import argparse
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
TABLE = HERE / "requirements.md"
_MOST = 6  # requirements that one range may name: a test of more is a test of none
_NAMED = re.compile(r"\b(?:(FR|R)-(\d+)(?:\s?(?:…|\.\.\.|-|–)\s?(\d+))?|(A)(\d+)(?:…(\d+))?)(?![\w])")
_IN_NAME = re.compile(r"(?<![a-z])(fr|r|a)_(\d+)(?!\d)")


class Requirement(NamedTuple):
    """A requirement: FR, R or A, and its number."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}{'' if self.kind == 'A' else '-'}{self.number}"


class Kept(NamedTuple):
    """A test function: its file, from the tests' folder, and its name."""

    file: str
    name: str


def sentences() -> dict[Requirement, str]:
    """Return every requirement in a sentence."""
    told = tomllib.loads((HERE / "requirements.toml").read_text("utf-8"))
    return {Requirement(kind, int(number)): text for kind, group in told.items() for number, text in group.items()}


def named(name: str, docstring: str) -> Iterator[Requirement]:
    """Yield what a test says it keeps; raise ValueError for a range that names too many."""
    for found in _NAMED.finditer(docstring):
        kind, first, last = (found[1], found[2], found[3]) if found[1] else (found[4], found[5], found[6])
        numbers = range(int(first), int(last or first) + 1)
        if not 1 <= len(numbers) <= _MOST:
            raise ValueError(f"{name}: {found[0]} names {len(numbers)} requirements, at most {_MOST}")
        yield from (Requirement(kind, number) for number in numbers)
    for kind, number in _IN_NAME.findall(name):
        yield Requirement(kind.upper(), int(number))


def collected() -> dict[Requirement, list[Kept]]:
    """Return the tests that pytest collects, by what they keep; raise RuntimeError where it can't collect."""
    listener = _Listener()
    code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(HERE)], plugins=[listener])
    if code:
        raise RuntimeError(f"pytest collects nothing (exit code {code})")
    return by_requirement(listener.items)


def by_requirement(items: Iterable[pytest.Function]) -> dict[Requirement, list[Kept]]:
    """Return test functions by what they keep."""
    kept: dict[Requirement, set[Kept]] = defaultdict(set)
    for item in items:
        test = Kept(str(item.path.relative_to(HERE)), item.originalname)
        for requirement in named(test.name, item.function.__doc__ or ""):
            kept[requirement].add(test)
    return {requirement: sorted(tests) for requirement, tests in kept.items()}


def table(kept: dict[Requirement, list[Kept]]) -> str:
    """Return the table; raise ValueError where a test names what is no requirement."""
    told = sentences()
    if unknown := sorted(kept.keys() - told.keys()):
        tests = ", ".join(f"{requirement} ({kept[requirement][0].name})" for requirement in unknown)
        raise ValueError(f"there is no such requirement: {tests}")
    without = [requirement for requirement in told if requirement not in kept]
    return "\n".join(
        (
            "# What keeps each requirement",
            "",
            "Made from the tests by `python -m tests.requirements --write`; `make check` compares it.",
            "FR: what an operator asked for. R: what a real user expects. A: what was decided.",
            "",
            "| | what it is | tests |",
            "| --- | --- | --- |",
            *(
                f"| {requirement} | {told[requirement]} | {_links(kept[requirement])} |"
                for requirement in told
                if requirement in kept
            ),
            "",
            "## Not kept by a test of its own yet",
            "",
            *(f"- {requirement}: {told[requirement]}" for requirement in without),
            "",
        )
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write the table")
    choice.add_argument("--check", action="store_true", help="fail where the table is not as it would be written")
    wish = parser.parse_args(arguments)
    now = table(collected())
    if wish.write:
        TABLE.write_text(now, "utf-8")
    elif not TABLE.exists() or TABLE.read_text("utf-8") != now:
        print("tests/requirements.md is behind the tests: python -m tests.requirements --write", file=sys.stderr)
        return 1
    return 0


def _links(tests: list[Kept]) -> str:
    return "<br>".join(f"[{test.name.removeprefix('test_').replace('_', ' ')}]({test.file})" for test in tests)


class _Listener:
    items: Sequence[pytest.Function] = ()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take every test function."""
        self.items = [item for item in items if isinstance(item, pytest.Function)]


if __name__ == "__main__":
    sys.exit(main())
