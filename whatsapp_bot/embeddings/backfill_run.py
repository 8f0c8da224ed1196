"""Works off chosen rows, in as many passes as it takes; the rows are the checkpoint."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from whatsapp_bot.embeddings.due_rows import Queue
from whatsapp_bot.embeddings.patience import PATIENCE_SECONDS, Patience, sleep
from whatsapp_bot.embeddings.workers import run_workers
from whatsapp_bot.records import Claim, Row, Thing, Totals

SOONEST_SECONDS = 0.2  # between two passes
LOOK_SECONDS = 1.0  # how long it may go unseen that another worker settled its rows

logger = logging.getLogger(__name__)


class ChosenStore(Protocol):
    """The rows of one kind of thing: see BackfillStore and EnrichmentStore."""

    def claim(self, ids: Sequence[int], lease_seconds: float) -> list[Claim]: ...

    def wake(self, ids: Sequence[int], lease_seconds: float) -> None: ...

    def force(self, ids: Sequence[int]) -> None: ...

    def find_open(self, ids: Sequence[int]) -> list[Row]: ...

    def find_refused(self, ids: Sequence[int]) -> list[Row]: ...


class Service(Protocol):
    """What works on the rows: see EmbeddingService and EnrichmentService."""

    def pause_seconds(self) -> float: ...

    def give_back_in_hand(self) -> int: ...


class ChosenRows:
    """Hands out the chosen rows that are due, each once; safe to share among threads."""

    def __init__(
        self,
        stores: Mapping[Thing, ChosenStore],
        ids: Mapping[Thing, Sequence[int]],
    ) -> None:
        self._stores = stores
        self._ids = ids
        self._next = dict.fromkeys(ids, 0)
        self._lock = threading.Lock()

    def claim(self, thing: Thing, limit: int, lease_seconds: float) -> list[Claim]:
        while ids := self._take(thing, limit):
            # Those that another worker holds, or has settled, are passed by.
            if claims := self._stores[thing].claim(ids, lease_seconds):
                return claims
        return []

    def _take(self, thing: Thing, limit: int) -> Sequence[int]:
        with self._lock:
            start = self._next.get(thing, 0)
            self._next[thing] = start + limit
        return self._ids.get(thing, ())[start : start + limit]


@dataclass(frozen=True)
class Result:
    """Of one kind of thing. by_others: settled by another worker, or gone. left: not
    settled. refused: id and last_error."""

    totals: Totals
    by_others: int
    left: int
    refused: list[Row]


class BackfillRun:
    """take_step: claims a batch of the queue and sees it through; it is called from
    several threads."""

    def __init__(
        self,
        stores: Mapping[Thing, ChosenStore],
        service: Service,
        take_step: Callable[[Thing, Queue], Totals],
        ids: Mapping[Thing, Sequence[int]],
        *,
        threads: int,
        lease_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._stores = stores
        self._service = service
        self._take_step = take_step
        self._ids = ids
        self._threads = threads
        self._lease_seconds = lease_seconds
        self._grace_seconds = grace_seconds
        self._totals = dict.fromkeys(ids, Totals())
        self._lock = threading.Lock()

    def make_due(self, *, force: bool) -> None:
        """What is to be tried again; with force, all of it. Raises DatabaseError."""
        for thing, store in self._stores.items():
            if force:
                store.force(self._ids[thing])
            else:
                store.wake(self._ids[thing], self._lease_seconds)

    def run(
        self, should_stop: Callable[[], bool], on_step: Callable[[Totals], None]
    ) -> None:
        """Until all is settled, should_stop, or the provider or another worker lets it
        wait for too long. Rows that another worker holds are waited for: it may have
        died. on_step is told of every batch, from several threads. Raises
        DatabaseError."""
        patience = Patience(max(PATIENCE_SECONDS, self._lease_seconds))
        left, ids = sum(map(len, self._ids.values())), self._ids
        while left and not should_stop():
            self._work_off(ids, should_stop, on_step)
            rows = self._open_rows(ids)
            before, left = left, _count(rows)
            seconds = self._seconds_to_wait(rows)
            if patience.is_over(seconds, is_fruitful=left < before):
                break
            if self._service.pause_seconds() > PATIENCE_SECONDS:
                break  # a lease may be waited for longer than a provider
            if left:
                rows = self._wait(rows, seconds + SOONEST_SECONDS, should_stop)
            ids = _ids(rows)

    def results(self) -> dict[Thing, Result]:
        """Raises DatabaseError."""
        return {thing: self._result(thing) for thing in self._ids}

    def totals(self) -> Totals:
        return sum(self._totals.values(), Totals())

    def _work_off(
        self,
        ids: Mapping[Thing, Sequence[int]],
        should_stop: Callable[[], bool],
        on_step: Callable[[Totals], None],
    ) -> None:
        queue = ChosenRows(self._stores, ids)
        run_workers(
            lambda: self._step(queue, on_step),
            self._threads,
            should_stop,
            self._grace_seconds,
            self._give_back,
        )

    def _step(self, queue: ChosenRows, on_step: Callable[[Totals], None]) -> bool:
        """Whether there was anything to do."""
        for thing in self._ids:
            totals = self._take_step(thing, queue)
            if totals.claimed:
                with self._lock:
                    self._totals[thing] += totals
                on_step(totals)
                return True
        return False

    def _give_back(self) -> None:
        self._service.give_back_in_hand()

    def _open_rows(self, ids: Mapping[Thing, Sequence[int]]) -> dict[Thing, list[Row]]:
        return {
            thing: store.find_open(ids[thing]) for thing, store in self._stores.items()
        }

    def _wait(
        self,
        rows: dict[Thing, list[Row]],
        seconds: float,
        should_stop: Callable[[], bool],
    ) -> dict[Thing, list[Row]]:
        """The open rows after so many seconds, or as soon as there are fewer."""
        left, until = _count(rows), time.monotonic() + seconds
        ids = _ids(rows)
        if seconds > LOOK_SECONDS:
            logger.info("%d rows are not free yet: waiting up to %.0f s", left, seconds)
        while _count(rows) == left and not should_stop():
            rest = until - time.monotonic()
            if rest <= 0:
                break
            sleep(min(rest, LOOK_SECONDS), should_stop)
            rows = self._open_rows(ids)
        return rows

    def _seconds_to_wait(self, rows: Mapping[Thing, list[Row]]) -> float:
        """Until any of the rows may be claimed, and the provider called."""
        due = [row["seconds"] for each in rows.values() for row in each]
        return max(min(due, default=0.0), self._service.pause_seconds())

    def _result(self, thing: Thing) -> Result:
        store, ids, totals = self._stores[thing], self._ids[thing], self._totals[thing]
        refused, left = store.find_refused(ids), len(store.find_open(ids))
        settled = totals.embedded + totals.unchanged + totals.reused + totals.empty
        others = max(0, len(ids) - settled - len(refused) - left)
        return Result(totals, others, left, refused)


def _ids(rows: Mapping[Thing, list[Row]]) -> dict[Thing, list[int]]:
    return {thing: [row["id"] for row in each] for thing, each in rows.items()}


def _count(rows: Mapping[Thing, list[Row]]) -> int:
    return sum(map(len, rows.values()))
