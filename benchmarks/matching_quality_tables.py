"""Rankings of the matching benchmark -> tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.matching_quality_data import Profile
from benchmarks.matching_quality_figures import (
    DEPTH,
    MEASURES,
    NDCG,
    Estimate,
    Values,
    as_values,
    estimate,
    quality,
    reliability,
)

OURS = "ours"
ALL = "all kinds"
GRADES = ("by role alone", "with all conditions")


@dataclass(frozen=True)
class Ranking:
    """What a matcher found for a profile, best first."""

    matcher: str
    profile: Profile
    jobs: Sequence[str]
    scores: Sequence[float | None]

    @property
    def is_judged_fully(self) -> bool:
        """So much is relevant that all that is shown could be."""
        return sum(role > 0 for role, _ in self.profile.grades.values()) >= DEPTH

    def values(self, grade: int) -> Values:
        grades = {job: both[grade] for job, both in self.profile.grades.items()}
        return as_values([quality(self.jobs, grades)])[0]


class Results:
    """[profile, measure] by matcher and kind, for one of the two grades."""

    def __init__(self, rankings: Iterable[Ranking], grade: int) -> None:
        found: dict[tuple[str, str], list[Values]] = {}
        for ranking in rankings:
            key = ranking.matcher, ranking.profile.kind
            found.setdefault(key, []).append(ranking.values(grade))
        self._values = {key: np.array(values) for key, values in found.items()}
        self.matchers = list(dict.fromkeys(matcher for matcher, _ in found))
        self.kinds = list(dict.fromkeys(kind for _, kind in found))

    def estimate(self, matcher: str, kind: str, measure: int) -> Estimate:
        kinds = self.kinds if kind == ALL else [kind]
        return estimate([self._values[matcher, k][:, measure] for k in kinds])

    def lead(self, matcher: str, kind: str) -> Estimate:
        """What our nDCG@10 is above the matcher's, profile by profile."""
        kinds = self.kinds if kind == ALL else [kind]
        return estimate(
            [
                self._values[OURS, k][:, NDCG] - self._values[matcher, k][:, NDCG]
                for k in kinds
            ]
        )

    def count(self, kind: str) -> int:
        return len(self._values[OURS, kind])


def tables(rankings: Sequence[Ranking], model: str) -> str:
    """Markdown: all measures over all kinds, nDCG@10 by kind, our lead, the scores."""
    parts = [f"Model {model}. Figures are means with their 95% bootstrap intervals."]
    for grade in (1, 0):
        results = Results(rankings, grade)
        parts.append(f"### Judged {GRADES[grade]}")
        parts.append(_measures(results))
        parts.append("nDCG@10 by kind of profile:")
        parts.append(_by_kind(results))
        parts.append("How far ours is ahead in nDCG@10, paired by profile:")
        parts.append(_leads(results))
    parts.append("### What a score means")
    parts.append(
        "Of the jobs shown with a score, the share that is relevant; profiles with at "
        f"least {DEPTH} relevant jobs."
    )
    parts.append(_scores(rankings))
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _measures(results: Results) -> str:
    return _table(
        [f"mean of {ALL}", *MEASURES],
        [
            [m, *(results.estimate(m, ALL, n).words() for n in range(len(MEASURES)))]
            for m in results.matchers
        ],
    )


def _by_kind(results: Results) -> str:
    return _table(
        ["", *(f"{kind} ({results.count(kind)})" for kind in results.kinds)],
        [
            [m, *(results.estimate(m, kind, NDCG).words() for kind in results.kinds)]
            for m in results.matchers
        ],
    )


def _leads(results: Results) -> str:
    kinds = [ALL, *results.kinds]
    return _table(
        ["ahead of", *kinds],
        [
            [m, *(results.lead(m, kind).signed() for kind in kinds)]
            for m in results.matchers
            if m != OURS
        ],
    )


def _scores(rankings: Sequence[Ranking]) -> str:
    rows = []
    for matcher in dict.fromkeys(ranking.matcher for ranking in rankings):
        pairs = [
            (score, ranking.profile.grades.get(job, (0, 0)))
            for ranking in rankings
            if ranking.matcher == matcher and ranking.is_judged_fully
            for job, score in zip(ranking.jobs, ranking.scores, strict=True)
            if score is not None
        ]
        if pairs:
            scores, grades = zip(*pairs, strict=True)
            for name, count, by_role, full in reliability(scores, grades):
                row = [matcher, name, f"{count:,}", f"{by_role:.0%}", f"{full:.0%}"]
                rows.append(row)
    return _table(["matcher", "score", "shown", *GRADES], rows)
