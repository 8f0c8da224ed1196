"""Rows of canonical_jobs, and searches among them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager, as_json
from whatsapp_bot.database.history import FEEDBACK_REMEMBERED
from whatsapp_bot.database.models import HNSW_EF_SEARCH
from whatsapp_bot.errors import DatabaseConflict, NotFound
from whatsapp_bot.records import JobFilter, Row, SavedJob, SearchWords

CONFLICT_RETRIES = 3
# So many of the wanted jobs, the newest, are compared one by one; where such a share of
# all is wanted, walking the vector index past the others is quicker. Measured with 1,536
# dimensions and 100,000 live jobs (docs/benchmarks.md).
FEW = 1_500
COMMON_SHARE = 0.12
SAMPLE = 400
# Of the jobs that a role finds, so many are read, and of those the newest (and as many
# more as are asked for) are held against skills and places.
MOST = 5_000
MOST_BESIDE_VECTORS = 100  # what is called so, the vectors find as well
NEWEST = 200
EF_SEARCH_MAX = 1_000  # pgvector's limit
# Among so many of the nearest, those near her places are chosen beside the very nearest
# (docs/matching.md says what that brings). With musts half of that: it takes longer.
WALKED = 150


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

    @contextlib.contextmanager
    def search(self, user_id: int, unseen: bool = False) -> Iterator[JobSearch]:
        """Her preferences and whatever is looked for, on one connection.

        unseen: leave out what she was shown. Raises NotFound when she told no
        preferences.
        """
        with self._database.autocommit() as cursor:
            seeker = cursor.row("read_seeker", user_id=user_id)
            if seeker is None:
                raise NotFound(f"user {user_id} has no preferences yet")
            yield JobSearch(cursor, seeker, unseen)

    def find_live(self, job_ids: Sequence[int]) -> list[Row]:
        """Those of these that are live, as the searches read them, in order of id."""
        with self._database.transaction() as cursor:
            return cursor.rows("find_live_jobs", job_ids=list(job_ids))

    def find_postings(self, job_ids: Sequence[int]) -> list[Row]:
        """The same as people read them: each with its description, which a search leaves
        out where skills are listed."""
        with self._database.transaction() as cursor:
            found = cursor.rows("find_live_postings", job_ids=list(job_ids))
        return [{**row, "description": row.pop("said")} for row in found]


class JobSearch:
    """Among the live jobs, for one person.

    model, dimensions: of the model that answers; None before the first was added.
    """

    def __init__(self, cursor: Cursor, seeker: Row, unseen: bool) -> None:
        self._cursor = cursor
        self.model: str | None = seeker.pop("model")
        self.dimensions: int | None = seeker.pop("dimensions")
        self._has_feedback: bool = seeker.pop("has_feedback")
        self._unseen = unseen
        self.preferences = seeker

    def feedback(self) -> list[Row]:
        """What she said of jobs, as HistoryStore.feedback gives it."""
        if not self._has_feedback:
            return []
        ids = [self.preferences["user_id"]]
        return self._cursor.rows(
            "find_feedback", user_ids=ids, limit=FEEDBACK_REMEMBERED
        )

    def find_candidates(
        self, words: SearchWords, job_filter: JobFilter | None, limit: int
    ) -> list[Row]:
        """At most `limit` jobs worth scoring, in no order: half by vector, half by words.

        distance: cosine distance to her vector; None where either has no vector.
        """
        half = (limit + 1) // 2
        walked = max(WALKED // (2 if job_filter else 1), half)
        values = self._values(job_filter) | {
            "model": self.model,
            "dimensions": self.dimensions,
            "walked": walked,
        }
        return self._cursor.rows(
            "find_candidates",
            **values,
            nearest=self._nearest(values, job_filter),
            # What her roles are about, her vector knows better.
            **_word_values(replace(words, topics=[]), half),
            most=MOST_BESIDE_VECTORS,
            called_enough=half,
            ef_search=min(max(walked, HNSW_EF_SEARCH), EF_SEARCH_MAX),
            nearest_limit=half,
            limit=limit,
        )

    def _nearest(self, values: Row, job_filter: JobFilter | None) -> object:
        if job_filter is None:
            return self._cursor.part("nearest_of_all", **values)
        return self._cursor.part(
            "nearest_wanted",
            **values,
            few=FEW,
            common_share=COMMON_SHARE,
            sample=SAMPLE,
        )

    def find_by_words(
        self, words: SearchWords, job_filter: JobFilter | None, limit: int
    ) -> list[Row]:
        """Live jobs that match the words in some way, those in more ways first."""
        return self._cursor.rows(
            "find_jobs_by_words",
            **self._values(job_filter),
            **_word_values(words, limit),
            most=MOST,
            called_enough=2 * limit + 1,  # skills count however many are called so
        )

    def find_newest(self, job_filter: JobFilter | None, limit: int) -> list[Row]:
        values = self._values(job_filter)
        return self._cursor.rows("find_newest_jobs", **values, limit=limit)

    def _values(self, job_filter: JobFilter | None) -> Row:
        return {
            "is_wanted": self._condition(job_filter),
            "user_id": self.preferences["user_id"],
            "unseen": self._unseen,
            "is_any_hidden": self._unseen or self._has_feedback,
        }

    def _condition(self, job_filter: JobFilter | None) -> object:
        if job_filter is None:
            return self._cursor.part("is_shown")
        values, pay = asdict(job_filter), job_filter.least_pay
        values["least_pay"] = None if pay is None else as_json(pay)
        return self._cursor.part("is_wanted", **values)


def _word_values(words: SearchWords, limit: int) -> Row:
    names = [name for skill in words.skills for name in skill.split("|")]
    return asdict(words) | {
        "any_skill": names,
        "words_limit": limit,
        "newest": NEWEST + limit,
    }
