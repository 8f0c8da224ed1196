"""Keeps the vector index: filled first, built after, and only where it is worth it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.errors import DatabaseError
from whatsapp_bot.records import EmbeddingModel

logger = logging.getLogger(__name__)

INDEX_FROM = 5_000  # vectors; below, comparing with each of them takes milliseconds
# Of the vectors there are: a larger fill rebuilds the index. Inserting a vector into it
# costs several times its share of a build (docs/benchmarks.md).
REBUILD_SHARE = 0.25
PROGRESS_SECONDS = 10.0


class IndexKeeper:
    def __init__(self, models: ModelStore) -> None:
        self._models = models

    def drop_before_large_fill(self) -> None:
        """Searches compare with every vector until it is built again."""
        for model in self._models.list():
            to_fill = self._models.count_jobs_to_fill(model.name)
            if to_fill < INDEX_FROM or not self._models.has_index(model.name):
                continue
            if to_fill > REBUILD_SHARE * self._models.count_job_vectors(model.name):
                logger.info(
                    "%d jobs to fill: the vector index of %s is built anew after it",
                    to_fill,
                    model.name,
                    extra={"action": "index_dropped", "count": to_fill},
                )
                self._models.drop_index(model.name)

    def build_missing(self) -> None:
        """Beside reads and writes; may take minutes."""
        for model in self._models.list():
            if self.lacks_index(model):
                logger.info("building the vector index of %s", model.name)
                with self._progress_shown(model.name):
                    self._models.build_index(model)
                logger.info(
                    "the vector index of %s is built",
                    model.name,
                    extra={"action": "index_built"},
                )

    @contextlib.contextmanager
    def _progress_shown(self, model: str) -> Iterator[None]:
        is_over = threading.Event()
        thread = threading.Thread(
            target=self._show_progress, args=(model, is_over), daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _show_progress(self, model: str, is_over: threading.Event) -> None:
        while not is_over.wait(PROGRESS_SECONDS):
            # The build's own errors are told by the build.
            with contextlib.suppress(DatabaseError):
                done = self._models.index_progress(model)
                if done is not None:
                    logger.info("the vector index of %s: %.0f%%", model, 100 * done)

    def lacks_index(self, model: EmbeddingModel) -> bool:
        return (
            not self._models.has_index(model.name)
            and self._models.count_job_vectors(model.name) >= INDEX_FROM
        )
