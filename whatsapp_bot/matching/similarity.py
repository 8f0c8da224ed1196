"""What a cosine of each model means: it differs so much that no threshold fits two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Calibration:
    """The cosine that says nothing of the work, and that from which it is the same.

    Between them the value grows linearly.
    """

    unrelated: float
    same: float


# By a piece of the model's name. local: chosen with the weights on labelled postings; a
# score of 50% then means that half of such jobs fit (docs/matching.md). text-embedding-3:
# related pairs 0.4 to 0.7, unrelated 0.1 to 0.2; not measured on labelled postings yet.
CALIBRATIONS = {
    "local/wordllama": Calibration(0.0, 0.85),
    "text-embedding-3": Calibration(0.10, 0.80),
}
UNMEASURED = Calibration(0.10, 0.85)


def calibrated(cosine: float, model: str) -> float:
    """0 to 1, growing with the cosine."""
    found = _calibration(model)
    share = (cosine - found.unrelated) / (found.same - found.unrelated)
    return min(1.0, max(0.0, share))


@lru_cache(maxsize=64)
def _calibration(model: str) -> Calibration:
    return next(
        (value for name, value in CALIBRATIONS.items() if name in model), UNMEASURED
    )
