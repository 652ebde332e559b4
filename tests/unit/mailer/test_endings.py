"""However a mailer ends, in good order or by a kill, and whatever its store does meanwhile: no outcome is invented."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.mailer.adapters.tables import due as due_table
from services.mailer.application import dispatch
from services.mailer.domain.delivery import Delivery
from shared.contracts.mailer import MailInDoubt, MailInDoubtResolved
from shared.contracts.renderer import MailRendered
from shared.store import StoreUnavailable
from tests.faults import DROP, FaultyServer
from tests.unit.mailer.mails import Later, Mailer, a_mail, a_server, queued

pytestmark = pytest.mark.usefixtures("hurry")
ROOT = Path(__file__).parents[3]


class SlowServer(FaultyServer):
    """Answers dots when it is let."""

    def __init__(self, answer: str = "250 2.0.0 Ok") -> None:
        super().__init__({"DOT": answer})
        self.let = asyncio.Event()

    async def _answer(self, writer: asyncio.StreamWriter, step: str, usual: str = "") -> bool:
        if step == "DOT":
            self.reached.setdefault("DOT", asyncio.Event()).set()
            await self.let.wait()
        return await super()._answer(writer, step, usual)


async def statuses(mailer: Mailer, mails: list[MailRendered]) -> Counter[str]:
    return Counter([(await mailer.delivery(mail)).status for mail in mails])


async def test_a_drained_mailer_waits_for_open_answers_and_gives_back_the_rest(tmp_path: Path) -> None:
    async with SlowServer() as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(12)]
        await mailer.send(server, *mails, max_connections=3)
        while len(server.mails) < 3:
            await asyncio.sleep(0.005)

        draining = asyncio.create_task(mailer.dispatch.drain())
        await asyncio.sleep(0.05)
        waits = not draining.done()
        server.let.set()
        async with asyncio.timeout(20):
            await draining

        assert waits
        assert await statuses(mailer, mails) == {"sent": 3, "sending": 9}
        assert len(await mailer.waiting()) == 9
        assert sum([(await mailer.delivery(mail)).attempts for mail in mails]) == 3
        assert len(server.mails) == 3


async def test_a_mailer_is_drained_at_once_where_its_server_is_paused_or_nothing_is_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.mailer.domain.pace.SERVER_WAITS", (3600,))
    async with FaultyServer({"GREETING": "421 4.3.2 later"}) as server, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(9)]
        await mailer.send(server, *mails)
        await mailer.deliveries.set_server(a_server(server.port, mail_server_id="idle"))
        while server.connections < 1:
            await asyncio.sleep(0.005)

        async with asyncio.timeout(20):
            await mailer.dispatch.drain()

        assert await statuses(mailer, mails) == {"sending": 9}
        assert len(await mailer.waiting()) == 9


async def test_a_server_set_up_while_the_mailer_drains_is_not_served(tmp_path: Path) -> None:
    async with SlowServer() as before, FaultyServer() as after, Mailer(tmp_path) as mailer:
        mails = [a_mail(mailer.blobs, number) for number in range(4)]
        await mailer.send(before, *mails, max_connections=1)
        await before.comes_to("DOT")
        await mailer.send(after)
        await asyncio.sleep(0.05)

        draining = asyncio.create_task(mailer.dispatch.drain())
        await asyncio.sleep(0.05)
        before.let.set()
        await draining
        await asyncio.sleep(0.05)

        assert after.connections == 0
        assert await statuses(mailer, mails) == {"sent": 1, "sending": 3}


@pytest.mark.parametrize(
    ("step", "status"), [("MAIL", "deferred"), ("RCPT", "deferred"), ("DATA", "deferred"), ("DOT", "in_doubt")]
)
async def test_a_mailer_cancelled_in_mid_sending_records_what_is_certain(
    tmp_path: Path, step: str, status: str
) -> None:
    async with FaultyServer({step: "HANG"}) as server:
        async with Mailer(tmp_path) as mailer:
            mail = a_mail(mailer.blobs)
            await mailer.send(server, mail)
            await server.comes_to(step)

        async with _reader(tmp_path) as after:
            delivery = await after.delivery(mail)

    assert (delivery.status, delivery.open_attempt, delivery.attempts) == (status, None, 1)


async def test_a_killed_mailer_leaves_in_doubt_what_it_had_in_hand_and_the_rest_is_sent_once(tmp_path: Path) -> None:
    number = 300
    async with _sink(tmp_path / "sink.log") as (port, arrived):
        for _ in range(2):
            before = len(arrived())
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.unit.mailer.one_mailer", str(tmp_path), str(port), str(number), cwd=ROOT
            )
            while len(arrived()) < before + 60:
                await asyncio.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            await process.wait()

        async with Mailer(tmp_path) as mailer:
            mails = [a_mail(mailer.blobs, one) for one in range(number)]
            open_ones = [mail for mail in mails if (await mailer.delivery(mail)).open_attempt]
            for mail in mails:
                await mailer.deliveries.take_on(mail)
            while set(await statuses(mailer, mails)) - {"sent", "in_doubt"}:
                await asyncio.sleep(0.02)
            counts = await statuses(mailer, mails)
            doubts = [message for message in await mailer.told() if isinstance(message, MailInDoubt)]
            sent = {
                (await mailer.delivery(mail)).message_id
                for mail in mails
                if (await mailer.delivery(mail)).status == "sent"
            }

    times = arrived()
    assert open_ones
    assert counts.total() == number
    assert {message.reason for message in doubts} == {"process_died"}
    assert {mail.mail_id for mail in open_ones} <= {message.mail_id for message in doubts}
    assert counts["in_doubt"] == len(doubts) <= 2 * 8
    assert set(times.values()) == {1}
    assert sent <= set(times)


async def test_an_outcome_waits_for_a_store_that_is_away_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SlowServer() as server, Mailer(tmp_path) as mailer:
        mail, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        await mailer.send(server, mail, max_connections=1)
        await server.comes_to("DOT")
        away = Away(mailer, monkeypatch, "record", 2), Away(mailer, monkeypatch, "load", 2)

        server.let.set()
        await away[1].is_over()
        await mailer.until("sent", mail)
        await mailer.deliveries.take_on(other)
        await mailer.until("sent", other)

        assert [one.left for one in away] == [0, 0]
        assert await mailer.kinds(mail) == ["MailSent"]
        assert len(server.mails) == 2


async def test_an_outcome_whose_recording_was_not_heard_of_is_recorded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SlowServer() as server, Mailer(tmp_path) as mailer:
        mail, other = a_mail(mailer.blobs), a_mail(mailer.blobs, 2)
        await mailer.send(server, mail)
        await server.comes_to("DOT")
        away = Away(mailer, monkeypatch, "record", 1, after=True)

        server.let.set()
        await mailer.until("sent", mail)
        await away.is_over()
        await mailer.deliveries.take_on(other)
        await mailer.until("sent", other)

        assert await mailer.kinds(mail) == ["MailSent"]


async def test_a_start_whose_recording_was_not_heard_of_is_in_doubt_and_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)
        await mailer.deliveries.take_on(mail)
        await mailer.deliveries.set_server(a_server(server.port, mail_server_id="other"))
        Away(mailer, monkeypatch, "record", 1, after=True, only=Delivery.AttemptStarted)

        mailer.dispatch.serve(a_server(server.port))
        await mailer.until("in_doubt", mail)

        assert await mailer.kinds(mail) == ["MailInDoubt"]
        assert list(await mailer.waiting()) == []
        assert server.mails == []


@pytest.mark.parametrize("what", ["claim", "next_due"])
async def test_a_store_that_is_away_while_there_is_nothing_to_do_ends_no_mailer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("services.mailer.application.office._LOOK", 0.02)
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        await mailer.send(server)
        away = Away(mailer, monkeypatch, what, 2, of=mailer.due)
        await away.is_over()

        mail = a_mail(mailer.blobs)
        await mailer.deliveries.take_on(mail)
        await mailer.until("sent", mail)

        assert away.left == 0


async def test_a_store_that_is_away_when_leases_are_renewed_ends_no_mailer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_RENEW", 0.01)
    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        mail = a_mail(mailer.blobs)
        away = Away(mailer, monkeypatch, "renew", 2, of=mailer.due)
        await away.is_over()

        await mailer.send(server, mail)
        await mailer.until("sent", mail)

        assert away.left == 0


@pytest.fixture
async def two(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[Mailer, Mailer]]:
    """Two mailers on one PostgreSQL database, the second one silent at first."""
    (tmp_path / "other").mkdir()
    other = Mailer(tmp_path, postgres_url)
    async with Mailer(tmp_path, postgres_url) as one:
        yield one, other
        if other.running is None:
            await other.store.close()
        else:
            await other.__aexit__(None, None, None)


async def test_two_mailers_send_each_mail_once_between_them(two: tuple[Mailer, Mailer]) -> None:
    one, other = two
    async with FaultyServer() as server:
        mails = [a_mail(one.blobs, number) for number in range(60)]

        await one.send(server)
        await other.__aenter__()
        for mail in mails[::2]:
            await one.deliveries.take_on(mail)
        for mail in mails[1::2]:
            await other.deliveries.take_on(mail)
        async with asyncio.timeout(30):
            while await statuses(one, mails) != {"sent": 60}:
                await asyncio.sleep(0.02)

        assert len(server.mails) == 60
        assert await one.kinds() == ["MailSent"] * 60


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("250 2.0.0 Ok", "sent", ["MailInDoubt", "MailInDoubtResolved"]),
        ("451 4.6.0 later", "in_doubt", ["MailInDoubt"]),
        (DROP, "in_doubt", ["MailInDoubt"]),
    ],
    ids=["accepted", "put off", "lost"],
)
async def test_a_mail_taken_over_from_a_slow_mailer_is_in_doubt_until_that_one_knows_better(
    two: tuple[Mailer, Mailer], monkeypatch: pytest.MonkeyPatch, answer: str, status: str, told: list[str]
) -> None:
    slow, quick = two
    async with SlowServer(answer) as server:
        mail, free = a_mail(slow.blobs), a_mail(slow.blobs, 2)
        await slow.send(server, mail, free, max_connections=1)
        await server.comes_to("DOT")
        monkeypatch.setattr(due_table, "time", Later)

        await quick.dispatch.settle_orphans()
        doubted = (await quick.delivery(mail)).status
        freed = list(await queued(quick.store))
        assert slow.running is not None
        server.let.set()
        await slow.until(
            "sent" if answer.startswith("2") else "deferred" if answer.startswith("4") else "in_doubt", free
        )

        assert (doubted, freed) == ("in_doubt", [free.mail_id])
        assert (await quick.delivery(mail)).status == status
        assert await quick.kinds(mail) == told
        if status == "sent":
            resolved = (await quick.told(mail))[-1]
            assert isinstance(resolved, MailInDoubtResolved)
            assert (resolved.outcome, resolved.by) == ("sent", "log")


async def test_a_mailer_that_starts_finds_the_attempt_of_a_dead_one_in_doubt_and_frees_the_rest(
    tmp_path: Path,
) -> None:
    dead = Mailer(tmp_path)
    mails = [a_mail(dead.blobs, number) for number in range(3)]
    for mail in mails:
        await dead.deliveries.take_on(mail)
    begun = (await dead.due.claim("default", 2))[0]
    delivery = await dead.store.load(Delivery, begun)
    assert delivery is not None
    delivery.attempt(dead.due.owner, b"head", "ab" * 32, 4)
    await dead.store.record(delivery)
    await dead.store.close()

    async with FaultyServer() as server, Mailer(tmp_path) as mailer:
        doubtful, *others = sorted(mails, key=lambda mail: mail.mail_id != begun)
        await mailer.until("in_doubt", doubtful)
        await mailer.send(server)
        await mailer.until("sent", *others)

        assert (await mailer.delivery(doubtful)).attempts == 1
        assert len(server.mails) == 2


class Away:
    """A method of the store, or of its queue, that fails a few times; `after` it has done what it was asked."""

    def __init__(
        self,
        mailer: Mailer,
        monkeypatch: pytest.MonkeyPatch,
        method: str,
        times: int,
        *,
        of: object = None,
        after: bool = False,
        only: type[Any] | None = None,
    ) -> None:
        self.left = times
        self._after = after
        self._only = only
        self._real: Callable[..., Awaitable[Any]] = getattr(of or mailer.store, method)
        monkeypatch.setattr(of or mailer.store, method, self)

    async def __call__(self, *asked: Any, **more: Any) -> Any:
        if not self.left or (self._only and not self._is_meant(asked)):
            return await self._real(*asked, **more)
        self.left -= 1
        if self._after:
            await self._real(*asked, **more)
        raise StoreUnavailable("away for a moment")

    def _is_meant(self, asked: tuple[Any, ...]) -> bool:
        return any(isinstance(event, self._only or object) for one in asked for event in one.pending_events)

    async def is_over(self) -> None:
        """Wait until it has failed as often as it should."""
        async with asyncio.timeout(20):
            while self.left:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def _reader(folder: Path) -> AsyncIterator[Mailer]:
    """What a mailer left, looked at without going on with it."""
    mailer = Mailer(folder)
    yield mailer
    await mailer.store.close()


@asynccontextmanager
async def _sink(log: Path) -> AsyncIterator[tuple[int, Callable[[], Counter[str]]]]:
    """Run the counting mail server; yield its port, and what tells how often each mail has arrived."""
    command = [sys.executable, "-m", "tests.sink", "--log", str(log), "--delay-ms", "5"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    port = int((await process.stdout.readline()).removeprefix(b"listening on "))
    yield port, lambda: Counter(line.split()[0] for line in log.read_text("utf-8").splitlines())
    process.terminate()
    await process.wait()
