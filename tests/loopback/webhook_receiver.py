"""A webhook on this machine: checks the signature of what is posted, and keeps it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Body = dict[str, Any]
PATIENCE_SECONDS = 60.0


def updates_of(body: Body) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each update of a POST, with the kind of it: messages, statuses..."""
    for entry in body["entry"]:
        for change in entry["changes"]:
            for kind in ("messages", "statuses", "user_preferences"):
                for update in change["value"].get(kind, []):
                    yield kind, update


class WebhookReceiver:
    """answer: called with each body whose signature is right; the status to answer with.
    A POST with another signature is answered 401 and is not kept."""

    def __init__(self, secret: str, answer: Callable[[Body], int] = lambda body: 200):
        self.bodies: list[Body] = []
        self.changed = threading.Condition()
        self._secret, self._answer = secret.encode(), answer
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/webhook"

    def __enter__(self) -> WebhookReceiver:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def take(self, raw: bytes, signature: str) -> int:
        digest = hmac.new(self._secret, raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, f"sha256={digest}"):
            return 401
        body = json.loads(raw)
        status = self._answer(body)
        with self.changed:
            self.bodies.append(body)
            self.changed.notify_all()
        return status

    def updates(self, kind: str) -> list[Mapping[str, Any]]:
        with self.changed:
            return [
                update
                for body in self.bodies
                for name, update in updates_of(body)
                if name == kind
            ]

    def wait_for(self, is_so: Callable[[], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(is_so, PATIENCE_SECONDS)


def _handler(receiver: WebhookReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            """Meta's challenge; the verify token is the last part of the path."""
            url = urlsplit(self.path)
            asked = dict(parse_qsl(url.query))
            is_known = asked.get("hub.verify_token") == url.path.split("/")[-1]
            body = asked.get("hub.challenge", "").encode()
            self.send_response(200 if is_known else 403)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take(raw, self.headers.get("x-hub-signature-256", ""))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    return Handler
