"""Vectors with the shape of a text model's, without a model.

Random directions flatter or ruin any index: no vector has neighbours then. A model's
vectors lie in clusters of very different sizes, use some directions much more than
others, and share a part that says only "this is a text". So each vector here is made of
four parts: what all share, its profession's direction, its cluster's, and its own.
Cosines come out as text-embedding-3-small's do: some 0.4 to 0.7 within a cluster, 0.1
to 0.2 between professions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whatsapp_bot.database.binary_copy import END, HEADER

COMMON = 0.15  # of a vector's square: shared by all; the cosine of unrelated ones
TIGHTEST, LOOSEST = 0.50, 0.30  # of a vector's square: its cluster's direction
PROFESSION = 0.5  # of a cluster's square: its profession's direction
DECAY = 0.35  # the i-th direction is used i ** -DECAY as much as the first
SKEW = 0.8  # the i-th largest cluster has i ** -SKEW times the rows of the largest
FEWEST_CLUSTERS, MOST_CLUSTERS = 300, 2_000

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Space:
    """Where the clusters lie. The same for the same arguments of `make_space`."""

    common: Vectors  # (dimensions,)
    centers: Vectors  # (clusters, dimensions), of length 1
    tightness: Vectors  # (clusters,), of a vector's square
    shares: npt.NDArray[np.float64]  # (clusters,), of all rows; their sum is 1
    professions: Numbers  # (clusters,)
    spectrum: Vectors  # (dimensions,)

    def choose(self, count: int, chance: np.random.Generator) -> Numbers:
        """The clusters of so many rows."""
        return chance.choice(len(self.shares), count, p=self.shares)

    def around(self, clusters: Numbers, chance: np.random.Generator) -> Vectors:
        """A vector of length 1 in each of these clusters: (len(clusters), dimensions)."""
        noise = _directions(len(clusters), self.spectrum, chance)
        tight = self.tightness[clusters, None]
        noise *= np.sqrt(1 - COMMON - tight)
        noise += np.sqrt(tight) * self.centers[clusters]
        noise += np.float32(np.sqrt(COMMON)) * self.common
        return _normalized(noise)


def make_space(
    dimensions: int, clusters: int, professions: int, seed: int = 1
) -> Space:
    chance = np.random.default_rng(seed)
    spectrum = np.arange(1, dimensions + 1, dtype=np.float32) ** np.float32(-DECAY)
    of = chance.integers(professions, size=clusters)
    fields = _directions(professions, spectrum, chance)[of]
    own = _directions(clusters, spectrum, chance)
    centers = np.sqrt(PROFESSION) * fields + np.sqrt(1 - PROFESSION) * own
    sizes = np.arange(1, clusters + 1) ** -SKEW
    return Space(
        common=_directions(1, spectrum, chance)[0],
        centers=_normalized(centers),
        tightness=chance.uniform(LOOSEST, TIGHTEST, clusters).astype(np.float32),
        shares=sizes / sizes.sum(),
        professions=of,
        spectrum=spectrum,
    )


def clusters_for(rows: int) -> int:
    """300 to 2,000, as research on real postings had them."""
    return int(min(MOST_CLUSTERS, max(FEWEST_CLUSTERS, 2 * rows**0.5)))


def recall(found: list[int], truth: list[int]) -> float:
    """The share of the true neighbours that was found; 1 where there are none."""
    return len(set(found) & set(truth)) / len(truth) if truth else 1.0


def binary_copy(ids: Numbers, vectors: Vectors, model: str | None, half: bool) -> bytes:
    """COPY's binary format of (id, model, vector), or of (id, vector) with no model.

    half: the column is a halfvec, else a vector.
    """
    name = (model or "").encode()
    dimensions, size = vectors.shape[1], 2 if half else 4
    fields: list[tuple[str, str] | tuple[str, str, int]] = [
        ("columns", ">i2"), ("id_bytes", ">i4"), ("id", ">i8"),
        *([("model_bytes", ">i4"), ("model", f"S{len(name)}")] if model else []),
        ("vector_bytes", ">i4"), ("dimensions", ">i2"), ("unused", ">i2"),
        ("vector", f">f{size}", dimensions),
    ]  # fmt: skip
    rows = np.zeros(len(ids), dtype=fields)
    rows["columns"], rows["id_bytes"], rows["id"] = 2 + bool(model), 8, ids
    if model:
        rows["model_bytes"], rows["model"] = len(name), name
    rows["vector_bytes"], rows["dimensions"] = 4 + size * dimensions, dimensions
    rows["vector"] = vectors
    return b"".join((HEADER, rows.tobytes(), END))


def _directions(count: int, spectrum: Vectors, chance: np.random.Generator) -> Vectors:
    drawn = chance.standard_normal((count, len(spectrum)), np.float32)
    drawn *= spectrum
    return _normalized(drawn)


def _normalized(vectors: Vectors) -> Vectors:
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / norms, dtype=np.float32)
