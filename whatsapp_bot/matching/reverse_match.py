"""New jobs -> the people whom they suit, each with the score that she would see.

Numpy holds every job against every person and only chooses, nearest first; a Seeker judges
as in a search, until nothing that is left could be among her best; PostgreSQL measures
those as a search would. So an alert and a search agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np

from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.database.vectors import Ids, Vectors, VectorStore
from whatsapp_bot.errors import NoVectors
from whatsapp_bot.matching.new_jobs import NewJobs
from whatsapp_bot.matching.score_bounds import ScoreBounds
from whatsapp_bot.matching.scoring import Facts
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.records import EmbeddingModel, PersonMatches

ALERT_SCORE = 60  # of 100: what is worth interrupting someone for
MOST_ALERTS = 5  # jobs of one batch for one person
# The new jobs nearest to a person that are looked at, at least, and for each that she may
# get. A search looks at as many of all jobs (embedding_job_matcher), so what it would show
# of the new ones is among these.
FEWEST_NEAREST = 100
NEAREST_PER_MATCH = 10
MOST_CELLS = 4_000_000  # of the product people x jobs, in memory at once: 16 MB
MOST_PEOPLE = 2048  # in memory at once, with their vectors: 19 MB at 1,536 dimensions


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
        among: Sequence[int] | None = None,
    ) -> Iterator[PersonMatches]:
        """The people for whom some of these jobs score at least `threshold`, in order
        of id, each with at most `limit`, best first, as her page would have them; never
        one that she was shown or refused in any posting. among: only these people.

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
        bounds = ScoreBounds(model.name, rows)
        new_jobs = NewJobs(rows, model.name, bounds, threshold, limit, date.today())
        least = bounds.least_cosine(threshold)
        most = max(FEWEST_NEAREST, NEAREST_PER_MATCH * limit)
        block = min(MOST_PEOPLE, max(1, MOST_CELLS // len(ids)))
        for user_ids, user_vectors in self._vectors.of_people(model, block, among):
            cosines = user_vectors @ vectors.T
            self._hide(cosines, user_ids, ids)
            people, jobs = chosen(cosines, least, most)
            pairs = zip(
                user_ids[people].tolist(),
                ids[jobs].tolist(),
                cosines[people, jobs].tolist(),
                strict=True,
            )
            short_lists = self._short_lists(new_jobs, list(pairs))
            yield from self._measured(model, new_jobs, short_lists)

    def _hide(self, cosines: Vectors, user_ids: Ids, job_ids: Ids) -> None:
        """What she was shown or refused takes no place among her nearest."""
        first, last = int(user_ids[0]), int(user_ids[-1])
        hidden = self._vectors.hidden_pairs(first, last, job_ids)
        people = np.searchsorted(user_ids, [row["user_id"] for row in hidden])
        jobs = np.searchsorted(job_ids, [row["job_id"] for row in hidden])
        known = user_ids[people] == [row["user_id"] for row in hidden]
        cosines[people[known], jobs[known]] = -np.inf

    def _short_lists(
        self, new_jobs: NewJobs, pairs: list[tuple[int, int, float]]
    ) -> list[_ShortList]:
        """pairs: user_id, job_id and cosine, ordered by person, nearest first."""
        seekers = self._seekers({user_id for user_id, _, _ in pairs})
        found = []
        for user_id, own in groupby(pairs, lambda pair: pair[0]):
            if user_id in seekers:
                near = [(job_id, cosine) for _, job_id, cosine in own]
                facts = new_jobs.short_list(seekers[user_id], near)
                found.append(_ShortList(user_id, seekers[user_id], facts))
        return found

    def _measured(
        self, model: EmbeddingModel, new_jobs: NewJobs, short_lists: list[_ShortList]
    ) -> Iterator[PersonMatches]:
        pairs = [(s.user_id, job_id) for s in short_lists for job_id in s.facts]
        if not pairs:
            return
        user_ids, job_ids = np.array(pairs, np.int64).T
        distances = iter(self._vectors.measure(model, user_ids, job_ids))
        for short in short_lists:
            own = {job_id: float(next(distances)) for job_id in short.facts}
            if matches := new_jobs.matches(short.seeker, short.facts, own):
                yield PersonMatches(short.user_id, tuple(matches))

    def _seekers(self, user_ids: set[int]) -> dict[int, Seeker]:
        preferences = self._users.find_preferences(sorted(user_ids))
        feedback = self._history.feedback(preferences)
        return {
            user_id: Seeker.of(row, feedback.get(user_id, []))
            for user_id, row in preferences.items()
        }


@dataclass(frozen=True)
class _ShortList:
    """What of the jobs may be among a person's best. facts: by job id."""

    user_id: int
    seeker: Seeker
    facts: dict[int, Facts]


def chosen(cosines: Vectors, least: float, most: int) -> tuple[Ids, Ids]:
    """Rows and columns of the cosines of at least `least`, in order of row, the largest
    first; of a row with more than `most` of them, so many (and equals of the last)."""
    floors = np.full(len(cosines), least, np.float32)
    crowded = np.count_nonzero(cosines >= least, axis=1) > most
    if crowded.any():
        floors[crowded] = np.partition(cosines[crowded], -most, axis=1)[:, -most]
    people, jobs = np.nonzero(cosines >= floors[:, None])
    nearest_first = np.lexsort((-cosines[people, jobs], people))
    return people[nearest_first], jobs[nearest_first]
