"""A line hears facts: each message gives its status, and the latest mail's latest stage has the last word."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.domain.changes import KINDS, changes_of
from services.history.domain.heard import fact_of
from services.history.domain.line import Line
from services.history.domain.status import STATUSES
from shared.contracts import Message
from shared.contracts.mailer import MailCancelled
from tests.unit.history.story import (
    at,
    deferred,
    excluded,
    failed,
    generated,
    in_doubt,
    mail_id,
    not_rendered,
    of_mail,
    recipient,
    rendered,
    requested,
    resolved,
    sent,
)

EXAMPLES = Path(__file__).parents[2] / "contract" / "messages"
PUBLISHERS = ("dossier", "renderer", "mailer")
# One row's life with everything in it: excluded, sent, sent again, put off, in doubt, settled.
LIFE: dict[str, list[Message]] = {
    "dossier": [excluded(1), requested(1), requested(1, 2, recipient=recipient(1, "anna@new.example"))],
    "renderer": [rendered(1), rendered(1, 2).model_copy(update={"recipient": recipient(1, "anna@new.example")})],
    "mailer": [
        deferred(1),
        failed(1, attempt=2),
        deferred(1, 2),
        in_doubt(1, 2, attempt=2),
        resolved(1, "resend", 2),
        sent(1, 2, attempt=3),
    ],
}


def heard(*messages: Message) -> Line:
    """Return the line that messages of row 1 add up to, each publisher counting its own."""
    positions = dict.fromkeys(PUBLISHERS, 0)
    line: Line | None = None
    for message in messages:
        publisher = message.SUBJECT.split(".")[1]
        positions[publisher] += 1
        fact = fact_of(message, positions[publisher])
        assert fact is not None
        line = line or Line.begun_by(fact)
        line.hear(fact)
    assert line is not None
    return line


def merged(order: Sequence[str]) -> list[Message]:
    """Return the messages of a life, each publisher's in order, the publishers mixed as `order` says."""
    left = {publisher: iter(messages) for publisher, messages in LIFE.items()}
    return [next(left[publisher]) for publisher in order]


@pytest.mark.parametrize(
    ("messages", "status", "reason"),
    [
        ([requested(1)], "rendering", None),
        ([requested(1), rendered(1)], "sending", None),
        ([requested(1), generated(1)], "generated", None),
        ([requested(1), not_rendered(1)], "render_failed", "layout"),
        ([requested(1), not_rendered(1, "cancelled")], "cancelled", "cancelled"),
        ([requested(1), not_rendered(1, "erased")], "cancelled", "erased"),
        ([excluded(1)], "no_address", "missing"),
        ([excluded(1, "no_consent", "denied")], "no_consent", "denied"),
        ([excluded(1, "cancelled", "cancelled")], "cancelled", "cancelled"),
        ([requested(1), rendered(1), sent(1)], "sent", None),
        ([requested(1), rendered(1), deferred(1)], "deferred", None),
        ([requested(1), rendered(1), failed(1)], "failed", "permanent"),
        ([requested(1), rendered(1), in_doubt(1)], "in_doubt", "reply_lost"),
        ([in_doubt(1), resolved(1, "sent")], "sent", "seen in the log"),
        ([in_doubt(1), resolved(1, "not_sent")], "failed", "seen in the log"),
        ([in_doubt(1), resolved(1, "resend")], "sending", "seen in the log"),
        ([requested(1), MailCancelled(**of_mail(1, 1), reason="erased", cancelled_at=at(1))], "cancelled", "erased"),
    ],
    ids=lambda value: "+".join(type(one).__name__ for one in value) if isinstance(value, list) else str(value),
)
def test_each_message_gives_its_status(messages: list[Message], status: str, reason: str | None) -> None:
    """FR-54, A14."""
    line = heard(*messages)

    assert (line.status, line.reason) == (status, reason)
    assert line.status in STATUSES


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.SUBJECT)
def test_every_message_that_is_heard_changes_something(kind: type[Message]) -> None:
    example = kind.model_validate_json((EXAMPLES / f"{kind.SUBJECT}.json").read_bytes())

    changes = changes_of([(1, example)])

    items = [*changes.items, *changes.log, *changes.documents, *changes.workflows]
    assert len([*changes.facts, *changes.runs, *changes.said, *items]) == 1


def test_what_the_mailer_says_first_is_not_undone_by_what_came_before_it() -> None:
    line = heard(sent(1), rendered(1), requested(1))

    assert (line.status, line.attempts, line.smtp_code) == ("sent", 1, 250)
    assert (line.kind, line.number, line.recipient_address) == ("organisation", "1", "anna1@bakery.example")
    assert line.at == at(1)


def test_a_resend_begins_anew_and_keeps_the_row() -> None:
    """A11."""
    line = heard(requested(1), rendered(1), failed(1), requested(1, 2))

    assert (line.status, line.ordinal, line.mail_id) == ("rendering", 2, mail_id(1, 2))
    assert (line.attempts, line.smtp_code, line.message_id) == (0, None, None)
    assert line.resend_of == mail_id(1)
    assert line.at == at(1)


def test_a_late_word_on_an_earlier_mail_does_not_touch_the_later_one() -> None:
    line = heard(requested(1), requested(1, 2), sent(1, 2), failed(1))

    assert (line.status, line.ordinal, line.smtp_code) == ("sent", 2, 250)


def test_an_erased_recipient_blanks_nothing() -> None:
    line = heard(requested(1), rendered(1).model_copy(update={"recipient": None, "person": None}))

    assert (line.recipient_name, line.recipient_address) == ("Anna 1", "anna1@bakery.example")
    assert line.person == "organisation|1|#0"


def test_a_fact_heard_twice_changes_nothing() -> None:
    fact = fact_of(requested(1), 1)
    assert fact is not None
    line = heard(requested(1), rendered(1), deferred(1), sent(1, attempt=2))
    before = dict(vars(line))

    line.hear(fact)

    assert vars(line) == before


@given(st.permutations([publisher for publisher, messages in LIFE.items() for _ in messages]))
def test_publishers_may_be_heard_in_any_order(order: list[str]) -> None:
    in_order = [publisher for publisher, messages in LIFE.items() for _ in messages]

    assert heard(*merged(order)) == heard(*merged(in_order))
