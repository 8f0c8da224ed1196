"""The one way to a provider: at its pace, within the budget, and not while it is down.

Pace, circuit breaker and ledger are rows that all workers share (database/pace.py).
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.embeddings.backoff import BUDGET_SECONDS, pause_seconds
from whatsapp_bot.embeddings.call_times import CallTimes
from whatsapp_bot.embeddings.delay import Delay
from whatsapp_bot.errors import (
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
    ProviderPaused,
)
from whatsapp_bot.records import BreakerReason, RateLimits

logger = logging.getLogger(__name__)

PROBE_POLL_SECONDS = 0.2  # the wait while another worker finds out (004)
HOLD_SECONDS = 2.0  # rather than give rows back, a worker waits so long for its turn
MOST_JITTER = 0.1  # workers that were sent away together must not come back together


class Purse:
    """What this process may spend, on all its models together; None: no limit."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self._spent = 0.0
        self._lock = threading.Lock()

    def take(self, cost: float) -> bool:
        """Whether there is as much left; then it is taken."""
        with self._lock:
            if self.limit is not None and self._spent + cost > self.limit:
                return False
            self._spent += cost
            return True

    def put_back(self, cost: float) -> None:
        with self._lock:
            self._spent -= cost


@dataclass(frozen=True)
class Budget:
    """Dollars. price: per million tokens that are sent. daily: of all workers and
    models; None: no limit. run: of this process."""

    price: float = 0.0
    daily: float | None = None
    run: Purse = field(default_factory=Purse)


class BilledAnswer(Protocol):
    """tokens: as billed. limits: what the provider says is left."""

    @property
    def tokens(self) -> int: ...

    @property
    def limits(self) -> RateLimits | None: ...


A = TypeVar("A", bound=BilledAnswer)


@dataclass(frozen=True)
class Request(Generic[A]):
    """A call to a provider. tokens, dollars: what it may take at most. price: what an
    answer cost, in dollars."""

    send: Callable[[], A]
    texts: int
    tokens: int
    dollars: float
    price: Callable[[A], float]


class ProviderGate:
    """Sends requests of one model, so many at a time; safe to share among threads.

    delay_seconds: from the start of a request of this process to that of the next.
    """

    def __init__(
        self,
        model: str,
        pace: PaceStore,
        ledger: Ledger,
        budget: Budget,
        in_flight: int = 4,
        delay_seconds: float = 0.0,
    ) -> None:
        self.model = model
        self.budget = budget
        self.times = CallTimes()
        self._delay = Delay(delay_seconds)
        self._slots = threading.BoundedSemaphore(in_flight)
        self._pace = pace
        self._ledger = ledger
        self._wait_until = 0.0  # monotonic; a turn that was too long to wait for

    def wait_seconds(self) -> float:
        """How long the provider is to be left alone; 0 when it may be called."""
        turn = self._wait_until - time.monotonic()
        return max(0.0, turn, self._pace.seconds_to_wait())

    def send(
        self, request: Request[A], timeout: float | None, purpose: str
    ) -> tuple[A, float]:
        """The answer and what it cost. timeout: in seconds, to wait for a slot.

        Raises ProviderPaused (nothing was sent: the provider is to be left alone, or it
        just said so), EmbeddingDenied (likewise, and a person must act) or
        EmbeddingRejected (these texts).
        """
        if not self._slots.acquire(timeout=timeout):
            raise ProviderPaused("all requests there may be are in flight", 0.0)
        try:
            answer, reserved = self._send(request, purpose)
        finally:
            self._slots.release()
        cost = request.price(answer)
        self._ledger.add(
            self.model,
            purpose,
            requests=1,
            texts=request.texts,
            tokens=answer.tokens,
            dollars=cost - reserved,
        )
        self.budget.run.put_back(reserved - cost)
        return answer, cost

    def _send(self, request: Request[A], purpose: str) -> tuple[A, float]:
        """The answer, and the dollars that were reserved for it."""
        self._delay.keep()
        failures = self._take_turn(request.tokens)
        reserved = self._reserve_money(request.dollars, purpose, failures)
        try:
            answer = self._timed(request.send)
        except EmbeddingError as error:
            self._settle(purpose, error, reserved)
            raise self._report(error, failures) from error
        if failures:
            self._close_breaker()
        if answer.limits:
            self._pace.observe(answer.limits)
        return answer, reserved

    def _timed(self, send: Callable[[], A]) -> A:
        start = time.monotonic()
        try:
            answer = send()
        except EmbeddingError as error:
            self.times.add(error, time.monotonic() - start)
            raise
        self.times.add(None, time.monotonic() - start)
        return answer

    def _take_turn(self, tokens: int) -> int:
        """Wait for a turn, if that is soon; how many failures in a row there were."""
        give_up_at = time.monotonic() + HOLD_SECONDS
        while True:
            wait, failures = self._pace.reserve(tokens)
            if not wait:
                return failures
            if failures and wait > PROBE_POLL_SECONDS:
                message = f"{self.model} is left alone for {wait:.0f} s"
                raise ProviderPaused(message, wait, is_hearsay=True)
            if time.monotonic() + wait > give_up_at:
                self._wait_until = time.monotonic() + wait
                raise ProviderPaused("it is not our turn yet", wait)
            time.sleep(wait)

    def _reserve_money(self, cost: float, purpose: str, failures: int) -> float:
        """Count what the request may cost at most, before it is sent."""
        if not cost:
            return 0.0
        run, daily = self.budget.run, self.budget.daily
        if not run.take(cost):
            # This process's own: the others may go on.
            self._wait_until = time.monotonic() + BUDGET_SECONDS
            raise ProviderPaused(
                f"the run's budget of ${run.limit:g} is spent", BUDGET_SECONDS
            )
        limit = math.inf if daily is None else daily
        if not self._ledger.reserve(self.model, purpose, cost, limit):
            run.put_back(cost)
            message = f"the day's budget of ${daily:g} would be passed"
            seconds = self._open_breaker("budget", failures, None, message)
            raise ProviderPaused(message, seconds)
        return cost

    def _settle(self, purpose: str, error: EmbeddingError, reserved: float) -> None:
        """Count the request; what was not billed is given back to the budget."""
        back = 0.0 if error.may_be_billed else reserved
        self._ledger.add(self.model, purpose, requests=1, dollars=-back)
        self.budget.run.put_back(back)

    def _report(self, error: EmbeddingError, failures: int) -> EmbeddingError:
        """Tell the other workers; the error for the caller."""
        if isinstance(error, EmbeddingRejected):
            if failures:
                self._close_breaker()  # it answers
            return error
        message = str(error)
        if isinstance(error, EmbeddingUnavailable):
            reason: BreakerReason = "limited" if error.is_limited else "down"
            seconds = self._open_breaker(reason, failures, error.retry_after, message)
            return ProviderPaused(message, seconds)
        self.deny(message, failures)
        return error

    def deny(self, message: str, failures: int = 0) -> EmbeddingDenied:
        """A person must act: everybody stops, and looks again seldom."""
        self._open_breaker("denied", failures, None, message)
        return EmbeddingDenied(message)

    def _open_breaker(
        self, reason: BreakerReason, failures: int, hint: float | None, message: str
    ) -> float:
        seconds = pause_seconds(reason, failures, hint)
        seconds *= random.uniform(1.0, 1.0 + MOST_JITTER)
        self._pace.failed(failures, reason, seconds, message)
        if not failures:
            logger.warning(
                "%s is left alone: %s",
                self.model,
                message,
                extra={"action": "breaker_opened", "reason": reason},
            )
        return seconds

    def _close_breaker(self) -> None:
        self._pace.succeeded()
        logger.info(
            "%s answers again",
            self.model,
            extra={"action": "breaker_closed"},
        )
