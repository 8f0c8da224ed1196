"""The files and batches of the loopback service; a batch ends when the test says so."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import faults as f
from tests.loopback.answers import write_answer
from tests.loopback.faults import Fault
from tests.loopback.text_vectors import Floats, embed_texts

MAX_TEXTS = 50_000
Refusals = Mapping[str, tuple[int, str]]  # by text: status and code


class Batches:
    """script: how the next requests are answered, one each. A refusal does nothing; a
    connection that is cut was obeyed before.

    texts: how often each text was handed in. texts_billed, tokens_billed: of answers.
    """

    def __init__(self, dimensions: int) -> None:
        self.script: deque[Fault] = deque()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.calls: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()
        self.texts_billed: Counter[str] = Counter()
        self.tokens_billed = 0
        self.max_texts = MAX_TEXTS
        self._dimensions = dimensions
        self._ids = itertools.count(1)
        self._lock = threading.RLock()

    # --- what a test says

    def complete(
        self,
        *,
        refusals: Refusals | None = None,
        missing: Collection[str] = (),
        reverse: bool = False,
        edit: Callable[[str, Floats], Floats] | None = None,
    ) -> None:
        """End every open batch well: missing texts are in neither file."""
        self._end("completed", refusals or {}, missing, None, reverse, edit)

    def expire(self, *, unanswered: Collection[str], listed: bool = True) -> None:
        """The day is over; listed: what was not answered has an error line."""
        self._end("expired", {}, unanswered, "batch_expired" if listed else None)

    def cancel_all(self, *, unanswered: Collection[str]) -> None:
        self._end("cancelled", {}, unanswered, "batch_cancelled")

    def fail(self, code: str = "token_limit_exceeded") -> None:
        """The file is not accepted."""
        error = {"code": code, "message": "Enqueued token limit reached", "line": None}
        for batch in self._open():
            batch["errors"] = {"object": "list", "data": [error | {"param": None}]}
            batch["status"] = "failed"

    def _open(self) -> list[dict[str, Any]]:
        with self._lock:
            waiting = ("validating", "in_progress", "finalizing")
            return [b for b in self.batches.values() if b["status"] in waiting]

    def _end(
        self,
        status: str,
        refusals: Refusals,
        missing: Collection[str],
        missing_code: str | None,
        reverse: bool = False,
        edit: Callable[[str, Floats], Floats] | None = None,
    ) -> None:
        for batch in self._open():
            good, bad = [], []
            for line in self.files[batch["input_file_id"]].splitlines():
                request = json.loads(line)
                (text,) = request["body"]["input"]
                if text in missing:
                    if missing_code:
                        bad.append(_unanswered(request["custom_id"], missing_code))
                elif text in refusals:
                    bad.append(_refused(request["custom_id"], *refusals[text]))
                else:
                    good.append(self._answered(request, text, edit))
            if reverse:
                good.reverse()
            batch["output_file_id"] = self._keep(good)
            batch["error_file_id"] = self._keep(bad)
            batch["status"] = status

    def _keep(self, lines: list[bytes]) -> str | None:
        if not lines:
            return None
        name = f"file-{next(self._ids)}"
        self.files[name] = b"\n".join(lines) + b"\n"
        return name

    def _answered(
        self,
        request: dict[str, Any],
        text: str,
        edit: Callable[[str, Floats], Floats] | None,
    ) -> bytes:
        body = request["body"]
        vector = embed_texts([text], body.get("dimensions", self._dimensions))[0]
        if edit:
            vector = edit(text, vector)
        tokens = f.count_tokens(text)
        self.texts_billed[text] += 1
        self.tokens_billed += tokens
        answer = write_answer(
            [(0, vector)], body["encoding_format"], body["model"], tokens
        )
        return _line(request["custom_id"], 200, json.loads(answer))

    # --- what a client asks

    def post(self, path: str, kind: str, raw: bytes) -> Fault:
        parts = urlsplit(path).path.split("/")[2:]
        if parts == ["files"]:
            return self._answer("upload", lambda: self._upload(kind, raw))
        if parts == ["batches"]:
            return self._answer("create", lambda: self._create(json.loads(raw)))
        if len(parts) == 3 and parts[2] == "cancel":
            return self._answer("cancel", lambda: self._cancel(parts[1]))
        return f.raw(f.error_body("Invalid URL"), 404)

    def get(self, path: str) -> Fault:
        url = urlsplit(path)
        parts = url.path.split("/")[2:]
        if parts == ["batches"]:
            query = parse_qs(url.query)
            return self._answer("list", lambda: self._list(query))
        if parts[0] == "batches":
            return self._answer("get", lambda: _found(self.batches.get(parts[1])))
        return self._answer("download", lambda: self._download(parts[1]))

    def _answer(self, call: str, act: Callable[[], Fault]) -> Fault:
        with self._lock:
            self.calls[call] += 1
            scripted = self.script.popleft() if self.script else f.NORMAL
            if scripted.cut:
                answer = act()
                return Fault(body=answer.body, cut=scripted.cut)
            return act() if scripted is f.NORMAL else scripted

    def _upload(self, kind: str, raw: bytes) -> Fault:
        form = email.message_from_bytes(
            b"content-type: " + kind.encode() + b"\r\n\r\n" + raw,
            policy=email.policy.HTTP,
        )
        fields = {
            part.get_param("name", header="content-disposition"): part.get_payload(
                decode=True
            )
            for part in form.iter_parts()  # type: ignore[attr-defined]
        }
        if fields.get("purpose") != b"batch":
            return f.bad_request("Invalid purpose")
        name = f"file-{next(self._ids)}"
        self.files[name] = fields["file"]
        return _found({"id": name, "object": "file", "bytes": len(fields["file"])})

    def _create(self, asked: dict[str, Any]) -> Fault:
        if asked["endpoint"] != "/v1/embeddings" or asked["completion_window"] != "24h":
            return f.bad_request("Invalid endpoint or window")
        requests = [
            json.loads(x) for x in self.files[asked["input_file_id"]].split(b"\n") if x
        ]
        assert all(r["url"] == "/v1/embeddings" for r in requests)
        assert len({r["custom_id"] for r in requests}) == len(requests)
        texts = [text for r in requests for text in r["body"]["input"]]
        self.texts.update(texts)
        batch = {
            "id": f"batch_{next(self._ids)}",
            "object": "batch",
            "created_at": int(time.time()),
            "status": "validating" if len(texts) <= self.max_texts else "failed",
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            **asked,
        }
        self.batches[batch["id"]] = batch
        return _found(batch)

    def _cancel(self, name: str) -> Fault:
        batch = self.batches.get(name)
        if batch:
            batch["status"] = "cancelled"
        return _found(batch)

    def _list(self, query: dict[str, list[str]]) -> Fault:
        newest = list(reversed(self.batches.values()))
        if after := query.get("after"):
            names = [batch["id"] for batch in newest]
            newest = newest[names.index(after[0]) + 1 :]
        limit = int(query.get("limit", ["20"])[0])
        page = newest[:limit]
        return _found({"object": "list", "data": page, "has_more": len(newest) > limit})

    def _download(self, name: str) -> Fault:
        content = self.files.get(name)
        return _found(None) if content is None else f.raw(content, 200)


def _found(what: dict[str, Any] | None) -> Fault:
    if what is None:
        return f.raw(f.error_body("No such object"), 404)
    return Fault(body=json.dumps(what).encode())


def _refused(custom_id: str, status: int, code: str) -> bytes:
    error = {"message": "No.", "type": "invalid_request_error", "code": code}
    return _line(custom_id, status, {"error": error | {"param": None}})


def _unanswered(custom_id: str, code: str) -> bytes:
    error = {"code": code, "message": "This request was not executed."}
    return _written({"custom_id": custom_id, "response": None, "error": error})


def _line(custom_id: str, status: int, body: dict[str, Any]) -> bytes:
    response = {"status_code": status, "request_id": "req_loopback", "body": body}
    return _written({"custom_id": custom_id, "response": response, "error": None})


def _written(line: dict[str, Any]) -> bytes:
    return json.dumps({"id": "batch_req_loopback", **line}).encode()
