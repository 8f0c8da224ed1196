from __future__ import annotations

import threading

import pytest

from whatsapp_bot.embeddings.call_times import BOUNDS, CallTimes
from whatsapp_bot.errors import (
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
)


def test_a_call_counts_where_its_bound_is() -> None:
    times = CallTimes()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] + 0.01, 1000.0):
        times.add(None, seconds)
    found = times.by_outcome()["ok"]
    assert found.counts == (2, 1, *(0,) * (len(BOUNDS) - 2), 1)
    assert found.seconds == pytest.approx(1000 + 2 * BOUNDS[0] + 0.01)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (EmbeddingUnavailable(is_limited=True), "limited"),
        (EmbeddingUnavailable(), "unavailable"),
        (EmbeddingDenied(), "denied"),
        (EmbeddingRejected(), "rejected"),
        (EmbeddingError(), "other"),
    ],
)
def test_calls_are_told_apart_by_how_they_ended(
    error: EmbeddingError | None, outcome: str
) -> None:
    times = CallTimes()
    times.add(error, 0.1)
    assert list(times.by_outcome()) == [outcome]


def test_threads_lose_no_call() -> None:
    times = CallTimes()

    def add() -> None:
        for _ in range(500):
            times.add(None, 0.1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(times.by_outcome()["ok"].counts) == 2000
