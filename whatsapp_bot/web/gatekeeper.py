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
# Meta brings up to 3 MB (webhook providers measured it), and signs instead of a token.
WEBHOOK_PATH = "/webhook"
MAX_WEBHOOK_BYTES = 3 * 1024 * 1024


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
    machine; a web page that had its own name point here is refused. webhook_is_signed:
    the webhook's own guard stands behind this one; else, it too is for this machine
    only."""

    def __init__(
        self, app: ASGIApp, token: str | None, *, webhook_is_signed: bool = False
    ) -> None:
        self._app = app
        self._digest = _digest(token.encode()) if token else None
        self._webhook_is_signed = webhook_is_signed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal:
            await refusal(scope, receive, send)
        else:
            await self._app(scope, _limited(receive, _most_bytes(scope)), send)

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        is_webhook = scope["path"] == WEBHOOK_PATH
        has_guard = self._webhook_is_signed if is_webhook else self._digest is not None
        if not has_guard and not is_loopback(URL(scope=scope).hostname or ""):
            missing = "WHATSAPP_APP_SECRET" if is_webhook else "ADMIN_TOKEN"
            return _refuse(403, f"without {missing}, ask for 127.0.0.1 or localhost")
        is_open = is_webhook or scope["path"] in OPEN_PATHS
        if not is_open and not self._is_known(headers):
            return _refuse(
                401,
                "send `Authorization: Bearer` with the value of ADMIN_TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        if _content_length(headers) > _most_bytes(scope):
            return _refuse(413, _too_large(_most_bytes(scope)))
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


def _most_bytes(scope: Scope) -> int:
    return MAX_WEBHOOK_BYTES if scope["path"] == WEBHOOK_PATH else MAX_BODY_BYTES


def _too_large(most_bytes: int) -> str:
    return f"the body is larger than {most_bytes // 1024} kB"


def _limited(receive: Receive, most_bytes: int) -> Receive:
    """For bodies that come in chunks and do not say how many."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise HTTPException(413, _too_large(most_bytes))
        return message

    return receive_some
