"""A lone batch waits for nothing; batches that follow one another rest longer each time, up to the longest."""

import time

import pytest

from shared.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_first_batch_and_a_late_one_wait_for_nothing(clock: list[float]) -> None:
    pace = Pace(0.08)

    assert pace.rest() == 0
    pace.went()
    clock[0] += 0.08

    assert pace.rest() == 0


def test_each_batch_that_follows_at_once_rests_twice_as_long_up_to_the_longest(clock: list[float]) -> None:
    pace = Pace(0.08)
    rests = []
    for _ in range(6):
        rests.append(pace.rest())
        clock[0] += rests[-1]
        pace.went()

    assert rests == pytest.approx([0, 0.01, 0.02, 0.04, 0.08, 0.08])


def test_what_has_passed_since_the_last_batch_counts_as_rest(clock: list[float]) -> None:
    pace = Pace(0.08)
    pace.went()
    clock[0] += 0.004

    assert pace.rest() == pytest.approx(0.006)
