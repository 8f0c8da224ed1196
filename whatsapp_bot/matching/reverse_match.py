"""New jobs -> the people whom they suit, each with the score that she would see.

Numpy holds every job against every person, and only chooses; PostgreSQL measures what was
chosen, and a Seeker judges it as in a search. So an alert and a search agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.database.vectors import Ids, Vectors, VectorStore
from whatsapp_bot.errors import NoVectors
from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.ranking import best_first
from whatsapp_bot.matching.scoring import WEIGHTS, Facts, score
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.taste import MOST_POINTS
from whatsapp_bot.records import EmbeddingModel, PersonMatches, Row

ALERT_SCORE = 60  # of 100: what is worth interrupting someone for
MOST_ALERTS = 5  # jobs of one batch for one person
# The new jobs nearest to a person that are judged. A search looks at as many of all jobs
# (embedding_job_matcher), so what it would show of the new ones is among these.
NEAREST_PER_PERSON = 100
MOST_CELLS = 4_000_000  # of the product people x jobs, in memory at once: 16 MB
MOST_PEOPLE = 4096  # in memory at once, with their vectors: 38 MB at 1,536 dimensions
COSINE_STEP = 0.01  # much more than products in single precision are off


class ReverseMatcher:
    def __init__(
        self,
        jobs: JobStore,
        users: UserStore,
        models: ModelStore,
        history: HistoryStore,
        vectors: VectorStore,
    ) -> None:
        self._jobs = jobs
        self._users = users
        self._models = models
        self._history = history
        self._vectors = vectors

    def find_people(
        self,
        job_ids: Sequence[int],
        threshold: int = ALERT_SCORE,
        limit: int = MOST_ALERTS,
    ) -> Iterator[PersonMatches]:
        """The people for whom some of these jobs score at least `threshold`, in order
        of id, each with at most `limit`, best first, as her page would have them; never
        one that she was shown or refused in any posting.

        People and jobs without a vector are left out: she gets hers within seconds and
        then searches, or named no work that a job could suit. Memory grows with the
        number of jobs, not with that of people. Raises NoVectors when no model is live,
        DatabaseError.
        """
        model = self._models.live()
        if model is None:
            raise NoVectors("no embedding model is live")
        rows = {row["id"]: row for row in self._jobs.find_live(job_ids)}
        ids, vectors = self._vectors.of_jobs(model, list(rows))
        if not len(ids):
            return
        least = least_cosine(model.name, threshold)
        block = min(MOST_PEOPLE, max(1, MOST_CELLS // len(ids)))
        for user_ids, user_vectors in self._vectors.of_people(model, block):
            cosines = user_vectors @ vectors.T
            self._hide(cosines, user_ids, ids)
            people, jobs = chosen(cosines, least, NEAREST_PER_PERSON)
            pairs = self._measured(model, user_ids[people], ids[jobs])
            yield from self._judged(pairs, rows, model.name, threshold, limit)

    def _hide(self, cosines: Vectors, user_ids: Ids, job_ids: Ids) -> None:
        """What she was shown or refused takes no place among her nearest."""
        first, last = int(user_ids[0]), int(user_ids[-1])
        hidden = self._vectors.hidden_pairs(first, last, job_ids)
        people = np.searchsorted(user_ids, [row["user_id"] for row in hidden])
        jobs = np.searchsorted(job_ids, [row["job_id"] for row in hidden])
        known = user_ids[people] == [row["user_id"] for row in hidden]
        cosines[people[known], jobs[known]] = -np.inf

    def _measured(
        self, model: EmbeddingModel, user_ids: Ids, job_ids: Ids
    ) -> list[tuple[int, int, float]]:
        """(user_id, job_id, distance), without pairs that lost a vector meanwhile."""
        distances = self._vectors.measure(model, user_ids, job_ids)
        there = ~np.isnan(distances)
        columns = (user_ids[there], job_ids[there], distances[there])
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _judged(
        self,
        pairs: list[tuple[int, int, float]],
        rows: dict[int, Row],
        model: str,
        threshold: int,
        limit: int,
    ) -> Iterator[PersonMatches]:
        """pairs: ordered by person."""
        seekers = self._seekers({user_id for user_id, _, _ in pairs})
        today = date.today()
        for user_id, own in groupby(pairs, lambda pair: pair[0]):
            seeker = seekers.get(user_id)
            if seeker is None:
                continue
            judged = [
                seeker.judge_near(rows[job_id], distance, model, today)
                for _, job_id, distance in own
            ]
            good = (m for m in judged if m is not None and m.match_score >= threshold)
            if matches := best_first(good)[:limit]:
                yield PersonMatches(user_id, tuple(matches))

    def _seekers(self, user_ids: set[int]) -> dict[int, Seeker]:
        preferences = self._users.find_preferences(sorted(user_ids))
        feedback = self._history.feedback(preferences)
        return {
            user_id: Seeker.of(row, feedback.get(user_id, []))
            for user_id, row in preferences.items()
        }


def least_cosine(model: str, threshold: int) -> float:
    """No pair below it can score the threshold, however well all else fits: so leaving
    it out loses nothing. Takes for granted that the score grows with the similarity."""
    perfect: dict[str, Any] = dict.fromkeys(WEIGHTS, 1.0)
    best = Facts(**perfect, wished=frozenset(WEIGHTS))
    for cosine in np.arange(-1.0, 1.0, COSINE_STEP):
        similar = similarity.calibrated(float(cosine), model)
        if similar > 0 and round(score(best, similar) + MOST_POINTS) >= threshold:
            return float(cosine) - 2 * COSINE_STEP
    return 1.0 - 2 * COSINE_STEP


def chosen(cosines: Vectors, least: float, most: int) -> tuple[Ids, Ids]:
    """Rows and columns of the cosines of at least `least`, in order of row; of a row
    with more than `most` of them, its largest (and those equal to the last)."""
    floors = np.full(len(cosines), least, np.float32)
    crowded = np.count_nonzero(cosines >= least, axis=1) > most
    if crowded.any():
        floors[crowded] = np.partition(cosines[crowded], -most, axis=1)[:, -most]
    people, jobs = np.nonzero(cosines >= floors[:, None])
    return people, jobs
