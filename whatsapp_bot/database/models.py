"""The table of models, and the vector index of each."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator

from psycopg2 import sql

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.errors import NotFound
from whatsapp_bot.records import EmbeddingModel, Thing

logger = logging.getLogger(__name__)

INDEX_LOCK_KEY = 4_816_002
# The vector index: neighbours of each vector, candidates while building, candidates
# while searching. docs/benchmarks.md has the figures.
HNSW_M = 24
HNSW_EF_CONSTRUCTION = 200
HNSW_EF_SEARCH = 100
BYTES_OF_LINKS = 30 * HNSW_M  # twice m neighbours below, some above, and the overhead


class ModelStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def list(self) -> list[EmbeddingModel]:
        with self._database.transaction() as cursor:
            rows = cursor.rows("list_models")
        return [
            EmbeddingModel(is_live=row.pop("state") == "live", **row) for row in rows
        ]

    def live(self) -> EmbeddingModel | None:
        """The model that answers searches; None before the first was added."""
        return next((model for model in self.list() if model.is_live), None)

    def get(self, name: str) -> EmbeddingModel:
        for model in self.list():
            if model.name == name:
                return model
        raise NotFound(f"there is no model {name!r}")

    def add(self, model: EmbeddingModel) -> EmbeddingModel:
        """Add it if it is new: the first is live, each other is filled beside it."""
        with self._database.transaction() as cursor:
            cursor.run(
                "add_model",
                name=model.name,
                api_model=model.api_model,
                base_url=model.base_url,
                dimensions=model.dimensions,
                template=model.template,
            )
        return self.get(model.name)

    def use(self, name: str) -> None:
        """Make it the live one, in one transaction."""
        with self._database.transaction() as cursor:
            cursor.run("retire_live_model")
            if not cursor.run("make_model_live", name=name):
                raise NotFound(f"there is no model {name!r}")

    def drop(self, name: str) -> None:
        """Delete a model that is not live, with its vectors and its index."""
        if self.get(name).is_live:
            raise NotFound(f"{name} is live: make another one live first")
        self.drop_index(name)
        with self._database.transaction() as cursor:
            cursor.run("delete_model", name=name)

    def has_index(self, model: str) -> bool:
        return self._index_state(model) is True

    def count_jobs_to_fill(self, model: str) -> int:
        """Jobs that are due and whose vector will surely be written."""
        with self._database.transaction() as cursor:
            row = cursor.row("count_jobs_to_fill", model=model)
        return row["count"] if row else 0

    def count_uncovered(self, thing: Thing, live: str, other: str) -> int:
        """Things with a vector of the live model and none of the other."""
        with self._database.transaction() as cursor:
            row = cursor.row(f"count_uncovered_{thing}s", live=live, next=other)
        return row["count"] if row else 0

    def count_job_vectors(self, model: str) -> int:
        with self._database.transaction() as cursor:
            row = cursor.row("count_job_vectors", model=model)
        return row["count"] if row else 0

    def build_index(self, model: EmbeddingModel) -> bool:
        """Build its vector index beside reads and writes; False when it is there, or
        another process is building it."""
        with self._only_builder() as alone:
            if not alone or self.has_index(model.name):
                return False
            self._database.execute_alone(
                # An invalid one is what is left of a build that was cut off.
                "drop_vector_index",
                "set_build_memory",
                "create_vector_index",
                "reset_build_memory",
                index=sql.Identifier(index_name(model.name)),
                dimensions=sql.Literal(model.dimensions),
                m=sql.Literal(HNSW_M),
                ef_construction=sql.Literal(HNSW_EF_CONSTRUCTION),
                model=sql.Literal(model.name),
                memory=sql.Literal(f"{self._build_megabytes(model)}MB"),
            )
        return True

    def drop_index(self, name: str) -> None:
        """Searches compare with every vector until it is built again."""
        self._database.execute_alone(
            "drop_vector_index", index=sql.Identifier(index_name(name))
        )

    def index_progress(self, name: str) -> float | None:
        """How much of its index is built, 0 to 1; None when nobody builds it."""
        with self._database.transaction() as cursor:
            row = cursor.row("vector_index_progress", index=index_name(name))
        return row["done"] if row else None

    def _build_megabytes(self, model: EmbeddingModel) -> int:
        """What the graph takes, within what a small server can spare."""
        bytes_per_vector = 2 * model.dimensions + BYTES_OF_LINKS
        needed = self.count_job_vectors(model.name) * bytes_per_vector // 2**20
        return max(64, min(int(1.2 * needed), 512))

    def _index_state(self, model: str) -> bool | None:
        with self._database.transaction() as cursor:
            row = cursor.row("vector_index_state", index=index_name(model))
        return row["valid"] if row else None

    @contextlib.contextmanager
    def _only_builder(self) -> Iterator[bool]:
        with self._database.transaction() as cursor:
            row = cursor.row("try_lock_in_transaction", key=INDEX_LOCK_KEY)
            yield bool(row and row["locked"])


def index_name(model: str) -> str:
    """A model's name may be longer than an identifier can be."""
    return f"job_vectors_hnsw_{hashlib.sha256(model.encode()).hexdigest()[:12]}"
