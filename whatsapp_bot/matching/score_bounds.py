"""The most that a job can score by what is known cheaply, its cosine and its place: most
pairs need no closer look, and leaving them out loses nothing.

Takes for granted that the score grows with the similarity and with each part.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any, Final

import numpy as np

from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.scoring import Facts, examine, score
from whatsapp_bot.matching.taste import MOST_POINTS
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Row

STEP: Final = 0.01  # of a cosine
PARTS: Final = frozenset(f.name for f in fields(Facts) if f.type == "float | None")
SLACK: Final = 1.0  # points: what rounding and single precision could hide


class ScoreBounds:
    """For one model and some jobs. rows: by job id."""

    def __init__(self, model: str, rows: dict[int, Row]) -> None:
        self._model = model
        self._rows = rows
        self._by_location: dict[float, list[float]] = {}
        self._locations: dict[tuple[object, ...], dict[int, float]] = {}

    def least_cosine(self, threshold: float) -> float:
        """No pair below it can score the threshold."""
        enough = threshold - MOST_POINTS - SLACK
        steps = (step for step, most in enumerate(self._table(1.0)) if most >= enough)
        step = next(steps, None)
        return 1.0 if step is None else (step - 2) * STEP - 1

    def most(self, wishes: Wishes, job_id: int, cosine: float) -> float:
        """0..100, without her taste."""
        # Many people wish for the same places.
        wish = wishes.places, wishes.countries, wishes.arrangements, wishes.relocates
        known = self._locations.setdefault(wish, {})
        if job_id not in known:
            asked = Wishes(
                places=wishes.places,
                countries=wishes.countries,
                arrangements=wishes.arrangements,
                relocates=wishes.relocates,
            )
            fit = examine(asked, self._rows[job_id], date.today()).location
            known[job_id] = 1.0 if fit is None else fit
        table = self._table(known[job_id])
        # Of the next step but one: products in single precision are a little off.
        return table[min(int((cosine + 1) / STEP) + 2, len(table) - 1)]

    def _table(self, location: float) -> list[float]:
        """By cosine, from -1 in steps, where all else is perfect."""
        if location not in self._by_location:
            parts: dict[str, Any] = dict.fromkeys(PARTS, 1.0) | {"location": location}
            best = Facts(**parts, wished=PARTS)
            self._by_location[location] = [
                score(best, similarity.calibrated(float(cosine), self._model))
                for cosine in np.arange(-1.0, 1.0 + STEP, STEP)
            ]
        return self._by_location[location]
