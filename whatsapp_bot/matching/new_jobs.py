"""Which of some new jobs are a person's best: judged as in a search, and no more of them
than need be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.ranking import best_first
from whatsapp_bot.matching.score_bounds import ScoreBounds
from whatsapp_bot.matching.scoring import Facts, examine
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.short_list import short_list
from whatsapp_bot.records import Match, Row


@dataclass(frozen=True)
class NewJobs:
    """Jobs, by id, and what is wanted of them: the best `limit` of each person that
    score at least `threshold`."""

    rows: dict[int, Row]
    model: str
    bounds: ScoreBounds
    threshold: int
    limit: int
    today: date

    def short_list(
        self, seeker: Seeker, near: list[tuple[int, float]]
    ) -> dict[int, Facts]:
        """Those of the jobs that may be among her best. near: job_id and cosine."""
        facts: dict[int, Facts] = {}

        def judge(pair: tuple[int, float]) -> Match | None:
            job_id, cosine = pair
            facts[job_id] = examine(seeker.wishes, self.rows[job_id], self.today)
            return self._match(seeker, facts[job_id], job_id, cosine)

        hopes = self._hopes(seeker, near)
        matches = short_list(hopes, judge, self.limit, self.threshold)
        return {match.job_id: facts[match.job_id] for match in matches}

    def _hopes(
        self, seeker: Seeker, near: list[tuple[int, float]]
    ) -> list[tuple[float, tuple[int, float]]]:
        """The most that each could score. An alert is for what she asked for: no must
        is given up."""
        taste, most = seeker.taste.most_points, self.bounds.most
        return [
            (most(seeker.wishes, job_id, cosine) + taste, (job_id, cosine))
            for job_id, cosine in near
            if seeker.musts.holds(self.rows[job_id])
        ]

    def _match(
        self, seeker: Seeker, facts: Facts, job_id: int, cosine: float
    ) -> Match | None:
        similar = similarity.calibrated(cosine, self.model)
        return seeker.match(self.rows[job_id], facts, similar)

    def matches(
        self, seeker: Seeker, facts: dict[int, Facts], distances: dict[int, float]
    ) -> list[Match]:
        """Her best, as a search would have them. facts: of short_list. A distance is
        NaN where a vector is gone meanwhile."""
        found = (
            self._match(seeker, facts[job_id], job_id, 1 - distance)
            for job_id, distance in distances.items()
            if not math.isnan(distance)
        )
        good = (m for m in found if m and m.match_score >= self.threshold)
        best = best_first(good)[: self.limit]
        return [seeker.explain(m, self.rows[m.job_id], facts[m.job_id]) for m in best]
