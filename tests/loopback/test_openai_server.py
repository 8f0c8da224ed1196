"""The loopback server is itself what the other tests take it for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer, RequestLimit
from tests.loopback.text_vectors import embed_texts


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(dimensions=16) as running:
        yield running


def post(server: OpenAIServer, texts: list[str] | str, **fields: Any) -> dict[str, Any]:
    body = json.dumps({"input": texts, "model": "m", **fields}).encode()
    request = urllib.request.Request(f"{server.base_url}/embeddings", body)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def refused(server: OpenAIServer, texts: list[str]) -> urllib.error.HTTPError:
    with pytest.raises(urllib.error.HTTPError) as raised:
        post(server, texts)
    raised.value.close()
    return raised.value


def test_the_answer_has_openais_shape(server: OpenAIServer) -> None:
    answer = post(server, ["a b", "c"], dimensions=8, encoding_format="float")
    assert answer["object"] == "list" and answer["model"] == "m"
    assert [row["index"] for row in answer["data"]] == [0, 1]
    assert {len(row["embedding"]) for row in answer["data"]} == {8}
    assert answer["usage"] == {"prompt_tokens": 2, "total_tokens": 2}


def test_a_single_string_is_one_input(server: OpenAIServer) -> None:
    assert len(post(server, "alone")["data"]) == 1


def test_the_same_text_gives_the_same_unit_vector_anywhere() -> None:
    [alone] = embed_texts(["Senior Python engineer"], 1536)
    among = embed_texts(["x", "Senior Python engineer"], 1536)[1]
    assert np.array_equal(alone, among)
    assert np.linalg.norm(alone) == pytest.approx(1)


def test_texts_that_share_words_are_nearer() -> None:
    a, b, c = embed_texts(
        ["senior python engineer, Berlin", "Python engineer in Berlin", "nurse, Bonn"],
        1536,
    )
    assert a @ b > 0.5 > a @ c


def test_texts_without_words_get_a_vector_too() -> None:
    assert np.isfinite(embed_texts(["…", "!", "\ud800"], 1536)).all()


def test_it_counts_what_it_saw_and_what_it_billed(server: OpenAIServer) -> None:
    server.faults.push(f.NORMAL, f.rate_limited(), f.fewer())
    post(server, ["a", "b"])
    refused(server, ["b"])
    post(server, ["c", "d"])
    record = server.record
    assert (record.requests, record.request_sizes) == (3, [2, 1, 2])
    assert record.texts == {"a": 1, "b": 2, "c": 1, "d": 1}
    assert (record.inputs_billed, record.tokens_billed) == (4, 4)
    assert record.statuses == {200: 2, 429: 1}


def test_the_limiter_opens_again_after_its_window() -> None:
    now = [0.0]
    limit = RequestLimit(requests=2, seconds=10)
    with OpenAIServer(limit=limit, clock=lambda: now[0]) as server:
        post(server, "a")
        now[0] = 4.0
        post(server, "b")
        error = refused(server, ["c"])
        assert (error.code, error.headers["retry-after"]) == (429, "6")
        assert error.headers["x-ratelimit-remaining-requests"] == "0"
        assert error.headers["x-ratelimit-reset-requests"] == "6000ms"
        now[0] = 10.0
        post(server, "c")
        assert server.record.inputs_billed == 3


def test_a_rule_holds_until_it_is_cleared(server: OpenAIServer) -> None:
    server.faults.poison(lambda text: text == "bad")
    assert refused(server, ["good", "bad"]).code == 400
    assert refused(server, ["bad"]).code == 400
    post(server, ["good"])
    server.faults.clear()
    post(server, ["bad"])


def test_a_standing_fault_gives_way_to_the_script(server: OpenAIServer) -> None:
    server.faults.always(f.server_error(503))
    server.faults.push(f.NORMAL)
    post(server, ["a"])
    assert refused(server, ["a"]).code == 503


def test_a_script_is_used_once_whatever_the_threads(server: OpenAIServer) -> None:
    server.faults.push(f.server_error(500), times=10)

    def status(_: int) -> int:
        try:
            post(server, ["a"])
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        return 200

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(status, range(30)))
    assert (statuses.count(500), statuses.count(200)) == (10, 20)
    assert server.faults.left == 0


def test_reset_forgets_everything(server: OpenAIServer) -> None:
    post(server, ["a"])
    server.faults.always(f.server_error())
    server.reset()
    assert server.record.requests == 0
    post(server, ["a"])


def test_as_a_process_it_prints_its_address_serves_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "tests.loopback.openai_server", "--dimensions=8"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        base_url = process.stdout.readline().strip()
        try:
            body = b'{"input": ["a", "b"], "model": "m"}'
            with urllib.request.urlopen(f"{base_url}/embeddings", body) as response:
                assert len(json.load(response)["data"][1]["embedding"]) == 8
            with urllib.request.urlopen(f"{base_url}/stats") as response:
                assert json.load(response)["inputs_billed"] == 2
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
