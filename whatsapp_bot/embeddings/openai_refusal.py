"""Reads a refusal of the embeddings protocol: whose fault, and when to come back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from whatsapp_bot.embeddings.openai_hints import (
    duration,
    limit_reset,
    milliseconds,
    seconds_or_date,
)

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
_SETTINGS = {
    *("model", "dimensions", "encoding_format"),
    *("response_format", "max_tokens", "max_completion_tokens"),  # of chat models
}


@dataclass(frozen=True)
class Refusal:
    """An error as the provider put it, whatever shape it came in."""

    status: int
    headers: Mapping[str, str]
    fields: Mapping[str, Any]

    @classmethod
    def from_response(cls, response: httpx2.Response) -> Refusal:
        try:
            body = json.loads(response.content)
        except ValueError:
            body = None
        fields = _error_fields(body) or (body if isinstance(body, dict) else {})
        return cls(response.status_code, response.headers, fields)

    @classmethod
    def from_successful_answer(cls, body: object) -> Refusal | None:
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
            milliseconds(self.headers.get("retry-after-ms")),
            seconds_or_date(self.headers.get("retry-after"), now),
        ]
        hints += [duration(detail.get("retryDelay")) for detail in self._details]
        if self.status == 429:
            hints.append(limit_reset(self.headers))
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
