"""What matching knows of a person, and what it makes of one job for her: the one place
where a pair is judged, whether she searched or the job came looking for her."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.musts import Musts
from whatsapp_bot.matching.ranking import as_match
from whatsapp_bot.matching.reasons import MOST_REASONS, reasons
from whatsapp_bot.matching.scoring import SHOWN_FROM, Facts, examine, score
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

    def judge(self, job: Row, similar: float | None, today: date) -> Match | None:
        """None when the job is not worth showing.

        similar: calibrated, 0..1; None where there is no vector.
        """
        return self.match(job, examine(self.wishes, job, today), similar)

    def judge_near(
        self, job: Row, distance: float | None, model: str, today: date
    ) -> Match | None:
        """By their vectors; a job that is new may have none yet."""
        if distance is None:
            return self.judge(job, None, today)
        return self.judge(job, similarity.calibrated(1 - distance, model), today)

    def match(self, job: Row, facts: Facts, similar: float | None) -> Match | None:
        """facts: what `examine` says of this job for her."""
        points = score(facts, similar)
        if points < SHOWN_FROM:
            return None
        points += self.taste.points(job)
        said = (*self.musts.said_of(job), *reasons(facts), self.taste.reason(job))
        return as_match(
            job,
            min(100.0, max(0.0, points)),
            tuple(filter(None, said))[:MOST_REASONS],
        )
