"""SQLite in a file, and libSQL (Turso) over HTTP: statements in, rows out.

The server's protocol is Hrana over HTTP, version 2: `POST /v2/pipeline` with a batch
whose steps run only while all before them went well, so it is one transaction
(github.com/tursodatabase/libsql, docs/HTTP_V2_SPEC.md and HRANA_2_SPEC.md).
"""

from __future__ import annotations

import base64
import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2

from whatsapp_bot.errors import (
    ConfigError,
    DatabaseDenied,
    DatabaseError,
    DatabaseUnavailable,
)

Value = None | int | float | str | bytes
Statement = tuple[str, tuple[Value, ...]]
Rows = list[tuple[Value, ...]]

TIMEOUT_SECONDS = 30.0
BUSY_SECONDS = 30.0  # for another process that writes to the file
SCHEMES = ("libsql", "https", "http")
MESSAGE_LENGTH = 300  # characters of a server's words that are passed on


class Libsql(Protocol):
    """Safe to share among threads."""

    def run(self, statements: Sequence[Statement]) -> list[Rows]:
        """All of them in one transaction; the rows of each.

        Raises DatabaseUnavailable (the same call may work later), DatabaseDenied or
        DatabaseError.
        """
        ...

    def close(self) -> None: ...


def is_server(place: str) -> bool:
    return place.partition("://")[0] in SCHEMES and "://" in place


class SqliteFile:
    """See Libsql."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """A file that is not there is made, unless read_only. Raises DatabaseError."""
        mode = "ro" if read_only else "rwc"
        with _translated(path):
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        self._path = path
        self._lock = threading.Lock()

    def run(self, statements: Sequence[Statement]) -> list[Rows]:
        with self._lock, _translated(self._path):
            self._connection.execute("BEGIN")
            try:
                results = [
                    self._connection.execute(sql, values).fetchall()
                    for sql, values in statements
                ]
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        return results

    def stream(self, sql: str) -> Iterator[dict[str, Value]]:
        """The rows one by one, by column."""
        with _translated(self._path):
            cursor = self._connection.execute(sql)
            if cursor.description is None:
                raise DatabaseError(f"{self._path}: the query gives no rows")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc) or "busy" in str(exc):
            raise DatabaseUnavailable(f"{path}: {exc}") from exc
        raise DatabaseError(f"{path}: {exc}") from exc
    except sqlite3.Error as exc:
        raise DatabaseError(f"{path}: {exc}") from exc


class LibsqlServer:
    """See Libsql. Each call is a stream of its own, so a lost connection leaves nothing
    open; what was sent may have been done all the same."""

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigError(
                "the database's URL must look like libsql://NAME.turso.io"
            )
        scheme = "https" if parts.scheme == "libsql" else parts.scheme
        self._url = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/v2/pipeline"
        self._place = parts.hostname
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.Client(headers=headers, timeout=TIMEOUT_SECONDS)

    def run(self, statements: Sequence[Statement]) -> list[Rows]:
        steps = _as_transaction(statements)
        batch = {"type": "batch", "batch": {"steps": steps}}
        body = {"baton": None, "requests": [batch, {"type": "close"}]}
        return self._read(self._post(body), len(statements))

    def close(self) -> None:
        self._client.close()

    def _post(self, body: dict[str, Any]) -> Any:
        try:
            response = self._client.post(self._url, json=body)
            if response.is_success:
                return response.json()
        except httpx2.HTTPError as exc:
            cause = type(exc).__name__
            raise DatabaseUnavailable(
                f"{self._place} cannot be reached: {cause}"
            ) from exc
        except ValueError as exc:
            raise DatabaseUnavailable(f"{self._place}'s answer is not JSON") from exc
        status = response.status_code
        words = f"{self._place} answers HTTP {status}: {response.text[:MESSAGE_LENGTH]}"
        if status in (401, 403):
            raise DatabaseDenied(f"{words}; check the token and the URL")
        if status == 429 or status >= 500:
            raise DatabaseUnavailable(words)
        raise DatabaseError(words)

    def _read(self, body: Any, count: int) -> list[Rows]:
        """Of BEGIN, the statements, COMMIT and ROLLBACK, the statements' rows."""
        try:
            answer = body["results"][0]
            if answer["type"] == "error":
                raise self._error(answer["error"])
            result = answer["response"]["result"]
            for error in result["step_errors"]:
                if error:
                    raise self._error(error)
            steps = result["step_results"]
            if steps[count + 1] is None:
                raise DatabaseUnavailable(f"{self._place} did not commit")
            return [
                [tuple(map(_decode, row)) for row in steps[1 + i]["rows"]]
                for i in range(count)
            ]
        except (KeyError, IndexError, TypeError, ValueError) as exc:
            raise DatabaseUnavailable(
                f"{self._place}'s answer is not one of the protocol"
            ) from exc

    def _error(self, error: dict[str, Any]) -> DatabaseError:
        words = f"{self._place}: {error.get('message', '')}"[:MESSAGE_LENGTH]
        is_passing = "BUSY" in str(error.get("code")) or "EXPIRED" in str(
            error.get("code")
        )
        return DatabaseUnavailable(words) if is_passing else DatabaseError(words)


def _as_transaction(statements: Sequence[Statement]) -> list[dict[str, Any]]:
    """Each step only if the one before went well; ROLLBACK if the last, COMMIT, did
    not."""
    whole: list[Statement] = [("BEGIN", ()), *statements, ("COMMIT", ())]
    steps: list[dict[str, Any]] = []
    for i, (sql, values) in enumerate(whole):
        step: dict[str, Any] = {
            "stmt": {"sql": sql, "args": [_encode(value) for value in values]}
        }
        if i:
            step["condition"] = {"type": "ok", "step": i - 1}
        steps.append(step)
    committed = {"type": "ok", "step": len(steps) - 1}
    undo = {
        "stmt": {"sql": "ROLLBACK"},
        "condition": {"type": "not", "cond": committed},
    }
    return [*steps, undo]


def _encode(value: Value) -> dict[str, Any]:
    if value is None:
        return {"type": "null"}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}  # JSON's numbers end at 2**53
    if isinstance(value, float):
        return {"type": "float", "value": value}
    if isinstance(value, bytes):
        return {"type": "blob", "base64": base64.b64encode(value).decode()}
    return {"type": "text", "value": value}


def _decode(value: dict[str, Any]) -> Value:
    kind = value["type"]
    if kind == "null":
        return None
    if kind == "integer":
        return int(value["value"])
    if kind == "float":
        return float(value["value"])
    if kind == "blob":
        text = value["base64"]
        return base64.b64decode(
            text + "=" * (-len(text) % 4)
        )  # padding may be left out
    return str(value["value"])
