"""Keeps what is inferred from postings true: claim, read, check, store.

Three callers, one verb: the save hook, the daemon and whoever runs it by hand; as
EmbeddingService does for vectors, whose texts it makes due where they change.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from whatsapp_bot.database.enrichments import EnrichmentStore, Reading
from whatsapp_bot.embeddings.due_rows import Queue
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.embeddings.inferred import as_inferred
from whatsapp_bot.embeddings.patience import store_paid
from whatsapp_bot.embeddings.workers import run_workers
from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.reader import Outcome, Reader
from whatsapp_bot.errors import EmbeddingDenied, EmbeddingError, ProviderPaused
from whatsapp_bot.records import Claim, Enrichment, Row, Totals

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Posting:
    """A claimed job as its row has it, and what is read of it."""

    claim: Claim
    job: Row
    text: PostingText
    text_hash: bytes


def _never() -> bool:
    return False


class EnrichmentService:
    """Safe to share among threads."""

    def __init__(
        self,
        store: EnrichmentStore,
        reader: Reader,
        template: Template,
        *,
        batch_size: int,
        threads: int,
        lease_seconds: float,
        grace_seconds: float,
        max_attempts: int,
    ) -> None:
        self.reader = reader
        self.store = store
        self.last_pause: EmbeddingError | None = None  # why rows were last given back
        self._template = template
        self._batch_size = batch_size
        self.threads = threads
        self.lease_seconds = lease_seconds
        self.grace_seconds = grace_seconds
        self._max_attempts = max_attempts

    def pause_seconds(self) -> float:
        """How long the reader is to be left alone; 0 when it may be asked."""
        return self.reader.wait_seconds()

    def enrich_job(self, job_id: int, timeout: float) -> Totals:
        """This job if it is due; nothing to do is an empty Totals. Raises
        DatabaseError."""
        if self.pause_seconds():
            return Totals()
        claims = self.store.claim([job_id], 2 * timeout + 5)
        return self._see_through(claims, timeout, _never)

    def enrich_batch(
        self, queue: Queue | None = None, should_stop: Callable[[], bool] = _never
    ) -> Totals:
        """One step: claim what is due, of the queue if there is one, and see it through.

        Totals.embedded are those that were read. A reader that cannot be had is no
        error: the rows are given back. Raises DatabaseError.
        """
        if self.pause_seconds():
            return Totals()
        size, lease = self._batch_size, self.lease_seconds
        claims = (
            queue.claim("job", size, lease)
            if queue
            else self.store.claim_due(size, lease)
        )
        return self._see_through(claims, None, should_stop)

    def enrich_due(self, should_stop: Callable[[], bool]) -> Totals:
        """Until nothing is due, the reader is to be left alone, or should_stop. Raises
        DatabaseError."""
        steps: list[Totals] = []

        def step() -> bool:
            totals = self.enrich_batch(None, should_stop)
            steps.append(totals)
            return totals.claimed > 0

        run_workers(step, self.threads, should_stop, self.grace_seconds)
        return sum(steps, Totals())

    def give_back_in_hand(self) -> int:
        """A posting that is with the provider comes back by its lease; its answer, should
        it still come, is stored."""
        return 0

    def close(self) -> None:
        self.reader.close()

    def _see_through(
        self,
        claims: list[Claim],
        timeout: float | None,
        should_stop: Callable[[], bool],
    ) -> Totals:
        if not claims:
            return Totals()
        postings = self._read_jobs(claims)
        same = [each for each in postings if _is_as_it_was_read(each)]
        self.store.confirm([each.claim for each in same])
        changed = [each for each in postings if not _is_as_it_was_read(each)]
        unread, totals = self._settle_known(changed)
        # A job that was deleted since took its row with it.
        gone = len(claims) - len(postings)
        totals += Totals(unchanged=len(same), empty=gone)
        return totals + self._read_all(unread, timeout, should_stop)

    def _read_jobs(self, claims: Sequence[Claim]) -> list[_Posting]:
        jobs = self.store.read_jobs([claim.id for claim in claims])
        found = []
        for claim in claims:
            if job := jobs.get(claim.id):
                text = PostingText.of(job)
                text_hash = text.hash(self.reader.version)
                found.append(_Posting(claim, job, text, text_hash))
        return found

    def _settle_known(self, postings: list[_Posting]) -> tuple[list[_Posting], Totals]:
        """Those whose text was read before, in whatever row, cost nothing; the others.
        By rules, to read is as quick as to look."""
        if self.reader.is_free or not postings:
            return postings, Totals()
        known = self.store.find_known([each.text_hash for each in postings])
        readings = [
            self._reading(each, *known[each.text_hash])
            for each in postings
            if each.text_hash in known
        ]
        written = self.store.store(readings, self.reader.version)
        outrun = len(readings) - written
        unread = [each for each in postings if each.text_hash not in known]
        return unread, Totals(reused=written, outrun=outrun)

    def _read_all(
        self,
        postings: Sequence[_Posting],
        timeout: float | None,
        should_stop: Callable[[], bool],
    ) -> Totals:
        totals, free = Totals(), list[Reading]()
        for place, posting in enumerate(postings):
            if should_stop():
                totals += self._give_back(postings[place:], 0.0)
                break
            try:
                outcome = self.reader.read(posting.text, timeout)
            except (ProviderPaused, EmbeddingDenied) as pause:
                self.last_pause = pause
                seconds = getattr(pause, "seconds", self.pause_seconds())
                totals += self._give_back(postings[place:], seconds)
                break
            totals += outcome.cost
            if outcome.enrichment is None:
                totals += self._set_aside(posting, outcome)
                continue
            reading = self._reading(posting, outcome.enrichment, outcome.source)
            if outcome.cost.requests:
                totals += self._store([reading])  # paid for: at once
            else:
                free.append(reading)
        return totals + self._store(free)

    def _reading(
        self, posting: _Posting, enrichment: Enrichment, source: str
    ) -> Reading:
        enriched = posting.job | as_inferred(enrichment)
        before = self._template.text("job", posting.job)
        after = self._template.text("job", enriched)
        return Reading(
            posting.claim, posting.text_hash, enrichment, source, before != after
        )

    def _store(self, readings: list[Reading]) -> Totals:
        written = store_paid(
            lambda: self.store.store(readings, self.reader.version),
            self.lease_seconds / 2,
        )
        return Totals(embedded=written, outrun=len(readings) - written)

    def _give_back(self, postings: Sequence[_Posting], seconds: float) -> Totals:
        """Not their fault: no attempt is counted."""
        self.store.give_back([each.claim for each in postings], seconds)
        return Totals(given_back=len(postings))

    def _set_aside(self, posting: _Posting, outcome: Outcome) -> Totals:
        error = outcome.error or "it cannot be read"
        self.store.set_aside(posting.claim, error, self._max_attempts)
        logger.warning(
            "job %d cannot be enriched: %s",
            posting.claim.id,
            error,
            extra={"action": "posting_refused", "id": posting.claim.id},
        )
        return Totals(failed=1)


def _is_as_it_was_read(posting: _Posting) -> bool:
    return posting.claim.has_vector and posting.claim.text_hash == posting.text_hash
