"""What is refused, and how: tokens, bodies, values; one clear line each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.integration.web.conftest import TOKEN, Site
from whatsapp_bot.web.gatekeeper import MAX_BODY_BYTES, is_loopback

GENERATE = "/api/v1/admin/embeddings/generate"
GUARDED = [
    ("POST", GENERATE),
    ("GET", "/api/v1/admin/jobs"),
    ("GET", "/api/v1/admin/embeddings/coverage"),
    ("GET", "/api/v1/admin/embeddings/failures"),
    ("POST", "/api/v1/admin/embeddings/failures/retry"),
    ("GET", "/api/v1/admin/spend"),
    ("GET", "/metrics"),
    ("GET", "/no/such/page"),
]


def problem(answer: httpx2.Response) -> str:
    said = answer.json()
    assert list(said) == ["error"]
    assert "Traceback" not in said["error"] and "\n" not in said["error"]
    return str(said["error"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \xe9\xff",
    ],
)
def test_nothing_is_told_without_the_token(site: Site, value: str | None) -> None:
    headers = [] if value is None else [(b"authorization", value.encode("latin-1"))]
    for method, path in GUARDED:
        answer = httpx2.request(method, site.base_url + path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "ADMIN_TOKEN" in problem(answer) and TOKEN not in answer.text


def test_two_tokens_are_none(site: Site) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer x")]
    answer = httpx2.get(f"{site.base_url}/metrics", headers=headers)
    assert answer.status_code == 401


def test_a_token_may_have_any_letters(make_site: Callable[..., Site]) -> None:
    site = make_site(ADMIN_TOKEN="Ọ̀rọ̀ aṣínà")
    value = "Bearer Ọ̀rọ̀ aṣínà".encode()
    answer = httpx2.get(f"{site.base_url}/metrics", headers=[(b"authorization", value)])
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_probes_and_the_page_that_says_how_to_ask_need_none(
    site: Site, path: str
) -> None:
    assert httpx2.get(site.base_url + path).status_code == 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "limit: input should be greater than or equal to 1"),
        (-1, "limit: input should be greater than or equal to 1"),
        (1001, "limit: input should be less than or equal to 1000"),
        ("x", "limit: input should be a valid integer"),
        ("5", "limit: input should be a valid integer"),
        (1.5, "limit: input should be a valid integer"),
        (True, "limit: input should be a valid integer"),
        (None, "limit: input should be a valid integer"),
        (10**400, "limit: "),
    ],
)
def test_a_limit_is_from_1_to_1000(site: Site, value: object, expected: str) -> None:
    answer = site.generate(limit=value)
    assert answer.status_code == 422
    assert problem(answer).startswith(expected)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"", 422, "body: field required"),
        (b"{", 400, "the body is no JSON"),
        (b"entity_type=jobs", 400, "the body is no JSON"),
        (b"\xff\xfe", 400, ""),
        (b"[" * 30_000, 400, ""),
        (b"[]", 422, "body: "),
        (b"null", 422, "body: "),
        (b"{}", 422, "entity_type: field required"),
        (b'{"entity_type": "candidates"}', 422, "entity_type: input should be 'users'"),
        (b'{"entity_type": "jobs", "limt": 5}', 422, "limt: extra inputs are not"),
        (b'{"entity_type": "jobs", "force": "yes"}', 422, "force: input should be"),
        (b'{"entity_type": "jobs", "limit": NaN}', 422, "limit: "),
    ],
)
def test_a_body_that_makes_no_sense_is_told_why(
    site: Site, body: bytes, status: int, expected: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = site.client.post(GENERATE, content=body, headers=headers)
    assert answer.status_code == status
    assert problem(answer).startswith(expected)


def _chunks() -> Iterator[bytes]:
    yield b'{"entity_type": "'
    for _ in range(MAX_BODY_BYTES // 1000 + 1):
        yield b"x" * 1000


def test_a_huge_body_is_refused_also_when_it_comes_in_chunks(site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    huge = json.dumps({"entity_type": "x" * MAX_BODY_BYTES})
    whole = site.client.post(GENERATE, content=huge, headers=headers)
    chunked = site.client.post(GENERATE, content=_chunks(), headers=headers)
    for answer in (whole, chunked):
        assert answer.status_code == 413
        assert problem(answer) == "the body is larger than 64 kB"
    assert site.get("jobs").json() == {"jobs": []}


def test_what_was_sent_is_not_repeated(site: Site) -> None:
    answer = site.generate("my-secret")
    assert answer.status_code == 422 and "my-secret" not in answer.text


def test_a_wrong_method_names_the_right_one(site: Site) -> None:
    answer = site.client.put(GENERATE, json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert problem(answer)


def test_without_a_token_only_this_machine_may_ask(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(ADMIN_TOKEN="")
    assert site.get("jobs").status_code == 200
    rebound = site.client.get("/api/v1/admin/jobs", headers={"Host": "evil.example"})
    assert rebound.status_code == 403
    assert "localhost" in problem(rebound)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
