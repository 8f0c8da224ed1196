"""Vectors from OpenAI, or from any service that speaks its embeddings protocol."""

from __future__ import annotations

import binascii
import email.utils
import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

import httpx2
import numpy as np
from openai import APIStatusError, APITimeoutError, OpenAI, OpenAIError, omit

from whatsapp_bot.embeddings.provider import EmbeddedTexts, Vectors
from whatsapp_bot.errors import (
    ConfigError,
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
)

Encoding = Literal["base64", "float"]

DEFAULT_BASE_URL = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
MESSAGE_LENGTH = 300  # characters of a provider's words that are passed on
QUOTE_LENGTH = 32  # characters by which a text is recognised in a provider's words


@dataclass(frozen=True)
class Quirks:
    """What a service that speaks the protocol does its own way."""

    max_texts: int  # texts a request may carry
    encoding: Encoding


_USUAL = Quirks(max_texts=2048, encoding="base64")
_QUIRKS_BY_PIECE_OF_URL = {
    "generativelanguage.googleapis.com": Quirks(max_texts=100, encoding="float"),
    "openrouter.ai": Quirks(max_texts=100, encoding="float"),
    ":11434": Quirks(max_texts=64, encoding="float"),  # Ollama
}


def quirks_for(base_url: str | None) -> Quirks:
    """The limits of the service at this address; OpenAI's own when it is not known."""
    for piece, quirks in _QUIRKS_BY_PIECE_OF_URL.items():
        if piece in (base_url or DEFAULT_BASE_URL).lower():
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
        max_texts: int = 256,
        timeout: float = 30.0,
        send_dimensions: bool = True,
        encoding: Encoding = "base64",
        normalize: bool = False,
    ) -> None:
        self._model = model
        self._api_model = api_model
        self._dimensions = dimensions
        self._api_key = _usable_key(api_key)
        self._base_url = _usable_url(base_url or DEFAULT_BASE_URL)
        self._max_texts = max_texts
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
    def max_texts(self) -> int:
        return self._max_texts

    def embed(
        self, texts: Sequence[str], timeout: float | None = None
    ) -> EmbeddedTexts:
        """See EmbeddingProvider. Makes one request: when to try again is not decided here."""
        seconds = self._timeout if timeout is None else timeout
        try:
            body = _parse(self._post(texts, seconds))
        except APIStatusError as exc:
            refusal = _Refusal.from_response(exc.response)
            # Not `from exc`: a provider's own words may quote the texts or the key.
            raise self._translate(refusal, texts) from None
        except (APITimeoutError, httpx2.TimeoutException) as exc:
            raise EmbeddingUnavailable(f"No answer in {seconds:g} seconds") from exc
        except (OpenAIError, httpx2.HTTPError) as exc:
            cause = type(exc.__cause__ or exc).__name__
            raise EmbeddingUnavailable(f"The connection failed: {cause}") from exc
        except UnicodeEncodeError:
            # `from None`: the exception holds the text.
            raise EmbeddingRejected("A text is not valid Unicode") from None
        refused = _Refusal.from_successful_answer(body)
        if refused:
            raise self._translate(refused, texts)
        return self._read(body, len(texts))

    def close(self) -> None:
        self._client.close()

    def _post(self, texts: Sequence[str], seconds: float) -> bytes:
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
                    raise EmbeddingUnavailable(f"No full answer in {seconds:g} seconds")
        return b"".join(chunks)

    def _read(self, body: object, count: int) -> EmbeddedTexts:
        if not isinstance(body, dict):
            _reject("it is not an object")
        vectors = _read_vectors(body.get("data"), count, self._dimensions)
        if self._normalize:
            vectors = _normalized(vectors)
        return EmbeddedTexts(vectors=vectors, tokens=_read_tokens(body.get("usage")))

    def _translate(self, refusal: _Refusal, texts: Sequence[str]) -> EmbeddingError:
        words = f"HTTP {refusal.status}"
        if said := _without_secrets(refusal.message, self._api_key, texts):
            words += f": {said}"
        what_to_check = self._what_to_check(refusal)
        if what_to_check:
            return EmbeddingDenied(f"{what_to_check} ({words})")
        if refusal.is_temporary:
            return EmbeddingUnavailable(words, refusal.retry_after(time.time()))
        return EmbeddingRejected(words)

    def _what_to_check(self, refusal: _Refusal) -> str | None:
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
        raise ConfigError(f"The base URL must look like {DEFAULT_BASE_URL}")
    return base_url


# Reading an answer


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as exc:
        # A gateway's page or a login portal: it says nothing about the texts.
        raise EmbeddingUnavailable("The answer is not JSON") from exc


def _read_vectors(data: object, count: int, dimensions: int) -> Vectors:
    """Vectors by index: the order of an answer promises nothing."""
    if not isinstance(data, list):
        _reject("the answer has no data")
    if len(data) != count:
        _reject(f"{len(data)} vectors came back for {count} texts")
    vectors = np.empty((count, dimensions), dtype=np.float32)
    seen: set[int] = set()
    for item in data:
        index = item.get("index") if isinstance(item, dict) else None
        if type(index) is not int or not 0 <= index < count:
            _reject("a vector has no index, or one beyond the texts")
        if index in seen:
            _reject(f"index {index} came back twice")
        seen.add(index)
        vector = _decode(item.get("embedding"))
        if vector.shape != (dimensions,):
            _reject(f"a vector has {vector.size} dimensions, not {dimensions}")
        vectors[index] = vector
    return vectors


def _decode(embedding: object) -> Vectors:
    try:
        if isinstance(embedding, str):
            packed = binascii.a2b_base64(embedding, strict_mode=True)
            return np.frombuffer(packed, dtype="<f4")
        if isinstance(embedding, list):
            # Too large for float32 becomes infinite, and is found in `vector_check`.
            with np.errstate(over="ignore"):
                return np.array(embedding, dtype=np.float32)
    except (ValueError, TypeError, OverflowError):
        pass
    _reject("a vector cannot be decoded")


def _reject(what: str) -> NoReturn:
    raise EmbeddingRejected(f"The answer does not fit: {what}")


def _read_tokens(usage: object) -> int:
    if not isinstance(usage, dict):
        return 0
    tokens = usage.get("prompt_tokens") or usage.get("total_tokens")
    return tokens if isinstance(tokens, int) and tokens > 0 else 0


def _normalized(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    # Rows of zeros, nan or infinity stay as they are, for `vector_check` to name.
    sound = np.isfinite(norms) & (norms > 0)
    result: Vectors = (vectors / np.where(sound, norms, 1.0)).astype(np.float32)
    return result


# Reading a refusal

_MONEY_CODES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
}
_KEY_CODES = {"invalid_api_key", "api_key_invalid", "account_deactivated"}
_LIMIT_CODES = {"rate_limit_exceeded", "rate_limit_error", "resource_exhausted"}
_TEMPORARY = {408, 409, 425, 429}
_ABOUT_TEXTS = {400, 413, 422}
# Fields of a request that are the same in every request: no text is at fault.
_SETTINGS = {"model", "dimensions", "encoding_format"}


@dataclass(frozen=True)
class _Refusal:
    """An error as the provider put it, whatever shape it came in."""

    status: int
    headers: Mapping[str, str]
    fields: Mapping[str, Any]

    @classmethod
    def from_response(cls, response: httpx2.Response) -> _Refusal:
        try:
            body = json.loads(response.content)
        except ValueError:
            body = None
        fields = _error_fields(body) or (body if isinstance(body, dict) else {})
        return cls(response.status_code, response.headers, fields)

    @classmethod
    def from_successful_answer(cls, body: object) -> _Refusal | None:
        """OpenRouter and others answer 200 and put the error in the body."""
        fields = _error_fields(body)
        if fields is None:
            return None
        code = str(fields.get("code"))
        if re.fullmatch(r"[45]\d\d", code):
            return cls(int(code), {}, fields)
        is_limit = not _LIMIT_CODES.isdisjoint(cls(400, {}, fields).codes)
        return cls(429 if is_limit else 400, {}, fields)

    @property
    def message(self) -> str:
        message = self.fields.get("message")
        # About a key, providers like to show a part of it.
        return message if isinstance(message, str) and not self.is_about_key else ""

    @property
    def codes(self) -> set[str]:
        named = [self.fields.get(name) for name in ("code", "type", "status")]
        named += [detail.get("reason") for detail in self._details]
        return {str(name).lower() for name in named}

    @property
    def setting(self) -> str | None:
        param = self.fields.get("param")
        if self.status in _ABOUT_TEXTS and param in _SETTINGS:
            return str(param)
        return None

    @property
    def is_about_money(self) -> bool:
        return self.status == 402 or not _MONEY_CODES.isdisjoint(self.codes)

    @property
    def is_about_key(self) -> bool:
        # Gemini answers 400 to a wrong key.
        return self.status == 401 or not _KEY_CODES.isdisjoint(self.codes)

    @property
    def is_about_model(self) -> bool:
        return self.status == 404 or "model_not_found" in self.codes

    @property
    def is_about_texts(self) -> bool:
        return self.status in _ABOUT_TEXTS

    @property
    def is_temporary(self) -> bool:
        return self.status in _TEMPORARY or self.status >= 500

    def retry_after(self, now: float) -> float | None:
        """Seconds to wait, from the most exact hint there is."""
        hints = [
            _milliseconds(self.headers.get("retry-after-ms")),
            _seconds_or_date(self.headers.get("retry-after"), now),
        ]
        hints += [_duration(detail.get("retryDelay")) for detail in self._details]
        if self.status == 429:
            hints.append(_limit_reset(self.headers))
        return next((hint for hint in hints if hint is not None), None)

    @property
    def _details(self) -> list[dict[str, Any]]:
        details = self.fields.get("details")  # Google's way
        if not isinstance(details, list):
            return []
        return [detail for detail in details if isinstance(detail, dict)]


def _error_fields(body: object) -> dict[str, Any] | None:
    """The error of a body, or None: OpenAI wraps it once, Gemini in a list besides."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    error = body.get("error") or body.get("detail")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {**body, "message": error}
    return body if body.get("object") == "error" else None  # vLLM's way


def _without_secrets(message: str, api_key: str, texts: Sequence[str]) -> str:
    """A provider's words, shortened, without the key and the texts they may quote."""
    message = message.replace(api_key, "[key]")
    for text in texts:
        start = text[:QUOTE_LENGTH]
        # Shorter texts are words that any message may use.
        if len(start) == QUOTE_LENGTH and start in message:
            message = message[: message.index(start)] + "[text]"
    return " ".join(message.split())[:MESSAGE_LENGTH]


# Reading hints about when to come back

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_UNIT_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def _milliseconds(value: str | None) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def _seconds_or_date(value: str | None, now: float) -> float | None:
    number = _number(value)
    if number is not None or value is None:
        return number
    try:
        date = email.utils.parsedate_tz(value)
        return max(email.utils.mktime_tz(date) - now, 0.0) if date else None
    except (ValueError, OverflowError):
        return None


def _duration(value: object) -> float | None:
    """Seconds of "1m30s", "132ms" or a bare "20"."""
    if not isinstance(value, str):
        return None
    parts = _DURATION.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        return _number(value)
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def _limit_reset(headers: Mapping[str, str]) -> float | None:
    """When the limit that was hit is whole again; the later one if none says zero."""
    resets = {
        kind: seconds
        for kind in ("requests", "tokens")
        if (seconds := _duration(headers.get(f"x-ratelimit-reset-{kind}"))) is not None
    }
    spent = [
        seconds
        for kind, seconds in resets.items()
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0"
    ]
    return max(spent or resets.values(), default=None)
