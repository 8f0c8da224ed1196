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
        judged: list[tuple[Match, Facts]] = []
        floor, size = self.threshold, 2 * self.limit
        while len(judged) < len(hopes):
            some = hopes[len(judged) : size]
            good = [hope for hope in some if hope[0] >= floor - SLACK]
            judged += [
                self._judge(seeker, job_id, cosine) for _, job_id, cosine in good
            ]
            if len(good) < len(some):
                break
            floor, size = self._floor([match for match, _ in judged]), 2 * size
        return {
            match.job_id: facts
            for match, facts in judged
            if match.match_score >= floor - SLACK
        }

    def _hopes(
        self, seeker: Seeker, near: list[tuple[int, float]]
    ) -> list[tuple[float, int, float]]:
        """The most that each could score, job_id and cosine; the most first. What its
        vector calls unrelated is not shown, so it has no place to take."""
        taste = MOST_POINTS if seeker.taste.opinions else 0.0
        most, wishes = self.bounds.most, seeker.wishes
        hopes = [
            (most(wishes, job_id, cosine) + taste, job_id, cosine)
            for job_id, cosine in near
            if similarity.calibrated(cosine, self.model) > 0
        ]
        return sorted(hopes, reverse=True)

    def _judge(self, seeker: Seeker, job_id: int, cosine: float) -> tuple[Match, Facts]:
        job = self.rows[job_id]
        facts = examine(seeker.wishes, job, date.today())
        similar = similarity.calibrated(cosine, self.model)
        return seeker.match(job, facts, similar), facts

    def matches(
        self, seeker: Seeker, facts: dict[int, Facts], distances: dict[int, float]
    ) -> list[Match]:
        """Her best, as a search would have them. facts: of short_list. A distance is
        NaN where a vector is gone meanwhile."""
        found = []
        for job_id, distance in distances.items():
            similar = similarity.calibrated(1 - distance, self.model)
            if not math.isnan(distance) and similar > 0:
                found.append(seeker.match(self.rows[job_id], facts[job_id], similar))
        return self._best(found)

    def _best(self, matches: list[Match]) -> list[Match]:
        good = (match for match in matches if match.match_score >= self.threshold)
        return best_first(good)[: self.limit]

    def _floor(self, matches: list[Match]) -> int:
        """A job that scores less cannot come among the first `limit` any more."""
        best = self._best(matches)
        if len(best) < self.limit or has_surplus(best):
            return self.threshold
        return min(match.match_score for match in best)
