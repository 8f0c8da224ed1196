"""Enriches and embeds what was just saved, at once, but never at the cost of the save."""

from __future__ import annotations

import concurrent.futures
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.records import Thing, Totals

logger = logging.getLogger(__name__)

HOOK_THREADS = 4


class Enricher(Protocol):
    """See EnrichmentService, on the floor above."""

    def enrich_job(self, job_id: int, timeout: float) -> Totals: ...


class SaveHook:
    """Called after the commit. Whatever happens, the row is saved, and while it has no
    vector, or was not enriched, it stays due: the daemon will find it."""

    def __init__(
        self,
        services: ServiceRegistry[EmbeddingService],
        timeout_seconds: float,
        enricher: Enricher,
        enrichment_seconds: float,
    ) -> None:
        self._services = services
        self._timeout = timeout_seconds
        self._enricher = enricher
        self._enrichment_seconds = enrichment_seconds
        # Its own threads: only so can a slow provider, database or name server be left
        # behind when the time is up. What it still brings is stored all the same.
        self._threads = concurrent.futures.ThreadPoolExecutor(
            HOOK_THREADS, thread_name_prefix="save-hook"
        )

    def saved(self, thing: Thing, thing_id: int) -> bool:
        """Whether nothing is left to embed. Never raises, never takes longer than the
        time limits; on a failure it logs one warning."""
        if thing == "job":
            # First: its text may enter the text that is embedded.
            self._in_time(
                lambda: self._enrich(thing_id),
                self._enrichment_seconds,
                _Late(thing, thing_id, "enriched", "enrich_hook_failed"),
            )
        return self._in_time(
            lambda: self._embed(thing, thing_id),
            self._timeout,
            _Late(thing, thing_id, "embedded", "save_hook_failed"),
        )

    def _in_time(self, work: Callable[[], bool], seconds: float, late: _Late) -> bool:
        future = self._threads.submit(work)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            late.warn(f"it took longer than {seconds:g} s")
            return False
        except Exception as error:
            late.warn(str(error) or type(error).__name__)
            logger.debug("the save hook failed", exc_info=True)
            return False

    def _enrich(self, job_id: int) -> bool:
        totals = self._enricher.enrich_job(job_id, self._enrichment_seconds)
        return not (totals.failed or totals.given_back or totals.outrun)

    def _embed(self, thing: Thing, thing_id: int) -> bool:
        service = self._services.live()
        if service is None:
            return False
        embed = service.embed_job if thing == "job" else service.embed_user
        totals = embed(thing_id, self._timeout)
        return totals.embedded + totals.unchanged + totals.empty == totals.claimed

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Late:
    """What to say when it is not done in time."""

    thing: Thing
    id: int
    done: str
    action: str

    def warn(self, reason: str) -> None:
        logger.warning(
            "%s %d is saved but not %s yet: %s",
            self.thing,
            self.id,
            self.done,
            reason,
            extra={"action": self.action, "id": self.id},
        )
