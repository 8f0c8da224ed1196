"""The tasks of the daemon, but for the embedding of what is due: what each does."""

from __future__ import annotations

import logging
from collections.abc import Callable

from whatsapp_bot.bootstrap import App, build_digests, build_job_finder
from whatsapp_bot.records import THINGS, Totals

logger = logging.getLogger(__name__)


class Tasks:
    """look: asks for a look for due rows, soon. is_stopping: whether to end early."""

    def __init__(
        self, app: App, look: Callable[[], None], is_stopping: Callable[[], bool]
    ) -> None:
        self.look = look
        self._app = app
        self._is_stopping = is_stopping
        self._finder, self._digests = build_job_finder(app), build_digests(app)

    def start(self) -> None:
        """The key, the budget or the template may be others than before."""
        self._app.services.all()  # loads their libraries: not while rows wait
        self._app.upkeep.forget_denials()
        self._follow_template()

    def expire_jobs(self) -> None:
        self._app.upkeep.trim_cache(self._app.settings.embedding_cache_rows)
        self._app.enrichment.store.drop_ended()
        count = self._app.upkeep.expire_jobs()
        if count:
            logger.info("%d jobs expired", count, extra={"action": "jobs_expired"})

    def reconcile(self) -> None:
        for thing in THINGS:
            count = self._app.upkeep.reconcile(thing)
            if count:
                logger.info(
                    "%d %ss were not known to be due",
                    count,
                    thing,
                    extra={"action": "gaps_found", "count": count},
                )
        self.look()

    def refresh_stale(self) -> None:
        for thing in THINGS:
            self._app.upkeep.refresh_stale(thing, self._app.settings.stale_days)
        self.look()

    def poll_batches(self) -> None:
        """Before due rows are looked for: after a long stop, what a batch brought is
        not paid for again."""
        if not self._app.batches.count_open():
            return
        for service in self._app.batch_services.all():
            if service.poll(self._is_stopping).claimed:
                self.look()

    def find_unread(self) -> None:
        """What no trigger told of; what waits for its reader is tried again."""
        self._app.enrichment.store.add_missing()
        self.look()

    def enrich_jobs(self) -> Totals:
        totals = self._app.enrichment.enrich_due(self._is_stopping)
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

    def find_people(self) -> None:
        self._finder.hold_new_jobs(self._is_stopping)

    def send_digests(self) -> None:
        self._digests.send_due(self._is_stopping)

    def forget_messages(self) -> None:
        count = self._app.edge.inbox.forget(self._app.settings.whatsapp_keep_days)
        if count:
            logger.info("%d old messages emptied", count, extra={"action": "forgotten"})

    def _follow_template(self) -> None:
        template = self._app.settings.embedding_template
        for model in self._app.models.list():
            if self._app.upkeep.follow_template(model.name, template):
                logger.info(
                    "%s follows template %s",
                    model.name,
                    template,
                    extra={"action": "template_changed"},
                )
