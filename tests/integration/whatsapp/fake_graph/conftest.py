"""The fake with a stopped clock, a webhook that it tells, and a business that sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.loopback.webhook_receiver import Body, WebhookReceiver
from whatsapp_bot.whatsapp.fake_graph import Account, Clock, FakeGraph, Person

ACCOUNT = Account(token="a token", app_secret="a secret")
START = 1_790_000_000


class Business:
    """Sends by HTTP, as the product does."""

    def __init__(self, graph: FakeGraph) -> None:
        self.client = httpx2.Client(
            base_url=graph.base_url,
            headers={"authorization": f"Bearer {ACCOUNT.token}"},
            timeout=60,
            verify=False,  # nothing is encrypted here, and certificates take long to read
        )

    def post(self, body: Any, path: str | None = None) -> httpx2.Response:
        path = path or f"/v25.0/{ACCOUNT.phone_id}/messages"
        return self.client.post(path, json=body)

    def send(
        self, to: Person | str, content: Body | str = "Hi", **more: object
    ) -> httpx2.Response:
        if isinstance(content, str):
            content = {"type": "text", "text": {"body": content}}
        number = f"+{to.phone}" if isinstance(to, Person) else to
        whole = {"messaging_product": "whatsapp", "to": number, **content, **more}
        return self.post(whole)


def code_of(answer: httpx2.Response) -> int:
    return int(answer.json()["error"]["code"])


@pytest.fixture
def answers() -> list[int]:
    """What the webhook answers, one after another; 200 when they are used up."""
    return []


@pytest.fixture
def hook(answers: list[int]) -> Iterator[WebhookReceiver]:
    def answer(body: Body) -> int:
        return answers.pop(0) if answers else 200

    with WebhookReceiver(ACCOUNT.app_secret, answer) as receiver:
        yield receiver


@pytest.fixture
def graph(hook: WebhookReceiver) -> Iterator[FakeGraph]:
    clock = Clock(START, is_stopped=True)
    with FakeGraph(hook.url, account=ACCOUNT, clock=clock) as graph:
        yield graph


@pytest.fixture
def ada(graph: FakeGraph) -> Person:
    return graph.person("Ada", "+2348031234567")


@pytest.fixture
def business(graph: FakeGraph) -> Iterator[Business]:
    business = Business(graph)
    yield business
    business.client.close()
