"""The fake as an ASGI application: the Graph API, the controls and the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from whatsapp_bot.whatsapp.fake_graph.controls import Controls
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.network import Network
from whatsapp_bot.whatsapp.fake_graph.sending import Sending

PAGE = Path(__file__).with_name("page")
FILES = ("simulator.css", "simulator.js", "bubbles.js", "panel.js")
LOOK_SECONDS = 0.5  # how often one who waits looks whether all is over
BEAT_SECONDS = 15  # a line on a silent stream, so that a gone reader is noticed
HTML_502 = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>"
    "</body></html>"
)
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def make_asgi(network: Network, is_over: Callable[[], bool]) -> ASGIApp:
    """is_over: whether who waits for the network should go; it is asked twice a second."""
    graph = _Graph(network, is_over)
    stream = _Stream(network, is_over)
    controls = Controls(network)
    return Starlette(
        routes=[
            Route("/{version}/{phone_id}/messages", graph.messages, methods=["POST"]),
            Route("/control/events", stream.events),
            Mount("/control", routes=controls.routes()),
            Route("/", _file("index.html")),
            *(Route(f"/{name}", _file(name)) for name in FILES),
            # Where the web service has it too.
            Route("/simulator", _to_page),
        ]
    )


def _file(name: str) -> Callable[[Request], Any]:
    async def send(request: Request) -> Response:
        return FileResponse(PAGE / name, headers=PAGE_HEADERS)

    return send


async def _to_page(request: Request) -> Response:
    return RedirectResponse("./")


class _Graph:
    def __init__(self, network: Network, is_over: Callable[[], bool]) -> None:
        self._sending = Sending(network)
        self._is_over = is_over

    async def messages(self, request: Request) -> Response:
        if not request.path_params["version"].startswith("v"):
            unknown = GraphError(100, "Unknown path components")
            return JSONResponse(unknown.as_answer(), unknown.status)
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        except ClientDisconnect:  # killed while it spoke: nobody to answer
            return Response()
        answer = self._sending.take(
            request.path_params["phone_id"],
            request.headers.get("authorization", ""),
            body,
        )
        if answer.mishap in ("html_502", "accepted_502"):
            return HTMLResponse(HTML_502, 502)
        if answer.mishap is not None:
            await self._never(request)
        return JSONResponse(answer.body, answer.status)

    async def _never(self, request: Request) -> None:
        """Until whoever asked has gone."""
        while not (self._is_over() or await request.is_disconnected()):
            await asyncio.sleep(LOOK_SECONDS)


class _Stream:
    """Server-sent events: all there is, then each change as it comes."""

    def __init__(self, network: Network, is_over: Callable[[], bool]) -> None:
        self._network, self._is_over = network, is_over

    async def events(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            self._lines(), headers=headers, media_type="text/event-stream"
        )

    async def _lines(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        changes: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        def watch(change: dict[str, Any]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(changes.put_nowait, change)

        with self._network.lock:
            everything = self._network.as_json()
            stop_watching = self._network.watch(watch)
        try:
            yield _event({"everything": everything})
            silent = 0.0
            while not self._is_over():
                try:
                    change = await asyncio.wait_for(changes.get(), LOOK_SECONDS)
                    yield _event(change)
                    silent = 0.0
                except TimeoutError:
                    silent += LOOK_SECONDS
                    if silent >= BEAT_SECONDS:
                        yield ":\n\n"
                        silent = 0.0
        finally:
            stop_watching()


def _event(change: dict[str, Any]) -> str:
    return f"data: {json.dumps(change, separators=(',', ':'))}\n\n"
