"""Conversations while Meta misbehaves and our processes are killed; what is left of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.chaos_crowd import Crowd
from benchmarks.chaos_doors import WEB, WORKERS, Doors, paused
from benchmarks.scratch import require
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.whatsapp.fake_graph import Account, FakeGraph

LOOK_SECONDS = 0.05
STUCK_SECONDS = 2.0  # without anything new
MOST_IN_VAIN = 8  # each time twice as long: whoever was just started needs a while
CHAOS: dict[str, float] = {
    "duplicate": 0.1,
    "reorder": 0.3,
    "batch": 20,
    "drop_200": 0.05,
    "delay": 0.1,
    "skip_delivered": 0.1,
    "status_delay": 0.2,
    "html_502": 0.01,
    "accepted_502": 0.02,
    "lost": 0.002,
    "timeout": 0.003,
}
# Of the messages to send, one in so many is refused so; the last by a later status.
REFUSED = {131056: 100, 131000: 100, 130429: 200}
LATE_CODE, LATE_ONE_IN = 131000, 100
ACCOUNT = Account()
WHATSAPP = {
    "WHATSAPP_PHONE_NUMBER_ID": ACCOUNT.phone_id,
    "WHATSAPP_TOKEN": ACCOUNT.token,
    "WHATSAPP_APP_SECRET": ACCOUNT.app_secret,
    "WHATSAPP_VERIFY_TOKEN": ACCOUNT.verify_token,
    "WHATSAPP_MESSAGES_PER_SECOND": "1000",
}
DUE = """
    SELECT (SELECT count(*) FROM inbox WHERE due_at IS NOT NULL)
         + (SELECT count(*) FROM whatsapp_events WHERE due_at IS NOT NULL)
         + (SELECT count(*) FROM outbox WHERE due_at IS NOT NULL) AS due"""
STUCK = """
    SELECT 'inbox' AS what, last_error AS state, attempts, count(*), min(due_at) - now() AS due
      FROM inbox WHERE due_at IS NOT NULL GROUP BY 2, 3
     UNION ALL
    SELECT 'outbox', state, attempts, count(*), min(due_at) - now()
      FROM outbox GROUP BY 2, 3
     UNION ALL
    SELECT 'events', last_error, attempts, count(*), min(due_at) - now()
      FROM whatsapp_events WHERE due_at IS NOT NULL GROUP BY 2, 3"""
# For whoever knows what Meta knows: what never arrived need not wait.
RESCUE = """
    WITH free AS (UPDATE contacts SET busy_until = NULL)
    UPDATE outbox SET due_at = now()
     WHERE state IN ('sending', 'uncertain') AND id <> ALL(%s::bigint[])"""
FACTS = """
    SELECT (SELECT count(*) FROM inbox) AS stored,
           (SELECT count(*) FROM inbox WHERE handled_at IS NULL) AS unhandled,
           (SELECT count(*) FROM outbox WHERE state IN ('failed', 'cancelled', 'parked'))
               AS unsent,
           (SELECT count(*) FROM whatsapp_events WHERE last_error IS NOT NULL) AS events_aside,
           (SELECT sum(messages) FROM whatsapp_spend WHERE category = 'service') AS priced"""
# What each answer answers.
ANSWERED = """
    SELECT o.id, i.wamid, i.id AS came FROM outbox o JOIN inbox i ON i.id = o.inbox_id"""


@dataclass(frozen=True)
class Outcome:
    """lost, too_many, copies, out_of_order: see Crowd. stored: messages in the inbox.
    reordered: people who were answered in another order than they wrote; by_us: of them,
    those whose messages came as written, where deliveries that cross count as such.
    accepted: messages of ours, by Meta. seconds: of the crowd's talk."""

    written: int
    stored: int
    unhandled: int
    unsent: int
    events_aside: int
    priced: int
    answers_due: int
    lost: int
    too_many: int
    copies_unknowing: int
    copies_knowing: int
    out_of_order: int
    reordered: int
    reordered_by_us: int
    accepted: int
    kills: int
    rescues: int
    seconds: float

    def check(self) -> list[str]:
        """What may never be otherwise, in words, where it is."""
        zero = (
            *("unhandled", "unsent", "events_aside", "lost", "too_many"),
            *("copies_knowing", "out_of_order"),
        )
        wrong = [
            f"{name} is {getattr(self, name)}" for name in zero if getattr(self, name)
        ]
        if self.stored != self.written:
            wrong.append(f"{self.written} were written and {self.stored} stored")
        return wrong


class ChaosRun:
    """kills: so many in all, at numbers of accepted messages that the seed chooses.
    knows: waits for no clock of the outbox, but looks up what Meta has."""

    def __init__(
        self,
        graph: FakeGraph,
        doors: Doors,
        database: DatabaseManager,
        crowd: Crowd,
        *,
        kills: int,
        knows: bool,
        seed: int,
    ) -> None:
        self._graph, self._doors, self._crowd = graph, doors, crowd
        self._database = database
        self._rng = random.Random(seed)
        self._kills, self._knows = kills, knows
        self._rescues = 0
        self._progress, self._since, self._in_vain = -1, time.monotonic(), 0

    def run(self, *, is_calm: bool = False) -> Outcome:
        while self._crowd.rehearse():
            self._wait_until_quiet()
        if not is_calm:
            self._graph.set_chaos(**CHAOS)
        start = time.monotonic()
        mishaps = [] if is_calm else self._mishaps()
        while self._crowd.talk_on():
            accepted = len(self._graph.accepted())
            while mishaps and accepted >= mishaps[-1][0]:
                mishaps.pop()[1]()
            self._nap(accepted)
        seconds = time.monotonic() - start
        self._wait_until_quiet()
        return self._outcome(seconds)

    # --- what goes wrong

    def _mishaps(self) -> list[tuple[int, Callable[[], None]]]:
        """When as many messages as the number says were accepted; the next one last."""
        due, graph = self._crowd.answers_due, self._graph
        acts: list[Callable[[], None]] = [self._kill_some] * self._kills
        for code, one_in in REFUSED.items():
            acts += [partial(graph.fail, code)] * (due // one_in)
        acts += [partial(graph.fail, LATE_CODE, is_late=True)] * (due // LATE_ONE_IN)
        points = [(self._rng.randrange(1, due), act) for act in acts]
        return sorted(points, key=lambda point: -point[0])

    def _kill_some(self) -> None:
        victims = self._rng.choice([(WEB,), WORKERS[:1], WORKERS[1:], WORKERS])
        with paused(self._doors, victims):
            pass

    # --- waiting

    def _nap(self, progress: int) -> None:
        """progress: any number that changes while something happens."""
        if progress != self._progress:
            self._progress, self._since, self._in_vain = progress, time.monotonic(), 0
        elif time.monotonic() - self._since > STUCK_SECONDS * 2**self._in_vain:
            self._since = time.monotonic()
            self._in_vain += 1
            stuck = self._in_vain >= MOST_IN_VAIN
            require(not stuck, f"nothing happens any more: {self._query(STUCK)}")
            require(not self._doors.dead(), f"ended: {self._doors.dead()}")
            if self._knows:
                self._rescue()
        time.sleep(LOOK_SECONDS)

    def _rescue(self) -> None:
        """With nobody alive who could be sending, what Meta does not have was lost."""
        with paused(self._doors, WORKERS):
            self._graph.settle()
            # Whoever waits to be let in is so before this one.
            httpx2.get(f"{self._graph.base_url}/control/state")
            while self._graph.connections:
                time.sleep(LOOK_SECONDS)
            # One that failed later may have been lost when it was sent again.
            alive = [m for m in self._graph.accepted() if m.error is None]
            self._query(RESCUE, [int(m.callback_data or 0) for m in alive])
        self._rescues += 1

    def _wait_until_quiet(self) -> None:
        while True:
            is_told = self._is_all_read() and self._graph.settle()
            (row,) = self._query(DUE)
            if is_told and not row["due"]:
                return
            self._nap(row["due"])

    def _is_all_read(self) -> bool:
        """So that no status is still to come."""
        sent = self._graph.accepted()
        return all(m.status == "read" for m in sent if m.error is None)

    # --- what is left

    def _query(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self._database.transaction() as cursor:
            cursor.raw.execute(statement, values)
            return list(cursor.raw.fetchall()) if cursor.raw.description else []

    def _outcome(self, seconds: float) -> Outcome:
        (facts,) = self._query(FACTS)
        answered = {row["id"]: row for row in self._query(ANSWERED)}
        reordered, by_us = self._crowd.reordered(answered)
        unknowing, knowing = self._crowd.copies()
        return Outcome(
            **facts,
            reordered=reordered,
            reordered_by_us=by_us,
            written=self._crowd.written,
            answers_due=self._crowd.answers_due,
            lost=self._crowd.lost(),
            too_many=self._crowd.too_many(),
            copies_unknowing=unknowing,
            copies_knowing=knowing,
            out_of_order=self._crowd.out_of_order(),
            accepted=len(self._graph.accepted()),
            kills=self._doors.kills,
            rescues=self._rescues,
            seconds=seconds,
        )


def talk(
    environ: dict[str, str],
    database: DatabaseManager,
    folder: Path,
    *,
    talkers: int,
    at_once: int,
    kills: int,
    knows: bool = False,
    is_calm: bool = False,
    seed: int = 0,
) -> tuple[Outcome, dict[str, str], list[str]]:
    """The outcome, the logs of the processes, and words that may stand in none of them.
    environ: all settings but WhatsApp's."""
    with FakeGraph(
        account=ACCOUNT,
        messages_per_second=100_000,
        workers=1 if knows else 4,  # so that it is known what came first
        retry_seconds=(0, 0.2, 0.5, 1),
        seed=seed,
    ) as graph:
        whole = environ | WHATSAPP | {"WHATSAPP_BASE_URL": graph.base_url}
        with Doors(whole, folder) as doors:
            graph.webhook_url = f"http://127.0.0.1:{doors.port}/webhook"
            crowd = Crowd(graph, talkers, at_once)
            run = ChaosRun(
                graph, doors, database, crowd, kills=kills, knows=knows, seed=seed
            )
            outcome = run.run(is_calm=is_calm)
            logs = doors.logs()
        return outcome, logs, crowd.secrets()
