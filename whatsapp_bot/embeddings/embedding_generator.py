"""Works off whatever is due, with several requests in flight."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.embeddings.workers import run_workers
from whatsapp_bot.records import Thing, Totals

logger = logging.getLogger(__name__)

# Claim and store while as many requests as there may be are in flight (ProviderGate).
SPARE_THREADS = 2
GRACE_SECONDS = 3.0  # a batch in hand may take this long to end after a stop


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
        run = _Run(services, on_step)
        run_workers(
            run.step,
            self._threads,
            should_stop,
            GRACE_SECONDS,
            lambda: _give_back(services),
        )
        return run.totals

    def embed_some(
        self,
        service: EmbeddingService,
        thing: Thing,
        limit: int,
        anew_since: datetime | None,
        should_stop: Callable[[], bool] = lambda: False,
        on_step: Callable[[Totals], None] = lambda totals: None,
    ) -> list[int]:
        """At most `limit` rows of one kind: see EmbeddingService.embed_some; the ids of
        those that were worked on. Otherwise as embed_due."""
        run = _LimitedRun(service, thing, limit, anew_since, on_step)
        run_workers(
            run.step,
            self._threads,
            should_stop,
            GRACE_SECONDS,
            lambda: _give_back([service]),
        )
        return run.ids


def _give_back(services: Sequence[EmbeddingService]) -> None:
    returned = sum(service.give_back_in_hand() for service in services)
    logger.info(
        "gave back %d rows that were with the provider",
        returned,
        extra={"action": "batches_given_back", "count": returned},
    )


class _Run:
    """What the threads of one embed_due share."""

    def __init__(
        self, services: Sequence[EmbeddingService], on_step: Callable[[Totals], None]
    ) -> None:
        self.totals = Totals()
        self._services = services
        self._on_step = on_step
        self._lock = threading.Lock()

    def step(self) -> bool:
        """Whether there was anything to do."""
        for service in self._services:
            totals = service.embed_any_batch()
            if totals.claimed:
                with self._lock:
                    self.totals += totals
                self._on_step(totals)
                return True
        return False


class _LimitedRun:
    """What the threads of one embed_some share: so many rows, all of them together."""

    def __init__(
        self,
        service: EmbeddingService,
        thing: Thing,
        limit: int,
        anew_since: datetime | None,
        on_step: Callable[[Totals], None],
    ) -> None:
        self.ids: list[int] = []
        self._service = service
        self._thing = thing
        self._left = limit
        self._anew_since = anew_since
        self._on_step = on_step
        self._lock = threading.Lock()

    def step(self) -> bool:
        """Whether there was anything to do."""
        with self._lock:
            rows = min(self._left, self._service.batch_size)
            self._left -= rows
        if not rows:
            return False
        totals, ids = self._service.embed_some(self._thing, rows, self._anew_since)
        with self._lock:
            self._left += rows - len(ids)
            self.ids += ids
        if ids:
            self._on_step(totals)
        return bool(ids)
