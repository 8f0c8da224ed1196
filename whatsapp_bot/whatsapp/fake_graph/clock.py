"""The fake's clock: it runs, and can be turned on, back, or stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """start: seconds since 1970; None for now. A stopped clock moves by turn() alone."""

    def __init__(self, start: float | None = None, *, is_stopped: bool = False) -> None:
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []
        now = time.time()
        start = now if start is None else float(start)
        self._offset = start - now
        self._stopped_at = start if is_stopped else None

    def _running(self) -> float:
        return time.time() + self._offset

    def now(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            return self._running() if self._stopped_at is None else self._stopped_at

    @property
    def is_stopped(self) -> bool:
        return self._stopped_at is not None

    def turn(self, seconds: float) -> None:
        """On, or back where it is below 0; what falls due by it happens at once."""
        with self._lock:
            self._offset += seconds
            if self._stopped_at is not None:
                self._stopped_at += seconds
        self._tell()

    def stop(self) -> None:
        with self._lock:
            if self._stopped_at is None:
                self._stopped_at = self._running()

    def go(self) -> None:
        """On from where it stands."""
        with self._lock:
            if self._stopped_at is not None:
                self._offset += self._stopped_at - self._running()
                self._stopped_at = None
        self._tell()

    def watch(self, watcher: Callable[[], None]) -> None:
        """To be called whenever it was turned or set going."""
        self._watchers.append(watcher)

    def seconds_until(self, moment: float) -> float | None:
        """Real seconds; None where it will not come by itself."""
        missing = moment - self.now()
        return None if self.is_stopped and missing > 0 else max(missing, 0.0)

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()
