"""The Batch API of OpenAI's protocol: files of requests up, files of answers down."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import logging
import time
from collections.abc import Iterator
from typing import IO, Any

from openai import NotFoundError
from openai.types import Batch

from whatsapp_bot.embeddings.openai_provider import OpenAIProvider
from whatsapp_bot.embeddings.openai_refusal import Refusal
from whatsapp_bot.embeddings.provider import BatchAnswer, BatchStatus
from whatsapp_bot.errors import BatchGone, EmbeddingDenied, EmbeddingRejected

logger = logging.getLogger(__name__)

TRANSFER_SECONDS = 120.0  # without a byte, up or down
TOKEN_KEY = "jobbot_batch"
CLOCK_SECONDS = 3600.0  # by which the provider's clock may differ from ours
PAGE = 100
CODE_LENGTH = 60


class OpenAIBatch:
    """Batches of one model. Threads may share it."""

    def __init__(self, provider: OpenAIProvider, timeout: float) -> None:
        self._provider = provider
        self._connection = provider.connection
        self._timeout = timeout

    def write_line(self, text_hash: bytes, text: str) -> bytes:
        # One text a line: what is refused is refused alone.
        line = {
            "custom_id": _custom_id(text_hash),
            "method": "POST",
            "url": "/v1/embeddings",
            "body": self._provider.request_body([text]),
        }
        written = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        return written.encode("utf-8", "replace") + b"\n"

    def upload(self, file: IO[bytes]) -> str:
        with self._translated_errors(TRANSFER_SECONDS):
            uploaded = self._connection.client.files.create(
                file=("texts.jsonl", file, "application/jsonl"),
                purpose="batch",
                timeout=self._connection.timeout(TRANSFER_SECONDS),
            )
        return uploaded.id

    def create(self, file_id: str, token: str) -> str:
        with self._translated_errors(self._timeout):
            batch = self._connection.client.batches.create(
                input_file_id=file_id,
                endpoint="/v1/embeddings",
                completion_window="24h",
                metadata={TOKEN_KEY: token},
                timeout=self._connection.timeout(self._timeout),
            )
        return batch.id

    def find(self, token: str, seconds: float) -> str | None:
        oldest = time.time() - seconds - CLOCK_SECONDS
        with self._translated_errors(self._timeout):
            # Newest first; the client turns the pages.
            for batch in self._connection.client.batches.list(
                limit=PAGE, timeout=self._connection.timeout(self._timeout)
            ):
                if (batch.metadata or {}).get(TOKEN_KEY) == token:
                    return batch.id
                if batch.created_at < oldest:
                    break
        return None

    def get(self, batch_id: str) -> BatchStatus:
        with self._translated_errors(self._timeout, is_ours=True):
            batch = self._connection.client.batches.retrieve(
                batch_id, timeout=self._connection.timeout(self._timeout)
            )
        files = tuple(id for id in (batch.output_file_id, batch.error_file_id) if id)
        return BatchStatus(batch.id, batch.status, files, self._why(batch))

    def read_answers(self, status: BatchStatus) -> Iterator[BatchAnswer]:
        for file_id in status.files:
            for line in self._read_lines(file_id):
                answer = self._read_answer(line)
                if answer is None:
                    logger.warning("a line of batch %s is not understood", status.id)
                else:
                    yield answer

    def cancel(self, batch_id: str) -> None:
        with self._translated_errors(self._timeout, is_ours=True):
            self._connection.client.batches.cancel(
                batch_id, timeout=self._connection.timeout(self._timeout)
            )

    def close(self) -> None:
        self._provider.close()

    def _read_lines(self, file_id: str) -> Iterator[bytes]:
        """Not by the client's own lines: those end at any of Unicode's separators."""
        rest = b""
        with self._translated_errors(TRANSFER_SECONDS, is_ours=True):
            request = self._connection.client.files.with_streaming_response.content(
                file_id, timeout=self._connection.timeout(TRANSFER_SECONDS)
            )
            with request as response:
                for chunk in response.iter_bytes():
                    *lines, rest = (rest + chunk).split(b"\n")
                    yield from filter(None, lines)
        if rest:
            yield rest

    def _read_answer(self, line: bytes) -> BatchAnswer | None:
        """None for a line that cannot be told whose it is."""
        try:
            fields = json.loads(line)
            text_hash = base64.urlsafe_b64decode(fields["custom_id"] + "=")
        except (ValueError, KeyError, TypeError, binascii.Error):
            return None
        response = fields.get("response")
        if not isinstance(response, dict):
            # It was never asked: the batch expired or was cancelled before.
            return BatchAnswer(text_hash, None)
        status, body = response.get("status_code"), response.get("body")
        if status != 200:
            return BatchAnswer(text_hash, None, refusal=_blame(status, body))
        try:
            vectors, tokens = self._provider.read(body, 1)
        except EmbeddingRejected:
            return BatchAnswer(text_hash, None)
        return BatchAnswer(text_hash, vectors[0], tokens)

    def _why(self, batch: Batch) -> str | None:
        if batch.status in ("completed", "in_progress", "validating", "finalizing"):
            return None
        errors = batch.errors.data if batch.errors else None
        words = "; ".join(
            dict.fromkeys(f"{error.code}: {error.message}" for error in errors or [])
        )
        said = self._connection.without_secrets(words)
        return f"{batch.status} ({said})" if said else batch.status

    @contextlib.contextmanager
    def _translated_errors(
        self, seconds: float, is_ours: bool = False
    ) -> Iterator[None]:
        """is_ours: what is asked for by its id was there once."""
        with self._connection.translated_errors(seconds):
            try:
                yield
            except NotFoundError:
                if is_ours:
                    raise BatchGone() from None
                place = self._connection.place
                message = f"{place} has no Batch API: leave its rows to the daemon"
                raise EmbeddingDenied(message) from None


def _custom_id(text_hash: bytes) -> str:
    # 43 characters; hexadecimal would be 64, which is all that some services take.
    return base64.urlsafe_b64encode(text_hash).decode().rstrip("=")


def _blame(status: Any, body: Any) -> str | None:
    """The refusal of a text, without the provider's words, which may quote it."""
    error = body.get("error") if isinstance(body, dict) else None
    fields = error if isinstance(error, dict) else {}
    refusal = Refusal(status if isinstance(status, int) else 500, {}, fields)
    is_ours = refusal.is_about_money or refusal.is_about_key or refusal.is_about_model
    if is_ours or refusal.setting or not refusal.is_about_texts:
        return None
    code = fields.get("code") or fields.get("type") or "refused"
    return f"HTTP {status}: {str(code)[:CODE_LENGTH]}"
