"""Long work that was asked for: runs beside the requests, and says how far it is."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.errors import JobBotError
from whatsapp_bot.records import AdminCounts, AdminJob, Thing, Totals
from whatsapp_bot.web.parts import Parts

logger = logging.getLogger(__name__)

BEAT_SECONDS = 2.0  # between two words on how far it is
END_SECONDS = 10.0  # in which what runs must end after a stop
ERRORS_SHOWN = 20


@dataclass
class _Run:
    """What the threads of one piece of work share."""

    job: AdminJob
    service: EmbeddingService
    lock: threading.Lock = field(default_factory=threading.Lock)
    totals: Totals = Totals()
    is_lost: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def add(self, totals: Totals) -> None:
        with self.lock:
            self.totals += totals

    def counts(self) -> AdminCounts:
        with self.lock:
            return AdminCounts.of(self.totals)


class JobRunner:
    """One piece of work at a time for each kind of thing, over all processes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._runs: dict[int, _Run] = {}
        self._lock = threading.Lock()
        self._is_stopping = False

    def stop(self) -> None:
        """Ask all to end; only sets a flag, so a signal handler may call it."""
        self._is_stopping = True

    def close(self) -> None:
        """Wait until they have ended, for a while."""
        self.stop()
        for run in self._running():
            run.ended.wait(END_SECONDS)

    def start(
        self, service: EmbeddingService, thing: Thing, force: bool, limit: int
    ) -> AdminJob | None:
        """None when one of its kind runs already. Raises DatabaseError."""
        job = self._parts.jobs.begin(thing, force, limit)
        if job is None:
            return None
        run = _Run(job, service)
        with self._lock:
            self._runs[job.id] = run
        for work in (self._work, self._beat):
            name = f"job-{job.id}"
            threading.Thread(target=work, args=(run,), daemon=True, name=name).start()
        return job

    def wait(self, job_id: int, seconds: float) -> None:
        """Until it has ended, at most so long; at once if it runs elsewhere."""
        with self._lock:
            run = self._runs.get(job_id)
        if run:
            run.ended.wait(seconds)

    def _running(self) -> list[_Run]:
        with self._lock:
            return list(self._runs.values())

    def _work(self, run: _Run) -> None:
        try:
            self._finish(run, *self._embed(run))
        except JobBotError as error:
            logger.warning(
                "job %d cannot say that it ended: %s",
                run.job.id,
                error,
                extra={"action": "admin_job_unfinished", "id": run.job.id},
            )
        finally:
            run.ended.set()
            with self._lock:
                del self._runs[run.job.id]

    def _embed(self, run: _Run) -> tuple[str, list[str], str | None]:
        """How it ended: the state, what rows failed with, and why it ended early."""
        job = run.job
        try:
            # Rows that no trigger told of are among what is asked for.
            self._parts.upkeep.reconcile(job.thing)
            ids = self._parts.generator.embed_some(
                run.service,
                job.thing,
                job.row_limit,
                job.created_at if job.force else None,
                lambda: self._is_stopping or run.is_lost,
                run.add,
            )
            errors = self._errors(run, ids)
            if self._is_stopping:
                return "stopped", errors, "the service was stopped: ask again"
            if run.service.pause_seconds() and len(ids) < job.row_limit:
                return "failed", errors, self._why_paused(run)
            return "done", errors, None
        except JobBotError as error:
            return "failed", [], str(error)
        except Exception:  # its thread has nobody else to tell
            logger.exception("job %d", job.id, extra={"action": "admin_job_failed"})
            return "failed", [], "an error of ours: see the log"

    def _errors(self, run: _Run, ids: list[int]) -> list[str]:
        if not run.counts().failed:
            return []
        thing = run.job.thing
        store = self._parts.store(thing, self._parts.models.get(run.service.model))
        rows = store.failures(ERRORS_SHOWN, ids=ids)
        return [f"{thing} {row['id']}: {row['last_error']}" for row in rows]

    def _why_paused(self, run: _Run) -> str:
        model = self._parts.models.get(run.service.model)
        pace = self._parts.pace(model).facts()
        return (
            f"the provider is left alone for {run.service.pause_seconds():.0f} s: "
            f"{pace.message or 'it is not our turn'}"
        )

    def _finish(
        self, run: _Run, state: str, errors: list[str], message: str | None
    ) -> None:
        counts = run.counts()
        self._parts.jobs.finish(run.job.id, state, counts, errors, message)
        logger.info(
            "job %d %s: %d %ss, %d successful, %d failed, %d skipped, $%.4f",
            run.job.id,
            state,
            counts.processed,
            run.job.thing,
            counts.successful,
            counts.failed,
            counts.skipped,
            counts.dollars,
            extra={"action": "admin_job_ended", "id": run.job.id},
        )

    def _beat(self, run: _Run) -> None:
        while not run.ended.wait(BEAT_SECONDS):
            try:
                if not self._parts.jobs.hold(run.job.id, run.counts()):
                    run.is_lost = not run.ended.is_set()
                    return
            except JobBotError as error:
                logger.debug("job %d: %s", run.job.id, error)
