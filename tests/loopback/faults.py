"""What a provider can do wrong, as values that the loopback server acts out."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from tests.loopback.text_vectors import Floats

# What an answer lists: an index (None: left out) and its vector.
Items = list[tuple[int | None, Floats]]


@dataclass(frozen=True)
class Fault:
    """One way of answering. The default is an ordinary answer.

    body: sent instead of vectors.
    edit: changes the vectors of an answer that is fine otherwise.
    encoding: how vectors are written, whatever was asked.
    delay: seconds before anything is sent.
    cut: the connection closes before the answer, or half-way through its body.
    drip: seconds between single bytes of the body.
    says: a chat model's words instead of an answer. finish: why it ended, as a chat
    model says it. refusal: its words when it refuses.
    """

    status: int = 200
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    edit: Callable[[Items], Items] | None = None
    encoding: Literal["base64", "float"] | None = None
    delay: float = 0.0
    cut: Literal["before", "halfway"] | None = None
    drip: float = 0.0
    says: str | None = None
    finish: str = "stop"
    refusal: str | None = None


NORMAL = Fault()


def count_tokens(text: str) -> int:
    return len(text) // 4 + 1


class Faults:
    """The faults to come. Threads may share it.

    Scripted answers come first, one per request; then the first rule that matches a
    text of the request; then the standing fault, if any.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: deque[Fault] = deque()
        self._rules: list[tuple[Callable[[str], bool], Fault]] = []
        self._standing: Fault | None = None

    def push(self, *faults: Fault, times: int = 1) -> None:
        """The next requests are answered so, in this order; NORMAL is a way too."""
        with self._lock:
            self._script.extend(faults * times)

    def when(self, matches: Callable[[str], bool], fault: Fault) -> None:
        """Any request with a text that matches is answered so."""
        with self._lock:
            self._rules.append((matches, fault))

    def poison(self, matches: Callable[[str], bool]) -> None:
        """Any request with a text that matches is refused with a 400."""
        self.when(matches, bad_request())

    def always(self, fault: Fault) -> None:
        """Every request is answered so, until `clear`."""
        with self._lock:
            self._standing = fault

    def clear(self) -> None:
        with self._lock:
            self._script.clear()
            self._rules.clear()
            self._standing = None

    @property
    def left(self) -> int:
        """Scripted answers that were not used yet."""
        with self._lock:
            return len(self._script)

    def take(self, texts: Sequence[str]) -> Fault | None:
        with self._lock:
            if self._script:
                return self._script.popleft()
            rules, standing = list(self._rules), self._standing
        for matches, fault in rules:
            if any(map(matches, texts)):
                return fault
        return standing


def error_body(
    message: str,
    kind: str = "invalid_request_error",
    code: str | int | None = None,
    param: str | None = None,
) -> bytes:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json.dumps({"error": error}).encode()


# Refusals


def rate_limited(
    retry_after: float | str | None = None,
    retry_after_ms: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """429: too many requests or tokens. retry_after may be an HTTP date."""
    hints = dict(headers or {})
    if retry_after is not None:
        hints["retry-after"] = str(retry_after)
    if retry_after_ms is not None:
        hints["retry-after-ms"] = str(retry_after_ms)
    body = error_body(
        "Rate limit reached for text-embedding-3-small in organization org-test on "
        "requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.",
        kind="requests",
        code="rate_limit_exceeded",
    )
    return Fault(status=429, body=body, headers=hints)


def quota_exhausted(code: str = "insufficient_quota", status: int = 429) -> Fault:
    body = error_body(
        "You exceeded your current quota, please check your plan and billing details.",
        kind="insufficient_quota" if code == "insufficient_quota" else "requests",
        code=code,
    )
    return Fault(status=status, body=body)


def payment_required() -> Fault:
    """402, as OpenRouter says it."""
    return Fault(
        status=402, body=b'{"error":{"message":"Insufficient credits","code":402}}'
    )


def server_error(status: int = 500, retry_after: float | None = None) -> Fault:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    body = error_body(
        "The server had an error while processing your request. Sorry about that!",
        kind="server_error",
    )
    return Fault(status=status, body=body, headers=headers)


def bad_key(shown: str = "sk-wr**ng") -> Fault:
    body = error_body(
        f"Incorrect API key provided: {shown}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    )
    return Fault(status=401, body=body)


def gemini_bad_key() -> Fault:
    """Gemini says it with a 400, in a list."""
    error = {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
        "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
    }
    return Fault(status=400, body=json.dumps([{"error": error}]).encode())


def gemini_rate_limited(retry_delay: str = "33s") -> Fault:
    """Gemini puts the time to wait in the body."""
    error = {
        "code": 429,
        "message": "You exceeded your current quota.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"retryDelay": retry_delay}],
    }
    return Fault(status=429, body=json.dumps([{"error": error}]).encode())


def forbidden() -> Fault:
    body = error_body(
        "Project `proj_test` does not have access to model `text-embedding-3-small`",
        code="model_not_found",
    )
    return Fault(status=403, body=body)


def model_not_found(model: str = "text-embedding-9") -> Fault:
    body = error_body(
        f"The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found",
    )
    return Fault(status=404, body=body)


def bad_request(
    message: str = (
        "'$.input' is invalid. Please check the API reference: "
        "https://platform.openai.com/docs/api-reference."
    ),
    status: int = 400,
    code: str | None = None,
    param: str | None = None,
) -> Fault:
    return Fault(status=status, body=error_body(message, code=code, param=param))


def error_in_200(
    message: str = "Upstream failed", code: str | int | None = None
) -> Fault:
    return Fault(body=error_body(message, kind="error", code=code))


def html(status: int = 502) -> Fault:
    page = b"<html><body><h1>502 Bad Gateway</h1><p>nginx</p></body></html>"
    return Fault(status=status, body=page, content_type="text/html")


def raw(body: bytes, status: int = 200) -> Fault:
    return Fault(status=status, body=body)


# Trouble on the way


def slow(seconds: float, fault: Fault = NORMAL) -> Fault:
    """The same answer, late: with more than its timeout, the client is gone."""
    return replace(fault, delay=seconds)


def dripping(seconds: float) -> Fault:
    """The ordinary answer, byte by byte, so that no single read times out."""
    return Fault(drip=seconds)


def closed() -> Fault:
    return Fault(cut="before")


def cut_short() -> Fault:
    return Fault(cut="halfway")


# Answers that do not fit


def no_data() -> Fault:
    return Fault(edit=lambda items: [])


def fewer(missing: int = 1) -> Fault:
    return Fault(edit=lambda items: items[:-missing])


def collapsed() -> Fault:
    """One vector for all texts, as gemini-embedding-2 does with a list."""
    return Fault(edit=lambda items: items[:1])


def one_more() -> Fault:
    return Fault(edit=lambda items: [*items, (len(items), items[0][1])])


def shuffled() -> Fault:
    """Another order, with right indexes: not wrong at all."""
    return Fault(edit=lambda items: items[::-1])


def duplicated_index() -> Fault:
    return Fault(edit=lambda items: [(0, vector) for _, vector in items])


def shifted_indexes() -> Fault:
    return Fault(edit=lambda items: [((i or 0) + 1, vector) for i, vector in items])


def without_indexes() -> Fault:
    return Fault(edit=lambda items: [(None, vector) for _, vector in items])


def wrong_dimensions(dimensions: int) -> Fault:
    return each_vector(lambda vector: np.resize(vector, dimensions))


def with_nan(row: int = 0) -> Fault:
    return one_vector(row, lambda vector: np.full_like(vector, np.nan))


def with_zeros(row: int = 0) -> Fault:
    return one_vector(row, np.zeros_like)


def with_constant(row: int = 0, value: float = 0.1) -> Fault:
    return one_vector(row, lambda vector: np.full_like(vector, value))


def scaled(factor: float) -> Fault:
    return each_vector(lambda vector: vector * np.float32(factor))


def each_vector(change: Callable[[Floats], Floats]) -> Fault:
    return Fault(edit=lambda items: [(i, change(vector)) for i, vector in items])


def one_vector(row: int, change: Callable[[Floats], Floats]) -> Fault:
    return Fault(
        edit=lambda items: [(i, change(v) if i == row else v) for i, v in items]
    )


def as_floats() -> Fault:
    return Fault(encoding="float")


def as_base64() -> Fault:
    return Fault(encoding="base64")


# Of chat models


def chat_says(words: str) -> Fault:
    return Fault(says=words)


def chat_refusal() -> Fault:
    return Fault(refusal="I'm sorry, I cannot assist with that request.")


def chat_cut_off() -> Fault:
    """It reached the most tokens it may answer."""
    return Fault(says='{"required_skills": ["Exc', finish="length")
