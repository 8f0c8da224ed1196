"""The model of a fresh machine: no account, no network, no cost.

wordllama carries its weights inside its wheel: averages of 256-d word vectors, English.
Good for trying the bot and for tests; a hosted model ranks better.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from whatsapp_bot.embeddings.provider import EmbeddedTexts, RequestSize

LOCAL_MODEL = "local/wordllama-256"
LOCAL_DIMENSIONS = 256
CHUNK_SIZE = 16  # texts whose word vectors are in memory at once


class LocalProvider:
    model = LOCAL_MODEL
    dimensions = LOCAL_DIMENSIONS
    size = RequestSize(max_texts=256, max_tokens=100_000, max_text_tokens=2_000)

    def __init__(self) -> None:
        self._model: Any = None
        self._loading = threading.Lock()

    def embed(
        self, texts: Sequence[str], timeout: float | None = None
    ) -> EmbeddedTexts:
        """See EmbeddingProvider. A text without a word it knows becomes NaN, which no
        check lets through."""
        # It pads each chunk to its longest text: of texts in order of length, little.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.empty((len(texts), LOCAL_DIMENSIONS), dtype=np.float32)
        with np.errstate(invalid="ignore"):
            vectors[order] = self._loaded().embed(
                [texts[i] for i in order], norm=True, batch_size=CHUNK_SIZE
            )
        return EmbeddedTexts(vectors, tokens=0)

    def close(self) -> None:
        """It holds no connection."""

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = _load()
        return self._model


def tokenizer_file() -> Path:
    """In its wheel; without importing it."""
    spec = importlib.util.find_spec("wordllama")
    assert spec and spec.origin
    return Path(spec.origin).parent / "tokenizers" / "l2_supercat_tokenizer_config.json"


def _load() -> Any:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    # Here and not above: it takes half a second, and whoever has a key needs it never.
    import wordllama

    # It configures the root logger when imported.
    root.handlers[:] = handlers
    root.setLevel(level)
    # Its own search looks into a folder "tokenizer" that its wheel does not have; as a
    # cache folder, the wheel is searched rightly, and nothing is downloaded.
    model = wordllama.WordLlama.load(
        cache_dir=Path(wordllama.__file__).parent, disable_download=True
    )
    # Its tokenizer keeps whole texts, 0.7 kB each without end, to be quick if they come
    # again; here they do not come again.
    model.tokenizer.model._resize_cache(0)
    return model
