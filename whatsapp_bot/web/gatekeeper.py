"""Who may ask, and how much may be sent: before anything of a request is read."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math

from starlette.datastructures import URL, Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
# Probes and the page that says how to ask need no token; whatever else there is does.
OPEN_PATHS = {"/healthz", "/readyz", "/docs", "/openapi.json"}
TOO_LARGE = f"the body is larger than {MAX_BODY_BYTES // 1024} kB"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Gatekeeper:
    """token None: there is no asking for it, but the request must be meant for this
    machine; a web page that had its own name point here is refused."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._digest = _digest(token.encode()) if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal:
            await refusal(scope, receive, send)
        else:
            await self._app(scope, _limited(receive), send)

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        if self._digest is None and not is_loopback(URL(scope=scope).hostname or ""):
            return _refuse(403, "without ADMIN_TOKEN, ask for 127.0.0.1 or localhost")
        if scope["path"] not in OPEN_PATHS and not self._is_known(headers):
            return _refuse(
                401,
                "send `Authorization: Bearer` with the value of ADMIN_TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        if _content_length(headers) > MAX_BODY_BYTES:
            return _refuse(413, TOO_LARGE)
        return None

    def _is_known(self, headers: Headers) -> bool:
        if self._digest is None:
            return True
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        # Of digests, all of one length: not even the token's length can be measured.
        is_same = hmac.compare_digest(
            _digest(token.strip(" \t").encode("latin-1")), self._digest
        )
        return is_same and scheme.lower() == "bearer"


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _refuse(
    status: int, error: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": error}, status, headers)


def _content_length(headers: Headers) -> float:
    """0 where it is not said; the server itself refuses what is no number."""
    value = headers.get("content-length", "0")
    return float(value) if value.isdecimal() else math.inf


def _limited(receive: Receive) -> Receive:
    """For bodies that come in chunks and do not say how many."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413, TOO_LARGE)
        return message

    return receive_some
