"""The client of one OpenAI-compatible address; its errors become ours here."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx2
from openai import APIResponse, APIStatusError, APITimeoutError, OpenAI, OpenAIError

from whatsapp_bot.embeddings.openai_refusal import Refusal
from whatsapp_bot.embeddings.provider import OPENAI_BASE_URL
from whatsapp_bot.errors import (
    ConfigError,
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
)

CONNECT_SECONDS = 5.0
TOO_MANY_REQUESTS = 429
MESSAGE_LENGTH = 300  # characters of a provider's words that are passed on
QUOTE_LENGTH = 32  # characters by which a text is recognised in a provider's words


class OpenAIConnection:
    """What all requests to one address share. Threads may share it."""

    def __init__(self, api_key: str, base_url: str | None, api_model: str) -> None:
        self._api_key = _usable_key(api_key)
        self._base_url = _usable_url(base_url or OPENAI_BASE_URL)
        self._api_model = api_model
        self.client = _client(self._api_key, self._base_url)

    @property
    def place(self) -> str | None:
        return urlsplit(self._base_url).hostname

    def timeout(self, seconds: float) -> httpx2.Timeout:
        """For the client; it counts from each read or write."""
        return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))

    @contextlib.contextmanager
    def translated_errors(
        self, seconds: float, texts: Sequence[str] = ()
    ) -> Iterator[None]:
        """Whatever the client raises within is raised as an EmbeddingError."""
        try:
            yield
        except APIStatusError as exc:
            refusal = Refusal.from_response(exc.response)
            # Not `from exc`: a provider's own words may quote the texts or the key.
            raise self.translate(refusal, texts) from None
        except (APITimeoutError, httpx2.TimeoutException) as exc:
            message = f"No answer in {seconds:g} seconds"
            raise EmbeddingUnavailable(message, may_be_billed=True) from exc
        except (OpenAIError, httpx2.HTTPError) as exc:
            cause = type(exc.__cause__ or exc).__name__
            raise EmbeddingUnavailable(f"The connection failed: {cause}") from exc
        except UnicodeEncodeError:
            # `from None`: the exception holds the text.
            raise EmbeddingRejected("A text is not valid Unicode") from None

    def translate(self, refusal: Refusal, texts: Sequence[str]) -> EmbeddingError:
        words = f"HTTP {refusal.status}"
        if said := self.without_secrets(refusal.message, texts):
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
        place = self.place
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

    def without_secrets(self, message: str, texts: Sequence[str] = ()) -> str:
        """A provider's words, shortened, without the key and the texts they may quote."""
        message = message.replace(self._api_key, "[key]")
        for text in texts:
            start = text[:QUOTE_LENGTH]
            # Shorter texts are words that any message may use.
            if len(start) == QUOTE_LENGTH and start in message:
                message = message[: message.index(start)] + "[text]"
        return " ".join(message.split())[:MESSAGE_LENGTH]


def read_in_time(
    request: AbstractContextManager[APIResponse[Any]], seconds: float
) -> tuple[bytes, Mapping[str, str]]:
    """The answer's body and headers. The client's timeouts are per read: an answer that
    trickles would never end. Raises EmbeddingUnavailable, or what the client raises."""
    deadline = time.monotonic() + seconds
    chunks = []
    with request as response:
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            if time.monotonic() > deadline:
                message = f"No full answer in {seconds:g} seconds"
                raise EmbeddingUnavailable(message, may_be_billed=True)
    return b"".join(chunks), response.headers


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
