"""The fake Graph server: in a test, in a thread of its own, or inside another service."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpx2
import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.chaos import Fault, Mishap
from whatsapp_bot.whatsapp.fake_graph.clock import Clock
from whatsapp_bot.whatsapp.fake_graph.courier import Post
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.messages import Message
from whatsapp_bot.whatsapp.fake_graph.network import Network
from whatsapp_bot.whatsapp.fake_graph.people import Person
from whatsapp_bot.whatsapp.fake_graph.server import make_asgi
from whatsapp_bot.whatsapp.fake_graph.templates import ApprovedTemplate
from whatsapp_bot.whatsapp.fake_graph.updates import Account

HOSTS = ["127.0.0.1", "localhost"]  # a page whose own name points here is refused
KEEP_ALIVE_SECONDS = 75  # of an idle connection; what Meta does is not known
PATIENCE_SECONDS = 60.0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for whoever started the fake."""
        yield


class FakeGraph:
    """`with FakeGraph(webhook_url) as graph: ada = graph.person("Ada"); ada.write("Hi")`.

    In `with` it serves on a loopback port; `open` and `close` are for who serves `asgi`
    itself. status_delays: seconds until a message is sent, delivered and read.
    free_service_messages: of a month. is_pair_rate_strict: see rates.PairRate. workers:
    POSTs to the webhook at a time. first_phone: people's numbers are counted from it.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        *,
        port: int = 0,
        account: Account | None = None,
        clock: Clock | None = None,
        templates: Iterable[ApprovedTemplate] = (),
        status_delays: tuple[float, float, float] = (0, 0, 0),
        messages_per_second: int = limits.MESSAGES_PER_SECOND,
        free_service_messages: int = limits.FREE_SERVICE_MESSAGES,
        is_pair_rate_strict: bool = False,
        workers: int = 1,
        retry_seconds: Sequence[float] = limits.RETRY_SECONDS,
        seed: int = 0,
        first_phone: int = 1,
    ) -> None:
        self.account = account or Account()
        self.clock = clock or Clock()
        self._network = Network(
            self.account,
            self.clock,
            webhook_url=webhook_url,
            templates=templates,
            status_delays=status_delays,
            messages_per_second=messages_per_second,
            free_service_messages=free_service_messages,
            is_pair_rate_strict=is_pair_rate_strict,
            workers=workers,
            retry_seconds=retry_seconds,
            seed=seed,
            first_phone=first_phone,
        )
        self._is_over = False
        self.asgi: ASGIApp = make_asgi(self._network, lambda: self._is_over)
        self._port = port
        self._served: tuple[_Server, threading.Thread, socket.socket] | None = None

    # --- its life

    def open(self) -> None:
        """Updates are posted from now on."""
        self._network.courier.start()

    def leave(self) -> None:
        """Sets a flag: whoever waits for an answer or for events is let go."""
        self._is_over = True

    def close(self) -> None:
        self.leave()
        self._network.courier.close()

    def __enter__(self) -> FakeGraph:
        """Raises OSError when the port cannot be had."""
        listener = socket.create_server(("127.0.0.1", self._port))
        # Connections inherit it. asyncio sets it only where the protocol is named, and
        # without it each answer waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = _Server(
            uvicorn.Config(
                TrustedHostMiddleware(self.asgi, HOSTS),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )
        )
        thread = threading.Thread(
            target=server.run, args=([listener],), name="fake graph", daemon=True
        )
        self._served = server, thread, listener
        thread.start()
        self.open()
        return self

    def __exit__(self, *args: object) -> None:
        if self._served is None:
            return
        server, thread, listener = self._served
        self.close()
        server.should_exit = True
        thread.join()
        listener.close()

    @property
    def base_url(self) -> str:
        """For WHATSAPP_BASE_URL; the page is at its root."""
        assert self._served is not None, "only within `with`"
        return f"http://127.0.0.1:{self._served[2].getsockname()[1]}"

    # --- what a test does

    def person(
        self, name: str, phone: str | None = None, *, hides_phone: bool = False
    ) -> Person:
        """A new one. Raises ValueError for a number that somebody has."""
        return self._network.add_person(name, phone, hides_phone=hides_phone)

    def set_chaos(self, **switches: Any) -> None:
        """Those of Chaos; the others stay. Raises ValueError."""
        with self._network.lock:
            self._network.set_chaos(self._network.chaos.changed(switches))

    def fail(
        self,
        what: int | Mishap,
        person: Person | None = None,
        times: int = 1,
        *,
        is_late: bool = False,
        details: str = "",
    ) -> None:
        """The next requests meet this: see Fault."""
        number = person.number if person else None
        with self._network.lock:
            self._network.faults.append(Fault(what, number, times, is_late, details))

    def add_template(self, template: ApprovedTemplate) -> None:
        """Also instead of the one of its name and language."""
        with self._network.lock:
            key = template.name, template.language
            self._network.templates[key] = template

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Updates gather and go at the end, `batch` of them in a POST."""
        self._network.courier.hold()
        try:
            yield
        finally:
            self._network.courier.release()

    @property
    def webhook_url(self) -> str | None:
        return self._network.courier.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self._network.courier.webhook_url = url

    def subscribe(self, url: str) -> bool:
        """As Meta does when somebody enters a webhook: asks it to repeat a challenge, with
        the verify token; if it does, updates go there."""
        challenge = str(secrets.randbelow(10**10))
        asked = {
            "hub.mode": "subscribe",
            "hub.verify_token": self.account.verify_token,
            "hub.challenge": challenge,
        }
        answer = httpx2.get(url, params=asked, timeout=limits.ANSWER_SECONDS)
        is_right = answer.status_code == 200 and answer.text == challenge
        if is_right:
            self.webhook_url = url
        return is_right

    # --- what a test looks at

    def accepted(self) -> list[Message]:
        """All that the business sent, refused requests aside; also what failed later."""
        with self._network.lock:
            return [m for m in self._network.messages.values() if m.by == "business"]

    def refused(self) -> list[GraphError]:
        with self._network.lock:
            return list(self._network.refused)

    def posts(self) -> list[Post]:
        """The last 2,000 POSTs to the webhook."""
        return list(self._network.courier.posts)

    @property
    def connections(self) -> int:
        """That are open to it; what a killed client still said is read before its own
        are gone."""
        assert self._served is not None, "only within `with`"
        return len(self._served[0].server_state.connections)

    @property
    def cost(self) -> float:
        """Dollars, of what was delivered."""
        return self._network.cost

    def wait_until(
        self, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Asked after each change; False if it did not come true in time."""
        with self._network.lock:
            return self._network.lock.wait_for(is_so, seconds)

    def settle(self, seconds: float = PATIENCE_SECONDS) -> bool:
        """Wait until the webhook was told all that is due; False if it took longer."""
        return self._network.courier.settle(seconds)
