"""Answers of the embeddings protocol, as bytes."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.loopback.faults import Items


def write_answer(items: Items, encoding: str, model: str, tokens: int) -> bytes:
    """By hand: `json.dumps` would copy megabytes of base64 once more."""
    write = _write_base64 if encoding == "base64" else _write_floats
    rows = []
    for index, vector in items:
        place = b"" if index is None else b'"index":%d,' % index
        written = write(vector.astype("<f4", copy=False))
        rows.append(b'{"object":"embedding",%b"embedding":%b}' % (place, written))
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (
        b",".join(rows),
        json.dumps(model).encode(),
        b'{"prompt_tokens":%d,"total_tokens":%d}' % (tokens, tokens),
    )


def _write_base64(vector: Any) -> bytes:
    return b'"%b"' % base64.b64encode(vector.tobytes())


def _write_floats(vector: Any) -> bytes:
    return json.dumps(vector.tolist()).encode()
