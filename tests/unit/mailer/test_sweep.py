"""What goes in a sweep and what stays: no part that any mail may still need, and nothing for ever (A4, FR-85, FR-86)."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.mailer.adapters.tables import TABLES, DueTable, PartTable
from services.mailer.application import Sweep
from services.mailer.domain.delivery import Delivery
from services.mailer.domain.reply import Reply
from shared.blobs import Blob, BlobsUnavailable, MemoryBlobs
from shared.contracts.asks import MayResend, Resolve
from shared.contracts.renderer import MailRendered
from shared.store import Store
from tests.unit.mailer.mails import KEPT, RUN, Mailer, a_mail
from tests.unit.mailer.test_deliveries import attempted
from tests.unit.mailer.test_delivery import ACCEPTED, LATER, LOST, PUT_OFF, REFUSED
from tests.unit.mailer.test_previews import a_preview

HOUR, DAY = 3600.0, 86400.0


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """A database on PostgreSQL, or none: the mailer then has a file."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else None


@pytest.fixture
async def mailer(tmp_path: Path, url: str | None) -> AsyncIterator[Mailer]:
    """A mailer that takes on and answers, but does not dispatch."""
    mailer = Mailer(tmp_path, url)
    yield mailer
    await mailer.store.close()


def later(days: float = 8) -> float:
    """The time in some days, in seconds."""
    return time.time() + days * DAY


def kept(mailer: Mailer, mail: MailRendered) -> dict[str, bool]:
    """Return which parts of a mail are kept."""
    parts = {"text": mail.parts.text, "html": mail.parts.html, "attachment": mail.parts.attachment}
    return {name: mailer.blobs.has(part.sha256) for name, part in parts.items() if part}


async def cancelled(mailer: Mailer, mail: MailRendered) -> None:
    """Take a mail on and cancel it."""
    await mailer.deliveries.take_on(mail)
    delivery = await mailer.delivery(mail)
    delivery.cancel("cancelled")
    await mailer.book.record(delivery, mailer.due.settled(mail.mail_id))


async def begun(mailer: Mailer, mail: MailRendered, reply: Reply | None = None) -> None:
    """Take a mail on and begin an attempt, which a reply may end with the mail waiting for another."""
    await mailer.deliveries.take_on(mail)
    delivery = await mailer.delivery(mail)
    delivery.attempt("a mailer", b"head", "0" * 64, 4)
    await mailer.book.record(delivery)
    if reply:
        delivery.settle(reply, LATER)
        again = mailer.due.waits(delivery.id, "default", LATER, delivery.run_id, delivery.swept_parts)
        await mailer.book.record(delivery, again)


async def brought_to(mailer: Mailer, mail: MailRendered, how: str) -> None:
    """Take a mail on and bring it so far."""
    replies: dict[str, Any] = {"sent": ACCEPTED, "failed": REFUSED, "in doubt": LOST}
    if how == "waiting":
        await mailer.deliveries.take_on(mail)
    elif how == "cancelled":
        await cancelled(mailer, mail)
    elif how in {"under way", "deferred"}:
        await begun(mailer, mail, PUT_OFF if how == "deferred" else None)
    elif how.startswith("resolved"):
        await attempted(mailer, mail, LOST)
        outcome = how.removeprefix("resolved ").replace(" ", "_")
        wish = {"mail_id": mail.mail_id, "outcome": outcome, "operator": "kim"}
        await mailer.deliveries.resolve(Resolve.model_validate(wish))
    else:
        await attempted(mailer, mail, replies[how])


@pytest.mark.parametrize(
    ("how", "goes"),
    [
        ("waiting", False),
        ("under way", False),
        ("deferred", False),
        ("in doubt", False),
        ("resolved resend", False),
        ("resolved sent", True),
        ("resolved not sent", True),
        ("sent", True),
        ("failed", True),
        ("cancelled", True),
    ],
)
async def test_the_parts_of_a_mail_go_when_it_is_final_and_its_time_is_over(
    mailer: Mailer, how: str, goes: bool
) -> None:
    """A4, FR-86: never while it waits, is deferred, held or in doubt."""
    mail = a_mail(mailer.blobs, lasts="while_needed")
    await brought_to(mailer, mail, how)

    await mailer.sweep.sweep(later(6.9))
    early = kept(mailer, mail)
    await mailer.sweep.sweep(later(7.1))

    assert set(early.values()) == {True}
    assert set(kept(mailer, mail).values()) == {not goes}
    assert mailer.blobs.has(mail.attachments[0].sha256), "a file that goes along to all is kept for good"


async def test_the_parts_of_a_mail_recorded_separately_stay_for_good(mailer: Mailer) -> None:
    """FR-83."""
    mail = a_mail(mailer.blobs)
    await attempted(mailer, mail, ACCEPTED)

    await mailer.sweep.sweep(later(10_000))

    assert set(kept(mailer, mail).values()) == {True}


async def test_a_part_of_several_mails_goes_after_the_last_of_them(mailer: Mailer) -> None:
    """FR-85: what is the same for all lies there once, and is named by each."""
    done, open_ = (a_mail(mailer.blobs, number, "while_needed") for number in (1, 2))
    await attempted(mailer, done, ACCEPTED)
    await begun(mailer, open_, PUT_OFF)

    await mailer.sweep.sweep(later())
    between = kept(mailer, done)
    await cancel_deferred(mailer, open_)
    await mailer.sweep.sweep(later())

    assert between == {"text": False, "html": True, "attachment": True}
    assert set(kept(mailer, open_).values()) == {False}


async def cancel_deferred(mailer: Mailer, mail: MailRendered) -> None:
    """Cancel a mail that waits for its next attempt."""
    delivery = await mailer.delivery(mail)
    delivery.cancel("cancelled")
    await mailer.book.record(delivery, mailer.due.settled(mail.mail_id))


async def test_parts_found_to_be_needed_are_kept_as_long_again_once_they_are_not(
    mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A11: a mail that was held for long and then fails can be sent again unchanged too."""
    mail = a_mail(mailer.blobs, lasts="while_needed")
    await attempted(mailer, mail, LOST)
    swept_at = later()
    monkeypatch.setattr("time.time", lambda: swept_at)
    await mailer.sweep.sweep(swept_at)
    wish = {"mail_id": mail.mail_id, "outcome": "not_sent", "operator": "kim"}
    await mailer.deliveries.resolve(Resolve.model_validate(wish))

    await mailer.sweep.sweep(swept_at + 6 * DAY)
    early = kept(mailer, mail)
    await mailer.sweep.sweep(swept_at + 8 * DAY)

    assert set(early.values()) == {True}
    assert set(kept(mailer, mail).values()) == {False}


async def test_parts_that_are_recorded_separately_for_another_stay(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs, lasts="while_needed")
    a_mail(mailer.blobs)  # the same bytes, for good
    await attempted(mailer, mail, ACCEPTED)

    await mailer.sweep.sweep(later())

    assert set(kept(mailer, mail).values()) == {True}


async def test_a_mail_that_may_be_sent_again_unchanged_keeps_its_parts_until_that_is_heard(
    mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A11: whoever is told that the parts are kept finds them."""
    mail = a_mail(mailer.blobs, lasts="while_needed")
    await attempted(mailer, mail, ACCEPTED)
    asked_at = later(6.9)
    monkeypatch.setattr("time.time", lambda: asked_at)

    answer = await mailer.deliveries.may_resend(MayResend(mail_id=mail.mail_id))
    await mailer.sweep.sweep(asked_at + 6 * DAY)
    again = mail.model_copy(update={"mail_id": uuid5(mail.processing_id, "2"), "ordinal": 2})
    await mailer.deliveries.take_on(again)
    await mailer.sweep.sweep(asked_at + 8 * DAY)

    assert answer.parts == mail.parts
    assert set(kept(mailer, mail).values()) == {True}


async def test_a_mail_whose_parts_are_swept_is_sent_again_anew(mailer: Mailer) -> None:
    """A11: the same content is not to be had any more."""
    mail = a_mail(mailer.blobs, lasts="while_needed")
    await attempted(mailer, mail, ACCEPTED)

    await mailer.sweep.sweep(later())

    answer = await mailer.deliveries.may_resend(MayResend(mail_id=mail.mail_id))
    assert (answer.state, answer.parts) == ("free", None)


async def test_what_a_mailing_to_an_erased_contact_was_made_of_goes(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs, lasts="while_needed", recipient=None)
    await mailer.deliveries.take_on(mail)

    await mailer.sweep.sweep(later())

    assert set(kept(mailer, mail).values()) == {False}


async def test_parts_that_no_mailer_ever_heard_of_go_too(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs, lasts="while_needed")

    await mailer.sweep.sweep(later())

    assert set(kept(mailer, mail).values()) == {False}


async def test_a_preview_and_its_files_go_when_it_was_sent(mailer: Mailer) -> None:
    """A7."""
    mail = a_mail(mailer.blobs, lasts="while_needed")
    [route] = mailer.blobs.put_many([Blob(b"for the sample alone", "while_needed")])
    file = mail.attachments[0].model_copy(update=route.model_dump())
    preview = a_preview(mail, attachments=(file,))
    await mailer.deliveries.take_on_preview(preview)

    await mailer.sweep.sweep(later())
    while_waiting = mailer.blobs.has(route.sha256)
    delivery = await mailer.store.load(Delivery, preview.mail_id)
    assert delivery is not None
    delivery.cancel("cancelled")
    await mailer.book.record(delivery, mailer.due.settled(delivery.id))
    await mailer.sweep.sweep(later())

    assert while_waiting
    assert not mailer.blobs.has(route.sha256)
    assert set(kept(mailer, mail).values()) == {False}


async def test_what_was_made_to_be_looked_at_goes_after_a_day(mailer: Mailer) -> None:
    """A message put together to be downloaded, a draft looked at, a layout that was tried."""
    held = mailer.writer.hold(b"From: post@bakery.example\r\n\r\nhello")

    await mailer.sweep.sweep(later(0.9))
    early = mailer.blobs.has(held)
    await mailer.sweep.sweep(later(1.1))

    assert early
    assert not mailer.blobs.has(held)


async def test_frozen_destinations_are_left_to_their_owner(mailer: Mailer) -> None:
    [frozen] = mailer.blobs.put_many([Blob(b"destinations of a run that is paused for a year", "until_deleted")])

    await mailer.sweep.sweep(later(365))

    assert mailer.blobs.has(frozen.sha256)


async def test_nothing_goes_within_the_hour_however_little_is_to_be_kept(mailer: Mailer) -> None:
    mail = a_mail(mailer.blobs, lasts="while_needed")
    await attempted(mailer, mail, ACCEPTED)
    eager = Sweep(mailer.parts, mailer.blobs, timedelta(0))

    await eager.sweep(time.time() + HOUR - 60)
    within = kept(mailer, mail)
    await eager.sweep(time.time() + HOUR + 60)

    assert set(within.values()) == {True}
    assert set(kept(mailer, mail).values()) == {False}


async def test_a_sweep_that_died_is_finished_by_the_next_one(mailer: Mailer, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [a_mail(mailer.blobs, number, "while_needed") for number in range(5)]
    for mail in mails:
        await attempted(mailer, mail, ACCEPTED)
    monkeypatch.setattr("services.mailer.application.sweep._AT_ONCE", 2)
    look, looks = mailer.parts.still_needed, 0

    async def dies(sha256s: list[str]) -> set[str]:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise KeyboardInterrupt
        return await look(sha256s)

    monkeypatch.setattr(mailer.parts, "still_needed", dies)
    with pytest.raises(KeyboardInterrupt):
        await mailer.sweep.sweep(later())
    half = [set(kept(mailer, mail).values()) for mail in mails]
    await mailer.sweep.sweep(later())

    assert any(True in one for one in half)
    assert any(False in one for one in half)
    assert [set(kept(mailer, mail).values()) for mail in mails] == [{False}] * 5


async def test_a_sweep_goes_on_after_a_time_in_which_the_blobs_were_not_to_be_had(
    mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = a_mail(mailer.blobs, lasts="while_needed")
    await attempted(mailer, mail, ACCEPTED)
    monkeypatch.setattr("services.mailer.application.sweep._EVERY", 0.01)
    mailer.blobs._session.connection.execute("UPDATE blobs SET put_at = 0 WHERE transient > 0")
    sweep, tried = mailer.blobs.sweep, 0

    def once_away(*those: Any) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise BlobsUnavailable
        sweep(*those)

    monkeypatch.setattr(mailer.blobs, "sweep", once_away)
    sweeping = asyncio.create_task(mailer.sweep.run())
    async with asyncio.timeout(30):
        while any(kept(mailer, mail).values()):
            await asyncio.sleep(0.01)
    sweeping.cancel()

    assert tried > 1


async def test_several_mailers_sweep_at_once(tmp_path: Path, postgres_url: str) -> None:
    one, other = Mailer(tmp_path, postgres_url), Mailer(tmp_path, postgres_url)
    mails = [a_mail(one.blobs, number, "while_needed") for number in range(30)]
    for mail in mails:
        await (begun(one, mail, PUT_OFF) if mail is mails[7] else attempted(one, mail, ACCEPTED))

    await asyncio.gather(one.sweep.sweep(later()), other.sweep.sweep(later()))

    assert set(kept(one, mails[7]).values()) == {True}
    assert {kept(one, mail)["text"] for mail in mails if mail is not mails[7]} == {False}
    await one.store.close()
    await other.store.close()


PARTS = [b"one", b"two", b"three"]
STEPS = st.lists(
    st.tuples(st.sampled_from(["begins", "ends", "is swept"]), st.integers(0, 3), st.sets(st.sampled_from(PARTS))),
    max_size=30,
)


@given(STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_part_that_an_open_mail_names_never_goes_and_any_other_does(
    steps: list[tuple[str, int, set[bytes]]],
) -> None:
    """A4: whatever mails share what parts, queued or in doubt, in whatever order they begin, end and are swept."""
    async with Store("sqlite://", "mailer", TABLES) as store:
        blobs, due, beside = MemoryBlobs(), DueTable(store, alone=True), PartTable(store, alone=True)
        sweep = Sweep(beside, blobs, KEPT)
        open_: dict[UUID, set[str]] = {}
        mails = [uuid4() for _ in range(4)]
        for what, number, contents in steps:
            mail_id = mails[number]
            if what == "begins" and mail_id not in open_:
                refs = blobs.put_many([Blob(content, "while_needed") for content in sorted(contents)])
                open_[mail_id] = {ref.sha256 for ref in refs}
                names = sorted(open_[mail_id])
                queued = due.waits(mail_id, "default", LATER, RUN, names)
                await store.record(rows=beside.needed(mail_id, names) if number % 2 else [queued])
            elif what == "ends":
                open_.pop(mail_id, None)
                await store.record(rows=[due.settled(mail_id), beside.released(mail_id)])
            elif what == "is swept":
                await sweep.sweep(later())
                assert set(blobs._kept) == set().union(*open_.values())
