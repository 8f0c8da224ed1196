"""The vectors of jobs that can be found, for whoever looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.records import Row

HEADER_BYTES = 4  # of a halfvec in binary: its dimensions, and two that mean nothing


@dataclass(frozen=True)
class LiveSample:
    """titles and categories (None: not known) of jobs; vectors: float32, row i for job
    i."""

    titles: Sequence[str]
    categories: Sequence[str | None]
    vectors: npt.NDArray[np.float32]


class LiveVectors:
    """The live set of one model."""

    def __init__(self, database: DatabaseManager, model: str) -> None:
        self._database = database
        self._model = model

    def sample(self, limit: int) -> LiveSample:
        """Up to `limit` jobs, the same ones each time."""
        with self._database.transaction() as cursor:
            rows = cursor.rows("sample_live_vectors", model=self._model, limit=limit)
        halves = [
            np.frombuffer(row["embedding"], ">f2", offset=HEADER_BYTES) for row in rows
        ]
        return LiveSample(
            [row["title"] for row in rows],
            [row["category"] for row in rows],
            np.array(halves, np.float32),
        )

    def near(self, job_id: int, limit: int) -> list[Row]:
        """id, title, category and score of the live jobs nearest to this one, itself
        included; none when it has no vector."""
        with self._database.transaction() as cursor:
            return cursor.rows(
                "find_jobs_near_job", model=self._model, job_id=job_id, limit=limit
            )
