"""The service on a real uvicorn server, on a loopback port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from tests.conftest import AppFactory
from whatsapp_bot.bootstrap import App, build_web
from whatsapp_bot.whatsapp.fake_graph import FakeGraph

TOKEN = "a token of the tests"


@dataclass(frozen=True)
class Site:
    app: App
    base_url: str
    client: httpx2.Client  # it sends the token

    def generate(self, entity_type: str = "jobs", **asked: object) -> httpx2.Response:
        body = {"entity_type": entity_type, **asked}
        return self.client.post("/api/v1/admin/embeddings/generate", json=body)

    def get(self, path: str, **query: object) -> httpx2.Response:
        return self.client.get(f"/api/v1/admin/{path}", params=query)


@contextlib.contextmanager
def running(app: App, simulator: FakeGraph | None = None) -> Iterator[Site]:
    web, runner = build_web(app, simulator)
    config = uvicorn.Config(
        web, log_config=None, access_log=False, timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            wait_until(lambda: server.started)
            token = app.settings.admin_token
            headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
            with httpx2.Client(
                base_url=base_url, headers=headers, timeout=60
            ) as client:
                yield Site(app, base_url, client)
        finally:
            runner.stop()
            server.should_exit = True
            thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def make_site(make_app: AppFactory) -> Iterator[Callable[..., Site]]:
    with contextlib.ExitStack() as stack:
        yield lambda **environ: stack.enter_context(
            running(make_app(**({"ADMIN_TOKEN": TOKEN} | environ)))
        )


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.close()
