"""What the same provider and the same database could do with no logic between.

Texts are read beforehand; then each of some threads sends one request after the other
(http.client, base64), decodes the answer with numpy and stores it by binary COPY into
a temporary table, one UPDATE and one INSERT. No claims, no checks, no ledger, no
retries. With --server-only answers are read and thrown away.

Started by benchmarks.engine on its scratch database; alone, it has nothing to work on.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from benchmarks import scratch
from whatsapp_bot.bootstrap import App, open_app
from whatsapp_bot.config import Settings
from whatsapp_bot.database.binary_copy import END, HEADER
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.database.queries import query
from whatsapp_bot.embeddings.embedding_text import template_named

EXAMPLES = """examples:
  python -m benchmarks.engine     (which starts this with a database to work on)
"""
READ_AT_ONCE = 5_000
HASH_BYTES = 32
READ_DUE = """
    SELECT job_id AS id, revision FROM job_embeddings
     WHERE model = %s AND due_at IS NOT NULL
     ORDER BY fresh_on DESC, job_id DESC LIMIT %s"""
STORE = """
    UPDATE job_embeddings e
       SET due_at = NULL, text_hash = i.text_hash, embedded_at = now(), checked_at = now()
      FROM incoming i WHERE e.job_id = i.id AND e.model = %(model)s;
    INSERT INTO job_vectors (job_id, model, embedding)
    SELECT id, %(model)s, embedding FROM incoming"""


@dataclass(frozen=True)
class Text:
    id: int
    revision: int
    text: str
    text_hash: bytes


def main(argv: list[str] | None = None) -> int:
    parser = scratch.parser(__doc__, EXAMPLES)
    parser.add_argument("--rows", type=int, default=100_000, help="at most so many")
    parser.add_argument("--batch", type=int, default=256, help="texts per request")
    parser.add_argument("--in-flight", type=int, default=4, help="requests")
    parser.add_argument("--server-only", action="store_true", help="store nothing")
    options = parser.parse_args(argv)
    return scratch.guarded(
        lambda: _run(
            options.rows, options.batch, options.in_flight, options.server_only
        )
    )


def _run(rows: int, batch: int, in_flight: int, is_server_only: bool) -> None:
    settings = Settings.from_env()
    with open_app(settings) as app:
        texts = list(_read_texts(app, rows))
        batches = [texts[i : i + batch] for i in range(0, len(texts), batch)]
        work = _Work(app, batches, is_server_only)
        start = time.monotonic()
        _run_threads(work.run, in_flight)
        seconds = time.monotonic() - start
        if work.error:
            raise work.error
        characters = sum(len(text.text) for text in texts) / len(texts)
        distinct = len({text.text for text in texts})
        print(f"{len(texts)} {seconds:.4f} {characters:.1f} {distinct}")


def _read_texts(app: App, rows: int) -> Iterator[Text]:
    template = template_named(app.settings.embedding_template)
    store = app.store("job")
    with app.database.transaction() as cursor:
        cursor.raw.execute(READ_DUE, (app.live_model.name, rows))
        due = [(row["id"], row["revision"]) for row in cursor.raw.fetchall()]
    for i in range(0, len(due), READ_AT_ONCE):
        part = due[i : i + READ_AT_ONCE]
        things = store.read_things([thing_id for thing_id, _ in part])
        for thing_id, revision in part:
            text = template.text("job", things[thing_id])
            yield Text(thing_id, revision, text, template.text_hash(text))


def _run_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Work:
    """What the threads share: each takes the next batch until none is left."""

    def __init__(
        self, app: App, batches: list[list[Text]], is_server_only: bool
    ) -> None:
        self.error: Exception | None = None
        self._app = app
        self._batches = iter(batches)
        self._is_server_only = is_server_only
        self._lock = threading.Lock()

    def run(self) -> None:
        base_url = urlsplit(self._app.live_model.base_url or "")
        connection = http.client.HTTPConnection(base_url.hostname or "", base_url.port)
        try:
            while not self.error and (texts := self._next()):
                content = self._ask(connection, base_url.path, texts)
                if not self._is_server_only:
                    self._store(texts, content)
        except Exception as error:  # noqa: BLE001 - raised again by _run
            self.error = error
        finally:
            connection.close()

    def _next(self) -> list[Text] | None:
        with self._lock:
            return next(self._batches, None)

    def _ask(
        self, connection: http.client.HTTPConnection, path: str, texts: list[Text]
    ) -> bytes:
        model = self._app.live_model
        body = {
            "input": [text.text for text in texts],
            "model": model.api_model,
            "dimensions": model.dimensions,
            "encoding_format": "base64",
        }
        headers = {"content-type": "application/json"}
        connection.request("POST", path + "/embeddings", json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise ValueError(f"the server answered {answer.status}")
        return content

    def _store(self, texts: list[Text], content: bytes) -> None:
        vectors = _decode(content)
        order = sorted(range(len(texts)), key=lambda i: texts[i].id)
        data = _binary_copy([texts[i] for i in order], vectors[order])
        with self._app.database.transaction() as cursor:
            _store(cursor, data, self._app.live_model.name)


def _store(cursor: Cursor, data: bytes, model: str) -> None:
    cursor.run("create_incoming_vectors")
    cursor.raw.copy_expert(query("copy_incoming_vectors"), io.BytesIO(data))
    cursor.raw.execute(STORE, {"model": model})


def _decode(content: bytes) -> npt.NDArray[np.float32]:
    items = json.loads(content)["data"]
    packed = b"".join(base64.b64decode(item["embedding"]) for item in items)
    return np.frombuffer(packed, dtype="<f4").reshape(len(items), -1)


def _binary_copy(texts: list[Text], vectors: npt.NDArray[np.float32]) -> bytes:
    """All rows at once: COPY's binary rows are an array of one structure."""
    dimensions = vectors.shape[1]
    fields = [
        ("columns", ">i2"), ("id_bytes", ">i4"), ("id", ">i8"),
        ("revision_bytes", ">i4"), ("revision", ">i8"),
        ("hash_bytes", ">i4"), ("hash", f"V{HASH_BYTES}"),
        ("vector_bytes", ">i4"), ("dimensions", ">i2"), ("unused", ">i2"),
        ("vector", ">f2", dimensions),
    ]  # fmt: skip
    rows = np.zeros(len(texts), dtype=fields)
    rows["columns"], rows["id_bytes"], rows["revision_bytes"] = 4, 8, 8
    rows["hash_bytes"], rows["vector_bytes"] = HASH_BYTES, 4 + 2 * dimensions
    rows["id"] = [text.id for text in texts]
    rows["revision"] = [text.revision for text in texts]
    hashes = b"".join(text.text_hash for text in texts)
    rows["hash"] = np.frombuffer(hashes, dtype=f"V{HASH_BYTES}")
    rows["dimensions"], rows["vector"] = dimensions, vectors
    return HEADER + rows.tobytes() + END


if __name__ == "__main__":
    sys.exit(main())
