"""Reads an answer of the embeddings protocol: vectors by index, whatever came back."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np
import pybase64

from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.errors import EmbeddingRejected, EmbeddingUnavailable

FLOAT_BYTES = 4


def parse_answer(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as exc:
        # A gateway's page or a login portal: it says nothing about the texts.
        raise EmbeddingUnavailable("The answer is not JSON") from exc


def read_answer(body: object, count: int, dimensions: int) -> tuple[Vectors, int]:
    """The vectors, float32 (count, dimensions), and the tokens that were billed.

    Raises EmbeddingRejected when the answer does not fit the request.
    """
    if not isinstance(body, dict):
        _reject("it is not an object")
    vectors = _read_vectors(body.get("data"), count, dimensions)
    return vectors, _read_tokens(body.get("usage"))


def _read_vectors(data: object, count: int, dimensions: int) -> Vectors:
    """Vectors by index: the order of an answer promises nothing."""
    if not isinstance(data, list):
        _reject("the answer has no data")
    if len(data) != count:
        _reject(f"{len(data)} vectors came back for {count} texts")
    # Joined once at the end: numpy lets go of the interpreter for each vector it copies.
    parts: list[bytes | None] = [None] * count
    for item in data:
        index = item.get("index") if isinstance(item, dict) else None
        if type(index) is not int or not 0 <= index < count:
            _reject("a vector has no index, or one beyond the texts")
        if parts[index] is not None:
            _reject(f"index {index} came back twice")
        part = _decode(item.pop("embedding", None))  # read once
        if len(part) != FLOAT_BYTES * dimensions:
            size = len(part) / FLOAT_BYTES
            _reject(f"a vector has {size:g} dimensions, not {dimensions}")
        parts[index] = part
    packed = b"".join(part for part in parts if part is not None)
    return np.frombuffer(packed, dtype="<f4").reshape(count, dimensions)


def _decode(embedding: object) -> bytes:
    """float32, least significant byte first, as base64 brings them."""
    try:
        if isinstance(embedding, str):
            return pybase64.b64decode(embedding, validate=True)
        if isinstance(embedding, list):
            # Too large for float32 becomes infinite, and is found in `vector_check`.
            with np.errstate(over="ignore"):
                return np.array(embedding, dtype="<f4").tobytes()
    except (ValueError, TypeError, OverflowError):
        pass
    _reject("a vector cannot be decoded")


def _reject(what: str) -> NoReturn:
    message = f"The answer does not fit: {what}"
    raise EmbeddingRejected(message, may_be_billed=True)


def _read_tokens(usage: object) -> int:
    if not isinstance(usage, dict):
        return 0
    tokens = usage.get("prompt_tokens") or usage.get("total_tokens")
    return tokens if isinstance(tokens, int) and tokens > 0 else 0
