"""Vectors made from words alone: the same text gives the same vector, anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PLACES_PER_WORD = 4
HUES = 256  # rows of the dense background
HUE_SHARE = 0.15  # of a vector's length; it blurs cosines by about a fiftieth
_NO_PUNCTUATION = bytes(
    code if code > 127 or chr(code).isalnum() else ord(" ") for code in range(256)
)
_PLACE_FACTORS = np.array(
    [0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F], dtype=np.uint64
)


def embed_texts(texts: Sequence[str], dimensions: int) -> Floats:
    """Unit vectors, shape (texts, dimensions); shared words mean a higher cosine.

    A word adds or takes 1 at four places that its hash chooses. A dense background,
    chosen by the hash of the text, makes values as large as those of a real model: in
    half precision hardly one is subnormal, and those are slow to convert.
    """
    hues = np.fromiter((crc32(_encoded(text)) % HUES for text in texts), dtype=np.intp)
    vectors = _count_words(texts, dimensions)
    vectors /= np.maximum(_norms(vectors), 1.0)
    vectors += _hues(dimensions)[hues]
    vectors /= _norms(vectors)
    return vectors


def _norms(vectors: Floats) -> Floats:
    norms: Floats = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return norms


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _count_words(texts: Sequence[str], dimensions: int) -> Floats:
    words = [
        _encoded(text.lower()).translate(_NO_PUNCTUATION).split() for text in texts
    ]
    hashes = np.fromiter(map(crc32, chain.from_iterable(words)), dtype=np.uint64)
    rows = np.repeat(np.arange(len(texts)), [len(found) for found in words])
    mixed = (hashes[:, None] * _PLACE_FACTORS) >> np.uint64(16)
    places = (mixed >> np.uint64(1)) % np.uint64(dimensions)
    signs = np.where(mixed & np.uint64(1), 1.0, -1.0)
    cells = rows[:, None] * dimensions + places.astype(np.intp)
    sums = np.bincount(cells.ravel(), signs.ravel(), len(texts) * dimensions)
    return sums.reshape(len(texts), dimensions).astype(np.float32)


@lru_cache(maxsize=8)
def _hues(dimensions: int) -> Floats:
    drawn = np.random.default_rng(7).standard_normal((HUES, dimensions))
    return (HUE_SHARE / dimensions**0.5 * drawn).astype(np.float32)
