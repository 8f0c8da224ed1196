"""Vectors from OpenAI, or from any service that speaks its embeddings protocol."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import httpx2
import numpy as np
from openai import APIStatusError, APITimeoutError, OpenAI, OpenAIError, omit

from whatsapp_bot.embeddings.openai_answer import parse_answer, read_answer
from whatsapp_bot.embeddings.openai_hints import read_limits
from whatsapp_bot.embeddings.openai_refusal import Refusal
from whatsapp_bot.embeddings.provider import (
    OPENAI_BASE_URL,
    EmbeddedTexts,
    RequestSize,
    Vectors,
)
from whatsapp_bot.errors import (
    ConfigError,
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
)

Encoding = Literal["base64", "float"]

CONNECT_SECONDS = 5.0
TOO_MANY_REQUESTS = 429
MESSAGE_LENGTH = 300  # characters of a provider's words that are passed on
QUOTE_LENGTH = 32  # characters by which a text is recognised in a provider's words


@dataclass(frozen=True)
class Quirks:
    """What a service that speaks the protocol does its own way."""

    size: RequestSize
    encoding: Encoding


# OpenAI's documented limits are 2,048 texts, 300,000 tokens, and 8,192 for a text; tokens
# are estimated here, so some room is left. Gemini: 100 texts of 2,048 tokens. OpenRouter
# and Ollama depend on the model behind them. As read in their documents in November 2026.
_USUAL = Quirks(RequestSize(2_048, 280_000, 8_000), encoding="base64")
_QUIRKS_BY_PIECE_OF_URL = {
    "generativelanguage.googleapis.com": Quirks(
        RequestSize(100, 200_000, 2_000), encoding="float"
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
        self._api_key = _usable_key(api_key)
        self._base_url = _usable_url(base_url or OPENAI_BASE_URL)
        self._size = size or quirks_for(base_url).size
        self._timeout = timeout
        self._send_dimensions = send_dimensions
        self._encoding = encoding
        self._normalize = normalize
        self._client = _client(self._api_key, self._base_url)

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
        try:
            content, headers = self._post(texts, seconds)
            body = parse_answer(content)
            del content  # megabytes, and what was made of it is as large
        except APIStatusError as exc:
            refusal = Refusal.from_response(exc.response)
            # Not `from exc`: a provider's own words may quote the texts or the key.
            raise self._translate(refusal, texts) from None
        except (APITimeoutError, httpx2.TimeoutException) as exc:
            message = f"No answer in {seconds:g} seconds"
            raise EmbeddingUnavailable(message, may_be_billed=True) from exc
        except (OpenAIError, httpx2.HTTPError) as exc:
            cause = type(exc.__cause__ or exc).__name__
            raise EmbeddingUnavailable(f"The connection failed: {cause}") from exc
        except UnicodeEncodeError:
            # `from None`: the exception holds the text.
            raise EmbeddingRejected("A text is not valid Unicode") from None
        refused = Refusal.from_successful_answer(body)
        if refused:
            raise self._translate(refused, texts)
        return self._read(body, len(texts), headers)

    def close(self) -> None:
        self._client.close()

    def _post(
        self, texts: Sequence[str], seconds: float
    ) -> tuple[bytes, Mapping[str, str]]:
        # The client's timeouts are per read: an answer that trickles would never end.
        deadline = time.monotonic() + seconds
        request = self._client.embeddings.with_streaming_response.create(
            input=list(texts),
            model=self._api_model,
            dimensions=self._dimensions if self._send_dimensions else omit,
            encoding_format=self._encoding,
            timeout=httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
        )
        chunks = []
        with request as response:
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                if time.monotonic() > deadline:
                    message = f"No full answer in {seconds:g} seconds"
                    raise EmbeddingUnavailable(message, may_be_billed=True)
        return b"".join(chunks), response.headers

    def _read(
        self, body: object, count: int, headers: Mapping[str, str]
    ) -> EmbeddedTexts:
        vectors, tokens = read_answer(body, count, self._dimensions)
        if self._normalize:
            vectors = _normalized(vectors)
        return EmbeddedTexts(vectors, tokens, read_limits(headers))

    def _translate(self, refusal: Refusal, texts: Sequence[str]) -> EmbeddingError:
        words = f"HTTP {refusal.status}"
        if said := _without_secrets(refusal.message, self._api_key, texts):
            words += f": {said}"
        what_to_check = self._what_to_check(refusal)
        if what_to_check:
            return EmbeddingDenied(f"{what_to_check} ({words})")
        if refusal.is_temporary:
            return EmbeddingUnavailable(
                words,
                refusal.retry_after(time.time()),
                is_limited=refusal.status == TOO_MANY_REQUESTS,
            )
        return EmbeddingRejected(words)

    def _what_to_check(self, refusal: Refusal) -> str | None:
        """What a person has to look at, or None when nobody can help."""
        place = urlsplit(self._base_url).hostname
        if refusal.is_about_money:
            return f"The account at {place} has no credit left: check its billing"
        if refusal.is_about_key:
            return f"{place} refuses the API key: check the key and its account"
        if refusal.is_about_model:
            return (
                f"{place} has no {self._api_model!r}: check the model and the base URL"
            )
        if refusal.setting:
            return f"{place} refuses the {refusal.setting}: check the settings"
        if refusal.is_temporary or refusal.is_about_texts:
            return None
        return f"{place} refuses access: check the key's permissions and the base URL"


# What the client is given


def _client(api_key: str, base_url: str) -> OpenAI:
    # No retries: the embedding service owns that policy, and the client's would also
    # repeat what an empty account can never answer.
    client = OpenAI(api_key=api_key, base_url=base_url, max_retries=0)
    # Taken from OPENAI_ORG_ID, OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS and
    # OPENAI_ADMIN_KEY; only `config` reads the environment in this house.
    client.organization = None
    client.project = None
    client._custom_headers = {}
    client.admin_api_key = None
    return client


def _usable_key(api_key: str) -> str:
    # Otherwise the HTTP client fails at each request with a message that quotes the key.
    if not re.fullmatch(r"[!-~]+", api_key):
        raise ConfigError("The API key is empty or has characters no key can have")
    return api_key


def _usable_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and parts.hostname
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        # Not quoted: an address may hold a password.
        raise ConfigError(f"The base URL must look like {OPENAI_BASE_URL}")
    return base_url


def _without_secrets(message: str, api_key: str, texts: Sequence[str]) -> str:
    """A provider's words, shortened, without the key and the texts they may quote."""
    message = message.replace(api_key, "[key]")
    for text in texts:
        start = text[:QUOTE_LENGTH]
        # Shorter texts are words that any message may use.
        if len(start) == QUOTE_LENGTH and start in message:
            message = message[: message.index(start)] + "[text]"
    return " ".join(message.split())[:MESSAGE_LENGTH]


def _normalized(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    # Rows of zeros, nan or infinity stay as they are, for `vector_check` to name.
    sound = np.isfinite(norms) & (norms > 0)
    result: Vectors = (vectors / np.where(sound, norms, 1.0)).astype(np.float32)
    return result
