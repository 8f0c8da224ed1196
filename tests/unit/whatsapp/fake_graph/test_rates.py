from __future__ import annotations

from whatsapp_bot.whatsapp.fake_graph.clock import Clock
from whatsapp_bot.whatsapp.fake_graph.rates import PairRate, Throughput


def burst(rate: PairRate, now: float) -> int:
    """How many are let through at one moment."""
    for count in range(100):
        if not rate.is_open(now):
            return count
        rate.take(now)
    raise AssertionError("no end of it")


def test_forty_five_at_once_and_then_one_each_six_seconds() -> None:
    rate = PairRate()
    assert burst(rate, 1_000) == 45
    assert not rate.is_open(1_005.9)
    assert burst(rate, 1_006) == 1
    assert burst(rate, 1_006 + 60) == 10
    assert burst(rate, 1_006 + 10_000) == 45


def test_by_the_strict_reading_a_burst_is_paid_back_before_the_next() -> None:
    rate = PairRate(is_strict=True)
    for second in range(20):
        assert rate.is_open(1_000 + second / 4)
        rate.take(1_000 + second / 4)
    assert not rate.is_open(1_000 + 119)  # "20: about two minutes"
    assert rate.is_open(1_000 + 120)


def test_one_each_six_seconds_is_always_let_through() -> None:
    rate = PairRate(is_strict=True)
    for second in range(0, 3_600, 6):
        assert rate.is_open(second)
        rate.take(second)


def test_eighty_in_any_second() -> None:
    rate = Throughput(80)
    for n in range(80):
        assert rate.is_open(10 + n / 160)
        rate.take(10 + n / 160)
    assert not rate.is_open(10.9)
    assert rate.is_open(11)


def test_a_clock_that_was_turned_back_does_not_close_the_number_for_ever() -> None:
    rate = Throughput(1)
    rate.take(1_000)
    assert rate.is_open(10)


def test_a_stopped_clock_moves_by_turns_alone() -> None:
    turned: list[float] = []
    clock = Clock(1_000, is_stopped=True)
    clock.watch(lambda: turned.append(clock.now()))
    assert clock.now() == 1_000
    assert clock.seconds_until(1_010) is None
    clock.turn(86_400)
    clock.turn(-400)
    assert turned == [87_400, 87_000]
    assert clock.seconds_until(87_000) == 0
    clock.go()
    assert clock.now() >= 87_000
    assert not clock.is_stopped
    clock.stop()
    assert clock.now() == clock.now()
