"""A pass over all rows that are due, and how long it may rest until the next."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from whatsapp_bot.bootstrap import App
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.embeddings.patience import Patience, sleep
from whatsapp_bot.errors import DatabaseError
from whatsapp_bot.records import Totals

logger = logging.getLogger(__name__)

SOONEST_SECONDS = 0.2  # between two looks for due rows
PROGRESS_SECONDS = 10.0


class EmbeddingPass:
    def __init__(
        self, app: App, index: IndexKeeper, is_stopping: Callable[[], bool]
    ) -> None:
        self._app = app
        self._index = index
        self._is_stopping = is_stopping

    def embed(self) -> Totals:
        """Until nothing is due, the providers are to be left alone, or a stop. Raises
        DatabaseError."""
        self._index.drop_before_large_fill()
        progress = _Progress(lambda: self._app.tasks.note_at_work("embed_due"))
        totals = self._app.generator.embed_due(self._is_stopping, progress.add)
        if totals.embedded or totals.reused or totals.failed:
            progress.report("embedded")
        return totals

    def embed_patiently(self) -> Totals:
        """The same, but a provider that asks for a moment gets it. Totals.given_back: as
        of the last try."""
        totals, patience = Totals(), Patience()
        while not self._is_stopping():
            step = self.embed()
            totals = replace(totals + step, given_back=step.given_back)
            seconds = self._seconds_to_provider()
            if step.given_back:  # a success since may have ended the pause
                seconds = max(seconds, self._seconds_to_next_due() or 0.0)
            if not seconds or patience.is_over(seconds, is_fruitful=step.embedded > 0):
                break
            # A little more: the rows were given back a little later than it paused.
            sleep(seconds + SOONEST_SECONDS, self._is_stopping)
        return totals

    def rest_seconds(self) -> float | None:
        """Until a row is due and some provider may be called; None: no row ever is."""
        seconds = self._seconds_to_next_due()
        if seconds is None:
            return None
        return max(seconds, self._shortest_pause(), SOONEST_SECONDS)

    def _seconds_to_next_due(self) -> float | None:
        models = [service.model for service in self._app.services.all()]
        return self._app.upkeep.seconds_to_next_due(models)

    def _shortest_pause(self) -> float:
        """Until some provider may be called again; 0: now."""
        return min(
            (service.pause_seconds() for service in self._app.services.all()), default=0
        )

    def _seconds_to_provider(self) -> float:
        """Until every provider may be called again; 0: now."""
        return max(
            (service.pause_seconds() for service in self._app.services.all()), default=0
        )


class _Progress:
    """A line of the log every few seconds while there is much to do."""

    def __init__(self, note: Callable[[], object]) -> None:
        """note: called with each line."""
        self._note = note
        self._totals = Totals()
        self._lock = threading.Lock()
        self._start = self._said = time.monotonic()

    def add(self, totals: Totals) -> None:
        with self._lock:
            self._totals += totals
            if time.monotonic() - self._said > PROGRESS_SECONDS:
                self._said = time.monotonic()
                self.report("embedding")
                # The rows are stored: whether the database knows of it is secondary.
                with contextlib.suppress(DatabaseError):
                    self._note()

    def report(self, what: str) -> None:
        seconds = max(time.monotonic() - self._start, 1e-3)
        logger.info(
            "%s %d rows in %.1f s (%.0f a second), %d paid for before, %d unchanged, "
            "%d refused",
            what,
            self._totals.embedded,
            seconds,
            self._totals.embedded / seconds,
            self._totals.reused,
            self._totals.unchanged,
            self._totals.failed,
            extra={"action": what, "count": self._totals.embedded},
        )
