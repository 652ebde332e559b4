"""One mail's way: what may happen after what, what each answer makes of it, and that the store keeps all of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.mailer.domain.delivery import Delivery, NotInDoubt, NotWaiting
from services.mailer.domain.pace import LIFETIME, MAIL_WAITS, next_attempt
from services.mailer.domain.reply import Reply
from shared.store import Conflict, Store
from tests.unit.mailer.mails import ids_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ROW = {name: value for name, value in ids_of().items() if name != "mail_id"}
MAIL_ID = ids_of()["mail_id"]
PERSON = ROW["person"]
HEAD = b"From: post@bakery.example\r\nTo: Anna <anna@home.example>\r\n\r\n"

ACCEPTED = Reply("accepted", "done", 250, "2.0.0", "Ok: queued as 4XyZ12", queue_id="4XyZ12")
REFUSED = Reply("permanent", "envelope", 550, "5.1.1", "no such mailbox anna", reason="permanent")
TOO_LARGE = Reply("permanent", "done", 552, "5.3.4", "too big", reason="too_large")
PUT_OFF = Reply("transient", "envelope", 451, "4.7.1", "greylisted")
LOST = Reply("in_doubt", "dot", text="the server closed the connection", reason="reply_lost")


def requested(**others: Any) -> Delivery:
    """A mail to Anna that waits to be sent."""
    facts: dict[str, Any] = {
        "recipient": {"name": "Anna", "email": "anna@home.example", "language": "nl"},
        "sender": {"name": "De Bakkerij", "address": "post@bakery.example"},
        "mail_server_id": "default",
        "subject": "Uitnodiging",
        "parts": {},
        "attachments": [],
        "record_separately": True,
        "requested_at": NOW,
        "resend_of": None,
    }
    return Delivery.request(MAIL_ID, **ROW | facts | others)


def started(delivery: Delivery | None = None) -> Delivery:
    """The same, on its way."""
    delivery = delivery or requested()
    delivery.attempt("a mailer", HEAD, "ab" * 32, 4711)
    return delivery


def after(reply: Reply, not_before: datetime | None = LATER) -> Delivery:
    """The same, after this answer."""
    delivery = started()
    delivery.settle(reply, not_before)
    return delivery


def last(delivery: Delivery) -> Any:
    return delivery.pending_events[-1]


@pytest.mark.parametrize(
    ("reply", "status", "event"),
    [
        (ACCEPTED, "sent", Delivery.Sent),
        (REFUSED, "failed", Delivery.Failed),
        (TOO_LARGE, "failed", Delivery.Failed),
        (PUT_OFF, "deferred", Delivery.Deferred),
        (LOST, "in_doubt", Delivery.InDoubt),
    ],
    ids=["accepted", "refused", "too large", "put off", "lost after the dot"],
)
def test_an_attempt_ends_as_the_server_answered(reply: Reply, status: str, event: type[Any]) -> None:
    delivery = started()

    delivery.settle(reply, LATER)

    assert (delivery.status, delivery.open_attempt, delivery.attempts) == (status, None, 1)
    ended = last(delivery)
    assert type(ended) is event
    assert (ended.attempt, ended.phase, ended.code) == (1, reply.phase, reply.code)
    assert (ended.enhanced_code, ended.text) == (reply.enhanced_code, reply.text)
    assert ended.attempt_started_at == delivery.attempt_started_at


def test_a_mail_waits_until_an_attempt_starts_and_again_after_it_was_put_off() -> None:
    delivery = requested()
    waits = [delivery.waits]

    started(delivery)
    waits.append(delivery.waits)
    delivery.settle(PUT_OFF, LATER)
    waits.append(delivery.waits)

    assert waits == [True, False, True]
    assert last(delivery).not_before == LATER
    assert delivery.deferrals == 1


def test_no_attempt_starts_while_one_is_open() -> None:
    delivery = started()

    with pytest.raises(NotWaiting):
        started(delivery)

    assert delivery.attempts == 1


@pytest.mark.parametrize("reply", [ACCEPTED, REFUSED, LOST], ids=["sent", "failed", "in doubt"])
def test_no_attempt_starts_of_a_mail_that_has_its_outcome_or_is_held(reply: Reply) -> None:
    delivery = after(reply)

    with pytest.raises(NotWaiting):
        started(delivery)


def test_a_lifetime_begins_with_the_first_attempt_and_anew_with_a_decision_to_send_again() -> None:
    delivery = requested(requested_at=NOW - 2 * LIFETIME)
    assert delivery.tried_since is None

    started(delivery)
    first = delivery.tried_since
    delivery.settle(PUT_OFF, LATER)
    started(delivery)
    assert delivery.tried_since == first == delivery.pending_events[1].timestamp

    delivery.settle(LOST, None)
    delivery.resolve("resend", "person")
    assert delivery.tried_since is None


def test_a_mail_put_off_beyond_its_lifetime_has_failed_as_expired() -> None:
    delivery = after(PUT_OFF, None)

    assert delivery.status == "failed"
    assert last(delivery).reason == "expired"
    assert last(delivery).text == PUT_OFF.text


def test_a_refusal_says_why() -> None:
    assert last(after(REFUSED)).reason == "permanent"
    assert last(after(TOO_LARGE)).reason == "too_large"


def test_what_was_sent_is_recorded_with_its_hash_its_queue_id_and_its_message_id() -> None:
    sent = last(after(ACCEPTED))

    assert (sent.wire_sha256, sent.wire_size, sent.queue_id) == ("ab" * 32, 4711, "4XyZ12")
    assert sent.message_id == f"<{MAIL_ID}@bakery.example>"
    assert sent.possible_duplicate is False


def test_an_attempt_whose_process_died_leaves_a_doubt() -> None:
    delivery = started()

    delivery.doubt()

    assert (delivery.status, delivery.open_attempt) == ("in_doubt", None)
    assert (last(delivery).reason, last(delivery).phase) == ("process_died", "dot")


@pytest.mark.parametrize(
    ("outcome", "status", "waits", "followed"),
    [("sent", "sent", False, True), ("not_sent", "failed", False, True), ("resend", "sending", True, False)],
)
def test_a_doubt_is_settled_by_its_outcome(outcome: str, status: str, waits: bool, followed: bool) -> None:
    """A11."""
    delivery = after(LOST)

    delivery.resolve(outcome, "person", "kim", "the relay's log says so")

    assert (delivery.status, delivery.waits, delivery.may_be_followed) == (status, waits, followed)
    settled = last(delivery)
    assert (settled.outcome, settled.by, settled.operator) == (outcome, "person", "kim")


def test_a_mail_sent_again_out_of_doubt_is_marked_as_a_possible_duplicate_under_the_same_message_id() -> None:
    delivery = after(LOST)
    doubted = last(delivery).message_id
    delivery.resolve("resend", "person", "kim")

    started(delivery)
    delivery.settle(PUT_OFF, LATER)
    started(delivery)
    delivery.settle(ACCEPTED, None)

    assert last(delivery).possible_duplicate is True
    assert last(delivery).message_id == doubted
    assert delivery.attempts == 3


@pytest.mark.parametrize("reply", [ACCEPTED, REFUSED, PUT_OFF], ids=["sent", "failed", "deferred"])
def test_only_a_mail_in_doubt_can_be_resolved(reply: Reply) -> None:
    delivery = after(reply)

    with pytest.raises(NotInDoubt):
        delivery.resolve("sent", "person")


@pytest.mark.parametrize(
    ("delivery", "free"),
    [
        (requested(), False),
        (started(), False),
        (after(PUT_OFF), False),
        (after(LOST), False),
        (after(ACCEPTED), True),
        (after(REFUSED), True),
        (Delivery.note_unrendered(MAIL_ID, **ROW), True),
        (Delivery.note_erased(MAIL_ID, **ROW), True),
    ],
    ids=["waiting", "on its way", "put off", "in doubt", "sent", "failed", "not rendered", "erased"],
)
def test_a_row_gets_another_mail_only_after_this_one_has_its_outcome(delivery: Delivery, free: bool) -> None:
    """A11."""
    assert delivery.may_be_followed is free


def test_a_mail_that_cannot_be_written_fails_without_an_attempt() -> None:
    delivery = requested()

    delivery.give_up("not an address")

    assert (delivery.status, delivery.attempts) == ("failed", 0)
    assert (last(delivery).reason, last(delivery).text) == ("address", "not an address")


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    async with Store(f"sqlite:///{tmp_path}/mailer.db", "mailer") as store:
        yield store


def whole_way() -> Delivery:
    """A mail put off, then in doubt, then sent again."""
    delivery = after(PUT_OFF)
    started(delivery)
    delivery.settle(LOST, None)
    delivery.resolve("resend", "person", "kim", "lost")
    started(delivery)
    delivery.settle(ACCEPTED, None)
    return delivery


@pytest.mark.parametrize(
    "delivery",
    [
        whole_way(),
        after(REFUSED),
        Delivery.note_unrendered(MAIL_ID, **ROW),
        Delivery.note_erased(MAIL_ID, **ROW),
    ],
    ids=["sent in the end", "refused", "not rendered", "erased"],
)
async def test_the_store_gives_back_what_it_was_given(store: Store, delivery: Delivery) -> None:
    events = [vars(event) for event in delivery.pending_events]

    await store.record(delivery)

    stored = store.recorder.select_events(delivery.id)
    assert [vars(store.mapper.to_domain_event(one)) for one in stored] == events
    loaded = await store.load(Delivery, delivery.id)
    assert loaded is not None
    assert vars(loaded) == vars(delivery)
    assert loaded.head == delivery.head


async def test_a_mail_of_somebody_erased_is_loaded_without_their_words(store: Store) -> None:
    delivery = after(REFUSED)
    await store.record(delivery)

    store.keyring.erase(PERSON)

    loaded = await store.load(Delivery, delivery.id)
    assert loaded is not None
    assert (loaded.recipient, loaded.head, loaded.status, loaded.attempts) == (None, None, "failed", 1)
    refused = store.mapper.to_domain_event(store.recorder.select_events(delivery.id)[-1])
    assert (refused.text, refused.code) == (None, 550)  # type: ignore[attr-defined]


async def test_a_waiting_mail_of_somebody_erased_can_still_be_settled(store: Store) -> None:
    await store.record(requested())
    store.keyring.erase(PERSON)
    loaded = await store.load(Delivery, MAIL_ID)
    assert loaded is not None

    loaded.cancel("erased")
    await store.record(loaded)

    settled = await store.load(Delivery, MAIL_ID)
    assert settled is not None
    assert (settled.status, settled.waits) == ("cancelled", False)


async def test_what_is_personal_is_not_on_disk_in_clear(store: Store, tmp_path: Path) -> None:
    await store.record(after(REFUSED))

    on_disk = b"".join(path.read_bytes() for path in tmp_path.glob("mailer.db*"))

    assert b"mailer.Delivery.Failed" in on_disk
    assert b"anna@home.example" not in on_disk
    assert b"no such mailbox anna" not in on_disk


async def test_of_two_mailers_that_start_the_same_attempt_one_is_told_so(store: Store) -> None:
    await store.record(requested())
    one, other = await store.load(Delivery, MAIL_ID), await store.load(Delivery, MAIL_ID)
    assert one is not None
    assert other is not None
    started(one)
    started(other)
    await store.record(one)

    with pytest.raises(Conflict):
        await store.record(other)


def test_the_next_attempt_comes_later_each_time_until_the_lifetime_is_over() -> None:
    waits = [next_attempt(NOW, NOW, deferrals) for deferrals in range(len(MAIL_WAITS) + 2)]

    for at, wait in zip(waits, [*MAIL_WAITS, MAIL_WAITS[-1], MAIL_WAITS[-1]], strict=True):
        assert at is not None
        assert timedelta(seconds=0.9 * wait) <= at - NOW <= timedelta(seconds=1.3 * wait)
    assert next_attempt(NOW + LIFETIME, NOW, 0) is None
    assert next_attempt(NOW + LIFETIME - timedelta(seconds=14), NOW, 0) is not None


def test_what_is_the_servers_affair_waits_as_long_as_the_server_does() -> None:
    at = next_attempt(NOW, NOW, 3, held_for=2)

    assert at is not None
    assert at - NOW <= timedelta(seconds=2.6)
