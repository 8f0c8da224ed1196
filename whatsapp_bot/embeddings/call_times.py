"""How long calls to a provider took in this process, by how they ended."""

from __future__ import annotations

import bisect
import threading
from dataclasses import dataclass

from whatsapp_bot.errors import (
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
)

# Seconds. A batch takes OpenAI some 0.3 s; a request times out after 30 s by default.
BOUNDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True)
class Times:
    """counts[i]: calls of at most BOUNDS[i] seconds and more than the bound before; the
    last: of more than any. seconds: of all together."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    seconds: float = 0.0

    def plus(self, seconds: float) -> Times:
        place = bisect.bisect_left(BOUNDS, seconds)
        counts = (*self.counts[:place], self.counts[place] + 1)
        return Times(counts + self.counts[place + 1 :], self.seconds + seconds)


class CallTimes:
    """Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[str, Times] = {}

    def add(self, error: EmbeddingError | None, seconds: float) -> None:
        outcome = _outcome(error)
        with self._lock:
            self._times[outcome] = self._times.get(outcome, Times()).plus(seconds)

    def by_outcome(self) -> dict[str, Times]:
        with self._lock:
            return dict(self._times)


def _outcome(error: EmbeddingError | None) -> str:
    if error is None:
        return "ok"
    if isinstance(error, EmbeddingUnavailable):
        return "limited" if error.is_limited else "unavailable"
    if isinstance(error, EmbeddingDenied):
        return "denied"
    return "rejected" if isinstance(error, EmbeddingRejected) else "other"
