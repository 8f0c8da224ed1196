"""How good a ranking is, and how sure that is: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

DEPTH = 50  # places that are looked at
RESAMPLES = 2_000
SEED = 1

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """Of one ranking, each 0..1.

    precision: the share of the first 10 that is relevant (grade 1 or more). ndcg: of
    the first 10, gain 2^grade - 1. recall: of all that is relevant, the share in the
    first 50. average_precision: within the first 50, over as many as could be there.
    """

    precision: float
    ndcg: float
    recall: float
    average_precision: float


MEASURES = ("precision@10", "nDCG@10", "recall@50", "MAP")
NDCG = 1


def quality(ranked: Sequence[str], grades: Mapping[str, int]) -> Quality | None:
    """None when nothing is relevant."""
    relevant = sum(grade > 0 for grade in grades.values())
    if not relevant:
        return None
    found = [grades.get(job, 0) for job in ranked[:DEPTH]]
    best = sorted(grades.values(), reverse=True)
    hits = [n for n, grade in enumerate(found) if grade > 0]
    precisions = (nth / (place + 1) for nth, place in enumerate(hits, 1))
    return Quality(
        precision=sum(grade > 0 for grade in found[:10]) / 10,
        ndcg=_gain(found[:10]) / _gain(best[:10]),
        recall=len(hits) / relevant,
        average_precision=sum(precisions) / min(relevant, DEPTH),
    )


def _gain(grades: Sequence[int]) -> float:
    return sum((2**g - 1) / math.log2(place) for place, g in enumerate(grades, 2))


def as_values(qualities: Sequence[Quality | None]) -> Values:
    """[profile, measure]; NaN where there was nothing to find."""
    nothing = (math.nan,) * len(MEASURES)
    return np.array([astuple(q) if q else nothing for q in qualities])


@dataclass(frozen=True)
class Estimate:
    """A mean and the middle 95% of its bootstrap."""

    mean: float
    low: float
    high: float

    def words(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def signed(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def estimate(groups: Sequence[Values]) -> Estimate:
    """The mean of the groups' means; profiles are drawn anew within each group. For a
    difference of two matchers, give each profile's difference: it is paired."""
    chance = np.random.default_rng(SEED)
    known = [group[~np.isnan(group)] for group in groups]
    drawn = [
        group[chance.integers(0, len(group), (RESAMPLES, len(group)))].mean(axis=1)
        for group in known
    ]
    means = np.mean(drawn, axis=0)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(np.mean([g.mean() for g in known])), float(low), float(high))


def reliability(
    scores: Sequence[float], grades: Sequence[tuple[int, int]]
) -> list[tuple[str, int, float, float]]:
    """For each tenth of the score: how many, and the share of them that is relevant by
    role and with all conditions."""
    tenth = np.minimum(np.array(scores) // 10, 9).astype(int)
    relevant = np.array(grades) > 0
    rows = []
    for number in sorted(set(tenth.tolist())):
        some = relevant[tenth == number]
        by_role, full = some.mean(axis=0)
        name = f"{10 * number}–{10 * number + (10 if number == 9 else 9)}"
        rows.append((name, len(some), float(by_role), float(full)))
    return rows
