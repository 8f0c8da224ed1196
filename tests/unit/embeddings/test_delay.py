from __future__ import annotations

from whatsapp_bot.embeddings.delay import Delay


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def starts(delay_seconds: float, request_seconds: list[float]) -> list[float]:
    """When each request starts, where each takes so long."""
    clock, found = Clock(), []
    delay = Delay(delay_seconds, clock, clock.sleep)
    for seconds in request_seconds:
        delay.keep()
        found.append(clock.now - 100.0)
        clock.now += seconds
    return found


def test_requests_start_so_far_apart() -> None:
    assert starts(6.0, [1.0, 1.0, 1.0]) == [0.0, 6.0, 12.0]


def test_a_request_that_took_longer_is_not_waited_for_again() -> None:
    assert starts(6.0, [1.0, 20.0, 1.0, 1.0]) == [0.0, 6.0, 26.0, 32.0]


def test_without_a_delay_nothing_waits() -> None:
    assert starts(0.0, [1.0, 1.0]) == [0.0, 1.0]
