"""The best jobs by vectors and words together, re-ranked by what the person asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from whatsapp_bot.database.jobs import JobSearch, JobStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.errors import NoVectors
from whatsapp_bot.matching.musts import Musts
from whatsapp_bot.matching.search_words import search_words
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.similarity import calibrated
from whatsapp_bot.records import Match, Row

# Looked at for each match that is asked for, and at least; then as many times more when
# the musts' exact rules left too few of a full hand.
CANDIDATES_PER_MATCH = 4
FEWEST_CANDIDATES = 80
SECOND_LOOK = 5


class EmbeddingJobMatcher:
    def __init__(self, jobs: JobStore, users: UserStore) -> None:
        self._jobs = jobs
        self._users = users

    def search_jobs_with_embeddings(
        self, user_id: int, limit: int = 50, unseen: bool = False
    ) -> list[Match]:
        """Her best live jobs, best first, at most `limit`.

        Her musts hold; where nothing fulfils them all, the least important are given
        up, and the reasons say so. unseen: leave out what she was shown; what she
        refused never comes. Raises NoVectors when vectors cannot answer, NotFound when
        she told no preferences, DatabaseError.
        """
        with self._jobs.search(user_id, unseen) as search:
            if search.model is None:
                raise NoVectors("no embedding model is live")
            seeker = Seeker.of(search.preferences, search.feedback())
            for kept in seeker.musts.widening():
                rows = _find(search, kept, limit)
                self._require_vectors(rows, user_id, search.model, not kept.names)
                near = _with_similarity(rows, search.model)
                if matches := seeker.best(near, limit, date.today()):
                    return matches
        raise NoVectors("no job is near enough")

    def _require_vectors(
        self, rows: list[Row], user_id: int, model: str, is_everything: bool
    ) -> None:
        """is_everything: the rows were looked for among all jobs. Among those that
        fulfil her musts there may be only new ones, whose vectors are to come."""
        if any(row["distance"] is not None for row in rows):
            return
        if not self._users.has_vector(user_id, model):
            raise NoVectors("the person has no vector yet")
        if is_everything:
            raise NoVectors("no job has a vector")


def _find(search: JobSearch, musts: Musts, limit: int) -> list[Row]:
    words, job_filter = search_words(musts.wishes), musts.filter
    wanted = max(FEWEST_CANDIDATES, CANDIDATES_PER_MATCH * limit)
    for candidates in (wanted, SECOND_LOOK * wanted):
        rows = search.find_candidates(words, job_filter, candidates)
        kept = [row for row in rows if musts.holds(row)]
        if len(kept) == len(rows) or len(kept) >= limit or len(rows) < candidates // 2:
            break
    return kept


def _with_similarity(rows: list[Row], model: str) -> Iterator[tuple[Row, float | None]]:
    for row in rows:
        # A job that is new may have no vector yet.
        distance = row["distance"]
        yield row, None if distance is None else calibrated(1 - distance, model)
