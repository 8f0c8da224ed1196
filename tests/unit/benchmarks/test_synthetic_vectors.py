"""The speed benchmark stands on these: vectors of the right shape, and recall."""

from __future__ import annotations

import numpy as np

from benchmarks.synthetic_vectors import Space, Vectors, make_space, recall

DIMENSIONS = 1536


def drawn(rows: int = 3_000) -> tuple[Space, Vectors, Vectors]:
    space = make_space(DIMENSIONS, clusters=60, professions=30)
    chance = np.random.default_rng(2)
    clusters = space.choose(rows, chance)
    vectors = space.around(clusters, chance)
    return space, clusters, vectors


def test_cosines_are_those_of_a_text_model() -> None:
    space, clusters, vectors = drawn()
    cosines = vectors @ vectors.T
    same_cluster = clusters[:, None] == clusters[None, :]
    professions = space.professions[clusters]
    same_work = professions[:, None] == professions[None, :]
    np.fill_diagonal(same_cluster, False)
    related, unrelated = cosines[same_cluster], cosines[~same_work]
    low, high = np.percentile(related, [5, 95])
    assert 0.38 < low < high < 0.72
    low, high = np.percentile(unrelated, [25, 75])
    assert 0.08 < low < high < 0.22


def test_vectors_have_length_1_and_a_decaying_spectrum() -> None:
    _, _, vectors = drawn()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    deviations = vectors.std(axis=0)
    assert deviations[:100].mean() > 2 * deviations[-100:].mean()


def test_clusters_are_of_very_different_sizes() -> None:
    _, clusters, _ = drawn()
    sizes = np.sort(np.bincount(clusters))
    assert sizes[-1] > 5 * np.median(sizes)


def test_recall_is_the_share_of_the_true_ones() -> None:
    assert recall([1, 2, 3, 9], [1, 2, 3, 4]) == 0.75
    assert recall([], [1, 2]) == 0
    assert recall([], []) == 1
