"""The way to a mail server: shut after failures, one knock at a time, and no faster than the server allows."""

import asyncio
from types import SimpleNamespace

import pytest

from services.mailer.application import gate as room
from services.mailer.application.gate import Gate
from services.mailer.domain import pace


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of exactly one second, then two, then four."""
    monkeypatch.setattr(pace, "SERVER_WAITS", (1, 2, 4))
    monkeypatch.setattr(pace, "_jittered", lambda seconds: seconds)


class Clock(SimpleNamespace):
    """A clock that stands still until it is set."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(room, "time", clock)
    return clock


def test_each_failure_in_a_row_shuts_for_longer_and_an_answer_opens_again(clock: Clock) -> None:
    gate = Gate("default", None)
    pauses = []

    for _ in range(4):
        gate.shut("refused")
        pauses.append(gate.pause)
        clock.now += gate.pause
    gate.shut("refused")
    gate.worked()
    opened = gate.pause
    gate.shut("refused")

    assert pauses == [1, 2, 4, 4]
    assert (opened, gate.pause) == (0, 1)


def test_what_fails_together_is_one_failure(clock: Clock) -> None:
    gate = Gate("default", None)

    for _ in range(10):
        gate.shut("refused")

    assert gate.pause == 1


def test_one_refusal_or_lost_line_does_not_shut_and_three_in_a_row_do(clock: Clock) -> None:
    gate = Gate("default", None)
    gate.refused_us("550 5.7.1 spam")
    gate.lost("hung up")
    gate.worked()
    gate.refused_us("550 5.7.1 spam")
    gate.refused_us("550 5.7.1 spam")
    after_two = gate.pause

    gate.lost("hung up")

    assert (after_two, gate.pause) == (0, 1)


async def test_after_a_failure_one_knocks_and_the_others_wait_for_what_comes_of_it() -> None:
    gate = Gate("default", None)
    gate.shut("refused")
    gate._shut_until = 0
    inside: list[int] = []
    most = 0

    async def pass_through(number: int) -> None:
        nonlocal most
        async with gate.turn() as is_open:
            assert is_open
            inside.append(number)
            most = max(most, len(inside))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            inside.remove(number)

    await asyncio.gather(*(pass_through(number) for number in range(5)))
    knocking = most
    gate.worked()
    await asyncio.gather(*(pass_through(number) for number in range(5)))

    assert (knocking, most) == (1, 5)


async def test_whoever_waits_goes_home_when_the_gate_closes() -> None:
    gate = Gate("default", 1)
    gate.shut("refused")
    gate._shut_until += 3600
    let_through = []

    async def wait() -> None:
        async with gate.turn() as is_open:
            let_through.append(is_open)

    waiting = [asyncio.create_task(wait()) for _ in range(3)]
    await asyncio.sleep(0)
    gate.close()
    async with asyncio.timeout(20):
        await asyncio.gather(*waiting)

    assert let_through == [False, False, False]


@pytest.mark.parametrize(("per_minute", "expected"), [(600, [0, 0.1, 0.2, 0.3]), (60, [0, 1, 2, 3])])
async def test_turns_are_no_more_than_allowed_in_a_minute(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, per_minute: int, expected: list[float]
) -> None:
    gate = Gate("default", per_minute)
    waited = []

    async def wait(seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr(gate, "_wait", wait)
    for _ in expected:
        async with gate.turn():
            pass

    assert waited == pytest.approx(expected)


async def test_turns_that_nobody_took_are_not_saved_up(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate("default", 60)
    waited = []

    async def wait(seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr(gate, "_wait", wait)
    for _ in range(2):
        async with gate.turn():
            pass
    clock.now += 3600
    for _ in range(2):
        async with gate.turn():
            pass

    assert waited == pytest.approx([0, 1, 0, 1])
