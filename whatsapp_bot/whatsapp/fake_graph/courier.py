"""Posts updates to the webhook, signed, until it answers 200."""

from __future__ import annotations

import functools
import heapq
import itertools
import random
import ssl
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.chaos import Chaos
from whatsapp_bot.whatsapp.fake_graph.clock import Clock
from whatsapp_bot.whatsapp.fake_graph.updates import Account, Update, pack, sign

KEPT_POSTS = 2_000
DUPLICATE_SECONDS = 1.0  # a duplicate comes up to so much later
CONNECT_SECONDS = 1.0  # a POST under way may take so long before it is cut off


@functools.cache
def _trusted() -> ssl.SSLContext:
    # Reading the certificates takes a tenth of a second, and tests make many couriers.
    return ssl.create_default_context()


@dataclass(frozen=True)
class Post:
    """One POST to the webhook. status: 0 where there was no answer."""

    body: bytes
    updates: Sequence[Update]
    status: int
    attempt: int  # from 0


@dataclass
class _Parcel:
    """The same bytes however often they are posted."""

    updates: list[Update]
    body: bytes
    first_at: float
    attempts: int = 0


class Courier:
    """webhook_url: changed at any time; while it is None, updates come to nobody.

    told: called after each POST. workers: POSTs at a time; with more than one, their order
    is left to chance, as it is with Meta.
    """

    def __init__(
        self,
        webhook_url: str | None,
        account: Account,
        clock: Clock,
        rng: random.Random,
        chaos: Callable[[], Chaos],
        told: Callable[[Post], None],
        workers: int = 1,
        retry_seconds: Sequence[float] = limits.RETRY_SECONDS,
        answer_seconds: float = limits.ANSWER_SECONDS,
    ) -> None:
        self.webhook_url = webhook_url
        self.posts: deque[Post] = deque(maxlen=KEPT_POSTS)
        self._account, self._clock, self._rng = account, clock, rng
        self._chaos, self._told = chaos, told
        self._retry_seconds = retry_seconds
        self._numbers = itertools.count()
        self._fresh: list[tuple[float, int, Update]] = []
        self._parcels: list[tuple[float, int, _Parcel]] = []
        self._in_hand = 0
        self._is_held = self._is_closed = False
        self._changed = threading.Condition()
        self._client = httpx2.Client(timeout=answer_seconds, verify=_trusted())
        self._threads = [
            threading.Thread(target=self._work, name=f"courier {n}", daemon=True)
            for n in range(workers)
        ]
        clock.watch(self._wake)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        # A client that is closed while it connects leaves the connection open for ever;
        # one that waits for an answer is let go.
        self._join(CONNECT_SECONDS)
        self._client.close()
        self._join(None)

    def _join(self, seconds: float | None) -> None:
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(seconds)

    def add(self, update: Update) -> None:
        with self._changed:
            heapq.heappush(self._fresh, (update.due_at, next(self._numbers), update))
            self._changed.notify_all()

    def hold(self) -> None:
        """Post nothing more, what is due neither; it gathers, for one large POST."""
        with self._changed:
            self._is_held = True

    def release(self) -> None:
        with self._changed:
            self._is_held = False
            self._changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Wait until nothing that is due is left to be posted; False if it took longer."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, seconds)

    def _is_idle(self) -> bool:
        return not self._in_hand and not self._is_due()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _is_due(self) -> bool:
        now = self._clock.now()
        return any(heap and heap[0][0] <= now for heap in (self._fresh, self._parcels))

    def _work(self) -> None:
        while (parcel := self._next()) is not None:
            try:
                self._post(parcel)
            finally:
                with self._changed:
                    self._in_hand -= 1
                    self._changed.notify_all()

    def _next(self) -> _Parcel | None:
        """Waits for one; None when it is over."""
        with self._changed:
            while not self._is_closed:
                if not self._is_held and self._is_due():
                    self._in_hand += 1
                    return self._take()
                self._changed.wait(self._pause())
        return None

    def _pause(self) -> float | None:
        heaps = [heap[0][0] for heap in (self._fresh, self._parcels) if heap]
        if self._is_held or not heaps:
            return None
        return self._clock.seconds_until(min(heaps))

    def _take(self) -> _Parcel:
        now, chaos = self._clock.now(), self._chaos()
        if self._parcels and self._parcels[0][0] <= now:
            return heapq.heappop(self._parcels)[2]
        due = []
        is_mixed = self._rng.random() < chaos.reorder
        while self._fresh and self._fresh[0][0] <= now:
            due.append(heapq.heappop(self._fresh))
            if len(due) == chaos.batch and not is_mixed:
                break
        if is_mixed:
            self._rng.shuffle(due)
        taken, left = due[: chaos.batch], due[chaos.batch :]
        for item in left:
            heapq.heappush(self._fresh, item)
        updates = [update for _, _, update in taken]
        return _Parcel(updates, pack(updates, self._account, self._rng), now)

    def _post(self, parcel: _Parcel) -> None:
        if parcel.attempts == 0:
            for update in parcel.updates:
                update.on_due()
        url = self.webhook_url
        if url is None:
            return
        status = self._ask(url, parcel.body)
        with self._changed:
            chance = self._rng.random()
        post = Post(parcel.body, parcel.updates, status, parcel.attempts)
        self.posts.append(post)
        if status == 200 and chance >= self._chaos().drop_200:
            self._arrived(parcel)
        else:
            self._put_off(parcel)
        self._told(post)

    def _ask(self, url: str, body: bytes) -> int:
        headers = {
            "content-type": "application/json",
            "user-agent": "facebookexternalua",
            "x-hub-signature-256": sign(body, self._account.app_secret),
        }
        try:
            return self._client.post(url, content=body, headers=headers).status_code
        except (httpx2.HTTPError, RuntimeError):  # the latter: closed meanwhile
            return 0

    def _arrived(self, parcel: _Parcel) -> None:
        for update in parcel.updates:
            update.on_posted()
            with self._changed:
                again = self._rng.random() < self._chaos().duplicate
                wait = self._rng.random() * DUPLICATE_SECONDS
            if again and not update.is_duplicate:
                due_at = self._clock.now() + (0 if self._clock.is_stopped else wait)
                self.add(_copy(update, due_at))

    def _put_off(self, parcel: _Parcel) -> None:
        now = self._clock.now()
        wait = self._retry_seconds[min(parcel.attempts, len(self._retry_seconds) - 1)]
        parcel.attempts += 1
        if now + wait - parcel.first_at > limits.GIVE_UP_SECONDS:
            return
        with self._changed:
            heapq.heappush(self._parcels, (now + wait, next(self._numbers), parcel))
            self._changed.notify_all()


def _copy(update: Update, due_at: float) -> Update:
    return Update(
        update.value,
        due_at,
        update.what,
        update.field,
        update.person,
        is_duplicate=True,
    )
