"""The OpenAI provider against a real HTTP server that misbehaves on request."""

from __future__ import annotations

import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer, RequestLimit
from tests.loopback.text_vectors import embed_texts
from whatsapp_bot.embeddings.openai_provider import OpenAIProvider, quirks_for
from whatsapp_bot.embeddings.provider import EmbeddingProvider
from whatsapp_bot.errors import (
    ConfigError,
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    EmbeddingUnavailable,
)

DIMENSIONS = 32
KEY = "sk-test-0123456789abcdef"
TEXTS = ["python engineer in berlin", "nurse in london", "sales manager"]
LONG_TEXT = "Ana Gomez, +34 600 000 000, ten years of Kubernetes and Rust"

MakeProvider = Callable[..., OpenAIProvider]


@pytest.fixture(scope="module")
def running_server() -> Iterator[OpenAIServer]:
    with OpenAIServer(dimensions=DIMENSIONS, key=KEY) as running:
        yield running


@pytest.fixture
def server(running_server: OpenAIServer) -> OpenAIServer:
    running_server.reset()
    return running_server


@pytest.fixture(scope="module")
def make_provider(running_server: OpenAIServer) -> Iterator[MakeProvider]:
    made: list[OpenAIProvider] = []

    def make(**changes: Any) -> OpenAIProvider:
        options: dict[str, Any] = {
            "model": "openai/text-embedding-3-small@32",
            "api_model": "text-embedding-3-small",
            "dimensions": DIMENSIONS,
            "api_key": KEY,
            "base_url": running_server.base_url,
            "timeout": 10.0,
        }
        made.append(OpenAIProvider(**(options | changes)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


@pytest.fixture(scope="module")
def shared_provider(make_provider: MakeProvider) -> OpenAIProvider:
    return make_provider()


@pytest.fixture
def provider(server: OpenAIServer, shared_provider: OpenAIProvider) -> OpenAIProvider:
    return shared_provider


def error_after(
    server: OpenAIServer, provider: OpenAIProvider, fault: f.Fault
) -> EmbeddingError:
    server.faults.push(fault)
    with pytest.raises(EmbeddingError) as raised:
        provider.embed(TEXTS)
    return raised.value


def retry_after(
    server: OpenAIServer, provider: OpenAIProvider, fault: f.Fault
) -> float | None:
    error = error_after(server, provider, fault)
    assert isinstance(error, EmbeddingUnavailable)
    return error.retry_after


# Answers that fit


def test_vectors_come_back_row_by_row(provider: OpenAIProvider) -> None:
    answer = provider.embed(TEXTS)
    assert answer.vectors.dtype == np.float32
    assert np.array_equal(answer.vectors, embed_texts(TEXTS, DIMENSIONS))


def test_it_is_an_embedding_provider(provider: OpenAIProvider) -> None:
    general: EmbeddingProvider = provider
    assert (general.model, general.dimensions, general.size.max_texts) == (
        "openai/text-embedding-3-small@32",
        DIMENSIONS,
        2048,
    )


def test_tokens_are_those_the_provider_bills(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    assert provider.embed(TEXTS).tokens == server.record.tokens_billed > 0


def test_tokens_fall_back_on_the_total(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    row = {"index": 0, "embedding": [0.5] * DIMENSIONS}
    for usage, tokens in (({"total_tokens": 7}, 7), (None, 0), ({}, 0)):
        body = json.dumps({"data": [row], "usage": usage}).encode()
        server.faults.push(f.raw(body))
        assert provider.embed(["a"]).tokens == tokens


def test_one_text_is_sent_as_a_list(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    provider.embed(("alone",))
    assert server.record.last_body["input"] == ["alone"]


def test_the_request_names_model_dimensions_and_base64(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    provider.embed(TEXTS)
    assert server.record.last_body == {
        "model": "text-embedding-3-small",
        "input": TEXTS,
        "dimensions": DIMENSIONS,
        "encoding_format": "base64",
    }


def test_dimensions_are_left_out_for_models_that_refuse_them(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    make_provider(send_dimensions=False).embed(TEXTS)
    assert "dimensions" not in server.record.last_body


def test_floats_are_asked_for_when_told(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    answer = make_provider(encoding="float").embed(TEXTS)
    assert server.record.last_body["encoding_format"] == "float"
    assert np.array_equal(answer.vectors, embed_texts(TEXTS, DIMENSIONS))


def test_floats_are_understood_although_base64_was_asked(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.as_floats())
    vectors = provider.embed(TEXTS).vectors
    assert np.array_equal(vectors, embed_texts(TEXTS, DIMENSIONS))


def test_base64_is_understood_although_floats_were_asked(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    server.faults.push(f.as_base64())
    vectors = make_provider(encoding="float").embed(TEXTS).vectors
    assert np.array_equal(vectors, embed_texts(TEXTS, DIMENSIONS))


def test_a_shuffled_answer_is_put_in_order(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.shuffled())
    vectors = provider.embed(TEXTS).vectors
    assert np.array_equal(vectors, embed_texts(TEXTS, DIMENSIONS))


def test_nan_and_zeros_are_passed_on_for_the_vector_check(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.with_nan(row=1), f.with_zeros(row=2))
    assert np.isnan(provider.embed(TEXTS).vectors[1]).all()
    assert not provider.embed(TEXTS).vectors[2].any()


def test_a_float_too_large_for_single_precision_is_passed_on_as_infinite(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    row = {"index": 0, "embedding": [1e300] + [0.5] * (DIMENSIONS - 1)}
    server.faults.push(f.raw(json.dumps({"data": [row]}).encode()))
    assert np.isinf(provider.embed(["a"]).vectors[0, 0])


def test_vectors_are_scaled_to_length_one_when_told(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    server.faults.push(f.scaled(0.6))
    vectors = make_provider(normalize=True).embed(TEXTS).vectors
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_vectors_keep_their_length_when_not_told(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.scaled(0.5))
    vectors = provider.embed(TEXTS).vectors
    assert np.allclose(np.linalg.norm(vectors, axis=1), 0.5, atol=1e-6)


def test_scaling_leaves_zeros_and_nan_for_the_vector_check(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    provider = make_provider(normalize=True)
    server.faults.push(f.with_zeros(row=0), f.with_nan(row=0))
    assert not provider.embed(TEXTS).vectors[0].any()
    assert np.isnan(provider.embed(TEXTS).vectors[0]).all()


# Answers that do not fit


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (f.no_data(), "0 vectors came back for 3 texts"),
        (f.fewer(), "2 vectors came back for 3 texts"),
        (f.collapsed(), "1 vectors came back for 3 texts"),
        (f.one_more(), "4 vectors came back for 3 texts"),
        (f.duplicated_index(), "index 0 came back twice"),
        (f.shifted_indexes(), "index, or one beyond the texts"),
        (f.without_indexes(), "no index"),
        (f.wrong_dimensions(31), "31 dimensions, not 32"),
        (f.wrong_dimensions(33), "33 dimensions, not 32"),
        (f.raw(b"{}"), "no data"),
        (f.raw(b'{"data": null}'), "no data"),
        (f.raw(b"[]"), "not an object"),
        (f.raw(b"null"), "not an object"),
    ],
)
def test_an_answer_that_does_not_fit_is_rejected_with_what_is_wrong(
    server: OpenAIServer, provider: OpenAIProvider, fault: f.Fault, what: str
) -> None:
    error = error_after(server, provider, fault)
    assert isinstance(error, EmbeddingRejected)
    assert "does not fit" in str(error) and what in str(error)


@pytest.mark.parametrize(
    "embedding",
    [
        "§",
        "not base64!",
        "AAAA" * 42 + "!AAA=",
        "AAAA",
        "",
        None,
        3,
        {},
        ["a"],
        [None],
        [[1.0]],
        [10**400],
    ],
)
def test_a_vector_that_cannot_be_decoded_is_rejected(
    server: OpenAIServer, provider: OpenAIProvider, embedding: object
) -> None:
    body = json.dumps({"data": [{"index": 0, "embedding": embedding}]}).encode()
    server.faults.push(f.raw(body))
    with pytest.raises(EmbeddingRejected, match="does not fit"):
        provider.embed(["a"])


@pytest.mark.parametrize("index", [-1, 1, "0", 0.0, True, False, None])
def test_an_index_that_is_none_of_the_texts_is_rejected(
    server: OpenAIServer, provider: OpenAIProvider, index: object
) -> None:
    row = {"index": index, "embedding": [0.5] * DIMENSIONS}
    server.faults.push(f.raw(json.dumps({"data": [row]}).encode()))
    with pytest.raises(EmbeddingRejected, match="index"):
        provider.embed(["a"])


def test_a_row_that_is_no_object_is_rejected(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.raw(b'{"data": ["a"]}'))
    with pytest.raises(EmbeddingRejected, match="index"):
        provider.embed(["a"])


# Slow, limited or down


def test_a_rate_limit_is_unavailable(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    assert retry_after(server, provider, f.rate_limited()) is None


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (f.rate_limited(retry_after=7), 7.0),
        (f.rate_limited(retry_after=0.5), 0.5),
        (f.rate_limited(retry_after_ms=1500), 1.5),
        (f.rate_limited(retry_after=9, retry_after_ms=250), 0.25),
        (f.rate_limited(retry_after=-3), 0.0),
        (f.rate_limited(retry_after="Mon, 01 Jan 2001 00:00:00 GMT"), 0.0),
        (f.rate_limited(retry_after="soon"), None),
        (f.rate_limited(retry_after="nan"), None),
        (f.rate_limited(retry_after="inf"), None),
        (f.rate_limited(retry_after="Mon, 99 Foo 2001"), None),
        (f.rate_limited(retry_after="soon", retry_after_ms=40), 0.04),
        (f.gemini_rate_limited("33s"), 33.0),
        (f.server_error(503, retry_after=4), 4.0),
    ],
)
def test_the_time_to_wait_is_read_from_the_answer(
    server: OpenAIServer,
    provider: OpenAIProvider,
    fault: f.Fault,
    seconds: float | None,
) -> None:
    assert retry_after(server, provider, fault) == seconds


def test_a_date_to_come_back_at_is_turned_into_seconds(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    fault = f.rate_limited(retry_after="Fri, 01 Jan 2100 00:00:00 GMT")
    seconds = retry_after(server, provider, fault)
    assert seconds is not None and 1e6 < seconds < 4e9


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-reset-tokens": "132ms"}, 0.132),
        ({"x-ratelimit-reset-tokens": "1h0m2.5s"}, 3602.5),
        ({"x-ratelimit-reset-tokens": "1d"}, 86_400.0),
        ({"x-ratelimit-reset-requests": "20"}, 20.0),
        ({"x-ratelimit-reset-requests": "later"}, None),
        ({"x-ratelimit-reset-requests": "1m later"}, None),
        ({"x-ratelimit-reset-requests": ""}, None),
        (
            {"x-ratelimit-reset-requests": "12ms", "x-ratelimit-reset-tokens": "6s"},
            6.0,
        ),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-tokens": "9000",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            2.0,
        ),
        ({"retry-after": "3", "x-ratelimit-reset-requests": "1m"}, 3.0),
    ],
)
def test_the_reset_of_a_limit_is_the_hint_of_last_resort(
    server: OpenAIServer,
    provider: OpenAIProvider,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    fault = f.rate_limited(headers=headers)
    assert retry_after(server, provider, fault) == pytest.approx(seconds)


def test_the_reset_of_a_limit_says_nothing_about_a_server_error(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.headers = {"x-ratelimit-reset-requests": "5m0s"}
    assert retry_after(server, provider, f.server_error()) is None


def test_a_real_limiter_says_when_to_come_back(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.limit = RequestLimit(requests=1, seconds=3600)
    provider.embed(TEXTS)
    with pytest.raises(EmbeddingUnavailable) as raised:
        provider.embed(TEXTS)
    assert raised.value.retry_after is not None
    assert 0 < raised.value.retry_after <= 3600


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504, 529])
def test_trouble_at_the_provider_is_unavailable(
    server: OpenAIServer, provider: OpenAIProvider, status: int
) -> None:
    error = error_after(server, provider, f.server_error(status))
    assert isinstance(error, EmbeddingUnavailable)
    assert str(status) in str(error)


def test_a_gateways_error_page_is_unavailable_and_not_quoted(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    error = error_after(server, provider, f.html(502))
    assert isinstance(error, EmbeddingUnavailable)
    assert str(error) == "HTTP 502"


def test_a_page_instead_of_an_answer_is_unavailable(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    error = error_after(server, provider, f.html(200))
    assert isinstance(error, EmbeddingUnavailable)


def test_an_answer_later_than_the_timeout_is_unavailable(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.slow(60))
    with pytest.raises(EmbeddingUnavailable, match=r"No answer in 0\.2 seconds"):
        provider.embed(TEXTS, timeout=0.2)


def test_the_timeout_of_the_provider_is_used_when_none_is_given(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    server.faults.push(f.slow(60))
    with pytest.raises(EmbeddingUnavailable, match=r"No answer in 0\.3 seconds"):
        make_provider(timeout=0.3).embed(TEXTS)


def test_an_answer_that_trickles_ends_at_the_timeout(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.dripping(0.02))
    with pytest.raises(EmbeddingUnavailable, match="No full answer"):
        provider.embed(TEXTS, timeout=0.5)


def test_a_connection_closed_without_an_answer_is_unavailable(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    error = error_after(server, provider, f.closed())
    assert isinstance(error, EmbeddingUnavailable)


@pytest.mark.parametrize("status", [200, 500])
def test_a_connection_closed_half_way_is_unavailable(
    server: OpenAIServer, provider: OpenAIProvider, status: int
) -> None:
    fault = f.Fault(status=status, cut="halfway")
    error = error_after(server, provider, fault)
    assert isinstance(error, EmbeddingUnavailable)


def test_nobody_listening_is_unavailable(make_provider: MakeProvider) -> None:
    with socket.socket() as taken:  # bound, not listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(EmbeddingUnavailable, match="connection failed"):
            make_provider(base_url=base_url).embed(TEXTS)


@pytest.mark.parametrize(
    "fault", [f.closed(), f.cut_short(), f.rate_limited(), f.html(502), f.fewer()]
)
def test_the_request_after_a_failure_works(
    server: OpenAIServer, provider: OpenAIProvider, fault: f.Fault
) -> None:
    error_after(server, provider, fault)
    assert len(provider.embed(TEXTS).vectors) == 3


@pytest.mark.parametrize(
    "fault",
    [f.rate_limited(retry_after=0), f.server_error(503), f.closed(), f.cut_short()],
)
def test_nothing_is_tried_twice(
    server: OpenAIServer, provider: OpenAIProvider, fault: f.Fault
) -> None:
    error_after(server, provider, fault)
    assert server.record.requests == 1


# A person must act


@pytest.mark.parametrize(
    ("fault", "what_to_check"),
    [
        (f.quota_exhausted(), "billing"),
        (f.quota_exhausted("billing_hard_limit_reached", status=400), "billing"),
        (f.payment_required(), "billing"),
        (f.bad_key(), "check the key"),
        (f.gemini_bad_key(), "check the key"),
        (f.bad_request(status=403), "permissions"),
        (f.forbidden(), "check the model"),
        (f.model_not_found(), "check the model"),
        (f.raw(b"not found", status=404), "base URL"),
        (f.raw(b"", status=405), "base URL"),
        (f.bad_request("dimensions must be 1024", param="dimensions"), "dimensions"),
        (f.bad_request("no such encoding", param="encoding_format"), "encoding_format"),
    ],
)
def test_what_no_retry_can_mend_is_denied_with_what_to_check(
    server: OpenAIServer, provider: OpenAIProvider, fault: f.Fault, what_to_check: str
) -> None:
    error = error_after(server, provider, fault)
    assert isinstance(error, EmbeddingDenied)
    assert what_to_check in str(error)


def test_a_wrong_key_is_denied_by_the_server_itself(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    with pytest.raises(EmbeddingDenied, match="check the key"):
        make_provider(api_key="sk-another").embed(TEXTS)


def test_a_missing_model_is_named(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    server.models = {"text-embedding-3-small"}
    with pytest.raises(EmbeddingDenied, match="'text-embedding-9'"):
        make_provider(api_model="text-embedding-9").embed(TEXTS)


def test_not_even_a_part_of_a_refused_key_is_shown(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    assert "sk-" not in str(error_after(server, provider, f.bad_key("sk-te***cdef")))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_no_message_and_no_traceback_shows_the_key(
    server: OpenAIServer, provider: OpenAIProvider, status: int
) -> None:
    fault = f.bad_request(f"Received the key {KEY}.", status=status)
    error = error_after(server, provider, fault)
    assert KEY not in "".join(traceback.format_exception(error))


# These texts are refused


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refused_texts_are_rejected_in_the_providers_words(
    server: OpenAIServer, provider: OpenAIProvider, status: int
) -> None:
    error = error_after(server, provider, f.bad_request("too long", status=status))
    assert isinstance(error, EmbeddingRejected)
    assert str(error) == f"HTTP {status}: too long"


def test_a_long_message_is_shortened(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    error = error_after(server, provider, f.bad_request("x" * 5_000))
    assert str(error) == "HTTP 400: " + "x" * 300


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": "model is loading"}', "HTTP 400: model is loading"),
        (b'{"message": "bad", "object": "error"}', "HTTP 400: bad"),
        (b'{"detail": "bad"}', "HTTP 400: bad"),
        (b'[{"error": {"message": "bad"}}]', "HTTP 400: bad"),
        (b'{"detail": [{"msg": "bad", "input": "the text"}]}', "HTTP 400"),
        (b'{"error": {"message": {"a": 1}, "details": "x"}}', "HTTP 400"),
        (b'{"error": {"message": "a\\n  b", "details": ["x"]}}', "HTTP 400: a b"),
        (b"[]", "HTTP 400"),
        (b"\xff", "HTTP 400"),
        (b"", "HTTP 400"),
    ],
)
def test_every_shape_of_error_is_read(
    server: OpenAIServer, provider: OpenAIProvider, body: bytes, message: str
) -> None:
    error = error_after(server, provider, f.raw(body, status=400))
    assert isinstance(error, EmbeddingRejected)
    assert str(error) == message


def test_no_message_and_no_traceback_shows_a_text(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.push(f.bad_request(f"Cannot embed '{LONG_TEXT}'"))
    with pytest.raises(EmbeddingRejected) as raised:
        provider.embed(["short", LONG_TEXT])
    assert str(raised.value) == "HTTP 400: Cannot embed '[text]"
    assert LONG_TEXT not in "".join(traceback.format_exception(raised.value))


def test_a_text_that_is_not_unicode_is_rejected_unseen(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    with pytest.raises(EmbeddingRejected, match="Unicode") as raised:
        provider.embed(["fine", LONG_TEXT + "\ud800"])
    assert LONG_TEXT not in "".join(traceback.format_exception(raised.value))
    assert server.record.requests == 0


@pytest.mark.parametrize(
    "texts",
    [["fine", ""], ["a"] * 2049, ["a" * 40_000], ["a" * 30_000] * 41],
    ids=["empty", "too many", "too long", "too many tokens"],
)
def test_what_a_real_service_refuses_is_rejected(
    provider: OpenAIProvider, texts: list[str]
) -> None:
    with pytest.raises(EmbeddingRejected):
        provider.embed(texts)


def test_a_poisoned_text_is_rejected_with_its_neighbours_and_they_pass_alone(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    server.faults.poison(lambda text: "nurse" in text)
    with pytest.raises(EmbeddingRejected):
        provider.embed(TEXTS)
    assert len(provider.embed([TEXTS[0], TEXTS[2]]).vectors) == 2


# HTTP 200 with an error inside


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (429, EmbeddingUnavailable),
        ("429", EmbeddingUnavailable),
        ("rate_limit_exceeded", EmbeddingUnavailable),
        (502, EmbeddingUnavailable),
        (401, EmbeddingDenied),
        (402, EmbeddingDenied),
        ("insufficient_quota", EmbeddingDenied),
        (400, EmbeddingRejected),
        ("something", EmbeddingRejected),
        (None, EmbeddingRejected),
    ],
)
def test_an_error_inside_a_200_is_read_by_its_code(
    server: OpenAIServer,
    provider: OpenAIProvider,
    code: str | int | None,
    kind: type[EmbeddingError],
) -> None:
    error = error_after(server, provider, f.error_in_200(code=code))
    assert type(error) is kind


def test_an_empty_error_beside_the_data_is_no_error(
    server: OpenAIServer, provider: OpenAIProvider
) -> None:
    row = {"index": 0, "embedding": [0.5] * DIMENSIONS}
    server.faults.push(f.raw(json.dumps({"error": None, "data": [row]}).encode()))
    assert len(provider.embed(["a"]).vectors) == 1


# What it is given


def test_the_environment_changes_nothing(
    server: OpenAIServer,
    make_provider: MakeProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-mine: 1\nauthorization: Bearer no")
    make_provider().embed(TEXTS)
    headers = server.record.last_headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert not {"openai-organization", "openai-project", "x-mine"} & headers.keys()


def test_without_an_address_it_is_openai_whatever_the_environment_says(
    make_provider: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    client = make_provider(base_url=None).connection.client
    assert str(client.base_url) == "https://api.openai.com/v1/"


@pytest.mark.parametrize("key", ["", " ", "sk-a b", "sk-a\n", "sk-é", "“sk-a”"])
def test_a_key_no_header_can_carry_is_a_config_error(
    make_provider: MakeProvider, key: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        make_provider(api_key=key)
    assert "sk-" not in str(raised.value)


@pytest.mark.parametrize(
    "base_url", ["localhost:11434", "api.openai.com/v1", "ftp://a/v1", "http://[::1"]
)
def test_an_address_that_is_none_is_a_config_error(
    make_provider: MakeProvider, base_url: str
) -> None:
    with pytest.raises(ConfigError, match="must look like"):
        make_provider(base_url=base_url)


def test_a_slash_at_the_end_of_the_address_does_no_harm(
    server: OpenAIServer, make_provider: MakeProvider
) -> None:
    provider = make_provider(base_url=server.base_url + "/")
    assert len(provider.embed(TEXTS).vectors) == 3


def test_nothing_of_a_text_or_the_key_is_logged(
    server: OpenAIServer, provider: OpenAIProvider, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.push(f.NORMAL, f.bad_request(LONG_TEXT))
    with caplog.at_level(logging.DEBUG):
        provider.embed([LONG_TEXT])
        with pytest.raises(EmbeddingRejected):
            provider.embed([LONG_TEXT])
    assert LONG_TEXT not in caplog.text and KEY not in caplog.text


@pytest.mark.parametrize(
    ("base_url", "max_texts", "encoding"),
    [
        (None, 2048, "base64"),
        ("https://api.openai.com/v1", 2048, "base64"),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai/",
            100,
            "float",
        ),
        ("https://OpenRouter.ai/api/v1", 100, "float"),
        ("http://localhost:11434/v1", 64, "float"),
        ("https://example.com/v1", 2048, "base64"),
    ],
)
def test_known_services_have_their_own_limits(
    base_url: str | None, max_texts: int, encoding: str
) -> None:
    quirks = quirks_for(base_url)
    assert (quirks.size.max_texts, quirks.encoding) == (max_texts, encoding)
