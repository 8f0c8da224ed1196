"""Decides which vectors may be stored: pure arithmetic over a whole batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whatsapp_bot.embeddings.provider import Vectors

# Vectors are stored as halfvec, so a value is judged by what half precision keeps of it.
MAX_HALF = 65_504.0
# Models give norms of about 1, unnormalised ones up to some hundreds. Below the lower
# bound a 1,536-dimension vector falls into the coarse subnormal halves.
MIN_NORM = 0.01
MAX_NORM = 10_000.0
# A share of the largest value. Half precision rounds by up to 2**-11 of it, so a straight
# line is still one after a trip through the database.
LINE_TOLERANCE = 1e-3

Flags = npt.NDArray[np.bool_]


def find_faults(vectors: Vectors, dimensions: int) -> list[str | None]:
    """For each row why it may not be stored, or None when it may."""
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or vectors.shape[1] != dimensions or dimensions < 1:
        count = len(vectors) if vectors.ndim else 1
        return [f"the shape is {vectors.shape}, not (…, {dimensions})"] * count
    # Infinities and overflows are what is looked for here, not surprises.
    with np.errstate(all="ignore"):
        return _name_faults(np.asarray(vectors, dtype=np.float32))


def _name_faults(vectors: Vectors) -> list[str | None]:
    low, high = vectors.min(axis=1), vectors.max(axis=1)  # nan wins in both
    peak = np.maximum(-low, high)
    finite = np.isfinite(peak)
    norm = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    tolerance = LINE_TOLERANCE * peak
    faults: list[str | None] = [None] * len(vectors)
    # The last name given wins, so the plainest ones come last.
    for reason, rows in (
        ("sequential: a constant step", _are_lines(vectors, tolerance)),
        ("constant: all values equal", _are_flat(vectors, high - low, tolerance)),
        ("norm too small", norm < MIN_NORM),
        ("norm too large", norm > MAX_NORM),
        ("too large for half precision", peak > MAX_HALF),
        ("all zero in half precision", peak.astype(np.float16) == 0),
        ("all zero", peak == 0),
        ("not finite", ~finite),
    ):
        for row in np.flatnonzero(rows):
            faults[row] = reason
    return faults


def _are_flat(vectors: Vectors, spread: Vectors, tolerance: Vectors) -> Flags:
    if vectors.shape[1] < 2:  # one value equals itself
        return np.zeros(len(vectors), dtype=np.bool_)
    return np.asarray(spread <= tolerance)


def _are_lines(vectors: Vectors, tolerance: Vectors) -> Flags:
    count, width = vectors.shape
    lines = np.zeros(count, dtype=np.bool_)
    if width < 3:  # any two points make a line
        return lines
    # Three values first: few real vectors get past them to the full comparison.
    bend = np.abs(vectors[:, 0] - 2 * vectors[:, 1] + vectors[:, 2])
    some = np.flatnonzero(bend <= 4 * tolerance)
    first, last = vectors[some, 0, None], vectors[some, -1, None]
    straight = first + (last - first) * np.linspace(0, 1, width, dtype=np.float32)
    gap = np.abs(vectors[some] - straight).max(axis=1)
    lines[some] = gap <= tolerance[some]
    return lines
