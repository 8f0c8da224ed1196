"""Finds jobs for a person, by vectors where they can answer and by words where not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date

from whatsapp_bot.database.alerts import AlertStore
from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.errors import NotFound, NoVectors
from whatsapp_bot.matching.embedding_job_matcher import EmbeddingJobMatcher
from whatsapp_bot.matching.intelligent_job_matcher import IntelligentJobMatcher
from whatsapp_bot.matching.ranking import PAGE, as_match
from whatsapp_bot.matching.reverse_match import ReverseMatcher
from whatsapp_bot.matching.scoring import examine
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import FoundJobs, Match, Row, SavedMatch, SearchResult

logger = logging.getLogger(__name__)


class BotController:
    def __init__(
        self,
        embedding_matcher: EmbeddingJobMatcher,
        keyword_matcher: IntelligentJobMatcher,
        history: HistoryStore,
        jobs: JobStore,
        users: UserStore,
        alerts: AlertStore,
        reverse_matcher: ReverseMatcher,
    ) -> None:
        self._embedding_matcher = embedding_matcher
        self._keyword_matcher = keyword_matcher
        self._history = history
        self._jobs = jobs
        self._users = users
        self._alerts = alerts
        self._reverse_matcher = reverse_matcher

    def search_jobs_for_user(
        self, user_id: int, limit: int = 10, unseen: bool = False
    ) -> SearchResult:
        """Her best live jobs, at most `limit`; unseen leaves out what she was shown.

        Only NoVectors makes it fall back; whatever else goes wrong is raised, so that a
        broken query stays visible. Raises NotFound when she told no preferences.
        """
        try:
            matches = self._embedding_matcher.search_jobs_with_embeddings(
                user_id, limit, unseen
            )
        except NoVectors as reason:
            logger.warning(
                "keyword search for user %d: %s",
                user_id,
                reason,
                extra={"action": "keyword_fallback", "user_id": user_id},
            )
            matches = self._keyword_matcher.find_matching_jobs(user_id, limit, unseen)
            return SearchResult(tuple(matches), "keyword", str(reason))
        logger.debug("vector search for user %d", user_id)
        return SearchResult(tuple(matches), "embedding")

    def record_shown(self, user_id: int, result: SearchResult) -> None:
        """Never show these again to her where unseen jobs are asked for, nor any other
        posting of them."""
        self._history.record_shown(user_id, [match.job_id for match in result.matches])

    def save(self, user_id: int, job_id: int) -> None:
        """Keep it for her; jobs like it score a little more. Raises NotFound when there
        is no such job."""
        self._history.record_feedback(user_id, job_id, "saved")

    def not_for_me(self, user_id: int, job_id: int, reason: str | None = None) -> None:
        """Never show it again to her, seen or not; jobs like it score a little less.
        Raises NotFound when there is no such job."""
        self._history.record_feedback(user_id, job_id, "not_for_me", reason)

    def undo_feedback(self, user_id: int, job_id: int) -> bool:
        """Take back what she said of a job; False when she had said nothing."""
        return self._history.undo_feedback(user_id, job_id)

    def saved_jobs(self, user_id: int, limit: int = 10) -> list[SavedMatch]:
        """The jobs she saved, the last one first; also those that ended since."""
        return self._history.saved(user_id, limit)

    def found_jobs(self, user_id: int) -> FoundJobs:
        """What was found for her and she was not told yet, as a search would show it
        now. Raises NoVectors when no model is live."""
        pending = tuple(row["job_id"] for row in self._alerts.pending(user_id))
        found = self._reverse_matcher.find_people(
            pending, limit=len(pending), among=[user_id]
        )
        matches = [match for person in found for match in person.matches]
        return FoundJobs(pending, tuple(matches))

    def first_page(
        self, matches: Sequence[Match]
    ) -> tuple[list[Match], dict[int, Row]]:
        """The first ten, without those that ended meanwhile, and their postings."""
        page = matches[:PAGE]
        found = self.live_jobs([match.job_id for match in page])
        return [match for match in page if match.job_id in found], found

    def live_jobs(self, job_ids: Sequence[int]) -> dict[int, Row]:
        """Those of these that can still be found, as postings, by id."""
        return {row["id"]: row for row in self._jobs.find_postings(job_ids)}

    def wishes_of(self, user_id: int) -> Wishes:
        """As matching reads them; none of somebody who told none."""
        return self._seeker(user_id).wishes

    def reasons_for(self, user_id: int, job: Row) -> tuple[str, ...]:
        """What speaks for a posting of live_jobs, as a search would say it."""
        seeker = self._seeker(user_id)
        facts = examine(seeker.wishes, job, date.today())
        return seeker.explain(as_match(job, 0.0), job, facts).match_reasons

    def _seeker(self, user_id: int) -> Seeker:
        try:
            preferences = self._users.get_preferences(user_id)
        except NotFound:
            preferences = {}
        return Seeker.of(
            preferences, self._history.feedback([user_id]).get(user_id, [])
        )
