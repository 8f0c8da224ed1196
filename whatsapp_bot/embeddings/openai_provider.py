"""Vectors from OpenAI, or from any service that speaks its embeddings protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from openai import omit

from whatsapp_bot.embeddings.openai_answer import parse_answer, read_answer
from whatsapp_bot.embeddings.openai_connection import OpenAIConnection, read_in_time
from whatsapp_bot.embeddings.openai_hints import read_limits
from whatsapp_bot.embeddings.openai_refusal import Refusal
from whatsapp_bot.embeddings.provider import (
    OPENAI_BASE_URL,
    EmbeddedTexts,
    RequestSize,
    Vectors,
)

Encoding = Literal["base64", "float"]


@dataclass(frozen=True)
class Quirks:
    """What a service that speaks the protocol does its own way.

    normalize: it gives vectors of other lengths than 1.
    """

    size: RequestSize
    encoding: Encoding
    normalize: bool = False


# OpenAI's documented limits are 2,048 texts, 300,000 tokens, and 8,192 for a text; tokens
# are estimated here, so some room is left. Gemini: 100 texts of 2,048 tokens. OpenRouter
# and Ollama depend on the model behind them. As read in their documents in November 2026;
# Gemini's say that gemini-embedding-001 normalises no vector of fewer than 3,072 values.
_USUAL = Quirks(RequestSize(2_048, 280_000, 8_000), encoding="base64")
_QUIRKS_BY_PIECE_OF_URL = {
    "generativelanguage.googleapis.com": Quirks(
        RequestSize(100, 200_000, 2_000), encoding="float", normalize=True
    ),
    "openrouter.ai": Quirks(RequestSize(100, 200_000, 8_000), encoding="float"),
    ":11434": Quirks(RequestSize(64, 100_000, 2_000), encoding="float"),  # Ollama
}


def quirks_for(base_url: str | None) -> Quirks:
    """The limits of the service at this address; OpenAI's own when it is not known."""
    for piece, quirks in _QUIRKS_BY_PIECE_OF_URL.items():
        if piece in (base_url or OPENAI_BASE_URL).lower():
            return quirks
    return _USUAL


class OpenAIProvider:
    """One model at one OpenAI-compatible address. Threads may share it.

    model: the name stored beside the vectors; api_model: the name sent.
    send_dimensions: False for models that refuse to be asked for a length.
    encoding: how vectors are asked for; either is understood whatever was asked.
    normalize: scale vectors to length 1, for models that do not.
    """

    def __init__(
        self,
        *,
        model: str,
        api_model: str,
        dimensions: int,
        api_key: str,
        base_url: str | None = None,
        size: RequestSize | None = None,
        timeout: float = 30.0,
        send_dimensions: bool = True,
        encoding: Encoding = "base64",
        normalize: bool = False,
    ) -> None:
        self._model = model
        self._api_model = api_model
        self._dimensions = dimensions
        self.connection = OpenAIConnection(api_key, base_url, api_model)
        self._size = size or quirks_for(base_url).size
        self._timeout = timeout
        self._send_dimensions = send_dimensions
        self._encoding = encoding
        self._normalize = normalize

    @property
    def model(self) -> str:
        return self._model

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def size(self) -> RequestSize:
        return self._size

    def embed(
        self, texts: Sequence[str], timeout: float | None = None
    ) -> EmbeddedTexts:
        """See EmbeddingProvider. Makes one request: when to try again is not decided here."""
        seconds = self._timeout if timeout is None else timeout
        with self.connection.translated_errors(seconds, texts):
            content, headers = self._post(texts, seconds)
            body = parse_answer(content)
            del content  # megabytes, and what was made of it is as large
        refused = Refusal.from_successful_answer(body)
        if refused:
            raise self.connection.translate(refused, texts)
        vectors, tokens = self.read(body, len(texts))
        return EmbeddedTexts(vectors, tokens, read_limits(headers))

    def request_body(self, texts: Sequence[str]) -> dict[str, object]:
        """What a request for these texts says, as a line of a batch's file says it."""
        body: dict[str, object] = {
            "input": list(texts),
            "model": self._api_model,
            "encoding_format": self._encoding,
        }
        if self._send_dimensions:
            body["dimensions"] = self._dimensions
        return body

    def read(self, body: object, count: int) -> tuple[Vectors, int]:
        """The vectors of an answer's body, and the tokens that were billed. Raises
        EmbeddingRejected when it does not fit the request."""
        vectors, tokens = read_answer(body, count, self._dimensions)
        return _normalized(vectors) if self._normalize else vectors, tokens

    def close(self) -> None:
        self.connection.client.close()

    def _post(
        self, texts: Sequence[str], seconds: float
    ) -> tuple[bytes, Mapping[str, str]]:
        request = self.connection.client.embeddings.with_streaming_response.create(
            # As an extra: the client looks at each text of an `input`, which takes as
            # long as to decode their vectors.
            input="",
            extra_body={"input": list(texts)},
            model=self._api_model,
            dimensions=self._dimensions if self._send_dimensions else omit,
            encoding_format=self._encoding,
            timeout=self.connection.timeout(seconds),
        )
        return read_in_time(request, seconds)


def _normalized(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    # Rows of zeros, nan or infinity stay as they are, for `vector_check` to name.
    sound = np.isfinite(norms) & (norms > 0)
    result: Vectors = (vectors / np.where(sound, norms, 1.0)).astype(np.float32)
    return result
