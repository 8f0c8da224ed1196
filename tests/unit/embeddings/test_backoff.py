from __future__ import annotations

import pytest

from whatsapp_bot.embeddings.backoff import (
    DOWN_FOR_LONG_FAILURES,
    pause_seconds,
)


def test_a_limit_without_a_hint_doubles_up_to_16_seconds() -> None:
    pauses = [pause_seconds("limited", failures, None) for failures in range(7)]
    assert pauses == [1, 2, 4, 8, 16, 16, 16]


@pytest.mark.parametrize("failures", [0, 3, 100])
def test_a_hint_of_seconds_or_hours_is_obeyed(failures: int) -> None:
    assert pause_seconds("limited", failures, 7) == 7
    assert pause_seconds("down", failures, 40) == 40
    assert pause_seconds("limited", failures, 86_400) == 3_600


def test_a_hint_of_milliseconds_is_believed_only_once() -> None:
    pauses = [pause_seconds("limited", failures, 0.132) for failures in range(4)]
    assert pauses == [0.132, 2, 4, 8]


def test_a_provider_that_is_down_is_asked_every_two_seconds_then_more_seldom() -> None:
    for failures in (0, 1, 50):
        assert pause_seconds("down", failures, None) <= 1.8
    assert pause_seconds("down", DOWN_FOR_LONG_FAILURES, None) == 15


def test_what_needs_a_person_is_looked_at_seldom() -> None:
    assert pause_seconds("denied", 0, 1) == 300
    assert pause_seconds("budget", 0, None) == 900
