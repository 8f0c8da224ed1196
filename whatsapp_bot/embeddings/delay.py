"""Spaces the requests of this process, for providers that count them by the minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Delay:
    """Safe to share among threads; 0 seconds is none."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._next_start = clock()
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Wait until so long after the request before."""
        if not self._seconds:
            return
        with self._lock:  # the others wait for their turn
            self._sleep(max(0.0, self._next_start - self._clock()))
            self._next_start = self._clock() + self._seconds
