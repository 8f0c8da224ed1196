"""Keeps the vector index: filled first, built after, and only where it is worth it."""

from __future__ import annotations

import logging

from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.records import EmbeddingModel

logger = logging.getLogger(__name__)

INDEX_FROM = 5_000  # vectors; below, comparing with each of them takes milliseconds
# Of the vectors there are: a larger fill rebuilds the index. Inserting a vector into it
# costs several times its share of a build (docs/benchmarks.md).
REBUILD_SHARE = 0.25


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
                self._models.build_index(model)
                logger.info(
                    "the vector index of %s is built",
                    model.name,
                    extra={"action": "index_built"},
                )

    def lacks_index(self, model: EmbeddingModel) -> bool:
        return (
            not self._models.has_index(model.name)
            and self._models.count_job_vectors(model.name) >= INDEX_FROM
        )
