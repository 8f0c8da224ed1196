"""How many deliveries of Meta's a web process takes in, beside a route that does nothing.

Both are FastAPI on uvicorn, each a process of its own with this machine's cores shared by
the server, the clients and PostgreSQL. Every delivery is signed and stored before its 200;
the benchmark fails unless each message is in the inbox exactly once.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from benchmarks import scratch as b
from whatsapp_bot.config import PROJECT_FOLDER

SECRET = "benchmark"
SETTINGS = {
    "WHATSAPP_PHONE_NUMBER_ID": "1",
    "WHATSAPP_APP_SECRET": SECRET,
    "ADMIN_TOKEN": "benchmark",
    "PORT": "0",
    "LOG_LEVEL": "INFO",  # it says where it listens
}
BARE = """
import socket, sys, uvicorn
from fastapi import FastAPI, Request, Response
web = FastAPI()
@web.post("/webhook")
async def receive(request: Request) -> Response:
    await request.body()
    return Response()
listener = socket.create_server(("127.0.0.1", 0))
print("listening on http://127.0.0.1:%d" % listener.getsockname()[1], file=sys.stderr, flush=True)
uvicorn.Server(uvicorn.Config(web, log_config=None, access_log=False)).run(sockets=[listener])
"""
EXAMPLES = """examples:
  python -m benchmarks.webhook                       2,000 deliveries of one message, 20 of 1,000
  python -m benchmarks.webhook --clients 16 --people 100
"""


def main(argv: list[str] | None = None) -> int:
    parser = b.parser(__doc__, EXAMPLES)
    parser.add_argument("--clients", type=int, default=8, help="deliveries at once")
    parser.add_argument("--deliveries", type=int, default=2000, help="of one message")
    parser.add_argument("--batches", type=int, default=20, help="of 1,000 messages")
    parser.add_argument("--people", type=int, default=1000, help="who write")
    options = parser.parse_args(argv)
    return b.guarded(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> None:
    with b.scratch(**SETTINGS) as scratch:
        neighbours = b.Neighbours(scratch.folder)
        print(b.describe_machine(scratch.app.database))
        print("| what | deliveries | at once | a second | p50 ms | p99 ms |")
        print("|---|---|---|---|---|---|")
        ours = [sys.executable, "-m", "whatsapp_bot", "admin-api"]
        bare = [sys.executable, "-c", BARE]
        write = _Writer(options.people)
        strangers = [write.delivery(1) for _ in range(options.people)]
        ones = [write.delivery(1) for _ in range(options.deliveries)]
        large = [write.delivery(1000) for _ in range(options.batches)]
        alone = [write.delivery(1) for _ in range(options.deliveries // 10)]
        with _serving(bare, scratch.environ) as port:
            show = _Table(port)
            show("bare, 1 message", ones, options.clients)
            show("bare, 1,000 messages", large, 1)
        with _serving(ours, scratch.environ) as port:
            show = _Table(port)
            show("ours, 1 message of a stranger", strangers, options.clients)
            show("ours, 1 message", ones, options.clients)
            show("ours, the same again", ones, options.clients)
            show("ours, 1 message, one at a time", alone, 1)
            show("ours, 1,000 messages, one at a time", large, 1)
        with scratch.app.database.transaction() as cursor:
            cursor.raw.execute(
                "SELECT count(*) AS n, count(DISTINCT user_id) AS p FROM inbox"
            )
            (row,) = cursor.raw.fetchall()
        b.require(row["n"] == write.written, "a message is missing or there twice")
        b.require(row["p"] == options.people, "a person is missing or there twice")
        print(f"load {neighbours.load:.2f}, others {neighbours.cores():.2f} cores")


class _Writer:
    """Deliveries of texts by so many people in turn."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._numbers = itertools.count()
        self.written = 0

    def delivery(self, messages: int) -> bytes:
        self.written += messages
        texts = [self._text(next(self._numbers)) for _ in range(messages)]
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": "1"},
            "messages": texts,
        }
        changes = [{"value": value, "field": "messages"}]
        entry = [{"id": "1", "changes": changes}]
        return json.dumps(
            {"object": "whatsapp_business_account", "entry": entry}
        ).encode()

    def _text(self, number: int) -> dict[str, object]:
        person = number % self._people
        return {
            "from": f"234800{person:07}",
            "from_user_id": f"NG.{person:020}",
            "id": f"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFF{number:012}",
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": "I dey find driver work for Ikeja, 150k a month"},
        }


@contextlib.contextmanager
def _serving(command: list[str], environ: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(
        command, cwd=PROJECT_FOLDER, env=environ, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            found = re.search(r"listening on http://127.0.0.1:(\d+)", line)
            if found:
                break
        else:
            raise SystemExit("error: the server did not start")
        port = int(found[1])
        _deliver(port, [b"{}"] * 20, 4)  # warm
        yield port
    finally:
        b.end(process)


class _Table:
    """Delivers to a server, and prints a line of figures."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, name: str, bodies: Sequence[bytes], clients: int) -> None:
        start = time.perf_counter()
        times = _deliver(self._port, bodies, clients)
        rate = len(times) / (time.perf_counter() - start)
        p50, p99 = (times[int(share * (len(times) - 1))] * 1e3 for share in (0.5, 0.99))
        print(
            f"| {name} | {len(times)} | {clients} | {rate:,.0f} | {p50:.1f} | {p99:.1f} |"
        )


def _deliver(port: int, bodies: Sequence[bytes], clients: int) -> list[float]:
    """How many seconds each took, sorted."""
    left, lock, times = iter(bodies), threading.Lock(), list[float]()

    def deliver() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.closing(connection):
            while True:
                with lock:
                    body = next(left, None)
                if body is None:
                    return
                times.append(_post(connection, body))

    threads = [threading.Thread(target=deliver) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    b.require(len(times) == len(bodies), "a delivery was not answered with 200")
    return sorted(times)


def _post(connection: http.client.HTTPConnection, body: bytes) -> float:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={digest}"}
    start = time.perf_counter()
    connection.request("POST", "/webhook", body, headers)
    answer = connection.getresponse()
    answer.read()
    b.require(answer.status == 200, f"HTTP {answer.status}")
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
