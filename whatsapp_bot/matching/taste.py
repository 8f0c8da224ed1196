"""What a person saved and refused says of other jobs: a few points, never more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from whatsapp_bot.matching import rows
from whatsapp_bot.matching.rows import Row
from whatsapp_bot.matching.titles import Title, read_title
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.matching.words import GENERIC

MOST_POINTS: Final = 8.0  # of 100, either way, whatever she said and how often
TITLE_SHARE: Final = 0.6  # of what makes two jobs alike; the rest is the employer
WORTH_SAYING: Final = 0.3  # how alike a saved job must be to be named as a reason


@dataclass(frozen=True, slots=True)
class _Opinion:
    """A job she saved or refused. words: what its title adds to the roles she
    named; "officer" adds nothing."""

    is_saved: bool
    label: str
    company: str
    employer: str | None
    words: frozenset[str]

    def title_likeness(self, title: Title) -> float:
        """0..1: how much of what that title adds this one has too."""
        return len(self.words & title.words) / len(self.words) if self.words else 0.0

    def likeness(self, title: Title, employer: str | None) -> float:
        same_employer = employer is not None and employer == self.employer
        return (
            TITLE_SHARE * self.title_likeness(title) + (1 - TITLE_SHARE) * same_employer
        )


@dataclass(frozen=True, slots=True)
class Taste:
    """Works on titles and employers, so with and without vectors alike.

    The words of the roles she named say nothing of her taste: all her jobs have them,
    and refusing one "Data Analyst" must not speak against all of them.
    """

    opinions: tuple[_Opinion, ...] = ()

    @classmethod
    def of(cls, feedback: Iterable[Row], wishes: Wishes) -> Taste:
        """feedback: rows of HistoryStore.feedback."""
        asked = frozenset(word for role in wishes.roles for word in role.title.words)
        return cls(tuple(_opinion(row, asked) for row in feedback))

    @property
    def most_points(self) -> float:
        """What `points` can say of any job."""
        return MOST_POINTS if self.opinions else 0.0

    def points(self, job: Row) -> float:
        """-MOST_POINTS to MOST_POINTS. Each further opinion moves it less than the one
        before; likeness to a saved job never lowers it, to a refused one never lifts
        it."""
        if not self.opinions:
            return 0.0
        title, employer = read_title(rows.text(job, "title")), job.get("employer_key")
        pull = sum(
            opinion.likeness(title, employer) * (1 if opinion.is_saved else -1)
            for opinion in self.opinions
        )
        return MOST_POINTS * pull / (1 + abs(pull))

    def reason(self, job: Row) -> str:
        """What she saved that this is like; empty when there is nothing to say."""
        title, employer = read_title(rows.text(job, "title")), job.get("employer_key")
        saved = [opinion for opinion in self.opinions if opinion.is_saved]
        if not saved or self.points(job) <= 0:
            return ""
        nearest = max(saved, key=lambda opinion: opinion.likeness(title, employer))
        if TITLE_SHARE * nearest.title_likeness(title) >= WORTH_SAYING:
            return f"like a job you saved: {nearest.label}"
        if nearest.likeness(title, employer) >= WORTH_SAYING:
            return f"from {nearest.company}, where you saved a job"
        return ""


def _opinion(row: Row, asked: frozenset[str]) -> _Opinion:
    return _Opinion(
        is_saved=row["is_saved"],
        label=rows.label(rows.text(row, "title")),
        company=rows.label(rows.text(row, "company")),
        employer=row["employer_key"],
        words=read_title(rows.text(row, "title")).words - asked - GENERIC,
    )
