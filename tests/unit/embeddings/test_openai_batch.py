from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.embeddings.openai_batch import OpenAIBatch
from whatsapp_bot.embeddings.openai_provider import OpenAIProvider
from whatsapp_bot.embeddings.provider import BatchAnswer, BatchStatus
from whatsapp_bot.errors import BatchGone, EmbeddingDenied, EmbeddingUnavailable

HASH = hashlib.sha256(b"Nurse").digest()
KEY = "sk-0123456789"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(dimensions=8) as running:
        yield running


@pytest.fixture
def batch(server: OpenAIServer) -> Iterator[OpenAIBatch]:
    provider = OpenAIProvider(
        model="m", api_model="m", dimensions=8, api_key=KEY, base_url=server.base_url
    )
    yield OpenAIBatch(provider, timeout=5)
    provider.close()


def answers_in(
    batch: OpenAIBatch, server: OpenAIServer, *lines: Any
) -> list[BatchAnswer]:
    written = [x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines]
    server.batches.files["file-out"] = b"\n".join(written)
    status = BatchStatus("batch_1", "completed", ("file-out",), None)
    return list(batch.read_answers(status))


def line_of(batch: OpenAIBatch, response: object) -> dict[str, object]:
    asked = json.loads(batch.write_line(HASH, "Nurse"))
    return {"custom_id": asked["custom_id"], "response": response, "error": None}


def refusal(status: int, **error: object) -> dict[str, object]:
    return {"status_code": status, "body": {"error": error}}


def test_a_line_asks_as_a_call_would(batch: OpenAIBatch) -> None:
    line = batch.write_line(HASH, "Nurse\nin \u2028 Abẹ́òkúta")
    assert line.count(b"\n") == 1
    asked = json.loads(line)
    assert len(asked["custom_id"]) == 43
    assert (asked["method"], asked["url"]) == ("POST", "/v1/embeddings")
    assert asked["body"] == {
        "input": ["Nurse\nin \u2028 Abẹ́òkúta"],
        "model": "m",
        "dimensions": 8,
        "encoding_format": "base64",
    }


def test_what_goes_up_comes_down(batch: OpenAIBatch, server: OpenAIServer) -> None:
    file_id = batch.upload(io.BytesIO(batch.write_line(HASH, "Nurse")))
    batch_id = batch.create(file_id, "a-token")
    assert not batch.get(batch_id).is_over
    assert batch.find("a-token", 60) == batch_id
    assert batch.find("another", 60) is None
    server.batches.complete()
    (answer,) = batch.read_answers(batch.get(batch_id))
    assert (answer.text_hash, answer.tokens, answer.refusal) == (HASH, 2, None)
    assert answer.vector is not None and answer.vector.shape == (8,)


@pytest.mark.parametrize(
    ("response", "blame"),
    [
        (refusal(400, code="invalid_input", message="No."), "HTTP 400: invalid_input"),
        (refusal(400, type="bad", message="the text: Ada lives in"), "HTTP 400: bad"),
        (refusal(413), "HTTP 413: refused"),
        (refusal(400, param="dimensions", message="too many"), None),
        (refusal(401, code="invalid_api_key"), None),
        (refusal(404, code="model_not_found"), None),
        (refusal(429, code="rate_limit_exceeded"), None),
        (refusal(400, code="insufficient_quota"), None),
        (refusal(500), None),
        ({"status_code": 400, "body": "no JSON"}, "HTTP 400: refused"),
        ({"status_code": None, "body": None}, None),
        ({"status_code": 200, "body": {"data": []}}, None),
        (None, None),
    ],
)
def test_a_text_is_blamed_for_what_only_it_can_be_the_reason_of(
    batch: OpenAIBatch, server: OpenAIServer, response: object, blame: str | None
) -> None:
    (answer,) = answers_in(batch, server, line_of(batch, response))
    assert answer == BatchAnswer(HASH, None, refusal=blame)


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"{}", b'{"custom_id": 5}', b"null", b"\xff"]
)
def test_a_line_that_is_not_understood_stops_no_other(
    batch: OpenAIBatch, server: OpenAIServer, line: bytes
) -> None:
    (answer,) = answers_in(batch, server, line, b"", line_of(batch, None))
    assert answer.text_hash == HASH


def test_only_a_line_feed_ends_a_line(batch: OpenAIBatch, server: OpenAIServer) -> None:
    line = line_of(batch, refusal(400, code="odd", message="a\u2028b\x85c"))
    written = json.dumps(line, ensure_ascii=False).encode()
    (answer,) = answers_in(batch, server, written)
    assert answer.refusal == "HTTP 400: odd"


def test_what_is_not_there_any_more_is_gone(batch: OpenAIBatch) -> None:
    with pytest.raises(BatchGone):
        batch.get("batch_0")
    with pytest.raises(BatchGone):
        list(batch.read_answers(BatchStatus("b", "completed", ("file-0",), None)))


def test_a_download_that_is_cut_short_is_unavailable(
    batch: OpenAIBatch, server: OpenAIServer
) -> None:
    server.batches.script.append(f.cut_short())
    with pytest.raises(EmbeddingUnavailable):
        answers_in(batch, server, *[line_of(batch, None)] * 50)


def test_a_key_that_is_refused_is_not_quoted(
    batch: OpenAIBatch, server: OpenAIServer
) -> None:
    server.batches.script.append(
        f.raw(f.error_body(f"Bad key {KEY}", code="invalid_api_key"), 401)
    )
    with pytest.raises(EmbeddingDenied, match="refuses the API key") as raised:
        batch.upload(io.BytesIO(b"{}"))
    assert KEY not in str(raised.value)
