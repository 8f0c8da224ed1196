"""What matching knows of a person, and what it makes of one job for her: the one place
where a pair is judged, whether she searched or the job came looking for her."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.ranking import as_match
from whatsapp_bot.matching.reasons import reasons
from whatsapp_bot.matching.scoring import Facts, examine, score
from whatsapp_bot.matching.taste import Taste
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Match, Row

MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Seeker:
    """A person who looks for work, read once so that many jobs are judged quickly."""

    wishes: Wishes
    taste: Taste

    @classmethod
    def of(cls, preferences: Row, feedback: Iterable[Row]) -> Seeker:
        """preferences: of UserStore; feedback: of HistoryStore."""
        wishes = Wishes.of(preferences)
        return cls(wishes, Taste.of(feedback, wishes))

    def judge(
        self, job: Row, similar: float | None, today: date, lowest: float = 0.0
    ) -> Match | None:
        """None when it scores below `lowest` before her taste moves it.

        similar: calibrated, 0..1; None where there is no vector.
        """
        facts = examine(self.wishes, job, today)
        if score(facts, similar) < lowest:
            return None
        return self.match(job, facts, similar)

    def judge_near(
        self, job: Row, distance: float, model: str, today: date
    ) -> Match | None:
        """By their vectors; None when for this model the distance means unrelated."""
        similar = similarity.calibrated(1 - distance, model)
        return self.judge(job, similar, today) if similar > 0 else None

    def match(self, job: Row, facts: Facts, similar: float | None) -> Match:
        """facts: what `examine` says of this job for her."""
        points = score(facts, similar) + self.taste.points(job)
        said = (*reasons(facts), self.taste.reason(job))
        return as_match(
            job,
            min(100.0, max(0.0, points)),
            tuple(filter(None, said))[:MOST_REASONS],
        )
