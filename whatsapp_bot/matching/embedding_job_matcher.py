"""Nearest jobs by vector, re-ranked by what the person asked for."""

from __future__ import annotations

from datetime import date

from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.errors import NoVectors
from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.ranking import as_match, best_first
from whatsapp_bot.matching.reasons import reasons
from whatsapp_bot.matching.scoring import SHOWN_FROM, examine, score
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import EmbeddingModel, Match, Row

NEAREST_PER_MATCH = 10  # neighbours looked at for each match that is asked for
FEWEST_NEAREST = 100


class EmbeddingJobMatcher:
    def __init__(self, jobs: JobStore, users: UserStore, models: ModelStore) -> None:
        self._jobs = jobs
        self._users = users
        self._models = models

    def search_jobs_with_embeddings(
        self, user_id: int, limit: int = 50, unseen: bool = False
    ) -> list[Match]:
        """Her best live jobs, best first, at most `limit`.

        unseen: leave out what she was shown. Raises NoVectors when vectors cannot
        answer, NotFound when she told no preferences, DatabaseError.
        """
        model = self._models.live()
        if model is None:
            raise NoVectors("no embedding model is live")
        preferences = self._users.get_preferences(user_id)
        rows = self._jobs.find_nearest(
            user_id,
            model.name,
            model.dimensions,
            max(FEWEST_NEAREST, NEAREST_PER_MATCH * limit),
            unseen,
        )
        if not rows:
            raise NoVectors(self._why_none(user_id, model))
        matches = _rank(rows, Wishes.of(preferences), model.name)
        if not matches:
            raise NoVectors("no job is near enough")
        return matches[:limit]

    def _why_none(self, user_id: int, model: EmbeddingModel) -> str:
        if self._users.has_vector(user_id, model.name):
            return "no job has a vector"
        return "the person has no vector yet"


def _rank(rows: list[Row], wishes: Wishes, model: str) -> list[Match]:
    today = date.today()
    matches = []
    for row in rows:
        similar = similarity.calibrated(1 - row["distance"], model)
        facts = examine(wishes, row, today)
        found = score(facts, similar)
        if found >= SHOWN_FROM:
            matches.append(as_match(row, found, reasons(facts)))
    return best_first(matches)
