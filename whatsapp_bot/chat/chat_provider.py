"""Answers from OpenAI's chat protocol, or from any service that speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp_bot.chat.question import Question
from whatsapp_bot.embeddings.openai_answer import parse_answer
from whatsapp_bot.embeddings.openai_connection import OpenAIConnection, read_in_time
from whatsapp_bot.embeddings.openai_hints import read_limits
from whatsapp_bot.embeddings.openai_refusal import Refusal
from whatsapp_bot.embeddings.packing import estimate_tokens
from whatsapp_bot.embeddings.provider import OPENAI_BASE_URL
from whatsapp_bot.records import RateLimits


@dataclass(frozen=True)
class ChatAnswer:
    """content: what it says; '' with a fault. fault: why there is nothing to read.
    sent, answered: tokens, as billed."""

    content: str
    fault: str | None
    sent: int
    answered: int
    limits: RateLimits | None = None

    @property
    def tokens(self) -> int:
        return self.sent + self.answered


class ChatProvider:
    """One chat model at one OpenAI-compatible address. Threads may share it.

    model: the name that is stored and billed; api_model: the name sent. is_quiet: the
    provider's words, which may quote what a person wrote, are in no error.
    """

    def __init__(
        self,
        *,
        model: str,
        api_model: str,
        api_key: str,
        base_url: str | None = None,
        timeout: float = 30.0,
        is_quiet: bool = False,
    ) -> None:
        self.model = model
        self._api_model = api_model
        self._connection = OpenAIConnection(api_key, base_url, api_model, is_quiet)
        self._timeout = timeout
        # Only OpenAI knows the newer name, and its newer models no other.
        is_openai = (base_url or OPENAI_BASE_URL) == OPENAI_BASE_URL
        self._limit_name = "max_completion_tokens" if is_openai else "max_tokens"

    def ask(self, question: Question, timeout: float | None = None) -> ChatAnswer:
        """One request: when to try again is not decided here.

        Raises EmbeddingUnavailable, EmbeddingDenied or EmbeddingRejected.
        """
        seconds = self._timeout if timeout is None else timeout
        texts = list(question.said.values())
        with self._connection.translated_errors(seconds, texts):
            content, headers = self._post(question, seconds)
            body = parse_answer(content)
        refused = Refusal.from_successful_answer(body)
        if refused:
            raise self._connection.translate(refused, texts)
        return _read(body, question, headers)

    def close(self) -> None:
        self._connection.client.close()

    def _post(
        self, question: Question, seconds: float
    ) -> tuple[bytes, Mapping[str, str]]:
        client = self._connection.client
        request = client.chat.completions.with_streaming_response.create(
            model=self._api_model,
            messages=[
                {"role": "system", "content": question.instructions},
                {"role": "user", "content": question.message},
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {
                    "name": question.name,
                    "strict": True,
                    "schema": question.schema,
                },
            },
            extra_body={self._limit_name: question.most_tokens},
            timeout=self._connection.timeout(seconds),
        )
        return read_in_time(request, seconds)


def _read(body: object, question: Question, headers: Mapping[str, str]) -> ChatAnswer:
    content, fault = _content(body, question.most_tokens)
    usage = body.get("usage") if isinstance(body, dict) else None
    return ChatAnswer(
        content=content,
        fault=fault,
        sent=_tokens(usage, "prompt_tokens", question.estimate_sent()),
        answered=_tokens(usage, "completion_tokens", estimate_tokens(content)),
        limits=read_limits(headers),
    )


def _content(body: object, most_tokens: int) -> tuple[str, str | None]:
    """What the first choice says, or why it says nothing that can be read."""
    choices = body.get("choices") if isinstance(body, dict) else None
    choice: Any = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return "", "the answer has no message"
    if message.get("refusal") or choice.get("finish_reason") == "content_filter":
        # Not in its words: they may quote the text.
        return "", "the model refuses to read it"
    if choice.get("finish_reason") == "length":
        return "", f"the answer is longer than {most_tokens:,} tokens"
    content = message.get("content")
    if not isinstance(content, str) or not content:
        return "", "the answer is empty"
    return content, None


def _tokens(usage: object, name: str, otherwise: int) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value >= 0 else otherwise
