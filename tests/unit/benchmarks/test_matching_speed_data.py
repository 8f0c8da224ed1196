"""What the speed benchmark holds the searches against must itself be right."""

from __future__ import annotations

import numpy as np

from benchmarks.matching_speed_clients import Answer, Case, Measured, Sample
from benchmarks.matching_speed_data import BLOCK, Dataset
from benchmarks.matching_speed_truth import Truth
from benchmarks.synthetic_jobs import COLUMNS


def small_truth() -> Truth:
    near = np.array([[0.1, 0.9, 0.5, 0.7], [0.8, 0.2, 0.3, 0.4]], dtype=np.float32)
    shown = {1: np.array([12]), 2: np.array([11, 14])}
    return Truth([1, 2], [], {}, 11, near, shown)


def test_the_nearest_are_those_most_similar() -> None:
    nearest = small_truth().nearest(2)
    assert {person: set(ids) for person, ids in nearest.items()} == {
        1: {12, 14},
        2: {11, 14},
    }


def test_the_nearest_of_those_that_pass_a_filter() -> None:
    truth = small_truth()
    passing = truth.passing([11, 13])
    assert {p: set(ids) for p, ids in truth.nearest(50, passing).items()} == {
        1: {11, 13},
        2: {11, 13},
    }
    assert truth.nearest(1, passing) == {1: [13], 2: [11]}
    assert truth.nearest(1, truth.passing([])) == {1: [], 2: []}


def test_people_who_insist_have_the_vectors_of_the_first_people() -> None:
    assert small_truth().nearest(1, people=[7]) == {7: [12]}


def test_what_was_shown_is_left_out() -> None:
    assert {p: set(ids) for p, ids in small_truth().nearest_unseen().items()} == {
        1: {11, 13, 14},
        2: {12, 13},
    }


def test_a_live_row_has_the_same_vector_whether_old_ones_are_made_or_not() -> None:
    data = Dataset(rows=2 * BLOCK + 700, live=500, dimensions=8)
    all_blocks, live_blocks = list(data.blocks()), list(data.blocks(only_live=True))
    assert sum(map(len, all_blocks)) == data.rows
    assert sum(map(len, live_blocks)) == data.live
    assert (all_blocks[-1] == live_blocks[-1]).all()
    again = Dataset(rows=2 * BLOCK + 700, live=500, dimensions=8)
    assert (data.vectors(live_blocks[0]) == again.vectors(all_blocks[-1])).all()


def test_a_line_of_a_posting_has_a_value_for_each_column() -> None:
    data = Dataset(rows=20, live=5, dimensions=8)
    lines = data.lines(np.arange(16, 21)).splitlines()
    assert [line.count("\t") for line in lines] == [COLUMNS.count(",")] * 5


def test_recall_and_counts_of_what_was_measured() -> None:
    def search(app: object, person: int) -> Answer:
        raise NotImplementedError

    case = Case("a search", search, [1, 2], {1: [11, 12], 2: [13]})
    samples = [
        Sample(1, 0.001, Answer([11, 14, 12], 3)),
        Sample(2, 0.003, Answer([], 0)),
    ]
    measured = Measured(case, 1, samples, 0.01, load=0.0, others=0.0)
    assert (
        measured.recall == 0.25
    )  # half of hers, of the first two; none of the other's
    assert measured.short == 1
    assert measured.returned == (0, 1.5)
    assert measured.p50 == 2.0
    assert measured.cpu == 5.0
