"""Which of some new jobs are a person's best: judged as in a search, and no more of them
than need be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.ranking import best_first, has_surplus
from whatsapp_bot.matching.score_bounds import SLACK, ScoreBounds
from whatsapp_bot.matching.scoring import Facts, examine
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.taste import MOST_POINTS
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

    def short_list(
        self, seeker: Seeker, near: list[tuple[int, float]]
    ) -> dict[int, Facts]:
        """Judge the most promising, then twice as many, until no job that is left could
        be among her best even if all else were perfect. near: job_id and cosine."""
        hopes = self._hopes(seeker, near)
        facts: dict[int, Facts] = {}
        matches: list[Match] = []
        floor, size = self.threshold, 2 * self.limit
        while len(facts) < len(hopes):
            some = hopes[len(facts) : size]
            good = [hope for hope in some if hope[0] >= floor - SLACK]
            for _, job_id, cosine in good:
                facts[job_id] = examine(seeker.wishes, self.rows[job_id], date.today())
                match = self._match(seeker, facts[job_id], job_id, cosine)
                matches += [match] if match else []
            if len(good) < len(some):
                break
            floor, size = self._floor(matches), 2 * size
        near_enough = (m for m in matches if m.match_score >= floor - SLACK)
        return {match.job_id: facts[match.job_id] for match in near_enough}

    def _hopes(
        self, seeker: Seeker, near: list[tuple[int, float]]
    ) -> list[tuple[float, int, float]]:
        """The most that each could score, job_id and cosine; the most first. An alert
        is for what she asked for: no must is given up."""
        taste = MOST_POINTS if seeker.taste.opinions else 0.0
        most, wishes = self.bounds.most, seeker.wishes
        hopes = [
            (most(wishes, job_id, cosine) + taste, job_id, cosine)
            for job_id, cosine in near
            if seeker.musts.holds(self.rows[job_id])
        ]
        return sorted(hopes, reverse=True)

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
        best = self._best([match for match in found if match])
        return [seeker.explain(m, self.rows[m.job_id], facts[m.job_id]) for m in best]

    def _best(self, matches: list[Match]) -> list[Match]:
        good = (match for match in matches if match.match_score >= self.threshold)
        return best_first(good)[: self.limit]

    def _floor(self, matches: list[Match]) -> int:
        """A job that scores less cannot come among the first `limit` any more."""
        best = self._best(matches)
        if len(best) < self.limit or has_surplus(best):
            return self.threshold
        return min(match.match_score for match in best)
