"""Rows of job_alerts, pending_alerts and what is due in alert_settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.database.history import write_shown
from whatsapp_bot.errors import DatabaseConflict
from whatsapp_bot.records import PersonMatches, Row

MOST_PENDING = 200  # of one person; the best are kept


@dataclass(frozen=True)
class ClaimedPerson:
    """Someone to be told of new jobs, or put off. claims: tells this look from others.
    templates: in a row that she left without a word, as of the last one."""

    user_id: int
    claims: int
    cadence: str
    consent_at: datetime | None
    paused_until: datetime | None
    quiet_from: time
    quiet_to: time
    zone: str
    last_alert_at: datetime | None
    last_template_at: datetime | None
    templates: int


class AlertStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    # --- new jobs

    def claim_jobs(
        self, now: datetime, days: int, lease: timedelta, limit: int
    ) -> list[int]:
        """Live jobs with a vector, listed within so many days, that were not held
        against people yet, the newest first."""
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                "claim_new_jobs",
                now=now,
                days=days,
                due_at=now + lease,
                limit=limit,
            )
        return [row["job_id"] for row in rows]

    def find_listeners(self) -> list[int]:
        """Everybody who wants to be told of new jobs."""
        with self._database.transaction() as cursor:
            return [row["user_id"] for row in cursor.rows("find_listeners")]

    def add_pending(
        self, people: Sequence[PersonMatches], now: datetime, collect: timedelta
    ) -> int:
        """How many were new; their people are due after `collect`, or earlier if they
        were. What is pending already stays as it is."""
        found = [
            (person.user_id, match.job_id, match.match_score)
            for person in people
            for match in person.matches
        ]
        if not found:
            return 0
        user_ids, job_ids, scores = map(list, zip(*found, strict=True))
        with self._database.transaction() as cursor:
            row = cursor.row(
                "add_pending",
                user_ids=user_ids,
                job_ids=job_ids,
                scores=scores,
                now=now,
                due_at=now + collect,
            )
        return row["added"] if row else 0

    def finish_jobs(self, job_ids: Sequence[int]) -> None:
        """They were held against everybody."""
        with self._database.transaction() as cursor:
            cursor.run("finish_new_jobs", job_ids=list(job_ids))

    # --- people who are to be told

    def claim_people(
        self, now: datetime, lease: timedelta, limit: int
    ) -> list[ClaimedPerson]:
        with self._database.transaction() as cursor:
            rows = cursor.rows(
                "claim_people_to_tell", now=now, due_at=now + lease, limit=limit
            )
        return [ClaimedPerson(**row) for row in rows]

    def pending(self, user_id: int) -> list[Row]:
        """job_id, posting_key, found_at and is_news; to be called after the claim, in a
        transaction of its own: the claim's would not see what was found meanwhile."""
        with self._database.transaction() as cursor:
            cursor.run("trim_pending", user_id=user_id, limit=MOST_PENDING)
            return cursor.rows("find_pending", user_id=user_id)

    def put_off(self, person: ClaimedPerson, due_at: datetime | None) -> None:
        """Unless somebody else has looked at her since, or something changed."""
        with self._database.transaction() as cursor:
            self._settle(cursor, person, due_at)

    def forget(self, person: ClaimedPerson) -> None:
        """Nothing is kept for her."""
        with self._database.transaction() as cursor:
            if self._settle(cursor, person, None):
                cursor.run("forget_pending", user_id=person.user_id)

    def told(
        self,
        cursor: Cursor,
        person: ClaimedPerson,
        now: datetime,
        due_at: datetime | None,
        templates: int | None = None,
    ) -> None:
        """She is being told, in this transaction; what stays pending is no news to her.
        templates: it is by a template, and so many in a row she left without a word.
        Raises DatabaseConflict when somebody else has looked at her since, or something
        changed."""
        if not self._settle(cursor, person, due_at):
            raise DatabaseConflict("her alerts changed meanwhile")
        cursor.run("note_alert", user_id=person.user_id, now=now, templates=templates)

    def _settle(
        self, cursor: Cursor, person: ClaimedPerson, due_at: datetime | None
    ) -> bool:
        return bool(
            cursor.run(
                "settle_person",
                user_id=person.user_id,
                claims=person.claims,
                due_at=due_at,
            )
        )

    # --- facts

    def facts(self, now: datetime, days: int) -> Row:
        """pending jobs and their people, counted; oldest_pending_seconds; people who are
        due and oldest_late_seconds; new_jobs that were not held against people yet."""
        with self._database.transaction() as cursor:
            return cursor.row("alert_facts", now=now, days=days) or {}


# In a transaction of the caller's.


def write_told(
    cursor: Cursor, user_id: int, told: Sequence[int], dropped: Sequence[int] = ()
) -> None:
    """told: count as shown, and are no longer pending; dropped: are no longer pending."""
    write_shown(cursor, user_id, told)
    cursor.run("drop_pending", user_id=user_id, job_ids=[*told, *dropped])
