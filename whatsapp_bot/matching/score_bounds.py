"""The most that a job can score by what is known cheaply, its cosine, where it is and how
it is worked: most pairs need no closer look, and leaving them out loses nothing.

Takes for granted that the score grows with the similarity and with each part.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any, Final

import numpy as np

from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.location import (
    arrangement_fit,
    arrangement_of,
    location_fit,
)
from whatsapp_bot.matching.scoring import Facts, score
from whatsapp_bot.matching.short_list import SLACK
from whatsapp_bot.matching.taste import MOST_POINTS
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Row

STEP: Final = 0.01  # of a cosine
PARTS: Final = frozenset(f.name for f in fields(Facts) if f.type == "float | None")

_Known = tuple[float | None, float | None]


def known_fits(wishes: Wishes, job: Row) -> _Known:
    """Of the location and of the arrangement, as `most` takes them: for a tenth of what
    it takes to examine the job."""
    arrangement = arrangement_of(job)
    location, _, _ = location_fit(wishes, job, arrangement)
    return location, arrangement_fit(wishes, arrangement)


def most(
    similar: float | None, location: float | None, arrangement: float | None
) -> float:
    """0..100, without her taste, where all that is not known is perfect.

    similar: calibrated; None where there is no vector. location, arrangement: 0..1; None
    where nobody knows.
    """
    return score(_best_facts(location, arrangement), similar)


@lru_cache(maxsize=256)
def _best_facts(location: float | None, arrangement: float | None) -> Facts:
    known = {"location": location, "arrangement": arrangement}
    parts: dict[str, Any] = dict.fromkeys(PARTS, 1.0)
    parts |= {name: fit for name, fit in known.items() if fit is not None}
    return Facts(**parts, wished=PARTS)


class ScoreBounds:
    """For one model and some jobs. rows: by job id."""

    def __init__(self, model: str, rows: dict[int, Row]) -> None:
        self._model = model
        self._rows = rows
        self._tables: dict[_Known, list[float]] = {}
        self._known: dict[tuple[object, ...], dict[int, list[float]]] = {}

    def least_cosine(self, threshold: float) -> float:
        """No pair below it can score the threshold."""
        enough = threshold - MOST_POINTS - SLACK
        table = self._table((None, None))
        steps = (step for step, points in enumerate(table) if points >= enough)
        step = next(steps, None)
        return 1.0 if step is None else (step - 2) * STEP - 1

    def most(self, wishes: Wishes, job_id: int, cosine: float) -> float:
        """0..100, without her taste."""
        # Many people wish for the same places.
        wish = wishes.places, wishes.countries, wishes.arrangements, wishes.relocates
        known = self._known.setdefault(wish, {})
        if job_id not in known:
            known[job_id] = self._table(known_fits(wishes, self._rows[job_id]))
        table = known[job_id]
        # Of the next step but one: products in single precision are a little off.
        return table[min(int((cosine + 1) / STEP) + 2, len(table) - 1)]

    def _table(self, known: _Known) -> list[float]:
        """By cosine, from -1 in steps, where all else is perfect."""
        if known not in self._tables:
            self._tables[known] = [
                most(similarity.calibrated(float(cosine), self._model), *known)
                for cosine in np.arange(-1.0, 1.0 + STEP, STEP)
            ]
        return self._tables[known]
