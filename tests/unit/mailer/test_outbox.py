"""Everything that became of a mail is told in the words of the contract, and a start stays private."""

from pathlib import Path
from typing import Any

import pytest

from services.mailer.domain.delivery import Delivery
from services.mailer.outbox import told, worded
from shared.contracts import Message
from shared.contracts.mailer import (
    MailCancelled,
    MailDeferred,
    MailFailed,
    MailInDoubt,
    MailInDoubtResolved,
    MailSent,
)
from shared.relay import topics_of
from shared.store import Store
from tests.unit.mailer.mails import ids_of
from tests.unit.mailer.test_delivery import (
    ACCEPTED,
    LATER,
    LOST,
    MAIL_ID,
    PERSON,
    PUT_OFF,
    REFUSED,
    ROW,
    TOO_LARGE,
    after,
    requested,
    started,
)


def said(delivery: Delivery) -> Any:
    """Return what is told of the last thing that happened."""
    return told(delivery.pending_events[-1])


def of_mail(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in ids_of()}


def test_a_sent_mail_is_told_with_its_answer_and_its_hash() -> None:
    delivery = after(ACCEPTED)

    sent = said(delivery)

    assert isinstance(sent, MailSent)
    assert of_mail(sent) == ids_of()
    assert (sent.attempt, sent.phase, sent.code, sent.enhanced_code) == (1, "done", 250, "2.0.0")
    assert (sent.text, sent.queue_id) == (ACCEPTED.text, "4XyZ12")
    assert (sent.wire_sha256, sent.wire_size) == ("ab" * 32, 4711)
    assert (sent.message_id, sent.possible_duplicate) == (delivery.message_id, False)
    assert (sent.attempt_started_at, sent.sent_at) == (delivery.attempt_started_at, delivery.modified_on)


def test_a_mail_put_off_is_told_with_its_next_attempt() -> None:
    deferred = said(after(PUT_OFF))

    assert isinstance(deferred, MailDeferred)
    assert of_mail(deferred) == ids_of()
    assert (deferred.code, deferred.not_before) == (451, LATER)


@pytest.mark.parametrize(("reply", "reason"), [(REFUSED, "permanent"), (TOO_LARGE, "too_large"), (PUT_OFF, "expired")])
def test_a_failed_mail_is_told_with_its_reason_and_the_servers_words(reply: Any, reason: str) -> None:
    delivery = after(reply, None)

    failed = said(delivery)

    assert isinstance(failed, MailFailed)
    assert of_mail(failed) == ids_of()
    assert (failed.reason, failed.code, failed.text) == (reason, reply.code, reply.text)
    assert failed.message_id == delivery.message_id


def test_a_mail_that_could_not_be_written_is_told_as_failed_at_no_attempt() -> None:
    delivery = requested()
    delivery.give_up("not an address")

    failed = said(delivery)

    assert isinstance(failed, MailFailed)
    assert (failed.reason, failed.attempt, failed.text) == ("address", 0, "not an address")


def test_a_doubt_is_told_with_what_it_comes_from() -> None:
    died = started()
    died.doubt()

    lost, dead = said(after(LOST)), said(died)

    assert isinstance(lost, MailInDoubt)
    assert of_mail(lost) == ids_of()
    assert (lost.reason, lost.phase, lost.code) == ("reply_lost", "dot", None)
    assert isinstance(dead, MailInDoubt)
    assert dead.reason == "process_died"


@pytest.mark.parametrize("outcome", ["sent", "not_sent", "resend"])
def test_the_end_of_a_doubt_is_told_with_who_ended_it(outcome: str) -> None:
    delivery = after(LOST)
    delivery.resolve(outcome, "person", "kim", "seen in the log")

    resolved = said(delivery)

    assert isinstance(resolved, MailInDoubtResolved)
    assert of_mail(resolved) == ids_of()
    assert (resolved.outcome, resolved.by, resolved.operator, resolved.reason) == (
        outcome,
        "person",
        "kim",
        "seen in the log",
    )


def test_a_mail_of_somebody_erased_is_told_as_cancelled_whenever_that_was() -> None:
    waiting = requested()
    waiting.cancel("erased")

    for cancelled in (said(waiting), said(Delivery.note_erased(MAIL_ID, **ROW))):
        assert isinstance(cancelled, MailCancelled)
        assert of_mail(cancelled) == ids_of()
        assert cancelled.reason == "erased"


def test_what_is_not_an_outcome_stays_private() -> None:
    private = [requested(), started(), Delivery.note_unrendered(MAIL_ID, **ROW)]

    assert [said(delivery) for delivery in private] == [None, None, None]
    assert Delivery.AttemptStarted.TOPIC not in topics_of(worded)


async def test_the_words_of_somebody_erased_are_told_without_the_servers_text(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/mailer.db", "mailer") as store:
        await store.record(after(REFUSED))
        store.keyring.erase(PERSON)
        (stored,) = await store.notifications(0, 10, topics_of(worded))
        failed = told(store.mapper.to_domain_event(stored))

    assert isinstance(failed, MailFailed)
    assert (failed.text, failed.code, failed.person) == ("", 550, PERSON)


@pytest.mark.parametrize("reply", [ACCEPTED, REFUSED, PUT_OFF, LOST])
def test_what_is_told_can_be_read_again_from_its_json(reply: Any) -> None:
    message: Message = said(after(reply))

    assert type(message).model_validate_json(message.model_dump_json()) == message
