"""A libSQL server on this machine: Hrana over HTTP, version 2, over a real SQLite.

`with LibsqlServer(path) as server: ... server.url`. Each stream is a connection of its
own, as the protocol has it; the requests of a pipeline are all executed, whatever becomes
of those before.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Trouble:
    """One pipeline is not answered as it should be.

    status, body: sent instead. is_done: it is executed all the same. cut: the connection
    is closed instead.
    """

    status: int = 503
    body: bytes = b"overloaded"
    is_done: bool = False
    cut: bool = False


class LibsqlServer:
    """token: the only one accepted. trouble: one for each of the next pipelines."""

    def __init__(self, path: Path, token: str | None = None) -> None:
        self.path = path
        self.token = token
        self.trouble: deque[Trouble] = deque()
        self.pipelines = 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        self._http.service = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> LibsqlServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def pipeline(self, body: Json) -> Json:
        assert body["baton"] is None, "no stream is kept open"
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=20)
        try:
            results = [_answer(connection, request) for request in body["requests"]]
        finally:
            connection.close()
        return {"baton": None, "base_url": None, "results": results}


def _answer(connection: sqlite3.Connection, request: Json) -> Json:
    kind: Literal["close", "execute", "batch"] = request["type"]
    if kind == "close":
        return {"type": "ok", "response": {"type": "close"}}
    if kind == "execute":
        result, error = _execute(connection, request["stmt"])
        if error:
            return {"type": "error", "error": error}
        return {"type": "ok", "response": {"type": "execute", "result": result}}
    assert kind == "batch"
    return {
        "type": "ok",
        "response": {"type": "batch", "result": _batch(connection, request["batch"])},
    }


def _batch(connection: sqlite3.Connection, batch: Json) -> Json:
    results: list[Json | None] = []
    errors: list[Json | None] = []
    for step in batch["steps"]:
        result, error = None, None
        if _holds(step.get("condition"), results, errors):
            result, error = _execute(connection, step["stmt"])
        results.append(result)
        errors.append(error)
    return {"step_results": results, "step_errors": errors}


def _holds(
    condition: Json | None, results: list[Json | None], errors: list[Json | None]
) -> bool:
    if condition is None:
        return True
    kind = condition["type"]
    if kind == "ok":
        return results[condition["step"]] is not None
    if kind == "error":
        return errors[condition["step"]] is not None
    if kind == "not":
        return not _holds(condition["cond"], results, errors)
    parts = [_holds(part, results, errors) for part in condition["conds"]]
    return all(parts) if kind == "and" else any(parts)


def _execute(
    connection: sqlite3.Connection, stmt: Json
) -> tuple[Json | None, Json | None]:
    values = [_decode(value) for value in stmt.get("args", [])]
    try:
        cursor = connection.execute(stmt["sql"], values)
        rows = cursor.fetchall()
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
        return None, {"message": str(error), "code": code}
    names = [column[0] for column in cursor.description or ()]
    return {
        "cols": [{"name": name} for name in names],
        "rows": [[_encode(value) for value in row] for row in rows],
        "affected_row_count": max(cursor.rowcount, 0),
        "last_insert_rowid": str(cursor.lastrowid or 0),
    }, None


def _decode(value: Json) -> Any:
    kind = value["type"]
    if kind == "null":
        return None
    if kind == "blob":
        return base64.b64decode(value["base64"])
    assert kind != "integer" or isinstance(value["value"], str)
    return int(value["value"]) if kind == "integer" else value["value"]


def _encode(value: Any) -> Json:
    if value is None:
        return {"type": "null"}
    if isinstance(value, bytes):
        # sqld leaves the padding out.
        return {"type": "blob", "base64": base64.b64encode(value).decode().rstrip("=")}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}
    if isinstance(value, float):
        return {"type": "float", "value": value}
    return {"type": "text", "value": value}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        service: LibsqlServer = self.server.service  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers.get("authorization")
        if self.path != "/v2/pipeline":
            self._send(404, b"not found")
            return
        if service.token is not None and key != f"Bearer {service.token}":
            self._send(401, b'{"error":"Unauthorized: the JWT is invalid"}')
            return
        service.pipelines += 1
        trouble = service.trouble.popleft() if service.trouble else None
        if trouble is None or trouble.is_done:
            answer = json.dumps(service.pipeline(body)).encode()
        if trouble is None:
            self._send(200, answer)
        elif trouble.cut:
            self.close_connection = True
        else:
            self._send(trouble.status, trouble.body)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
