"""What a cosine of each model means: it differs so much that no threshold fits two."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calibration:
    """Cosines at or below `unrelated` are not shown; from `same` on it is the same work.

    Between them the score grows linearly.
    """

    unrelated: float
    same: float


# By a piece of the model's name. local: read off 292 labelled profiles held against
# 10,595 real titles on 2026-11-21, where below 0.30 under 8% of the jobs were of the
# person's occupation, around 0.60 half, and from 0.85 on 94%. text-embedding-3: related
# pairs 0.4 to 0.7, unrelated 0.1 to 0.2; not measured on labelled postings yet.
CALIBRATIONS = {
    "local/wordllama": Calibration(0.30, 0.85),
    "text-embedding-3": Calibration(0.25, 0.75),
}
UNMEASURED = Calibration(0.20, 0.80)


def calibrated(cosine: float, model: str) -> float:
    """0 (not to be shown) to 1, growing with the cosine."""
    calibration = next(
        (value for name, value in CALIBRATIONS.items() if name in model), UNMEASURED
    )
    share = (cosine - calibration.unrelated) / (
        calibration.same - calibration.unrelated
    )
    return min(1.0, max(0.0, share))
