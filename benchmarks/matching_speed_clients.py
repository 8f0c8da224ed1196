"""Clients that search as fast as they are answered: how long it took, what they found.

Each is a process with a connection of its own, as a web worker is: threads would wait
for each other's scoring in Python.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import TypeVar

import numpy as np

from benchmarks.scratch import Neighbours, Scratch
from benchmarks.synthetic_vectors import recall
from whatsapp_bot.bootstrap import App, open_app
from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import Cursor

QUIET_CORES = 0.2  # with others at work on more than that, it is measured again
ATTEMPTS = 2
PATIENCE_SECONDS = 40.0  # what takes longer is not measured again
START_SECONDS, END_SECONDS = 120.0, 2.0
WARM_SECONDS, MEASURED_SECONDS = 3.0, 6.0  # of one case, at most


@dataclass(frozen=True)
class Answer:
    """ids: what was found, nearest or best first. returned: how many of them the
    person would get; some designs drop what they found."""

    ids: list[int]
    returned: int


Search = Callable[[App, int], Answer]  # for a person, by id


@dataclass(frozen=True)
class Case:
    """A way to search, and the people who do. truth: the ids that are right, by
    person; None where nobody can say."""

    name: str
    search: Search
    people: Sequence[int]
    truth: dict[int, list[int]] | None = None
    rounds: int = 2  # each person searches so often, if there is time


@dataclass(frozen=True)
class Sample:
    person: int
    seconds: float
    answer: Answer


@dataclass(frozen=True)
class Measured:
    """What a case came to. cpu_seconds: of clients and server, in all; others: cores
    that other processes used meanwhile."""

    case: Case
    clients: int
    samples: list[Sample]
    cpu_seconds: float
    load: float
    others: float

    @property
    def cpu(self) -> float:
        """Milliseconds a search, of clients and server: what waiting for a busy machine
        does not change."""
        return self.cpu_seconds / len(self.samples) * 1000

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return float(np.percentile([s.seconds for s in self.samples], 50)) * 1000

    @property
    def p95(self) -> float:
        return float(np.percentile([s.seconds for s in self.samples], 95)) * 1000

    @property
    def recall(self) -> float | None:
        """Of the people's true neighbours, the share that was found, on average."""
        truth = self.case.truth
        if truth is None:
            return None
        shares = [
            recall(s.answer.ids[: len(truth[s.person])], truth[s.person])
            for s in self.samples
        ]
        return float(np.mean(shares))

    @property
    def returned(self) -> tuple[int, float]:
        """The fewest, and on average."""
        counts = [sample.answer.returned for sample in self.samples]
        return min(counts), float(np.mean(counts))

    @property
    def short(self) -> int:
        """How many got fewer than there are."""
        truth = self.case.truth or {}
        return sum(
            s.answer.returned < len(truth.get(s.person, ())) for s in self.samples
        )

    def line(self) -> str:
        share = "-" if self.recall is None else f"{self.recall:.3f}"
        fewest, mean = self.returned
        busy = " *" if self.others > QUIET_CORES else ""
        return (
            f"{self.case.name:<40} {self.clients:>7}  {self.p50:>9,.1f}  "
            f"{self.p95:>9,.1f}  {self.cpu:>7,.1f}  {share:>9}  {fewest:>6}  {mean:>6.1f}  "
            f"{self.short:>5}  {self.load:>4.2f}  {self.others:>6.2f}{busy}"
        )


HEADINGS = (
    f"{'':<40} clients     p50 ms     p95 ms   CPU ms  recall@50  fewest    mean  "
    "short  load  others"
)
Result = TypeVar("Result")


def measure(place: Scratch, case: Case, clients: int = 1) -> Measured:
    """The quieter of two attempts, where others kept the machine busy."""
    attempts: list[Measured] = []
    start = time.monotonic()
    while not attempts or (
        attempts[-1].others > QUIET_CORES
        and len(attempts) < ATTEMPTS
        and time.monotonic() - start < PATIENCE_SECONDS
    ):
        attempts.append(_measure_once(place, case, clients))
    return min(attempts, key=lambda attempt: attempt.others)


def _measure_once(place: Scratch, case: Case, clients: int) -> Measured:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(clients + 1)
    pipes, processes = [], []
    try:
        for number in range(clients):
            mine, theirs = context.Pipe(duplex=False)
            arguments = (place.environ, case, (number, clients), barrier, theirs)
            process = context.Process(target=_client, args=arguments, daemon=True)
            process.start()
            theirs.close()
            pipes.append(mine)
            processes.append(process)
        barrier.wait(START_SECONDS)
        neighbours = Neighbours(place.folder)
        samples = [sample for pipe in pipes for sample in pipe.recv()]
        own, others = neighbours.own_seconds(), neighbours.cores()
    except (threading.BrokenBarrierError, EOFError):
        raise SystemExit(f"error: a client ended early: {case.name}") from None
    finally:
        for process in processes:
            process.join(END_SECONDS)
            process.terminate()
            process.join()
    return Measured(case, clients, samples, own, neighbours.load, others)


def _client(
    environ: dict[str, str],
    case: Case,
    which: tuple[int, int],  # this one, of so many
    barrier: Barrier,
    pipe: Connection,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the benchmark ends its clients
    logging.disable(logging.WARNING)  # that it fell back is what is measured
    number, clients = which
    people = list(case.people[number::clients])
    with open_app(Settings.from_env(environ)) as app:
        try:
            _sample(app, case.search, people, WARM_SECONDS)
        except BaseException:
            barrier.abort()
            raise
        barrier.wait()
        pipe.send(_sample(app, case.search, people * case.rounds, MEASURED_SECONDS))


def _sample(
    app: App, search: Search, people: list[int], seconds: float
) -> list[Sample]:
    """One after the other, until all have searched or the time is over."""
    samples: list[Sample] = []
    end = time.perf_counter() + seconds
    for person in people:
        start = time.perf_counter()
        if start > end:
            break
        answer = search(app, person)
        samples.append(Sample(person, time.perf_counter() - start, answer))
    return samples


def show(place: Scratch, case: Case, clients: int = 1) -> Measured:
    measured = measure(place, case, clients)
    print(measured.line(), flush=True)
    return measured


def timed(what: str, work: Callable[[], Result]) -> Result:
    start = time.monotonic()
    result = work()
    print(f"{what}: {time.monotonic() - start:.0f} s", flush=True)
    return result


def ids_of(cursor: Cursor, statement: str, values: dict[str, object]) -> list[int]:
    """The first column of a statement's rows."""
    cursor.raw.execute(statement, values)
    return [next(iter(row.values())) for row in cursor.raw.fetchall()]
