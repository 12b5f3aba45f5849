"""Pauses, rates, back-off and budgets, on a clock that only sleep moves."""

from __future__ import annotations

import random

import pytest

from nonverbal.collect.manners import EnoughError, Gate, Manners, Pulse, asked_wait_s
from nonverbal.verdicts import Reason, RejectedError, UserError


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def __call__(self) -> float:
        return self.now_s


def gate(**settings: float) -> tuple[Gate, Clock]:
    clock = Clock()
    return Gate(Manners(**settings), clock.sleep, clock, _random=random.Random(1)), clock  # type: ignore[arg-type]


def test_requests_to_one_host_keep_their_distance() -> None:
    door, clock = gate(pause_s=2.0)
    for _ in range(20):
        door.before_request("https://a.org/x")
    assert len(clock.slept) == 19
    assert all(1.0 <= s <= 3.0 for s in clock.slept)
    assert len({round(s, 3) for s in clock.slept}) > 10  # jitter: no drumbeat
    door.before_request("https://b.org/x")
    assert len(clock.slept) == 19


def test_parts_of_one_file_need_no_pauses() -> None:
    door, clock = gate(pause_s=2.0)
    with door.allowing(10):
        for _ in range(5):
            door.before_request("https://a.org/x")
    assert clock.slept == []


def test_the_rate_is_kept() -> None:
    door, clock = gate(rate_limit=1000.0)
    for _ in range(100):
        door.count(100)
    assert clock.now_s == pytest.approx(10.0, abs=0.2)
    assert door.bytes_fetched == 10_000


def test_backoff_doubles_and_retry_after_is_honoured() -> None:
    door, clock = gate(tries=4, backoff_s=1.0, longest_wait_s=100.0)
    assert [door.wait(n, None) for n in (1, 2, 3, 4)] == [True, True, True, False]
    for slept, middle in zip(clock.slept, (1.0, 2.0, 4.0), strict=True):
        assert middle / 2 <= slept <= middle * 1.5
    assert door.wait(1, "50")
    assert clock.slept[-1] == 50.0
    assert not door.wait(1, "101")


def test_backoff_has_an_end() -> None:
    door, clock = gate(tries=100, backoff_s=1.0)
    door.wait(90, None)
    assert clock.slept[-1] <= 90.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (None, 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("9" * 40, 999999999.0),
        ("٣", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    ],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert asked_wait_s(header, lambda: 60.0) == pytest.approx(seconds)


def test_the_budget_ends_the_run() -> None:
    door, _ = gate(max_bytes=1000)
    door.count(999)
    with pytest.raises(EnoughError):
        door.count(1)
    with pytest.raises(EnoughError):
        door.before_request("https://a.org/")


def test_long_answers_are_refused() -> None:
    door, _ = gate()
    with door.allowing(100):
        door.check_length(100, "https://a.org/")
        with pytest.raises(RejectedError) as caught:
            door.check_length(101, "https://a.org/")
    assert caught.value.reject.reason is Reason.E_TOO_BIG


def test_dripping_is_told_from_slow() -> None:
    drip, slow = Pulse(10.0, 0.0), Pulse(10.0, 0.0)
    assert all(drip.beat(float(t), 1) for t in range(10))
    assert not drip.beat(10.0, 1)
    assert all(slow.beat(float(t), 200) for t in range(100))


@pytest.mark.parametrize("bad", [{"tries": 0}, {"pause_s": -1.0}, {"timeout_s": 0.0}, {"max_bytes": -1}])
def test_settings_out_of_range(bad: dict[str, float]) -> None:
    with pytest.raises(UserError, match=next(iter(bad))):
        Manners(**bad)  # type: ignore[arg-type]
