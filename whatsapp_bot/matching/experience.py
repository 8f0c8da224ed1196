"""Years and levels of experience are read here, and how well they meet a posting's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from whatsapp_bot.matching import pay, rows
from whatsapp_bot.matching.rows import LONGEST_TITLE, Row

# Years of work that a level's name stands for; None is without end.
LEVELS: Final[dict[str, tuple[float, float | None]]] = {
    "entry": (0.0, 2.0),
    "mid": (2.0, 5.0),
    "senior": (5.0, 10.0),
    "lead": (8.0, None),
    "executive": (10.0, None),
}
# What a person who gives only a level has, near enough.
LEVEL_YEARS: Final[dict[str, float]] = {
    "entry": 1.0,
    "mid": 3.0,
    "senior": 6.0,
    "lead": 9.0,
    "executive": 12.0,
}
_LEVEL_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("mid", "mid"),
    ("intermediate", "mid"),
    ("entry", "entry"),
    ("junior", "entry"),
    ("jnr", "entry"),
    ("intern", "entry"),
    ("internship", "entry"),
    ("trainee", "entry"),
    ("graduate", "entry"),
    ("beginner", "entry"),
    ("fresher", "entry"),
    ("no experience", "entry"),
    ("senior", "senior"),
    ("snr", "senior"),
    ("sr", "senior"),
    ("expert", "senior"),
    ("lead", "lead"),
    ("principal", "lead"),
    ("executive", "executive"),
    ("director", "executive"),
    ("c-level", "executive"),
)
# In a title "executive" is a rank-and-file word and "lead" may be a sales lead.
_TITLE_LEVELS: Final[frozenset[str]] = frozenset({"entry", "senior"})
_YEARS: Final = re.compile(r"\d+(?:\.\d+)?")
_MOST_YEARS: Final = 60.0


@lru_cache(maxsize=8192)
def level_name(text: str) -> str:
    """entry, mid, senior, lead or executive; empty when the text says none."""
    said = text[:LONGEST_TITLE].lower()
    return next(
        (
            level
            for word, level in _LEVEL_WORDS
            if word in said and re.search(rf"\b{word}\b", said)
        ),
        "",
    )


def years_of(row: Row) -> float | None:
    value = row.get("years_of_experience")
    if isinstance(value, str) and (found := _YEARS.search(value[:50])):
        value = found.group()
    years = pay.number(value)
    return None if years is None else min(years, _MOST_YEARS)


def _asked_years(job: Row) -> tuple[float, float | None] | None:
    low = rows.number(job, "years_min", "ai_years_experience_min")
    high = rows.number(job, "years_max", "ai_years_experience_max")
    if low is not None or high is not None:
        low = low or 0.0
        return low, None if high is None else max(low, high)
    level = level_name(rows.text(job, "experience_level", "ai_job_level"))
    if not level:
        level = level_name(rows.text(job, "title"))
        level = level if level in _TITLE_LEVELS else ""
    return LEVELS.get(level)


def experience_fit(years: float | None, job: Row) -> float | None:
    """1 inside the range; a year short of few weighs more than a year short of many."""
    span = _asked_years(job) if years is not None else None
    if years is None or span is None:
        return None
    low, high = span
    if years < low:
        return max(0.0, 1 - (low - years) / max(2.0, low))
    if high is not None and years > high:
        return max(0.5, 1 - 0.05 * (years - high))
    return 1.0
