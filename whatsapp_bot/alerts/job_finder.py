"""New jobs -> what is pending for the people whom they suit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final

from whatsapp_bot.alerts.times import Clock, utc_now
from whatsapp_bot.database.alerts import AlertStore
from whatsapp_bot.errors import DatabaseUnavailable, NoVectors
from whatsapp_bot.matching.ranking import PAGE
from whatsapp_bot.matching.reverse_match import ALERT_SCORE, ReverseMatcher

logger = logging.getLogger(__name__)

MOST_JOBS: Final = 500  # held against everybody at once: each time costs a look at all
MOST_PEOPLE: Final = 1_000  # whose finds are in memory, and in one transaction
LEASE: Final = timedelta(minutes=10)


class JobFinder:
    """Any number of these may work. days: older postings are no news. What is found for
    a person is there once, whoever finds it and how often."""

    def __init__(
        self,
        store: AlertStore,
        matcher: ReverseMatcher,
        days: int,
        collect: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._matcher = matcher
        self._days = days
        self._collect = collect
        self._clock = clock

    def hold_new_jobs(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Hold every new job against the people who want alerts; how many finds that
        added. Raises DatabaseError; the jobs in hand are tried again after the lease."""
        added = 0
        while not is_stopping():
            job_ids = self._store.claim_jobs(
                self._clock(), self._days, LEASE, MOST_JOBS
            )
            if not job_ids:
                break
            added += self._hold(job_ids, self._store.find_listeners())
        if added:
            logger.info("%d jobs found for people", added, extra={"action": "found"})
        return added

    def _hold(self, job_ids: Sequence[int], people: Sequence[int]) -> int:
        """One job that cannot be judged costs the others nothing."""
        try:
            added = self._find(job_ids, people) if people else 0
        except (DatabaseUnavailable, NoVectors):
            raise
        except Exception:
            if len(job_ids) > 1:
                half = len(job_ids) // 2
                first, second = job_ids[:half], job_ids[half:]
                return self._hold(first, people) + self._hold(second, people)
            logger.exception(
                "job %d finds nobody", job_ids[0], extra={"action": "alert_failed"}
            )
            added = 0
        self._store.finish_jobs(job_ids)
        return added

    def _find(self, job_ids: Sequence[int], people: Sequence[int]) -> int:
        found = self._matcher.find_people(job_ids, ALERT_SCORE, PAGE, people)
        added = 0
        while some := list(islice(found, MOST_PEOPLE)):
            added += self._store.add_pending(some, self._clock(), self._collect)
        return added
