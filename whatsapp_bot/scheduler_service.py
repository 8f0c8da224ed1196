"""The daemon: keeps the vectors of users and jobs true, whoever writes the rows."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import time
from collections.abc import Callable

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App, build_whatsapp_pass, build_whatsapp_worker
from whatsapp_bot.embeddings.embedding_generator import GRACE_SECONDS
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.embeddings.patience import NAP_SECONDS
from whatsapp_bot.errors import EmbeddingDenied
from whatsapp_bot.records import THINGS, Totals
from whatsapp_bot.scheduling.embedding_pass import EmbeddingPass
from whatsapp_bot.scheduling.side_thread import SideThread
from whatsapp_bot.scheduling.task_runner import TaskRunner, Turn
from whatsapp_bot.scheduling.tasks import Tasks
from whatsapp_bot.scheduling.timetable import (
    make_timetable,
    repeat_until_well,
    run_all,
)
from whatsapp_bot.whatsapp.worker import WhatsAppWorker

logger = logging.getLogger(__name__)

AFTER_ERROR_SECONDS = 2.0
WHATSAPP_END_SECONDS = 10.0  # messages in hand may take this long to end after a stop
ALERT_END_SECONDS = 10.0  # as above; what is cut off is done again by its lease

EXAMPLES = """examples:
  python -m whatsapp_bot.scheduler_service           run until stopped
  python -m whatsapp_bot.scheduler_service --once    one pass, then exit (for cron)
  LOG_LEVEL=DEBUG python -m whatsapp_bot.scheduler_service

one pass: what people wrote is answered, all that is due is embedded, people are told of
new jobs, and what is to be sent is sent, each until nothing of it is due. What has to
wait (a text that was refused, a provider or Meta that is down) is left to the next pass.
exit code 1: rows have no vector, messages are still due, or a task failed.
"""


class SchedulerService:
    """Looks for due rows whenever a notification, the clock or a task of the timetable
    says so. Any number of these may run: rows are claimed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._is_stopping = False
        self._is_asked = False  # to look for due rows
        self._next_look = 0.0  # monotonic; when that is done unasked
        self._whatsapp: WhatsAppWorker | None = None
        self._runner = TaskRunner(app.tasks)
        self._index = IndexKeeper(app.models)
        self._pass = EmbeddingPass(app, self._index, self.is_stopping)
        self._tasks = Tasks(app, self._look, self.is_stopping)
        self._timetable_thread = SideThread("timetable", self._keep_timetable)
        self._index_thread = SideThread("index", self._build_index)
        self._enrich_thread = SideThread("enrich", self._enrich)
        self._alert_thread = SideThread("alerts", self._find_and_tell)
        self._timetable = make_timetable(
            app.settings, self._tasks, self._guard, self._alert_thread.begin
        )

    def stop(self) -> None:
        """Ask it to end; only sets flags, so a signal handler may call it."""
        self._is_stopping = True
        if self._whatsapp:
            self._whatsapp.stop()

    def is_stopping(self) -> bool:
        return self._is_stopping

    def run(self) -> None:
        """Until stopped. The database may go away and come back meanwhile. Messages and
        the timetable have threads of their own: an embedding pass may take hours."""
        self._whatsapp = build_whatsapp_worker(self._app)
        if self._whatsapp:
            self._whatsapp.start()
        self.run_all_tasks()
        self._timetable_thread.begin()
        while not self._is_stopping:
            if self._is_asked or time.monotonic() >= self._next_look:
                self._look_for_due()
            self._nap()
        self._end()

    def run_all_tasks(self) -> None:
        """At a start nobody knows what was missed."""
        is_started = self._start()
        run_all(self._timetable)
        if not is_started:
            repeat_until_well(self._timetable, self._start)

    def run_once(self) -> Totals:
        """One pass over all tasks: what is due is answered, embedded, told and sent. A
        provider that asks for a moment gets it; one that is down, and what has to wait,
        is left to the next run. Totals.given_back: as of the last try. Raises what the
        first task that raised did, when all others were run."""
        whatsapp = build_whatsapp_pass(self._app)
        if whatsapp is None:
            return self.keep_vectors_true()
        tasks = self._tasks
        with contextlib.closing(whatsapp), Turn(self._runner) as turn:
            # First: people wait. Their messages need no vectors to be answered.
            whatsapp.run(self.is_stopping)
            totals = self._see_to_vectors(turn)
            turn.run("find_people", tasks.find_people)
            turn.run("send_digests", tasks.send_digests)
            turn.run("forget_messages", tasks.forget_messages)
            whatsapp.run(self.is_stopping)
        return totals

    def keep_vectors_true(self) -> Totals:
        """One pass over what the vectors need; WhatsApp is left alone. Raises as
        run_once."""
        with Turn(self._runner) as turn:
            return self._see_to_vectors(turn)

    def _see_to_vectors(self, turn: Turn) -> Totals:
        tasks = self._tasks
        turn.run("start", tasks.start)
        turn.run("expire_jobs", tasks.expire_jobs)
        turn.run("reconcile", tasks.reconcile)
        turn.run("refresh_stale", tasks.refresh_stale)
        turn.run("poll_batches", tasks.poll_batches)
        turn.run("find_unread", tasks.find_unread)
        # First: what it finds may enter the texts, and they are paid for once.
        turn.run("enrich_jobs", tasks.enrich_jobs)
        totals = turn.run("embed_due", self._pass.embed_patiently)
        if not self._is_stopping:
            turn.run("build_index", self._index.build_missing)
        return totals or Totals()

    # --- what the tasks are told

    def _look(self) -> None:
        self._is_asked = True

    def _guard(self, name: str, task: Callable[[], object]) -> bool:
        # Where the database is away, each would hold up a stop until it gives up.
        return not self._is_stopping and self._runner.guard(name, task)

    def _start(self) -> bool:
        return self._guard("start", self._tasks.start)

    # --- what it does over and over

    def _look_for_due(self) -> None:
        self._is_asked = False  # who asks from now on may have come too late for it
        self._next_look = time.monotonic() + self._app.settings.poll_seconds
        if not self._runner.guard("embed_due", self._embed_due):
            self._next_look = time.monotonic() + AFTER_ERROR_SECONDS

    def _embed_due(self) -> None:
        self._pass.embed()
        # Beside the vectors, after them: a chat model may take hours.
        self._enrich_thread.begin()
        rest = self._pass.rest_seconds()
        if rest is not None:
            self._next_look = min(self._next_look, time.monotonic() + rest)
        else:
            self._index_thread.begin()

    def _nap(self) -> None:
        rest = 0.0 if self._is_asked else self._next_look - time.monotonic()
        if self._app.listener.wait(min(NAP_SECONDS, max(0.0, rest))):
            self._look()

    # --- beside that, in threads of their own

    def _keep_timetable(self) -> None:
        while not self._is_stopping:
            self._timetable.run_pending()
            time.sleep(NAP_SECONDS)

    def _build_index(self) -> None:
        self._guard("build_index", self._index.build_missing)

    def _enrich(self) -> None:
        self._guard("enrich_jobs", self._tasks.enrich_jobs)

    def _find_and_tell(self) -> None:
        self._guard("find_people", self._tasks.find_people)
        self._guard("send_digests", self._tasks.send_digests)

    def _end(self) -> None:
        self._timetable_thread.join(GRACE_SECONDS)
        self._enrich_thread.join(GRACE_SECONDS)
        self._app.listener.close()
        if self._whatsapp:
            self._whatsapp.stop()
            if not self._whatsapp.join(WHATSAPP_END_SECONDS):
                logger.warning(
                    "a message is still in hand", extra={"action": "cut_off"}
                )
        self._alert_thread.join(ALERT_END_SECONDS)


def _run_until_stopped(app: App) -> int:
    service = SchedulerService(app)
    door.stop_on_signals(service.stop)
    service.run()
    logger.info("stopped", extra={"action": "stopped"})
    return 0


def _run_once(app: App) -> int:
    service = SchedulerService(app)
    door.stop_on_signals(service.stop)
    totals = service.run_once()
    sys.stdout.write(
        f"embedded {totals.embedded}, paid for before {totals.reused}, "
        f"unchanged {totals.unchanged}, nothing to embed {totals.empty}, "
        f"refused {totals.failed}, put off {totals.given_back}; "
        f"{totals.requests} requests, {totals.tokens} tokens, ${totals.dollars:.4f}\n"
    )
    if service.is_stopping():
        return door.INTERRUPTED
    pace = app.pace(app.live_model).facts()
    if pace.reason == "denied":
        raise EmbeddingDenied(pace.message)
    waiting = sum(app.store(thing).facts().waiting for thing in THINGS)
    if waiting:
        sys.stdout.write(f"{waiting} rows still have no vector\n")
    messages = _messages_due(app)
    if messages:
        sys.stdout.write(f"{messages} WhatsApp messages are still due\n")
    return 1 if waiting or messages else 0


def _messages_due(app: App) -> int:
    """In and out; 0 where WhatsApp is not set up."""
    if app.settings.whatsapp_phone_number_id is None:
        return 0
    inbox, outbox = app.edge.inbox.facts(), app.edge.number.facts()
    due: int = inbox["due"] + inbox["events_due"] + outbox["due"]
    return due


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument(
        "--once",
        action="store_true",
        help="one pass over all there is to do, then exit",
    )
    options: argparse.Namespace = parser.parse_args(argv)
    return door.run(_run_once if options.once else _run_until_stopped)


if __name__ == "__main__":
    sys.exit(main())
