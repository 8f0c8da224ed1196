"""An embeddings service on this machine that speaks OpenAI's protocol, faults included.

In a test: `with OpenAIServer() as server: ... server.base_url`. As a process of its
own: `python -m tests.loopback.openai_server --port 0 --delay-ms 50`, which prints the
base URL and serves until SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from http.client import responses as phrases
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.loopback import faults as f
from tests.loopback.answers import write_answer
from tests.loopback.batches import Batches
from tests.loopback.chat import Say, check_format, posting_in, well_behaved, write_chat
from tests.loopback.faults import Fault, Faults, Items
from tests.loopback.text_vectors import embed_texts

MAX_TEXTS = 2048
MAX_TOKENS_PER_TEXT = 8192
MAX_TOKENS_PER_REQUEST = 300_000
GATHER_SECONDS = 20.0


@dataclass(frozen=True)
class RequestLimit:
    """At most `requests` in any `seconds`.

    shows_windows: every answer has x-ratelimit headers. shows_wait: a refusal says when
    to come back, in whole seconds and, with shows_windows, in milliseconds too.
    resets_whole: the reset header tells when the window is whole again, as OpenAI's
    does; otherwise when there is room for one more.
    """

    requests: int
    seconds: float
    shows_windows: bool = True
    shows_wait: bool = True
    resets_whole: bool = False


@dataclass(frozen=True)
class Answer:
    """One request, by the server's clock. status 0: the connection was closed."""

    arrived: float
    left: float
    status: int
    texts: int


@dataclass
class Record:
    """What the server saw. Read it when requests are done; the server writes it.

    requests: all that arrived, refused ones too; request_sizes: their texts.
    texts: how often each text arrived.
    inputs_billed, tokens_billed: of answers with vectors, also when the client had
        gone before it got them: a real provider bills those as well.
    statuses: what was answered; 0 for a connection that was closed instead.
    peak_in_flight: most requests at one time.
    answers: in the order in which they left.
    """

    requests: int = 0
    request_sizes: list[int] = dataclass_field(default_factory=list)
    texts: Counter[str] = dataclass_field(default_factory=Counter)
    inputs_billed: int = 0
    tokens_billed: int = 0
    statuses: Counter[int] = dataclass_field(default_factory=Counter)
    in_flight: int = 0
    peak_in_flight: int = 0
    answers: list[Answer] = dataclass_field(default_factory=list)
    last_headers: dict[str, str] = dataclass_field(default_factory=dict)
    last_body: dict[str, Any] = dataclass_field(default_factory=dict)


class OpenAIServer:
    """The service. `faults`, `delay`, `key`, `models`, `limit`, `gather` and
    `count_tokens` may change at any time.

    gather: so many requests are held until they are here at one time, at most
        GATHER_SECONDS; that clients work side by side is then no matter of luck.
    key: the only one accepted; None accepts any, and none.
    models: the only ones known; None knows any.
    count_tokens: what a text is billed.
    say: what a chat model answers about a posting.
    keep_texts: False for benchmarks, where the record would grow without end.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        dimensions: int = 1536,
        delay: float = 0.0,
        key: str | None = None,
        models: set[str] | None = None,
        limit: RequestLimit | None = None,
        keep_texts: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dimensions = dimensions
        self._settings = (delay, key, models, limit)
        self.faults = Faults()
        self.batches = Batches(dimensions)
        self._restore()
        self.stopping = threading.Event()
        self._keep_texts = keep_texts
        self._clock = clock
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._http = _HTTPServer(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop at once; answers that wait for their delay are dropped."""
        self.stopping.set()
        with self._arrived:
            self._arrived.notify_all()
        self._http.shutdown()
        self._http.drop_connections()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> OpenAIServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def reset(self) -> None:
        """As it was when it was made: nothing seen, no faults, the first settings."""
        with self._lock:
            self._restore()
        self.faults.clear()
        self.batches = Batches(self.dimensions)

    def _restore(self) -> None:
        self.delay, self.key, self.models, self.limit = self._settings
        self.headers: dict[str, str] = {}  # added to every answer
        self.gather = 0
        self.count_tokens: Callable[[str], int] = f.count_tokens
        self.say: Say = well_behaved
        self.record = Record()
        self._recent: deque[float] = deque()

    @contextmanager
    def arrival(
        self, body: dict[str, Any], texts: list[str], headers: Mapping[str, str]
    ) -> Iterator[float]:
        with self._lock:
            record = self.record
            arrived = self._clock()
            record.requests += 1
            if self._keep_texts:
                record.request_sizes.append(len(texts))
                record.texts.update(texts)
                record.last_body = body
                record.last_headers = {k.lower(): v for k, v in headers.items()}
            record.in_flight += 1
            record.peak_in_flight = max(record.peak_in_flight, record.in_flight)
            self._arrived.notify_all()
            self._arrived.wait_for(
                lambda: self.stopping.is_set() or record.peak_in_flight >= self.gather,
                GATHER_SECONDS,
            )
        try:
            yield arrived
        finally:
            with self._lock:
                record.in_flight -= 1

    def departure(
        self, arrived: float, status: int, texts: int, inputs: int, tokens: int
    ) -> None:
        with self._lock:
            if self._keep_texts:
                answer = Answer(arrived, self._clock(), status, texts)
                self.record.answers.append(answer)
            self.record.statuses[status] += 1
            self.record.inputs_billed += inputs
            self.record.tokens_billed += tokens

    def figures(self) -> dict[str, int]:
        with self._lock:
            return {
                "requests": self.record.requests,
                "inputs_billed": self.record.inputs_billed,
                "tokens_billed": self.record.tokens_billed,
                "peak_in_flight": self.record.peak_in_flight,
            }

    def check(self, body: dict[str, Any], texts: list[str], key: str) -> Fault | None:
        """The refusal a real service would give, in the order it looks."""
        if self.key is not None and key != f"Bearer {self.key}":
            return f.bad_key()
        model = str(body.get("model"))
        if self.models is not None and model not in self.models:
            return f.model_not_found(model)
        return _check_texts(texts)

    def take_from_limit(self) -> tuple[Fault | None, dict[str, str]]:
        """A refusal when the limit is reached, and the headers that tell about it."""
        limit = self.limit
        if limit is None:
            return None, {}
        with self._lock:
            now = self._clock()
            while self._recent and self._recent[0] <= now - limit.seconds:
                self._recent.popleft()
            is_reached = len(self._recent) >= limit.requests
            if not is_reached:
                self._recent.append(now)
            oldest = self._recent[0] if self._recent else now
            wait = max(oldest + limit.seconds - now, 0.001)
            newest = self._recent[-1] if self._recent else now
            reset = newest + limit.seconds - now if limit.resets_whole else wait
            headers = {
                "x-ratelimit-limit-requests": str(limit.requests),
                "x-ratelimit-remaining-requests": str(
                    limit.requests - len(self._recent)
                ),
                "x-ratelimit-reset-requests": f"{math.ceil(reset * 1000)}ms",
            }
        headers = headers if limit.shows_windows else {}
        if not is_reached:
            return None, headers
        if not limit.shows_wait:
            return f.rate_limited(), headers
        milliseconds = math.ceil(wait * 1000) if limit.shows_windows else None
        return f.rate_limited(math.ceil(wait), milliseconds), headers


def _check_texts(texts: list[str]) -> Fault | None:
    if not texts or "" in texts:
        return f.bad_request()
    if len(texts) > MAX_TEXTS:
        return f.bad_request(
            "Invalid 'input': array too long. Expected an array with maximum length "
            f"{MAX_TEXTS}, but got an array with length {len(texts)} instead.",
            code="array_above_max_length",
            param="input",
        )
    tokens = [f.count_tokens(text) for text in texts]
    if max(tokens) > MAX_TOKENS_PER_TEXT:
        return f.bad_request(
            f"This model's maximum context length is {MAX_TOKENS_PER_TEXT} tokens, "
            f"however you requested {max(tokens)} tokens ({max(tokens)} in your prompt; "
            "0 for the completion). Please reduce your prompt; or completion length."
        )
    if sum(tokens) > MAX_TOKENS_PER_REQUEST:
        message = (
            f"Requested {sum(tokens)} tokens, max {MAX_TOKENS_PER_REQUEST} tokens "
            "per request"
        )
        kind = "max_tokens_per_request"
        return Fault(status=400, body=f.error_body(message, kind=kind, code=kind))
    return None


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: OpenAIServer) -> None:
        self.service = service
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        with self._connections_lock:
            for connection in self._connections:
                # Wakes the thread that reads it; that thread closes it. Closed
                # already: nothing is left to wake.
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away is what several tests are about.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _HTTPServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 256 * 1024

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: texts never reach a log."""

    def do_GET(self) -> None:
        """/stats, for whoever started the server as a process of its own."""
        if self._is_about_batches():
            self._send(self.server.service.batches.get(self.path), b"")
            return
        self._send(Fault(body=json.dumps(self.server.service.figures()).encode()), b"")

    def do_POST(self) -> None:
        service = self.server.service
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self._is_about_batches():
            kind = self.headers.get("content-type", "")
            self._send(service.batches.post(self.path, kind, raw), b"")
            return
        if self.path.endswith("/chat/completions"):
            self._answer_chat(service, json.loads(raw))
            return
        # An absolute path is what a proxy gets: so a client's base URL may name a host.
        if not self.path.endswith("/embeddings"):
            self._send(f.raw(f.error_body(f"Invalid URL (POST {self.path})"), 404), b"")
            return
        body = json.loads(raw)
        given = body.get("input")
        texts = [given] if isinstance(given, str) else list(given or [])
        with service.arrival(body, texts, dict(self.headers)) as arrived:
            self._answer(service, body, texts, arrived)

    def _answer_chat(self, service: OpenAIServer, body: dict[str, Any]) -> None:
        texts = [json.dumps(posting_in(body), ensure_ascii=False)]
        with service.arrival(body, texts, dict(self.headers)) as arrived:
            key = self.headers.get("authorization", "")
            fault = service.faults.take(texts) or check_format(body)
            fault = fault or service.check(body, texts, key) or f.NORMAL
            answer, tokens = b"", 0
            is_answered = fault.body is None and fault.cut != "before"
            if is_answered:
                said = fault.says or service.say(posting_in(body))
                answer, tokens = write_chat(said, body, fault.finish, fault.refusal)
            if service.stopping.wait(service.delay + fault.delay):
                self.close_connection = True
                return
            status = 0 if fault.cut == "before" else fault.status
            service.departure(arrived, status, 1, int(is_answered), tokens)
            self._send(fault, answer, service.headers)

    def _is_about_batches(self) -> bool:
        return self.path.startswith(("/v1/files", "/v1/batches"))

    def _answer(
        self,
        service: OpenAIServer,
        body: dict[str, Any],
        texts: list[str],
        arrived: float,
    ) -> None:
        fault = service.faults.take(texts)
        headers: dict[str, str] = {}
        if fault is None:
            fault, headers = service.take_from_limit()
        key = self.headers.get("authorization", "")
        fault = fault or service.check(body, texts, key) or f.NORMAL
        answer, tokens = b"", 0
        has_vectors = fault.body is None and fault.cut != "before"
        if has_vectors:
            answer, tokens = self._vectors(service, body, texts, fault)
        status = 0 if fault.cut == "before" else fault.status
        if service.stopping.wait(service.delay + fault.delay):
            self.close_connection = True
            return
        # Before sending: a test looks as soon as it has the answer.
        billed = len(texts) if has_vectors else 0
        service.departure(arrived, status, len(texts), billed, tokens)
        self._send(fault, answer, {**service.headers, **headers})

    def _vectors(
        self,
        service: OpenAIServer,
        body: dict[str, Any],
        texts: list[str],
        fault: Fault,
    ) -> tuple[bytes, int]:
        dimensions = int(body.get("dimensions") or service.dimensions)
        items: Items = list(enumerate(embed_texts(texts, dimensions)))
        if fault.edit:
            items = fault.edit(items)
        tokens = sum(map(service.count_tokens, texts))
        encoding = fault.encoding or body.get("encoding_format") or "float"
        return write_answer(items, encoding, str(body.get("model")), tokens), tokens

    def _send(
        self, fault: Fault, answer: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        if fault.cut == "before":
            self.close_connection = True
            return
        body = answer if fault.body is None else fault.body
        head = self._head(fault, len(body), headers or {})
        if fault.cut == "halfway":
            self.close_connection = True
            body = body[: len(body) // 2]
        if fault.drip:
            self._drip(head, body, fault.drip)
            return
        self.wfile.write(head + body)

    def _head(self, fault: Fault, length: int, headers: Mapping[str, str]) -> bytes:
        lines = [
            f"HTTP/1.1 {fault.status} {phrases.get(fault.status, 'Unknown')}",
            f"content-type: {fault.content_type}",
            f"content-length: {length}",
            "x-request-id: req_loopback",
            *(f"{k}: {v}" for k, v in {**headers, **fault.headers}.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _drip(self, head: bytes, body: bytes, seconds: float) -> None:
        self.wfile.write(head)
        for byte in body:
            if self.server.service.stopping.wait(seconds):
                self.close_connection = True
                return
            self.wfile.write(bytes([byte]))


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    # Blocked before any thread starts, so that only `sigwait` gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    server = OpenAIServer(
        port=options.port,
        dimensions=options.dimensions,
        delay=options.delay_ms / 1000,
        key=options.key,
        limit=options.limit,
        keep_texts=False,
    )
    if options.poison:
        server.faults.poison(lambda text: options.poison in text)
    with server:
        sys.stdout.write(server.base_url + "\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.loopback.openai_server",
        description="Serves POST /v1/embeddings and GET /stats until SIGTERM.",
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="per request")
    parser.add_argument("--dimensions", type=int, default=1536)
    parser.add_argument("--key", help="the only one accepted")
    parser.add_argument("--limit", type=_limit, help="REQUESTS/SECONDS, else 429")
    parser.add_argument("--poison", help="a 400 for any request with this in a text")
    return parser


def _limit(value: str) -> RequestLimit:
    requests, _, seconds = value.partition("/")
    return RequestLimit(int(requests), float(seconds))


if __name__ == "__main__":
    sys.exit(main())
