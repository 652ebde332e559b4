"""No e-mail address gets into the log in full: not in words, nested values, exceptions, or what libraries say."""

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import structlog

from deploy import logs


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    """Put logging back as pytest has it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    said: dict[str, object] = json.loads(capsys.readouterr().err.splitlines()[-1])
    return said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to anna.de-vries+x@bakery.example now", "to a***@bakery.example now"),
        ("<anna@bakery.example>, ben@x.example", "<a***@bakery.example>, b***@x.example"),
        ("rcpt:<zoë@café.example>", "rcpt:<z***@café.example>"),
        ("é.anna@bakery.example", "é***@bakery.example"),
        ("o'brien@bakery.example", "o'b***@bakery.example"),
        ('"anna de vries"@bakery.example', "***@bakery.example"),
        ("smtp://anna:secret@mail.example:25", "smtp://anna:s***@mail.example:25"),
        ("anna@localhost", "a***@localhost"),
        ("at 5 @ noon", "at 5 @ noon"),
        ("no address", "no address"),
    ],
)
def test_an_address_keeps_its_first_letter_and_its_domain(text: str, shown: str) -> None:
    assert logs.masked(text) == shown


def test_a_long_text_without_addresses_is_read_through_once() -> None:
    long = "x" * 1_000_000  # a regular expression that goes back over it takes hours

    assert logs.masked(long) == long


def test_words_nested_values_and_other_objects_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()

    structlog.get_logger().warning(
        "mail to anna@bakery.example",
        mail={"to": ["ben@bakery.example"], "ben@bakery.example": (1, None, True)},
        thing=SimpleNamespace(to="cas@bakery.example"),
        error=ValueError("dan@bakery.example"),
        number=7,
    )

    said = written(capsys)
    assert said["event"] == "mail to a***@bakery.example"
    assert said["mail"] == {"to": ["b***@bakery.example"], "b***@bakery.example": [1, None, True]}
    assert "cas@" not in str(said["thing"])
    assert said["error"] == "ValueError('d***@bakery.example')"
    assert (said["number"], said["level"]) == (7, "warning")


@pytest.mark.parametrize("on_terminal", [False, True], ids=["json", "terminal"])
def test_the_story_of_an_exception_is_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, on_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: on_terminal)
    logs.set_up()

    try:
        int("anna@bakery.example")
    except ValueError:
        structlog.get_logger().exception("failed for anna@bakery.example")

    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "a***@bakery.example" in said
    assert "anna@" not in said


def test_what_libraries_log_is_masked_and_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()

    logging.getLogger("some.library").error("550 no such user %s", "<anna@bakery.example>")

    said = written(capsys)
    assert said["event"] == "550 no such user <a***@bakery.example>"
    assert said["level"] == "error"
    assert str(said["ts"]).endswith("Z")


def test_addresses_are_shown_only_where_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(show_addresses=True)

    structlog.get_logger().info("to anna@bakery.example")

    assert written(capsys)["event"] == "to anna@bakery.example"


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(level="WARNING")

    structlog.get_logger().info("quiet")
    logging.getLogger("nats").info("quiet")

    assert capsys.readouterr().err == ""
