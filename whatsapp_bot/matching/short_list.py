"""Which of many jobs could be a person's best: no more of them are judged than need be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from whatsapp_bot.matching.ranking import best_first, has_surplus
from whatsapp_bot.records import Match

SLACK: Final = 1.0  # points: what rounding and single precision could hide

Job = TypeVar("Job")


def short_list(
    hopes: Iterable[tuple[float, Job]],
    judge: Callable[[Job], Match | None],
    limit: int,
    threshold: int = 0,
) -> list[Match]:
    """Judge the most promising, then twice as many, until no job that is left could be
    among the first `limit` of those that score at least `threshold`, even if all else
    were perfect.

    hopes: the most that each job can score, 0..100. judge: None for a job that is not
    worth showing. Which are best is for ranking.best_first to say of the matches.
    """
    left = sorted(hopes, key=lambda hope: hope[0], reverse=True)
    matches: list[Match] = []
    floor, start, end = threshold, 0, 2 * limit
    while start < len(left):
        some = left[start:end]
        good = [job for most, job in some if most >= floor - SLACK]
        matches += filter(None, map(judge, good))
        if len(good) < len(some):
            break
        floor, start, end = _floor(matches, limit, threshold), end, 2 * end
    return [match for match in matches if match.match_score >= floor - SLACK]


def _floor(matches: list[Match], limit: int, threshold: int) -> int:
    """A job that scores less cannot come among the first `limit` any more."""
    best = best_first(m for m in matches if m.match_score >= threshold)[:limit]
    if len(best) < limit or has_surplus(best):
        return threshold
    return min(match.match_score for match in best)
