"""A test says which requirement it keeps, and the table of them says so to readers."""

import re

import pytest

from tests.requirements import TABLE, Kept, Requirement, named, sentences, table


@pytest.mark.parametrize(
    ("name", "docstring", "kept"),
    [
        ("test_plain", "Rows stay (FR-62).", [Requirement("FR", 62)]),
        ("test_range", "FR-68…70: several.", [Requirement("FR", n) for n in (68, 69, 70)]),
        ("test_two", "R-1, A12", [Requirement("R", 1), Requirement("A", 12)]),
        ("test_fr_27_offers_outgoing_mail", "", [Requirement("FR", 27)]),
        ("test_none", "RFC-5321 and FR are no requirement.", []),
    ],
)
def test_a_test_names_what_it_keeps(name: str, docstring: str, kept: list[Requirement]) -> None:
    assert list(named(name, docstring)) == kept


def test_a_range_names_six_at_most() -> None:
    with pytest.raises(ValueError, match="at most 6"):
        list(named("test_all", "FR-1…110"))


def test_the_table_shows_each_requirement_once() -> None:
    shown = table({Requirement("FR", 27): [Kept("unit/test_types.py", "test_types_are_offered")]})

    assert "| FR-27 |" in shown
    assert "[types are offered](unit/test_types.py)" in shown
    assert shown.count("- FR-") + shown.count("- R-") + shown.count("- A") == len(sentences()) - 1


def test_a_requirement_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="FR-999"):
        table({Requirement("FR", 999): [Kept("unit/test_types.py", "test_nothing")]})


def test_only_ticking_in_lists_waits_for_its_pages() -> None:
    _, _, without = TABLE.read_text("utf-8").partition("## Not kept by a test of its own yet")

    assert re.findall(r"^- (\S+):", without, re.MULTILINE) == ["FR-77", "FR-78"]
