"""Who may ask, and how much may be sent: before anything of a request is read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import math
import re

from starlette.datastructures import URL, Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
# Probes and the page that says how to ask need no token; whatever else there is does.
OPEN_PATHS = {"/healthz", "/readyz", "/docs", "/openapi.json"}
SIMULATOR_PATH = "/simulator"
# The fake of Meta's API asks for the token of WhatsApp.
SIMULATED_GRAPH = re.compile(SIMULATOR_PATH + r"/v\d")
# Meta brings up to 3 MB (webhook providers measured it), and signs instead of a token.
WEBHOOK_PATH = "/webhook"
MAX_WEBHOOK_BYTES = 3 * 1024 * 1024


WAYS = {"bearer": "Bearer", "basic": 'Basic realm="simulator", charset="UTF-8"'}


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
        path = str(scope["path"])
        is_webhook = path == WEBHOOK_PATH
        has_guard = self._webhook_is_signed if is_webhook else self._digest is not None
        if not has_guard and not is_loopback(URL(scope=scope).hostname or ""):
            missing = "WHATSAPP_APP_SECRET" if is_webhook else "ADMIN_TOKEN"
            return _refuse(403, f"without {missing}, ask for 127.0.0.1 or localhost")
        is_open = is_webhook or path in OPEN_PATHS or SIMULATED_GRAPH.match(path)
        # Browsers ask for a name and a password by themselves; so the page has no form.
        scheme = "basic" if path.startswith(SIMULATOR_PATH) else "bearer"
        if not is_open and not self._is_known(headers, scheme):
            return _refuse(
                401,
                "send `Authorization: Bearer` with the value of ADMIN_TOKEN",
                {"WWW-Authenticate": WAYS[scheme]},
            )
        if _content_length(headers) > _most_bytes(scope):
            return _refuse(413, _too_large(_most_bytes(scope)))
        return None

    def _is_known(self, headers: Headers, asked: str) -> bool:
        """asked: the scheme that is taken besides bearer."""
        if self._digest is None:
            return True
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        secret = token.strip(" \t").encode("latin-1")
        if scheme.lower() == "basic":
            secret = _password(secret)
        # Of digests, all of one length: not even the token's length can be measured.
        is_same = hmac.compare_digest(_digest(secret), self._digest)
        return is_same and scheme.lower() in ("bearer", asked)


def _password(credentials: bytes) -> bytes:
    """Of HTTP's basic scheme; empty for what is none."""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


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
