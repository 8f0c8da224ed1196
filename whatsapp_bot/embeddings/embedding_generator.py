"""Works off whatever is due, with several requests in flight."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.records import Totals

logger = logging.getLogger(__name__)

# Claim and store while as many requests as there may be are in flight (ProviderGate).
SPARE_THREADS = 2
GRACE_SECONDS = 3.0  # a batch in hand may take this long to end after a stop
NAP_SECONDS = 0.05


class EmbeddingGenerator:
    """Embeds for each model what is due, users before jobs, newest first."""

    def __init__(
        self, services: ServiceRegistry[EmbeddingService], threads: int
    ) -> None:
        self._services = services
        self._threads = threads

    def embed_due(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        on_step: Callable[[Totals], None] = lambda totals: None,
    ) -> Totals:
        """Until nothing is due, the providers are to be left alone, or should_stop.

        on_step is told of every batch, from several threads. After should_stop, batches
        in hand have GRACE_SECONDS to end; then they are given back. Raises the first
        DatabaseError of any thread.
        """
        services = self._services.all()
        run = _Run(services, should_stop, on_step)
        threads = [
            threading.Thread(target=run.work, daemon=True, name=f"embed-{i}")
            for i in range(self._threads)
        ]
        for thread in threads:
            thread.start()
        if not _wait_for(threads, should_stop):
            # The threads are daemons: they do not keep the process from ending.
            returned = sum(service.give_back_in_hand() for service in services)
            logger.info(
                "gave back %d rows that were with the provider",
                returned,
                extra={"action": "batches_given_back", "count": returned},
            )
        if run.error:
            raise run.error
        return run.totals


def _wait_for(threads: list[threading.Thread], should_stop: Callable[[], bool]) -> bool:
    """Whether they ended; after should_stop they have GRACE_SECONDS to do so."""
    give_up_at: float | None = None
    while alive := [thread for thread in threads if thread.is_alive()]:
        alive[0].join(NAP_SECONDS)
        if give_up_at is None and should_stop():
            give_up_at = time.monotonic() + GRACE_SECONDS
        if give_up_at is not None and time.monotonic() > give_up_at:
            return False
    return True


class _Run:
    """What the threads of one embed_due share."""

    def __init__(
        self,
        services: Sequence[EmbeddingService],
        should_stop: Callable[[], bool],
        on_step: Callable[[Totals], None],
    ) -> None:
        self.totals = Totals()
        self.error: Exception | None = None
        self._services = services
        self._should_stop = should_stop
        self._on_step = on_step
        self._lock = threading.Lock()

    def work(self) -> None:
        try:
            while not self._should_stop() and not self.error and self._step():
                pass
        except Exception as error:  # raised again by embed_due
            logger.debug("a thread stops: %s", error, exc_info=True)
            self.error = self.error or error

    def _step(self) -> bool:
        """Whether there was anything to do."""
        for service in self._services:
            totals = service.embed_any_batch()
            if totals.claimed:
                with self._lock:
                    self.totals += totals
                self._on_step(totals)
                return True
        return False
