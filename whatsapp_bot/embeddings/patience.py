"""How long to wait: for a provider, for rows that others hold, for the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from whatsapp_bot.errors import DatabaseUnavailable

T = TypeVar("T")

# It waits for what asks for less than this, and that embeds anything in one of so many
# passes.
PATIENCE_SECONDS = 120.0
PATIENCE_PASSES = 3
NAP_SECONDS = 0.5  # how long a stop may go unseen
STORE_RETRY_SECONDS = 0.5


class Patience:
    def __init__(self, longest_seconds: float = PATIENCE_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._fruitless_passes = 0

    def is_over(self, seconds: float, *, is_fruitful: bool) -> bool:
        """After a pass: whether to give up rather than wait for so long."""
        self._fruitless_passes = 0 if is_fruitful else self._fruitless_passes + 1
        return (
            seconds > self._longest_seconds or self._fruitless_passes == PATIENCE_PASSES
        )


def sleep(seconds: float, should_stop: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not should_stop() and time.monotonic() < until:
        time.sleep(min(NAP_SECONDS, max(0.0, until - time.monotonic())))


def store_paid(store: Callable[[], T], seconds: float) -> T:
    """What is paid for: wait so long for a database that went away rather than throw it
    away. Raises DatabaseError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return store()
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(STORE_RETRY_SECONDS)
