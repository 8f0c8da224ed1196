"""The HTTP service, put together."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, FastAPI, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whatsapp_bot.web.admin import admin_routes
from whatsapp_bot.web.gatekeeper import SIMULATOR_PATH, Gatekeeper
from whatsapp_bot.web.health import health_routes
from whatsapp_bot.web.job_runner import JobRunner
from whatsapp_bot.web.metrics import Metrics
from whatsapp_bot.web.parts import Parts
from whatsapp_bot.web.problems import answers, handle_problems
from whatsapp_bot.web.webhook import webhook_routes


def make_application(
    parts: Parts, runner: JobRunner, simulator: ASGIApp | None = None
) -> FastAPI:
    """The ASGI application. Work that runs is waited for when it shuts down."""

    @contextlib.asynccontextmanager
    async def lifespan(web: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(runner.close)

    web = FastAPI(
        title="WhatsApp job bot: admin API",
        version="1",
        description="Embeddings: make them, see how far they are, what failed and "
        "what it costs.",
        redoc_url=None,
        lifespan=lifespan,
    )
    guard: Any = Depends(HTTPBearer(auto_error=False, description="ADMIN_TOKEN"))
    metrics = Metrics(parts)
    web.include_router(admin_routes(parts, runner, guard))
    web.include_router(health_routes(parts))
    _add_metrics(web, metrics, guard)
    if simulator is not None:
        web.mount(SIMULATOR_PATH, simulator)
    receiver = parts.whatsapp.receiver if parts.whatsapp else None
    if receiver:
        web.include_router(webhook_routes(receiver))
    handle_problems(web)
    web.add_middleware(
        Gatekeeper,
        token=parts.admin_token,
        webhook_is_signed=receiver is not None and receiver.is_signed,
    )
    web.add_middleware(_Stopwatch, metrics=metrics)
    return web


def _add_metrics(web: FastAPI, metrics: Metrics, guard: Any) -> None:
    @web.get(
        "/metrics",
        tags=["health"],
        dependencies=[guard],
        response_class=Response,
        responses={
            200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}},
            **answers(401, 403),
        },
    )
    def metrics_page() -> Response:
        """For Prometheus. Answers without the database too: jobbot_database_up 0."""
        return Response(
            generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST
        )


class _Stopwatch:
    """How long each request took, by its route: not by its path, which has ids."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._seconds = metrics.request_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.monotonic(), 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            seconds = time.monotonic() - start
            self._seconds.labels(_method(scope), _route(scope), status).observe(seconds)


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "none"))


def _method(scope: Scope) -> str:
    """Anybody may invent methods; each would be a label for ever."""
    method = str(scope["method"])
    return method if method in ("GET", "POST", "HEAD") else "other"
