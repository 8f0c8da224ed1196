"""Rows of user_job_history: what a person was shown, and what she said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.errors import NotFound
from whatsapp_bot.records import Feedback, Row, SavedMatch

FEEDBACK_REMEMBERED = (
    30  # the newest of each person; older ones no longer say her taste
)
LONGEST_REASON = 500  # characters


class HistoryStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def record_shown(self, user_id: int, job_ids: Sequence[int]) -> None:
        """These and every other posting of them, later ones too, count as shown."""
        with self._database.transaction() as cursor:
            write_shown(cursor, user_id, job_ids)

    def record_feedback(
        self, user_id: int, job_id: int, feedback: Feedback, reason: str | None = None
    ) -> None:
        """The last word counts. Raises NotFound when there is no such job,
        DatabaseError when there is no such person."""
        with self._database.transaction() as cursor:
            if not write_feedback(cursor, user_id, job_id, feedback, reason):
                raise NotFound(f"there is no job {job_id}")

    def undo_feedback(self, user_id: int, job_id: int) -> bool:
        """Whether there was any; that she was shown the job stays."""
        with self._database.transaction() as cursor:
            return bool(cursor.run("undo_feedback", user_id=user_id, job_id=job_id))

    def saved(self, user_id: int, limit: int) -> list[SavedMatch]:
        """The jobs she saved, the last one first; also those that ended since."""
        with self._database.transaction() as cursor:
            rows = cursor.rows("find_saved_jobs", user_id=user_id, limit=limit)
        return [SavedMatch(**row) for row in rows]

    def feedback(self, user_ids: Iterable[int]) -> dict[int, list[Row]]:
        """title, company, employer_key and is_saved of the newest jobs that each of
        them saved or refused, newest first, by person."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                "find_feedback", user_ids=list(user_ids), limit=FEEDBACK_REMEMBERED
            )
        return {
            user_id: list(own) for user_id, own in groupby(rows, lambda r: r["user_id"])
        }


# In a transaction of the caller's, with whatever else must happen with it or not at all.


def write_shown(cursor: Cursor, user_id: int, job_ids: Sequence[int]) -> None:
    """As HistoryStore.record_shown."""
    cursor.run("record_shown_jobs", user_id=user_id, job_ids=list(job_ids))


def write_feedback(
    cursor: Cursor,
    user_id: int,
    job_id: int,
    feedback: Feedback,
    reason: str | None = None,
) -> bool:
    """As HistoryStore.record_feedback; False when there is no such job."""
    said = (reason or "").replace("\0", "").strip()[:LONGEST_REASON]
    return bool(
        cursor.run(
            "record_feedback",
            user_id=user_id,
            job_id=job_id,
            feedback=feedback,
            reason=said or None,
        )
    )
