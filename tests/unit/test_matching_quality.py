"""The figures of the matching benchmark, held against what is worked out by hand."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks.matching_quality_data import Profile, read_corpora
from benchmarks.matching_quality_figures import (
    Quality,
    as_values,
    estimate,
    quality,
    reliability,
)
from benchmarks.matching_quality_tables import Ranking, tables
from whatsapp_bot.errors import InputError

GRADES = {"a": 3, "b": 1, "c": 0, "d": 2}


def found(ranked: list[str]) -> Quality:
    measured = quality(ranked, GRADES)
    assert measured is not None
    return measured


def test_the_best_order_has_everything() -> None:
    assert found(["a", "d", "b"]) == Quality(0.3, 1.0, 1.0, 1.0)


def test_a_worse_order_is_discounted() -> None:
    measured = found(["x", "a", "c", "b"])
    best = 7 + 3 / math.log2(3) + 1 / math.log2(4)
    assert measured.ndcg == pytest.approx((7 / math.log2(3) + 1 / math.log2(5)) / best)
    assert measured.average_precision == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert measured.recall == pytest.approx(2 / 3)


def test_only_the_first_fifty_are_looked_at() -> None:
    assert found([*"x" * 50, "a"]) == Quality(0.0, 0.0, 0.0, 0.0)


def test_where_nothing_is_relevant_there_is_no_quality() -> None:
    assert quality(["a"], {"a": 0}) is None
    values = as_values([None, Quality(0.0, 0.5, 0.0, 0.0)])
    assert estimate([values[:, 1]]).mean == 0.5


def test_an_estimate_is_the_mean_of_the_groups_means_within_its_interval() -> None:
    chance = np.random.default_rng(0)
    groups = [chance.normal(1.0, 0.1, 1_000), chance.normal(2.0, 0.1, 10)]
    found = estimate(groups)
    assert found.mean == pytest.approx(np.mean([g.mean() for g in groups]))
    assert found.low < found.mean < found.high
    # Two groups of which the small one decides: half its standard error, 1.96 times.
    assert found.high - found.low == pytest.approx(
        2 * 1.96 * 0.1 / 10**0.5 / 2, rel=0.4
    )


def test_reliability_counts_each_tenth_of_the_score() -> None:
    rows = reliability([95, 100, 42, 40], [(1, 1), (1, 0), (0, 0), (2, 2)])
    assert rows == [("40–49", 2, 0.5, 0.5), ("90–100", 2, 1.0, 0.5)]


def test_our_lead_is_paired_by_profile() -> None:
    rankings = []
    for name, grades in (("1", {"a": (1, 1)}), ("2", {"b": (2, 0), "c": (1, 1)})):
        profile = Profile(name, "kind", {}, (), grades)
        for matcher, jobs in (("vectors", ["x"]), ("ours", list(grades))):
            rankings.append(Ranking(matcher, profile, jobs, [None] * len(jobs)))
    page = tables(rankings, "m")
    by_role = page.split("### Judged ")[2]
    assert "| vectors | +1.000 [+1.000, +1.000] | +1.000 [+1.000, +1.000] |" in by_role


def write(path: Path, text: str) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(text)


def test_a_benchmark_is_read_without_what_it_is_judged_by(tmp_path: Path) -> None:
    job = {"id": "j1", "title": "Nurse", "category": "Health"}
    profile = {"id": "p1", "track": "P", "kind": "site", "job_roles": ["Nurse"]}
    profile |= {"salary_min": None, "relevance": {"j1": [2, 1]}, "_drop": ["j9"]}
    write(tmp_path / "jobs_real.jsonl.gz", json.dumps(job))
    write(tmp_path / "bench_public.jsonl.gz", json.dumps(profile))
    write(tmp_path / "bench_corpora.json.gz", json.dumps({"P": {"site": ["j1"]}}))
    (corpus,) = read_corpora(tmp_path)
    assert corpus.name == "P site"
    assert corpus.postings == [{"id": "j1", "title": "Nurse"}]
    (read,) = corpus.profiles
    assert read.preferences == {"job_roles": ["Nurse"]}
    assert (read.grades, read.left_out) == ({"j1": (2, 1)}, ["j9"])


def test_a_folder_without_a_benchmark_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_corpora(tmp_path)
