"""Embeds what was just saved, at once, but never at the cost of the save."""

from __future__ import annotations

import concurrent.futures
import logging

from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.records import Thing

logger = logging.getLogger(__name__)

HOOK_THREADS = 4


class SaveHook:
    """Called after the commit. Whatever happens, the row is saved, and while it has no
    vector it stays due: the daemon will find it."""

    def __init__(
        self, services: ServiceRegistry[EmbeddingService], timeout_seconds: float
    ) -> None:
        self._services = services
        self._timeout = timeout_seconds
        # Its own threads: only so can a slow provider, database or name server be left
        # behind when the time is up. What it still brings is stored all the same.
        self._threads = concurrent.futures.ThreadPoolExecutor(
            HOOK_THREADS, thread_name_prefix="save-hook"
        )

    def saved(self, thing: Thing, thing_id: int) -> bool:
        """Whether nothing is left to do for it. Never raises, never takes longer than
        the time limit; on a failure it logs one warning."""
        future = self._threads.submit(self._embed, thing, thing_id)
        try:
            return future.result(self._timeout)
        except TimeoutError:
            future.cancel()
            _warn(thing, thing_id, f"it took longer than {self._timeout:g} s")
            return False
        except Exception as error:
            _warn(thing, thing_id, str(error) or type(error).__name__)
            logger.debug("the save hook failed", exc_info=True)
            return False

    def _embed(self, thing: Thing, thing_id: int) -> bool:
        service = self._services.live()
        if service is None:
            return False
        embed = service.embed_job if thing == "job" else service.embed_user
        totals = embed(thing_id, self._timeout)
        return totals.embedded + totals.unchanged + totals.empty == totals.claimed

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _warn(thing: Thing, thing_id: int, reason: str) -> None:
    logger.warning(
        "%s %d is saved but not embedded yet: %s",
        thing,
        thing_id,
        reason,
        extra={"action": "save_hook_failed", "id": thing_id},
    )
