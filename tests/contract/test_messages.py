"""Each kind of message has an example, and still reads it: contracts only grow."""

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from shared import contracts
from shared.contracts import Message, every_kind

MESSAGES = Path(__file__).parent / "messages"
PUBLISHERS = {room.name: import_module(f"shared.contracts.{room.name}") for room in iter_modules(contracts.__path__)}
KINDS = sorted(every_kind(), key=lambda kind: kind.SUBJECT)


def example_of(kind: type[Message]) -> dict[str, object]:
    """Return the example of a kind of message, as JSON."""
    example: dict[str, object] = json.loads((MESSAGES / f"{kind.SUBJECT}.json").read_text("utf-8"))
    return example


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.SUBJECT)
def test_the_example_still_reads(kind: type[Message]) -> None:
    example = example_of(kind)

    assert kind.model_validate(example).model_dump(mode="json") == example


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.SUBJECT)
def test_a_field_of_a_newer_publisher_is_passed_over(kind: type[Message]) -> None:
    example = example_of(kind)

    assert kind.model_validate({**example, "of_next_year": 1}) == kind.model_validate(example)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.SUBJECT)
def test_a_subject_names_its_publisher_its_fact_and_its_version(kind: type[Message]) -> None:
    product, publisher, fact, version = kind.SUBJECT.split(".")

    assert product == "uitpost"
    assert kind.__module__ == PUBLISHERS[publisher].__name__
    assert fact.replace("-", "") == kind.__name__.lower()
    assert version[0] == "v"
    assert version[1:].isdigit()


def test_each_example_belongs_to_a_message_and_each_message_has_a_subject_of_its_own() -> None:
    assert sorted(path.stem for path in MESSAGES.iterdir()) == [kind.SUBJECT for kind in KINDS]
