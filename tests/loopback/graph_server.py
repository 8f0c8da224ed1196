"""Meta's Graph API on this machine, as far as sending goes: scripted answers and faults."""

from __future__ import annotations

import itertools
import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Payload = dict[str, Any]
Fault = Callable[["_Handler", Payload], None]


def refuse(
    code: int, status: int = 400, subcode: int | None = None, details: str = "no"
) -> Fault:
    error = {
        "message": f"(#{code}) said in other words",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "x",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return lambda handler, payload: handler.answer(status, {"error": error})


def html(status: int) -> Fault:
    return lambda handler, payload: handler.answer(status, "<html>Bad gateway</html>")


def nonsense(handler: _Handler, payload: Payload) -> None:
    handler.answer(200, {"messages": "none"})


def drop(handler: _Handler, payload: Payload) -> None:
    """Close the connection without a word, as if nothing had come."""
    handler.close_connection = True


def drop_after_accept(handler: _Handler, payload: Payload) -> None:
    handler.accept(payload)
    handler.close_connection = True


def hang_after_accept(handler: _Handler, payload: Payload) -> None:
    """Until the server ends: only the client's patience helps."""
    handler.accept(payload)
    handler.graph.is_over.wait()
    handler.close_connection = True


class GraphServer:
    """In a test: `with GraphServer() as graph`. accepted: the payloads, in order."""

    def __init__(self) -> None:
        self.accepted: list[Payload] = []
        self.marks: list[Payload] = []  # of messages as read
        self.wamids: list[str] = []
        self.requests: list[tuple[str, str]] = []  # path, Authorization
        self.faults: deque[Fault] = deque()  # one for each request, the first next
        self.always: Fault | None = None
        self.before: Callable[[Payload], None] = lambda payload: None
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        graph = self

        class Handler(_Handler):
            pass

        Handler.graph = graph
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Half a second, as it is by default, would be added to each test.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def texts(self) -> list[str]:
        """The bodies of what was accepted."""
        return [payload["text"]["body"] for payload in self.accepted]

    def __enter__(self) -> GraphServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    graph: GraphServer

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        graph = self.graph
        if payload.get("status") == "read":
            with graph.lock:
                graph.marks.append(payload)
            self.answer(200, {"success": True})
            return
        with graph.lock:
            graph.requests.append((self.path, self.headers["Authorization"]))
            fault = graph.faults.popleft() if graph.faults else graph.always
        graph.before(payload)
        if fault:
            fault(self, payload)
            return
        wamid = self.accept(payload)
        contact = {"input": payload.get("to") or payload["recipient"]}
        self.answer(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [contact],
                "messages": [{"id": wamid}],
            },
        )

    def accept(self, payload: Payload) -> str:
        with self.graph.lock:
            wamid = f"wamid.out{next(self.graph.numbers)}"
            self.graph.accepted.append(payload)
            self.graph.wamids.append(wamid)
        return wamid

    def answer(self, status: int, body: Payload | str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass
