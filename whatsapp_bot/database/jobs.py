"""Rows of canonical_jobs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from whatsapp_bot.database.database_manager import DatabaseManager, as_json
from whatsapp_bot.errors import DatabaseConflict
from whatsapp_bot.records import Row, SavedJob

EF_SEARCH_MAX = 1000  # pgvector's limit
EF_SEARCH_MIN = 100
CONFLICT_RETRIES = 3


class JobStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def save(self, postings: Sequence[Row]) -> list[SavedJob]:
        """Insert or update by (source, source_id), all or none; those two must be
        unique within the batch. Each has a column's name for a key."""
        for _ in range(CONFLICT_RETRIES):
            # The daemon locks the same embeddings rows in another order.
            with contextlib.suppress(DatabaseConflict):
                return self._save(postings)
        return self._save(postings)

    def _save(self, postings: Sequence[Row]) -> list[SavedJob]:
        with self._database.transaction() as cursor:
            rows = cursor.rows("save_jobs", postings=as_json(list(postings)))
        return [SavedJob(row["id"], row["outcome"]) for row in rows]

    def find_nearest(
        self, user_id: int, model: str, dimensions: int, limit: int, unseen: bool
    ) -> list[Row]:
        """The live jobs nearest to the person's vector, with their `distance`; none
        when she has no vector."""
        with self._database.transaction() as cursor:
            candidates = min(max(2 * limit, EF_SEARCH_MIN), EF_SEARCH_MAX)
            cursor.run("tune_vector_search", candidates=candidates)
            return cursor.rows(
                "find_nearest_jobs",
                user_id=user_id,
                model=model,
                dimensions=dimensions,
                limit=limit,
                unseen=unseen,
            )

    def find_by_words(
        self, user_id: int, words: str, limit: int, unseen: bool
    ) -> list[Row]:
        """Live jobs that match a web-style query ("nurse or driver"), best first."""
        with self._database.transaction() as cursor:
            return cursor.rows(
                "find_jobs_by_words",
                user_id=user_id,
                words=words,
                limit=limit,
                unseen=unseen,
            )

    def find_newest(self, user_id: int, limit: int, unseen: bool) -> list[Row]:
        with self._database.transaction() as cursor:
            return cursor.rows(
                "find_newest_jobs", user_id=user_id, limit=limit, unseen=unseen
            )

    def find_live(self, job_ids: Sequence[int]) -> list[Row]:
        """Those of these that are live, as the searches read them, in order of id."""
        with self._database.transaction() as cursor:
            return cursor.rows("find_live_jobs", job_ids=list(job_ids))
