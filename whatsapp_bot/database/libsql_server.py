"""libSQL (Turso) over HTTP.

The protocol is Hrana over HTTP, version 2: `POST /v2/pipeline` with a batch whose steps
run only while all before them went well, so it is one transaction
(github.com/tursodatabase/libsql, docs/HTTP_V2_SPEC.md and HRANA_2_SPEC.md).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from whatsapp_bot.database.libsql import SCHEMES, Rows, Statement, Value
from whatsapp_bot.errors import (
    ConfigError,
    DatabaseDenied,
    DatabaseError,
    DatabaseUnavailable,
)

TIMEOUT_SECONDS = 30.0
MESSAGE_LENGTH = 300  # characters of a server's words that are passed on


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
