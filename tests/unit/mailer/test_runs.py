"""Of a paused run no mail leaves, of a cancelled one what is not on its way is settled unsent, whenever either is heard."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mailer.adapters.tables import RunTable
from services.mailer.domain import pace
from services.mailer.domain.delivery import Delivery
from services.mailer.domain.run import Said, Standing
from shared.contracts.asks import MayResend, Resolve
from shared.contracts.dossier import RunCancelled, RunPaused, RunResumed
from shared.contracts.mailer import MailCancelled, MailDeferred, MailSent
from shared.contracts.renderer import Fault, MailRendered, RenderingFailed
from tests.faults import FaultyServer
from tests.unit.mailer.mails import RUN, Mailer, a_mail, a_server, ids_of, queued
from tests.unit.mailer.test_delivery import ACCEPTED, LOST, PUT_OFF, REFUSED
from tests.unit.mailer.test_endings import SlowServer

pytestmark = pytest.mark.usefixtures("hurry")
ASKED = datetime(2026, 11, 24, 9, tzinfo=UTC)
SAID = ASKED + timedelta(minutes=1)
OTHER = uuid5(RUN, "another run")


def paused(version: int = 2, **others: Any) -> RunPaused:
    return RunPaused(**of_run(version) | others)


def resumed(version: int = 3, **others: Any) -> RunResumed:
    return RunResumed(**of_run(version) | others)


def cancelled(version: int = 4, **others: Any) -> RunCancelled:
    return RunCancelled(**of_run(version) | others)


def of_run(version: int) -> dict[str, Any]:
    return {"run_id": RUN, "version": version, "operator": "anna", "at": SAID}


def asked(mailer: Mailer, number: int = 1, **others: Any) -> MailRendered:
    """A mail asked for before anything was said of its run."""
    return a_mail(mailer.blobs, number, **{"requested_at": ASKED} | others)


async def attempted(mailer: Mailer, mail: MailRendered, reply: Any = None) -> None:
    """Take a mail on and record an attempt at it, ended by a reply if there is one."""
    await mailer.deliveries.take_on(mail)
    delivery = await mailer.delivery(mail)
    wire = mailer.writer.write(delivery, a_server(25))
    delivery.attempt("a mailer", wire.head, wire.sha256, len(wire.data))
    later = datetime.now(UTC) + timedelta(hours=1)
    if reply is not None:
        delivery.settle(reply, later)
    waits = mailer.due.waits(mail.mail_id, "default", later, RUN)
    stays = reply is None or delivery.waits
    await mailer.store.record(delivery, rows=[waits if stays else mailer.due.settled(mail.mail_id)])


@pytest.fixture
async def mailer(tmp_path: Path) -> AsyncIterator[Mailer]:
    """A mailer that takes on and answers, but does not dispatch."""
    mailer = Mailer(tmp_path)
    yield mailer
    await mailer.store.close()


async def test_of_a_paused_run_no_mail_leaves_until_it_is_resumed(tmp_path: Path) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        before, after = asked(mailer, 1), asked(mailer, 2)
        other = asked(mailer, 3, run_id=OTHER)
        await mailer.deliveries.take_on(before)
        await mailer.runs.pause(paused())

        await mailer.send(server, after, other)
        await mailer.until("sent", other)
        held = await queued(mailer.store)
        await mailer.runs.resume(resumed())
        await mailer.until("sent", before, after)

        assert set(held) == {before.mail_id, after.mail_id}
        assert len(server.mails) == 3


async def test_what_a_postman_had_in_hand_is_given_back_when_its_run_is_paused(tmp_path: Path) -> None:
    async with SlowServer() as server, Mailer(tmp_path) as mailer:
        mails = [asked(mailer, number) for number in range(12)]
        await mailer.send(server, *mails)
        while len(server.mails) < 2:
            await asyncio.sleep(0.005)

        await mailer.runs.pause(paused())
        server.let.set()
        while await queued(mailer.store, claimed=True):
            await asyncio.sleep(0.005)
        sent = Counter([(await mailer.delivery(mail)).status for mail in mails])["sent"]
        await mailer.runs.resume(resumed())
        await mailer.until("sent", *mails)

        assert sent == 2, "more than what was being handed over has left"
        assert len(server.mails) == 12


async def test_a_pause_outlives_the_mailer(tmp_path: Path) -> None:
    first = Mailer(tmp_path)
    mail, other = asked(first), asked(first, 2, run_id=OTHER)
    await first.deliveries.take_on(mail)
    await first.runs.pause(paused())
    await first.store.close()

    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        await mailer.send(server, other)
        await mailer.until("sent", other)
        held = await mailer.waiting()
        await mailer.runs.resume(resumed())
        await mailer.until("sent", mail)

        assert list(held) == [mail.mail_id]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("not attempted", "cancelled"),
        (PUT_OFF, "cancelled"),
        (None, "sending"),
        (ACCEPTED, "sent"),
        (REFUSED, "failed"),
        (LOST, "in_doubt"),
    ],
    ids=["queued", "between two attempts", "being handed over", "sent", "failed", "in doubt"],
)
async def test_what_waits_is_cancelled_with_its_run_and_nothing_else(mailer: Mailer, reply: Any, status: str) -> None:
    """The decision for each state of a mail when its run is cancelled (A14)."""
    mail = asked(mailer)
    if reply == "not attempted":
        await mailer.deliveries.take_on(mail)
    else:
        await attempted(mailer, mail, reply)

    await mailer.runs.cancel(cancelled())
    await mailer.runs.cancel(cancelled())

    assert (await mailer.delivery(mail)).status == status
    told = [message for message in await mailer.told(mail) if isinstance(message, MailCancelled)]
    assert [message.reason for message in told] == (["cancelled"] if status == "cancelled" else [])
    assert list(await mailer.waiting()) == ([mail.mail_id] if reply is None else [])


async def test_a_cancelled_run_is_settled_while_its_server_is_away(tmp_path: Path) -> None:
    """While a server is paused nothing is told per mail (A21), but for a cancellation."""
    async with Mailer(tmp_path) as mailer:
        mails = [asked(mailer, number) for number in range(30)]
        await mailer.send(1, *mails)  # nobody listens there
        waits = Counter([(await mailer.delivery(mail)).status for mail in mails])
        silent = await mailer.kinds()

        await mailer.runs.cancel(cancelled())
        await mailer.until("cancelled", *mails)

        assert waits == {"sending": 30}
        assert silent == []
        assert await mailer.kinds() == ["MailCancelled"] * 30


async def test_a_mail_that_comes_after_the_cancellation_is_settled_also_after_a_restart(tmp_path: Path) -> None:
    first = Mailer(tmp_path)
    await first.runs.cancel(cancelled())
    await first.store.close()

    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        late, again = asked(mailer), asked(mailer, 2, requested_at=SAID + timedelta(seconds=1))
        await mailer.send(server, late, again)
        await mailer.until("sent", again)

        assert await mailer.kinds(late) == ["MailCancelled"]
        assert len(server.mails) == 1


async def test_a_cancelled_mail_may_be_followed_by_another_with_the_same_parts(mailer: Mailer) -> None:
    """A cancelled row may be sent again, unchanged (A11)."""
    mail = asked(mailer)
    await mailer.runs.cancel(cancelled())
    await mailer.deliveries.take_on(mail)

    answer = await mailer.deliveries.may_resend(MayResend(mail_id=mail.mail_id))

    assert (answer.state, answer.parts) == ("free", mail.parts)


async def test_what_a_mailer_that_died_did_not_come_to_settle_is_settled_when_its_turn_comes(tmp_path: Path) -> None:
    first = Mailer(tmp_path)
    mail, other = asked(first), asked(first, 2, run_id=OTHER)
    await first.deliveries.take_on(mail)
    await RunTable(first.store, alone=True).note(RUN, Said(4, "cancelled", SAID))  # and then it died
    await first.store.close()

    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        await mailer.send(server, other)
        await mailer.until("sent", other)
        await mailer.until("cancelled", mail)

        assert len(server.mails) == 1


async def test_an_attempt_that_is_put_off_after_the_cancellation_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that was open ends honestly, and no other one follows (A22)."""
    monkeypatch.setattr(pace, "MAIL_WAITS", (3600,))
    async with SlowServer("450 4.2.1 busy") as server, Mailer(tmp_path) as mailer:
        mail, refused = asked(mailer), asked(mailer, 2)
        await mailer.send(server, mail, refused)
        while len(server.mails) < 2:
            await asyncio.sleep(0.005)

        await mailer.runs.cancel(cancelled())
        server.let.set()
        await mailer.until("cancelled", mail, refused)

        assert [type(message) for message in await mailer.told(mail)] == [MailDeferred, MailCancelled]
        assert len(server.mails) == 2


async def test_an_attempt_that_was_open_ends_as_sent(tmp_path: Path) -> None:
    async with SlowServer() as server, Mailer(tmp_path) as mailer:
        mails = [asked(mailer, number) for number in range(9)]
        await mailer.send(server, *mails)
        while len(server.mails) < 2:
            await asyncio.sleep(0.005)

        await mailer.runs.cancel(cancelled())
        server.let.set()
        while await queued(mailer.store, claimed=True):
            await asyncio.sleep(0.005)

        assert Counter(await mailer.kinds()) == {"MailSent": 2, "MailCancelled": 7}
        assert len(server.mails) == 2


async def test_a_mail_in_doubt_that_is_sent_again_by_decision_is_not_cancelled_by_what_was_said_before(
    tmp_path: Path,
) -> None:
    """In doubt stays until somebody settles it (A11); whoever wants it sent after the cancellation has the last word."""
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail = asked(mailer)
        await attempted(mailer, mail, LOST)
        await mailer.runs.cancel(cancelled())

        await mailer.deliveries.resolve(Resolve(mail_id=mail.mail_id, outcome="resend", operator="anna"))
        await mailer.runs.cancel(cancelled())
        await mailer.send(server)
        await mailer.until("sent", mail)

        [sent] = [message for message in await mailer.told(mail) if isinstance(message, MailSent)]
        assert sent.possible_duplicate


async def test_a_run_cancelled_once_more_settles_what_was_sent_again(mailer: Mailer) -> None:
    again = asked(mailer, requested_at=SAID + timedelta(seconds=1))
    await mailer.runs.cancel(cancelled())
    await mailer.deliveries.take_on(again)

    await mailer.runs.cancel(cancelled(5, at=SAID + timedelta(minutes=1)))

    assert (await mailer.delivery(again)).status == "cancelled"


async def test_a_pause_does_not_count_against_the_lifetime_of_a_mail(tmp_path: Path) -> None:
    async with FaultyServer({"RCPT": ["450 4.2.1 busy"]}) as server, Mailer(tmp_path) as mailer:
        now = datetime.now(UTC)
        mail = asked(mailer)
        await mailer.deliveries.take_on(mail)
        delivery = await mailer.delivery(mail)
        long_ago = now - timedelta(hours=30)
        delivery.trigger_event(
            Delivery.AttemptStarted,
            **delivery.of_row,
            timestamp=long_ago,
            attempt=1,
            owner="a mailer",
            mail_server_id="default",
            message_id=delivery.message_id,
            wire_sha256="",
            wire_size=0,
            head=None,
        )
        delivery.settle(PUT_OFF, now)
        await mailer.store.record(delivery, rows=[mailer.due.waits(mail.mail_id, "default", now, RUN)])
        await mailer.runs.pause(paused(at=long_ago + timedelta(hours=1)))
        await mailer.runs.resume(resumed(at=now))

        await mailer.send(server)
        await mailer.until("sent", mail)

        assert await mailer.kinds(mail) == ["MailDeferred", "MailDeferred", "MailSent"]


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ([], 0),
        ([("paused", 1)], 9),
        ([("paused", -5)], 10),
        ([("paused", 1), ("resumed", 3)], 2),
        ([("paused", -5), ("resumed", -1), ("paused", 8), ("resumed", 9)], 1),
        ([("paused", 2), ("cancelled", 4)], 2),
    ],
)
def test_the_time_that_a_run_was_paused_since_a_moment(said: list[tuple[Any, int]], hours: int) -> None:
    since, now = ASKED, ASKED + timedelta(hours=10)
    standing = Standing()
    for version, (what, hour) in enumerate(said):
        standing = standing.after(Said(version, what, ASKED + timedelta(hours=hour)))

    assert standing.paused_for(since, now) == timedelta(hours=hours)


async def test_what_one_mailer_hears_holds_for_all(tmp_path: Path, postgres_url: str) -> None:
    one, other = Mailer(tmp_path, postgres_url), Mailer(tmp_path, postgres_url)
    first, second, third = (asked(one, number) for number in range(3))
    await one.deliveries.take_on(first)

    await one.runs.pause(paused())
    await other.deliveries.take_on(second)
    held = await other.due.claim("default", 10)
    await other.runs.resume(resumed())
    claimed = await one.due.claim("default", 10)
    await other.runs.cancel(cancelled())
    await one.deliveries.take_on(third)

    assert held == []
    assert set(claimed) == {first.mail_id, second.mail_id}
    assert {(await one.delivery(mail)).status for mail in (first, second, third)} == {"cancelled"}
    await one.store.close()
    await other.store.close()


WORDS = ["pause", "resume", "cancel", "cancel", "1", "2", "2", "again", "not made"]


@given(st.permutations(WORDS))
@settings(max_examples=20, deadline=None)
async def test_any_order_of_what_is_said_and_what_is_made_ends_the_same(order: list[str]) -> None:
    """Each row has one outcome, whatever is heard first (A14)."""
    with TemporaryDirectory() as folder:
        mailer = Mailer(Path(folder))
        ids = ids_of(3)
        not_made = RenderingFailed(**ids, reason="cancelled", fault=Fault(detail="cancelled"), failed_at=SAID)
        again = asked(mailer, 1, **ids_of(1, 2), requested_at=SAID + timedelta(seconds=1))
        for word in order:
            await {
                "pause": lambda: mailer.runs.pause(paused()),
                "resume": lambda: mailer.runs.resume(resumed()),
                "cancel": lambda: mailer.runs.cancel(cancelled()),
                "1": lambda: mailer.deliveries.take_on(asked(mailer, 1)),
                "2": lambda: mailer.deliveries.take_on(asked(mailer, 2)),
                "again": lambda: mailer.deliveries.take_on(again),
                "not made": lambda: mailer.deliveries.note_unrendered(not_made),
            }[word]()

        statuses = {mail: (await _delivery(mailer, mail)).status for mail in (_id(1), _id(2), _id(1, 2), _id(3))}
        claimed = await mailer.due.claim("default", 10)
        standing = await mailer.runs.standing(RUN)
        await mailer.store.close()

    assert list(statuses.values()) == ["cancelled", "cancelled", "sending", "render_failed"]
    assert claimed == [_id(1, 2)]
    assert [(said.version, said.what) for said in standing.said] == [(2, "paused"), (3, "resumed"), (4, "cancelled")]


def _id(number: int, ordinal: int = 1) -> UUID:
    mail_id: UUID = ids_of(number, ordinal)["mail_id"]
    return mail_id


async def _delivery(mailer: Mailer, mail_id: UUID) -> Delivery:
    delivery = await mailer.store.load(Delivery, mail_id)
    assert delivery is not None
    return delivery
