"""Vectors out in bulk, and pairs of them measured: for matching jobs to people."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from whatsapp_bot.database import binary_copy
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.database.queries import query
from whatsapp_bot.records import EmbeddingModel, Row

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
SHORTEST = 1e-12  # nothing is divided by zero


class VectorStore:
    """Each vector has length 1 when it comes out, so that a product of two is their
    cosine."""

    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def of_jobs(
        self, model: EmbeddingModel, job_ids: Sequence[int]
    ) -> tuple[Ids, Vectors]:
        """In order of id, (n,) and (n, dimensions); without those that have none."""
        with self._database.transaction() as cursor:
            statement = query("copy_job_vectors")
            return _copied(cursor, statement, model, job_ids=list(job_ids))

    def of_people(
        self, model: EmbeddingModel, block: int, among: Sequence[int] | None = None
    ) -> Iterator[tuple[Ids, Vectors]]:
        """All of them in order of id, so many at a time: each block is a statement of
        its own, and only one is in memory. among: these people and no others."""
        chosen = None if among is None else list(among)
        after, found = 0, block
        while found == block:
            with self._database.transaction() as cursor:
                statement = query("copy_user_vectors")
                ids, vectors = _copied(
                    cursor, statement, model, after=after, limit=block, among=chosen
                )
            found = len(ids)
            if found:
                after = int(ids[-1])
                yield ids, vectors

    def measure(
        self, model: EmbeddingModel, user_ids: Ids, job_ids: Ids
    ) -> npt.NDArray[np.float64]:
        """The distance of each pair as a search would find it; NaN where a vector is
        gone."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                "measure_pairs",
                model=model.name,
                dimensions=model.dimensions,
                user_ids=user_ids.tolist(),
                job_ids=job_ids.tolist(),
            )
        distances = np.full(len(user_ids), np.nan)
        distances[[row["place"] - 1 for row in rows]] = [
            row["distance"] for row in rows
        ]
        return distances

    def hidden_pairs(self, first: int, last: int, job_ids: Ids) -> list[Row]:
        """user_id and job_id where someone from `first` to `last` was shown the job, or
        refused it, in any posting."""
        with self._database.transaction() as cursor:
            return cursor.rows(
                "find_hidden_pairs", first=first, last=last, job_ids=job_ids.tolist()
            )


def _copied(
    cursor: Cursor, statement: str, model: EmbeddingModel, **values: object
) -> tuple[Ids, Vectors]:
    values |= {"model": model.name, "dimensions": model.dimensions}
    out = io.BytesIO()
    cursor.raw.copy_expert(cursor.raw.mogrify(statement, values), out)
    rows = np.frombuffer(
        out.getbuffer()[len(binary_copy.HEADER) : -len(binary_copy.END)],
        binary_copy.row_type({"id": ">i8"}, model.dimensions),
    )
    vectors = rows["vector"].astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), SHORTEST)
    return rows["id"].astype(np.int64), vectors
