"""How fast may be sent: to one person, and from one business number."""

from __future__ import annotations

from collections import deque

from whatsapp_bot.whatsapp.fake_graph import limits


class PairRate:
    """One person's: a message each six seconds, up to 45 of them borrowed at once.

    Meta's page can be read in two ways. As a debt that may stand at 45 messages and is
    paid back by one each six seconds; or so that a burst is paid back whole before the
    next message may be sent (is_strict). Bots that answer in two or three messages, every
    ten seconds, are not refused in practice, so the first is the rule.
    """

    def __init__(self, is_strict: bool = False) -> None:
        self._is_strict = is_strict
        self._burst_from = 0.0
        self._paid_at = 0.0  # when nothing is owed any more

    def is_open(self, now: float) -> bool:
        if now >= self._paid_at:
            return True
        if self._is_strict and now >= self._burst_from + limits.PAIR_SECONDS:
            return False
        most = (limits.PAIR_BURST - 1) * limits.PAIR_SECONDS
        return self._paid_at - now <= most

    def take(self, now: float) -> None:
        if now >= self._paid_at:
            self._burst_from = self._paid_at = now
        self._paid_at += limits.PAIR_SECONDS


class Throughput:
    """Messages in and out of a business number in any second."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._recent: deque[float] = deque()

    def is_open(self, now: float) -> bool:
        while self._recent and not now - 1 < self._recent[0] <= now:
            self._recent.popleft()
        return len(self._recent) < self._per_second

    def take(self, now: float) -> None:
        self._recent.append(now)
