"""The daemon: keeps the vectors of users and jobs true, whoever writes the rows."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import TypeVar

import schedule

from whatsapp_bot import door
from whatsapp_bot.bootstrap import (
    App,
    build_digests,
    build_job_finder,
    build_whatsapp_pass,
    build_whatsapp_worker,
)
from whatsapp_bot.embeddings.embedding_generator import GRACE_SECONDS
from whatsapp_bot.embeddings.index_keeper import IndexKeeper
from whatsapp_bot.embeddings.patience import NAP_SECONDS, Patience, sleep
from whatsapp_bot.errors import DatabaseUnavailable, EmbeddingDenied
from whatsapp_bot.records import THINGS, Totals
from whatsapp_bot.whatsapp.worker import WhatsAppWorker

logger = logging.getLogger(__name__)

T = TypeVar("T")

AFTER_ERROR_SECONDS = 2.0
SOONEST_SECONDS = 0.2  # between two looks for due rows
PROGRESS_SECONDS = 10.0
WHATSAPP_END_SECONDS = 10.0  # messages in hand may take this long to end after a stop
ALERT_END_SECONDS = 10.0  # as above; what is cut off is done again by its lease

EXAMPLES = """examples:
  python -m whatsapp_bot.scheduler_service           run until stopped
  python -m whatsapp_bot.scheduler_service --once    one pass, then exit (for cron)
  LOG_LEVEL=DEBUG python -m whatsapp_bot.scheduler_service

one pass: what people wrote is answered, all that is due is embedded, people are told of
new jobs, and what is to be sent is sent, each until nothing of it is due. What has to
wait (a text that was refused, a provider or Meta that is down) is left to the next pass.
exit code 1: rows have no vector or messages are still due.
"""


class SchedulerService:
    """Periodic tasks, and a look for due rows whenever one of them, a notification or
    the clock says so. Any number of these may run: rows are claimed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._whatsapp: WhatsAppWorker | None = None
        self._index = IndexKeeper(app.models)
        self._scheduler = schedule.Scheduler()
        self._next_look = 0.0  # monotonic; when due rows are looked for at the latest
        self._is_stopping = False
        self._index_thread: threading.Thread | None = None
        self._finder, self._digests = build_job_finder(app), build_digests(app)
        self._alert_thread: threading.Thread | None = None
        self._enrich_thread: threading.Thread | None = None
        self._set_up_tasks()

    def stop(self) -> None:
        """Ask it to end; only sets flags, so a signal handler may call it."""
        self._is_stopping = True
        if self._whatsapp:
            self._whatsapp.stop()

    def run(self) -> None:
        """Until stopped. The database may go away and come back meanwhile. Messages have
        threads of their own: they wait for no embedding pass."""
        self._whatsapp = build_whatsapp_worker(self._app)
        if self._whatsapp:
            self._whatsapp.start()
        self.run_all_tasks()
        while not self._is_stopping:
            self._scheduler.run_pending()
            if time.monotonic() >= self._next_look:
                self._guard("embed_due", self._embed_due)
            self._nap()
        if self._enrich_thread is not None:
            self._enrich_thread.join(GRACE_SECONDS)
        self._app.listener.close()
        if self._whatsapp:
            self._whatsapp.stop()
            if not self._whatsapp.join(WHATSAPP_END_SECONDS):
                logger.warning(
                    "a message is still in hand", extra={"action": "cut_off"}
                )
        if self._alert_thread:
            self._alert_thread.join(ALERT_END_SECONDS)

    def run_once(self) -> Totals:
        """One pass over all tasks: what is due is answered, embedded, told and sent. A
        provider that asks for a moment gets it; one that is down, and what has to wait,
        is left to the next run. Totals.given_back: as of the last try. Raises what a
        task raises."""
        whatsapp = build_whatsapp_pass(self._app)
        if whatsapp is None:
            return self.keep_vectors_true()
        with contextlib.closing(whatsapp):
            # First: people wait. Their messages need no vectors to be answered.
            whatsapp.run(lambda: self._is_stopping)
            totals = self.keep_vectors_true()
            self._record("find_people", self._find_people)
            self._record("send_digests", self._send_digests)
            self._record("forget_messages", self._forget_messages)
            whatsapp.run(lambda: self._is_stopping)
        return totals

    def keep_vectors_true(self) -> Totals:
        """One pass over what the vectors need; WhatsApp is left alone. Raises what a task
        raises."""
        self._record("start", self._start)
        self._record("expire_jobs", self._expire_jobs)
        self._record("reconcile", self._reconcile)
        self._record("refresh_stale", self._refresh_stale)
        self._record("poll_batches", self._poll_batches)
        self._record("find_unread", self._find_unread)
        # First: what it finds may enter the texts, and they are paid for once.
        self._record("enrich_jobs", self._enrich)
        totals = self._record("embed_due", self._embed_patiently)
        if not self._is_stopping:
            self._record("build_index", self._index.build_missing)
        return totals

    def _embed_patiently(self) -> Totals:
        totals, patience = Totals(), Patience()
        while not self._is_stopping:
            step = self._embed()
            totals = replace(totals + step, given_back=step.given_back)
            seconds = self._seconds_to_provider()
            if step.given_back:  # a success since may have ended the pause
                seconds = max(seconds, self._seconds_to_next_look() or 0.0)
            if not seconds or patience.is_over(seconds, is_fruitful=step.embedded > 0):
                break
            # A little more: the rows were given back a little later than it paused.
            sleep(seconds + SOONEST_SECONDS, lambda: self._is_stopping)
        return totals

    def run_all_tasks(self) -> None:
        """At a start nobody knows what was missed."""
        self._guard("start", self._start)
        for job in self._scheduler.get_jobs():
            job.run()  # type: ignore[no-untyped-call]

    # --- tasks

    def _set_up_tasks(self) -> None:
        settings = self._app.settings
        every = self._scheduler.every
        self._add(every(settings.user_task_minutes).minutes, "embed_users", self._look)
        self._add(every(settings.job_task_minutes).minutes, "embed_jobs", self._look)
        self._add(
            every(settings.expire_minutes).minutes, "expire_jobs", self._expire_jobs
        )
        self._add(
            every(settings.reconcile_minutes).minutes, "reconcile", self._reconcile
        )
        self._add(
            every(settings.batch_poll_minutes).minutes,
            "poll_batches",
            self._poll_batches,
        )
        self._add(
            every(settings.enrich_task_minutes).minutes,
            "find_unread",
            self._find_unread,
        )
        self._add(
            every().day.at(settings.stale_task_at), "refresh_stale", self._refresh_stale
        )
        if self._has_whatsapp:
            self._add(every(60).minutes, "forget_messages", self._forget_messages)
            every(1).minutes.do(self._alert)

    def _add(self, job: schedule.Job, name: str, task: Callable[[], None]) -> None:
        job.do(self._guard, name, task)

    def _record(self, name: str, task: Callable[[], T]) -> T:
        """Run it, and let the health check know how that ended."""
        self._app.tasks.start(name)
        try:
            result = task()
        except DatabaseUnavailable:
            raise
        except Exception as error:
            self._app.tasks.finish(name, f"{type(error).__name__}: {error}")
            raise
        self._app.tasks.finish(name)
        return result

    def _guard(self, name: str, task: Callable[[], object]) -> None:
        """A task that raises is logged and starves no other: left to itself, `schedule`
        would not reschedule it, and would skip those sorted after it, for ever."""
        try:
            self._record(name, task)
            return
        except DatabaseUnavailable as error:
            logger.warning(
                "%s waits: %s", name, error, extra={"action": "database_away"}
            )
        except Exception:
            logger.exception("task %s failed", name, extra={"action": "task_failed"})
        self._next_look = time.monotonic() + AFTER_ERROR_SECONDS

    def _look(self) -> None:
        self._next_look = 0.0

    def _expire_jobs(self) -> None:
        self._app.upkeep.trim_cache(self._app.settings.embedding_cache_rows)
        self._app.enrichment.store.drop_ended()
        count = self._app.upkeep.expire_jobs()
        if count:
            logger.info("%d jobs expired", count, extra={"action": "jobs_expired"})

    def _reconcile(self) -> None:
        for thing in THINGS:
            count = self._app.upkeep.reconcile(thing)
            if count:
                logger.info(
                    "%d %ss were not known to be due",
                    count,
                    thing,
                    extra={"action": "gaps_found", "count": count},
                )
        self._look()

    def _poll_batches(self) -> None:
        """Before due rows are looked for: after a long stop, what a batch brought is
        not paid for again."""
        if not self._app.batches.count_open():
            return
        for service in self._app.batch_services.all():
            if service.poll(lambda: self._is_stopping).claimed:
                self._look()

    def _find_unread(self) -> None:
        """What no trigger told of; what waits for its reader is tried again."""
        self._app.enrichment.store.add_missing()
        self._look()

    def _enrich(self) -> Totals:
        totals = self._app.enrichment.enrich_due(lambda: self._is_stopping)
        if totals.embedded or totals.failed:
            logger.info(
                "enriched %d jobs, %d known before, %d refused, $%.4f",
                totals.embedded,
                totals.reused,
                totals.failed,
                totals.dollars,
                extra={"action": "enriched", "count": totals.embedded},
            )
        return totals

    def _refresh_stale(self) -> None:
        for thing in THINGS:
            self._app.upkeep.refresh_stale(thing, self._app.settings.stale_days)
        self._look()

    def _forget_messages(self) -> None:
        count = self._app.edge.inbox.forget(self._app.settings.whatsapp_keep_days)
        if count:
            logger.info("%d old messages emptied", count, extra={"action": "forgotten"})

    @property
    def _has_whatsapp(self) -> bool:
        return self._app.settings.whatsapp_phone_number_id is not None

    def _alert(self) -> None:
        """In a thread of its own: nobody's digest waits for the end of a long embedding
        pass."""
        if self._alert_thread is None or not self._alert_thread.is_alive():
            self._alert_thread = threading.Thread(
                target=self._find_and_tell, name="alerts", daemon=True
            )
            self._alert_thread.start()

    def _find_and_tell(self) -> None:
        self._guard("find_people", self._find_people)
        self._guard("send_digests", self._send_digests)

    def _find_people(self) -> None:
        self._finder.hold_new_jobs(lambda: self._is_stopping)

    def _send_digests(self) -> None:
        self._digests.send_due(lambda: self._is_stopping)

    def _start(self) -> None:
        """The key, the budget or the template may be others than before."""
        self._app.services.all()  # loads their libraries: not while rows wait
        self._app.upkeep.forget_denials()
        self._follow_template()

    def _follow_template(self) -> None:
        """Another template than the one the vectors were made with: every text has
        changed."""
        template = self._app.settings.embedding_template
        for model in self._app.models.list():
            if self._app.models.set_template(model.name, template):
                self._app.upkeep.refresh_all(model.name)
                logger.info(
                    "%s follows template %s",
                    model.name,
                    template,
                    extra={"action": "template_changed"},
                )

    # --- embedding

    def _embed_due(self) -> None:
        self._next_look = time.monotonic() + self._app.settings.poll_seconds
        self._embed()
        # Beside the vectors, after them: a chat model may take hours.
        self._enrich_thread = self._begin(
            self._enrich_thread, "enrich_jobs", self._enrich
        )
        seconds = self._seconds_to_next_look()
        if seconds is not None:
            wait = max(seconds, self._shortest_pause(), SOONEST_SECONDS)
            self._next_look = min(self._next_look, time.monotonic() + wait)
        else:
            self._index_thread = self._begin(
                self._index_thread, "build_index", self._index.build_missing
            )

    def _begin(
        self, last: threading.Thread | None, name: str, task: Callable[[], object]
    ) -> threading.Thread:
        """A thread of its own, unless the last one is still at it."""
        if last is not None and last.is_alive():
            return last
        thread = threading.Thread(target=self._guard, args=(name, task), daemon=True)
        thread.start()
        return thread

    def _embed(self) -> Totals:
        self._index.drop_before_large_fill()
        progress = _Progress()
        totals = self._app.generator.embed_due(lambda: self._is_stopping, progress.add)
        if totals.embedded or totals.reused or totals.failed:
            progress.report("embedded")
        return totals

    def _seconds_to_next_look(self) -> float | None:
        models = [service.model for service in self._app.services.all()]
        return self._app.upkeep.seconds_to_next_due(models)

    def _shortest_pause(self) -> float:
        """Until some provider may be called again; 0: now."""
        return min(
            (service.pause_seconds() for service in self._app.services.all()), default=0
        )

    def _seconds_to_provider(self) -> float:
        """Until every provider may be called again; 0: now."""
        return max(
            (service.pause_seconds() for service in self._app.services.all()), default=0
        )

    # --- waiting

    def _nap(self) -> None:
        seconds = min(NAP_SECONDS, max(0.0, self._next_look - time.monotonic()))
        if self._app.listener.wait(seconds):
            self._look()


class _Progress:
    """A line of the log every few seconds while there is much to do."""

    def __init__(self) -> None:
        self._totals = Totals()
        self._lock = threading.Lock()
        self._start = self._said = time.monotonic()

    def add(self, totals: Totals) -> None:
        with self._lock:
            self._totals += totals
            if time.monotonic() - self._said > PROGRESS_SECONDS:
                self._said = time.monotonic()
                self.report("embedding")

    def report(self, what: str) -> None:
        seconds = max(time.monotonic() - self._start, 1e-3)
        logger.info(
            "%s %d rows in %.1f s (%.0f a second), %d paid for before, %d unchanged, "
            "%d refused",
            what,
            self._totals.embedded,
            seconds,
            self._totals.embedded / seconds,
            self._totals.reused,
            self._totals.unchanged,
            self._totals.failed,
            extra={"action": what, "count": self._totals.embedded},
        )


def stop_on_signals(stop: Callable[[], None]) -> None:
    """The first signal asks, the second kills."""

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def run_until_stopped(app: App) -> int:
    service = SchedulerService(app)
    stop_on_signals(service.stop)
    service.run()
    logger.info("stopped", extra={"action": "stopped"})
    return 0


def _run_once(app: App) -> int:
    service = SchedulerService(app)
    stop_on_signals(service.stop)
    totals = service.run_once()
    sys.stdout.write(
        f"embedded {totals.embedded}, paid for before {totals.reused}, "
        f"unchanged {totals.unchanged}, nothing to embed {totals.empty}, "
        f"refused {totals.failed}, put off {totals.given_back}; "
        f"{totals.requests} requests, {totals.tokens} tokens, ${totals.dollars:.4f}\n"
    )
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
    return door.run(_run_once if options.once else run_until_stopped)


if __name__ == "__main__":
    sys.exit(main())
