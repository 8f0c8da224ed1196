"""Threads that answer, send and listen to Meta, beside whatever else the daemon does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from whatsapp_bot.database.database_manager import DueListener
from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.embeddings.patience import NAP_SECONDS, sleep
from whatsapp_bot.errors import DatabaseConflict, DatabaseUnavailable
from whatsapp_bot.whatsapp.graph_api import GraphApi
from whatsapp_bot.whatsapp.quiet import place_of

logger = logging.getLogger(__name__)

# Given what to call once something was taken in hand, as there may be more. Seconds to
# the next try; 0: at once; None: when there is something.
Step = Callable[[Callable[[], None]], float | None]

LOOK_SECONDS = 1.0  # should a notification be missed
SOONEST_SECONDS = 0.2  # between two looks at what is due and may not be touched yet
GATHER_SECONDS = 0.02  # notifications that come within it are one
AFTER_ERROR_SECONDS = 2.0
LONGEST_REST_SECONDS = 5.0  # then it is seen that a stop of the sender was lifted


@dataclass(frozen=True)
class Work:
    """So many threads that repeat a step. name: of a column of InboxStore.seconds_to_next;
    any other is never woken, and gives seconds each time."""

    name: str
    threads: int
    step: Step


class WhatsAppWorker:
    """Any number of processes may have one."""

    def __init__(
        self,
        works: Sequence[Work],
        listener: DueListener,
        inbox: InboxStore,
        number: NumberStore,
        api: GraphApi,
    ) -> None:
        self._listener = listener
        self._inbox = inbox
        self._number = number
        self._api = api
        self._bells = {work.name: _Bell() for work in works}
        self._is_stopping = False
        self._threads = [
            threading.Thread(
                target=self._repeat,
                args=(work.name, work.step),
                name=f"whatsapp-{work.name}-{number}",
                daemon=True,
            )
            for work in works
            for number in range(work.threads)
        ]
        self._threads.append(
            threading.Thread(target=self._listen, name="whatsapp-listen", daemon=True)
        )

    def start(self) -> None:
        # The token may be another than before.
        self._number.forget_stop()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask it to end; only sets a flag, so a signal handler may call it."""
        self._is_stopping = True

    def join(self, seconds: float) -> bool:
        """After a stop: wait until what is in hand is done; False: it was not in time.
        Nothing is lost then, the leases end by themselves."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._api.close()
        return not any(thread.is_alive() for thread in self._threads)

    def _repeat(self, name: str, step: Step) -> None:
        bell = self._bells[name]
        while not self._is_stopping:
            seconds = _guarded(name, lambda: step(bell.ring))
            if seconds is None:
                bell.wait(lambda: self._is_stopping)
            elif seconds > 0:
                # Rung or not: a number that must rest does, however much is to be sent.
                sleep(min(seconds, LONGEST_REST_SECONDS), lambda: self._is_stopping)

    def _listen(self) -> None:
        while not self._is_stopping:
            sleep(_guarded("listen", self._hear) or 0.0, lambda: self._is_stopping)
        self._listener.close()

    def _hear(self) -> float:
        """Rings for what is due, whether that was announced or came without a word."""
        wait = self._look()
        if self._listener.wait(min(wait, NAP_SECONDS)):
            return GATHER_SECONDS
        return 0.0

    def _look(self) -> float:
        """Seconds to the next look, if nothing is announced."""
        wait = LOOK_SECONDS
        for name, seconds in self._inbox.seconds_to_next().items():
            if seconds is None:
                continue
            if seconds <= 0:
                self._bells[name].ring()
            wait = min(wait, max(seconds, SOONEST_SECONDS))
        return wait


def _guarded(name: str, step: Callable[[], float | None]) -> float | None:
    """As the step says; a thread outlives whatever a step raises."""
    try:
        return step()
    except DatabaseConflict:
        return 0.0
    except DatabaseUnavailable as error:
        logger.warning("%s waits: %s", name, error, extra={"action": "database_away"})
    except Exception as error:  # noqa: BLE001 - its text may quote a message
        logger.error(
            "%s failed: %s", name, place_of(error), extra={"action": "step_failed"}
        )
    return AFTER_ERROR_SECONDS


class _Bell:
    """Wakes one of those who wait: whoever then finds something wakes the next. A ring
    while nobody waits is heard by whoever comes next."""

    def __init__(self) -> None:
        self._is_rung = False
        self._condition = threading.Condition()

    def ring(self) -> None:
        with self._condition:
            self._is_rung = True
            self._condition.notify()

    def wait(self, should_stop: Callable[[], bool]) -> None:
        with self._condition:
            while not self._is_rung and not should_stop():
                self._condition.wait(NAP_SECONDS)
            self._is_rung = False
