"""Which vectors are kept out of the database, and why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.embeddings.vector_check import find_faults

DIMENSIONS = 64


def unit_vectors(count: int, dimensions: int = DIMENSIONS, seed: int = 1) -> Vectors:
    drawn = np.random.default_rng(seed).standard_normal((count, dimensions))
    norms = np.linalg.norm(drawn, axis=1, keepdims=True)
    vectors: Vectors = (drawn / norms).astype(np.float32)
    return vectors


def fault_of(row: list[float] | Vectors) -> str | None:
    vectors = np.array([row], dtype=np.float32)
    [fault] = find_faults(vectors, vectors.shape[1])
    return fault


def test_real_looking_vectors_may_be_stored() -> None:
    assert find_faults(unit_vectors(50), DIMENSIONS) == [None] * 50


def test_no_vectors_have_no_faults() -> None:
    assert find_faults(unit_vectors(0), DIMENSIONS) == []


def test_only_the_faulty_row_is_named() -> None:
    vectors = unit_vectors(3)
    vectors[1, 5] = np.nan
    assert find_faults(vectors, DIMENSIONS) == [None, "not finite", None]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, DIMENSIONS - 1])
def test_a_single_value_that_is_not_finite_is_a_fault(value: float, place: int) -> None:
    vectors = unit_vectors(1)
    vectors[0, place] = value
    assert find_faults(vectors, DIMENSIONS) == ["not finite"]


def test_both_infinities_at_once_are_a_fault() -> None:
    vectors = unit_vectors(1)
    vectors[0, :2] = (np.inf, -np.inf)
    assert find_faults(vectors, DIMENSIONS) == ["not finite"]


def test_all_zero_is_a_fault() -> None:
    assert fault_of([0.0] * DIMENSIONS) == "all zero"


def test_zeros_of_both_signs_are_all_zero() -> None:
    assert fault_of([0.0, -0.0] * 8) == "all zero"


def test_all_values_equal_is_a_fault() -> None:
    assert fault_of([0.1] * DIMENSIONS) == "constant: all values equal"


def test_all_values_equal_below_zero_is_a_fault() -> None:
    assert fault_of([-0.1] * DIMENSIONS) == "constant: all values equal"


def test_values_that_half_precision_makes_equal_are_a_fault() -> None:
    row = 0.5 + unit_vectors(1)[0] * 1e-5
    assert fault_of(row) == "constant: all values equal"


def test_a_constant_step_is_a_fault() -> None:
    row = 0.414 + 0.001 * np.arange(1536, dtype=np.float32)
    assert fault_of(row) == "sequential: a constant step"


def test_a_constant_step_is_a_fault_at_three_values() -> None:
    assert fault_of([0.414, 0.415, 0.416]) is not None


def test_a_falling_step_is_a_fault() -> None:
    row = -0.5 - 0.01 * np.arange(DIMENSIONS)
    assert fault_of(row.astype(np.float32)) == "sequential: a constant step"


def test_a_constant_step_that_crosses_zero_is_a_fault() -> None:
    row = np.linspace(-1, 1, DIMENSIONS, dtype=np.float32)
    assert fault_of(row) == "sequential: a constant step"


def test_a_constant_step_is_a_fault_after_a_trip_through_half_precision() -> None:
    row = (0.414 + 0.001 * np.arange(1536)).astype(np.float16)
    assert fault_of(row.astype(np.float32)) == "sequential: a constant step"


def test_a_line_whose_first_values_half_precision_rounds_most_is_a_fault() -> None:
    row = (10 - 0.005 * np.arange(1536)).astype(np.float16)
    assert fault_of(row.astype(np.float32)) == "sequential: a constant step"


def test_a_line_that_breaks_off_may_be_stored() -> None:
    row = np.linspace(-1, 1, DIMENSIONS, dtype=np.float32)
    row[-10:] = 0.3
    assert fault_of(row) is None


def test_a_vector_that_only_begins_like_a_line_may_be_stored() -> None:
    row = unit_vectors(1)[0]
    row[:3] = (0.1, 0.2, 0.3)
    assert fault_of(row) is None


def test_a_vector_with_a_single_value_above_zero_may_be_stored() -> None:
    row = np.zeros(DIMENSIONS, dtype=np.float32)
    row[9] = 1.0
    assert fault_of(row) is None


def test_two_dimensions_are_not_called_a_line() -> None:
    assert fault_of([0.6, 0.8]) is None


def test_one_dimension_is_not_called_constant() -> None:
    assert fault_of([1.0]) is None


def test_an_absurdly_small_norm_is_a_fault() -> None:
    assert fault_of(unit_vectors(1)[0] * 1e-4) == "norm too small"


def test_an_absurdly_large_norm_is_a_fault() -> None:
    assert fault_of(unit_vectors(1)[0] * 20_000) == "norm too large"


@pytest.mark.parametrize("norm", [0.1, 0.6, 1.0, 30.0, 500.0])
def test_an_unnormalised_vector_may_be_stored(norm: float) -> None:
    assert fault_of(unit_vectors(1)[0] * norm) is None


@pytest.mark.parametrize("value", [65_505.0, -70_000.0, 3e38])
def test_a_value_that_half_precision_cannot_hold_is_a_fault(value: float) -> None:
    row = unit_vectors(1)[0]
    row[4] = value
    assert fault_of(row) == "too large for half precision"


def test_values_that_half_precision_turns_to_zero_are_a_fault() -> None:
    assert fault_of(unit_vectors(1)[0] * 1e-8) == "all zero in half precision"


def test_wrong_dimensions_are_every_rows_fault() -> None:
    faults = find_faults(unit_vectors(3), DIMENSIONS + 1)
    assert faults == ["the shape is (3, 64), not (…, 65)"] * 3


def test_a_flat_array_is_a_fault() -> None:
    faults = find_faults(unit_vectors(1)[0], DIMENSIONS)
    assert None not in faults


def test_no_dimensions_are_a_fault() -> None:
    assert None not in find_faults(np.empty((2, 0), dtype=np.float32), 0)


def test_double_precision_is_judged_too() -> None:
    vectors = unit_vectors(2).astype(np.float64)
    vectors[0, 0] = 1e300
    assert find_faults(vectors, DIMENSIONS) == ["not finite", None]  # type: ignore[arg-type]


def test_the_vectors_are_left_as_they_were() -> None:
    vectors = unit_vectors(4)
    before = vectors.copy()
    find_faults(vectors, DIMENSIONS)
    assert np.array_equal(vectors, before)


@given(seed=st.integers(0, 2**32 - 1), norm=st.floats(0.1, 1_000))
def test_any_random_direction_may_be_stored(seed: int, norm: float) -> None:
    vectors = unit_vectors(4, seed=seed) * np.float32(norm)
    assert find_faults(vectors, DIMENSIONS) == [None] * 4


@given(start=st.floats(-10, 10), step=st.floats(-1, 1), width=st.integers(3, 2_000))
def test_no_straight_line_may_be_stored(start: float, step: float, width: int) -> None:
    assert fault_of((start + step * np.arange(width)).astype(np.float32)) is not None


@given(
    st.integers(3, 40).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(width=32), min_size=width, max_size=width), min_size=1
        )
    )
)
@settings(max_examples=200)
def test_what_may_be_stored_survives_half_precision(rows: list[list[float]]) -> None:
    vectors = np.array(rows, dtype=np.float32)
    faults = find_faults(vectors, vectors.shape[1])
    kept = vectors[[fault is None for fault in faults]].astype(np.float16)
    assert np.isfinite(kept).all()
    assert (kept.max(axis=1, initial=-np.inf) > kept.min(axis=1, initial=np.inf)).all()


@given(st.permutations(range(6)))
def test_a_row_is_judged_alone(order: list[int]) -> None:
    vectors = unit_vectors(6)
    vectors[0] = 0
    vectors[1] = 0.25
    vectors[2, 3] = np.inf
    faults = find_faults(vectors, DIMENSIONS)
    assert find_faults(vectors[order], DIMENSIONS) == [faults[i] for i in order]
