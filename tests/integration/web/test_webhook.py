"""Meta's side of the webhook, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.acceptance.rows import Rows
from tests.integration.web.conftest import Site
from tests.loopback import meta_shapes as shapes
from tests.loopback.meta_shapes import body_of, signed, text, value_of
from whatsapp_bot.web.gatekeeper import MAX_BODY_BYTES, MAX_WEBHOOK_BYTES

WHATSAPP = {
    "WHATSAPP_PHONE_NUMBER_ID": shapes.NUMBER,
    "WHATSAPP_APP_SECRET": shapes.SECRET,
    "WHATSAPP_VERIFY_TOKEN": "verify me",
}
HELLO = body_of(value_of(messages=[text("Hello")]))


@pytest.fixture
def whatsapp(make_site: Callable[..., Site]) -> Site:
    return make_site(**WHATSAPP)


def post(site: Site, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    """As Meta does: without our token."""
    url = f"{site.base_url}/webhook"
    return httpx2.post(url, content=body, headers=headers, timeout=60)


def deliver(site: Site, body: bytes) -> int:
    return post(site, body, signed(body)).status_code


def inbox(rows: Rows) -> int:
    return int(rows.value("SELECT count(*) FROM inbox"))


def test_a_signed_delivery_is_stored_before_the_answer(
    whatsapp: Site, rows: Rows
) -> None:
    assert deliver(whatsapp, HELLO) == 200
    assert inbox(rows) == 1
    assert deliver(whatsapp, HELLO) == 200
    assert inbox(rows) == 1


def test_what_is_not_signed_by_meta_is_refused(whatsapp: Site, rows: Rows) -> None:
    signature = signed(HELLO)["X-Hub-Signature-256"]
    for header in (
        "",
        "sha256=",
        signed(HELLO, "another secret")["X-Hub-Signature-256"],
        signed(HELLO + b" ")["X-Hub-Signature-256"],
        signature.upper(),
        signature.removeprefix("sha256="),
        signature + "0",
        None,
    ):
        headers = {} if header is None else {"X-Hub-Signature-256": header}
        answer = post(whatsapp, HELLO, headers)
        assert answer.status_code == 401, header
        assert answer.json() == {"error": "the signature is wrong"}
    assert inbox(rows) == 0


def test_a_signature_of_any_bytes_is_refused(whatsapp: Site) -> None:
    url = f"{whatsapp.base_url}/webhook"
    headers = [(b"x-hub-signature-256", b"sha256=\xff\xfe\xe9")]
    assert httpx2.post(url, content=HELLO, headers=headers).status_code == 401


def test_meta_is_told_that_the_address_is_ours(whatsapp: Site) -> None:
    def ask(**query: str) -> httpx2.Response:
        given = {
            f"hub.{name}": value
            for name, value in (
                {"mode": "subscribe", "verify_token": "verify me", "challenge": "1158"}
                | query
            ).items()
        }
        return httpx2.get(f"{whatsapp.base_url}/webhook", params=given)

    assert (ask().status_code, ask().text) == (200, "1158")
    assert ask().headers["content-type"].startswith("text/plain")
    for wrong in ({"verify_token": "x"}, {"verify_token": ""}, {"mode": "other"}):
        assert ask(**wrong).status_code == 403
    assert httpx2.get(f"{whatsapp.base_url}/webhook").status_code == 403


def test_a_thousand_updates_of_every_shape_are_stored_at_once(
    whatsapp: Site, rows: Rows
) -> None:
    people = [f"234800{number:07}" for number in range(500)]
    messages = [text("Hi", phone=phone, bsuid=None) for phone in people]
    statuses = [shapes.status(f"wamid.{number}", "read") for number in range(500)]
    body = body_of(value_of(messages=messages, statuses=statuses), *shapes.EVERY_VALUE)
    for _ in range(2):
        assert deliver(whatsapp, body) == 200
        assert inbox(rows) == 512
        assert rows.value("SELECT count(*) FROM whatsapp_events") == 508
        assert rows.value("SELECT count(*) FROM users") == 501


def padded(size: int) -> bytes:
    """A delivery of so many bytes."""
    body = json.loads(HELLO)
    body["padding"] = ""
    body["padding"] = "x" * (size - len(json.dumps(body)))
    return json.dumps(body).encode()


def test_3_megabytes_are_taken_and_a_byte_more_is_not(
    whatsapp: Site, rows: Rows
) -> None:
    assert deliver(whatsapp, padded(MAX_WEBHOOK_BYTES + 1)) == 413
    assert inbox(rows) == 0
    assert deliver(whatsapp, padded(MAX_WEBHOOK_BYTES)) == 200
    assert inbox(rows) == 1


def test_a_huge_body_in_chunks_is_refused(whatsapp: Site) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(MAX_WEBHOOK_BYTES // 100_000 + 2):
            yield b"x" * 100_000

    answer = httpx2.post(f"{whatsapp.base_url}/webhook", content=chunks())
    assert answer.status_code == 413
    larger = "x" * (MAX_BODY_BYTES + 1)
    assert whatsapp.client.post("/metrics", content=larger).status_code == 413


def test_what_makes_no_sense_is_kept_and_answered(whatsapp: Site, rows: Rows) -> None:
    bodies = [b"", b"{", b"null", b"[" * 100_000, b"\xff\xfe", b"[" * 700 + b"]" * 700]
    for body in bodies:
        assert deliver(whatsapp, body) == 200
    kept = "SELECT count(*) FROM whatsapp_events WHERE kind = 'raw'"
    assert rows.value(kept) == len(bodies)


def test_what_cannot_be_stored_is_brought_again(whatsapp: Site, rows: Rows) -> None:
    rows.run("ALTER TABLE inbox RENAME TO gone")
    answer = post(whatsapp, HELLO, signed(HELLO))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    rows.run("ALTER TABLE gone RENAME TO inbox")
    assert deliver(whatsapp, HELLO) == 200
    assert inbox(rows) == 1


def test_the_webhook_needs_its_signature_and_no_more_whatever_name_it_is_asked_by(
    make_site: Callable[..., Site],
) -> None:
    signed_site = make_site(**WHATSAPP, ADMIN_TOKEN="")
    headers = signed(HELLO) | {"Host": "bot.example"}
    assert post(signed_site, HELLO, headers).status_code == 200
    admin = signed_site.client.get("/metrics", headers={"Host": "bot.example"})
    assert admin.status_code == 403
    open_site = make_site(**{**WHATSAPP, "WHATSAPP_APP_SECRET": ""})
    assert post(open_site, HELLO, {}).status_code == 200
    refused = post(open_site, HELLO, {"Host": "bot.example"})
    assert refused.status_code == 403 and "WHATSAPP_APP_SECRET" in refused.text


def test_without_whatsapp_there_is_no_webhook(site: Site) -> None:
    assert site.client.post("/webhook", content=HELLO).status_code == 404
