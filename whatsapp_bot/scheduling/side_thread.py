"""A thread for what may take long, beside the embedding of what is due."""

from __future__ import annotations

import threading
from collections.abc import Callable


class SideThread:
    """Does the work once each time it is asked to, unless it is still at it."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        """work: must not raise."""
        self._name = name
        self._work = work
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._work, name=self._name, daemon=True
            )
            self._thread.start()

    def join(self, seconds: float | None = None) -> None:
        """Until what it is at is done, or so many seconds are over."""
        if self._thread is not None:
            self._thread.join(seconds)
