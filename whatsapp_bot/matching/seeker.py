"""What matching knows of a person, and what it makes of one job for her: the one place
where a pair is judged, whether she searched or the job came looking for her."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from whatsapp_bot.matching.musts import Musts
from whatsapp_bot.matching.ranking import as_match, best_first
from whatsapp_bot.matching.reasons import MOST_REASONS, elsewhere, reasons
from whatsapp_bot.matching.score_bounds import known_fits, most
from whatsapp_bot.matching.scoring import SHOWN_FROM, Facts, examine, score
from whatsapp_bot.matching.short_list import short_list
from whatsapp_bot.matching.taste import Taste
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Match, Row


@dataclass(frozen=True, slots=True)
class Seeker:
    """A person who looks for work, read once so that many jobs are judged quickly."""

    wishes: Wishes
    taste: Taste
    musts: Musts

    @classmethod
    def of(cls, preferences: Row, feedback: Iterable[Row]) -> Seeker:
        """preferences: of UserStore; feedback: of HistoryStore."""
        wishes = Wishes.of(preferences)
        return cls(wishes, Taste.of(feedback, wishes), Musts.of(preferences, wishes))

    def best(
        self, jobs: Iterable[tuple[Row, float | None]], limit: int, today: date
    ) -> list[Match]:
        """Her page of at most `limit` of these jobs, best first, with reasons.

        Each comes with its calibrated similarity, 0..1; None where there is no vector.
        """
        examined: dict[int, tuple[Row, Facts]] = {}

        def judge(found: tuple[Row, float | None]) -> Match | None:
            job, similar = found
            facts = examine(self.wishes, job, today)
            examined[job["id"]] = job, facts
            return self.match(job, facts, similar)

        hopes = ((self._most(job, similar), (job, similar)) for job, similar in jobs)
        page = best_first(short_list(hopes, judge, limit))[:limit]
        return [self.explain(match, *examined[match.job_id]) for match in page]

    def _most(self, job: Row, similar: float | None) -> float:
        points = most(similar, *known_fits(self.wishes, job))
        return points + self.taste.most_points

    def match(self, job: Row, facts: Facts, similar: float | None) -> Match | None:
        """Without reasons: most jobs are scored and never shown. None when the job is
        not worth showing. facts: what `examine` says of it for her."""
        points = score(facts, similar)
        if points < SHOWN_FROM:
            return None
        points += self.taste.points(job)
        return as_match(job, min(100.0, max(0.0, points)))

    def explain(self, match: Match, job: Row, facts: Facts) -> Match:
        """The same with its reasons, at most three; first what she gives up with it."""
        is_abroad = bool(self.wishes.places) and facts.location == 0.0
        is_must = "location" in self.musts.names
        away = "" if is_must else elsewhere(self.wishes, facts)
        said = (
            *self.musts.said_of(job),
            away,
            *reasons(facts),
            self.taste.reason(job),
        )
        found = tuple(filter(None, said))[:MOST_REASONS]
        return replace(match, match_reasons=found, is_abroad=is_abroad)
