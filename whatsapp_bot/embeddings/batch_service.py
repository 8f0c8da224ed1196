"""Large fills at half the price: due rows wait for a provider's batch instead of a call.

Killed between any two steps, no row is lost and no text is paid for twice: rows are
leased for long only together with the batch that they wait for, the batch is written
before the provider is told, and one whose id was never learned is looked for there.
"""

from __future__ import annotations

import itertools
import logging
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np

from whatsapp_bot.database.batches import BatchStore
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings.due_rows import DueRows, Queue
from whatsapp_bot.embeddings.due_texts import DueText, settle_unpaid
from whatsapp_bot.embeddings.embedding_gate import EmbeddingGate
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.embeddings.packing import estimate_tokens
from whatsapp_bot.embeddings.prices import BATCH_SHARE, dollars
from whatsapp_bot.embeddings.provider import (
    BatchAnswer,
    BatchProvider,
    BatchStatus,
    Vectors,
)
from whatsapp_bot.embeddings.provider_gate import Budget
from whatsapp_bot.embeddings.vector_check import find_faults
from whatsapp_bot.errors import (
    BatchGone,
    EmbeddingError,
    EmbeddingUnavailable,
    ProviderPaused,
)
from whatsapp_bot.records import THINGS, Batch, Claim, Thing, Totals

logger = logging.getLogger(__name__)

HOUR = 3600.0
CLAIM_ROWS = 500
CLAIM_SECONDS = 120.0  # until the rows are written to a batch
LEASE_SECONDS = 26 * HOUR  # the provider's day, and time to fetch the answers
RENEW_SECONDS = 24 * HOUR  # a batch older than that has its rows' leases renewed ...
RENEW_LEFT_SECONDS = 2 * HOUR  # ... where they would end so soon
GONE_SECONDS = 25 * HOUR  # a batch that the provider does not know is given up after
HOLD_SECONDS = 600.0  # a process that is silent for longer is taken for dead
STORE_ANSWERS = 500
MAX_TEXTS = 50_000  # of a batch, OpenAI's limit
MAX_BYTES = 180_000_000  # of its file: 200 MB, less what one more claim may add


@dataclass(frozen=True)
class Submitted:
    """What was handed in. stopped: why it is not all that was due; None when it is."""

    batches: int = 0
    texts: int = 0
    dollars: float = 0.0  # at most; reserved
    settled: Totals = field(default_factory=Totals)  # what cost nothing
    stopped: str | None = None

    def __add__(self, other: Submitted) -> Submitted:
        return Submitted(
            self.batches + other.batches,
            self.texts + other.texts,
            self.dollars + other.dollars,
            self.settled + other.settled,
            other.stopped or self.stopped,
        )


@dataclass
class _Draft:
    """A batch that is being filled; its file has each text once."""

    id: int
    token: str
    file: IO[bytes]
    seen: set[bytes] = field(default_factory=set)
    tokens: int = 0
    bytes: int = 0


class BatchService:
    """Submits and collects the batches of one model; any number of processes may."""

    def __init__(
        self,
        batches: BatchStore,
        stores: Mapping[Thing, EmbeddingStore],
        provider: BatchProvider,
        gate: EmbeddingGate,
        template: Template,
        budget: Budget,
        *,
        max_attempts: int = 5,
        max_texts: int = MAX_TEXTS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.model = gate.provider.model
        self._batches = batches
        self._stores = stores
        self._due = DueRows(stores)
        self._provider = provider
        self._gate = gate
        self._template = template
        self._budget = replace(budget, price=budget.price * BATCH_SHARE)
        self._max_attempts = max_attempts
        self._max_texts = max_texts
        self._max_bytes = max_bytes

    def close(self) -> None:
        self._provider.close()

    # --- there

    def submit(self, limit: int | None = None, queue: Queue | None = None) -> Submitted:
        """Hand in what is due, of the queue if there is one, up to `limit` rows, in as
        many batches as it takes.

        Raises ProviderPaused, EmbeddingError when the provider does not take a batch
        (its rows are due again), and DatabaseError.
        """
        if wait := self._gate.wait_seconds():
            raise ProviderPaused(f"{self.model} is left alone for {wait:.0f} s", wait)
        total, left = Submitted(), math.inf if limit is None else float(limit)
        while left > 0 and total.stopped is None:
            with tempfile.TemporaryFile() as file:
                draft, claimed, settled = self._fill(queue or self._due, file, left)
                total += Submitted(settled=settled)
                if draft:
                    total += self._send(draft)
            if not claimed:
                break
            left -= claimed
        return total

    def _fill(
        self, queue: Queue, file: IO[bytes], limit: float
    ) -> tuple[_Draft | None, int, Totals]:
        """A draft with as many of the due rows as it takes, None if no text is left to
        be paid; how many rows were claimed, and what cost nothing."""
        draft: _Draft | None = None
        totals, claimed = Totals(), 0
        for thing in THINGS:
            while room := self._room(draft, limit - claimed):
                claims = queue.claim(thing, room, CLAIM_SECONDS)
                if not claims:
                    break
                claimed += len(claims)
                texts, settled = self._settle_unpaid(thing, claims)
                totals += settled
                if texts:
                    draft = draft or self._new_draft(file)
                    self._add(draft, thing, texts)
        return draft, claimed, totals

    def _room(self, draft: _Draft | None, left: float) -> int:
        """How many rows may be claimed next; 0: no more."""
        if draft and draft.bytes >= self._max_bytes:
            return 0
        texts = len(draft.seen) if draft else 0
        return int(min(CLAIM_ROWS, left, self._max_texts - texts))

    def _settle_unpaid(
        self, thing: Thing, claims: list[Claim]
    ) -> tuple[list[DueText], Totals]:
        size = self._gate.provider.size
        return settle_unpaid(
            self._stores[thing], claims, self._template, size.max_text_tokens
        )

    def _new_draft(self, file: IO[bytes]) -> _Draft:
        return _Draft(*self._batches.create(HOLD_SECONDS), file)

    def _add(self, draft: _Draft, thing: Thing, texts: list[DueText]) -> None:
        hashes = {text.claim.id: text.text_hash for text in texts}
        claims = [text.claim for text in texts]
        ours = self._batches.add(draft.id, thing, claims, hashes, LEASE_SECONDS)
        self._hold(draft)
        for text in texts:
            if text.claim.id not in ours or text.text_hash in draft.seen:
                continue
            line = self._provider.write_line(text.text_hash, text.text)
            draft.file.write(line)
            draft.seen.add(text.text_hash)
            draft.bytes += len(line)
            draft.tokens += estimate_tokens(text.text)

    def _hold(self, draft: _Draft) -> None:
        if not self._batches.hold(draft.id, "preparing", HOLD_SECONDS):
            raise EmbeddingUnavailable(
                f"batch {draft.id} was given up by another process: it took too long"
            )

    def _send(self, draft: _Draft) -> Submitted:
        if not draft.seen:
            # All of its texts are with other batches.
            self._batches.finish(draft.id)
            return Submitted()
        cost = dollars(draft.tokens, self._budget.price)
        if stopped := self._reserve(draft, cost):
            self._batches.finish(draft.id, stopped)
            return Submitted(stopped=stopped)
        provider_id = self._hand_in(draft)
        if not self._batches.submit(draft.id, provider_id):
            self._provider.cancel(provider_id)
            self._hold(draft)
        logger.info(
            "batch %d: %d texts are with the provider",
            draft.id,
            len(draft.seen),
            extra={"action": "batch_submitted", "count": len(draft.seen)},
        )
        return Submitted(1, len(draft.seen), cost)

    def _reserve(self, draft: _Draft, cost: float) -> str | None:
        """None, or why the money must not be spent."""
        run, daily = self._budget.run, self._budget.daily
        if not run.take(cost):
            return f"the run's budget of ${run.limit:g} would be passed"
        limit = math.inf if daily is None else daily
        if not self._batches.reserve(draft.id, cost, limit):
            run.put_back(cost)
            return f"the day's budget of ${daily:g} would be passed"
        return None

    def _hand_in(self, draft: _Draft) -> str:
        """The provider's id of the batch. Refused, its rows are due again; where it may
        have been created all the same, `poll` finds out."""
        is_asked = False
        try:
            draft.file.seek(0)
            file_id = self._provider.upload(draft.file)
            self._hold(draft)
            is_asked = True
            return self._provider.create(file_id, draft.token)
        except EmbeddingUnavailable as error:
            if not is_asked or error.is_limited:
                self._batches.finish(draft.id, str(error))
            raise
        except EmbeddingError as error:
            self._batches.finish(draft.id, str(error))
            raise

    # --- and back

    def poll(self, should_stop: Callable[[], bool] = lambda: False) -> Totals:
        """Look at each open batch, and store what is done. Raises EmbeddingDenied and
        DatabaseError; a provider that cannot be had is asked again at the next poll."""
        totals, after = Totals(), 0
        while not should_stop():
            batch = self._batches.take_open(after, HOLD_SECONDS)
            if batch is None:
                break
            after = batch.id
            try:
                totals += self._look_at(batch, should_stop)
            except EmbeddingUnavailable as error:
                logger.warning(
                    "batch %d cannot be looked at: %s",
                    batch.id,
                    error,
                    extra={"action": "batch_unreachable"},
                )
                self._batches.release(batch.id)
            except EmbeddingError:
                self._batches.release(batch.id)
                raise
        return totals

    def _look_at(self, batch: Batch, should_stop: Callable[[], bool]) -> Totals:
        try:
            provider_id = batch.provider_id or self._adopt(batch)
            if provider_id is None:
                return self._end(batch, "it was never created")
            status = self._provider.get(provider_id)
            if status.is_over:
                return self._collect(batch, status, should_stop)
        except BatchGone as error:
            # Perhaps only the key is another project's: what is there is paid for.
            if batch.age_seconds > GONE_SECONDS:
                return self._end(batch, str(error))
            logger.warning("batch %d: %s", batch.id, error)
        if batch.age_seconds > RENEW_SECONDS:
            self._batches.renew_leases(batch.id, LEASE_SECONDS, RENEW_LEFT_SECONDS)
        self._batches.release(batch.id)
        return Totals()

    def _adopt(self, batch: Batch) -> str | None:
        """Whoever prepared it died: perhaps after the provider had created it."""
        provider_id = self._provider.find(batch.token, batch.age_seconds)
        if provider_id:
            self._batches.submit(batch.id, provider_id)
        return provider_id

    def _collect(
        self, batch: Batch, status: BatchStatus, should_stop: Callable[[], bool]
    ) -> Totals:
        """Store what came back. What came before a crash comes again and is found to be
        stored; the tokens are counted anew, and billed once, by `finish`."""
        totals = Totals()
        answered, tokens = 0, 0
        refused: list[BatchAnswer] = []
        for answers in _chunks(self._provider.read_answers(status), STORE_ANSWERS):
            if should_stop():
                self._batches.release(batch.id)
                return totals
            self._batches.hold(batch.id, "submitted", HOLD_SECONDS)
            good = [answer for answer in answers if answer.vector is not None]
            refused += [answer for answer in answers if answer.refusal]
            totals += self._store(batch, good)
            answered += len(good)
            tokens += sum(answer.tokens for answer in answers)
        if answered:
            # Otherwise a setting may be wrong: no text is blamed.
            totals += self._set_aside(batch, refused)
        ended = self._end(batch, status.error, answered, tokens)
        return totals + ended

    def _end(
        self, batch: Batch, error: str | None, texts: int = 0, tokens: int = 0
    ) -> Totals:
        cost = dollars(tokens, self._budget.price)
        given_back = self._batches.finish(
            batch.id, error, texts=texts, tokens=tokens, dollars=cost
        )
        logger.log(
            logging.WARNING if error else logging.INFO,
            "batch %d ended%s: %d texts, $%.4f, %d rows given back",
            batch.id,
            f" ({error})" if error else "",
            texts,
            cost,
            given_back,
            extra={"action": "batch_ended", "count": texts},
        )
        return Totals(requests=1, given_back=given_back, tokens=tokens, dollars=cost)

    def _store(self, batch: Batch, answers: list[BatchAnswer]) -> Totals:
        if not answers:
            return Totals()
        vectors = np.stack(
            [answer.vector for answer in answers if answer.vector is not None]
        )
        faults = find_faults(vectors, self._gate.provider.dimensions)
        totals = self._set_aside(
            batch,
            [
                replace(answer, refusal=f"unusable vector: {fault}")
                for answer, fault in zip(answers, faults, strict=True)
                if fault
            ],
        )
        places = {
            answer.text_hash: i
            for i, (answer, fault) in enumerate(zip(answers, faults, strict=True))
            if fault is None
        }
        rows = self._batches.find_rows(batch.id, list(places))
        for thing in THINGS:
            claims = [claim for kind, claim in rows if kind == thing]
            totals += self._store_rows(batch, thing, claims, vectors, places)
        return totals

    def _store_rows(
        self,
        batch: Batch,
        thing: Thing,
        claims: Sequence[Claim],
        vectors: Vectors,
        places: Mapping[bytes, int],
    ) -> Totals:
        hashes = {claim.id: claim.text_hash or b"" for claim in claims}
        order = np.array([places[hashes[claim.id]] for claim in claims], int)
        written = self._stores[thing].store(claims, hashes, vectors[order])
        self._batches.settle(batch.id, thing, claims)
        return Totals(embedded=written, outrun=len(claims) - written)

    def _set_aside(self, batch: Batch, refused: Sequence[BatchAnswer]) -> Totals:
        errors = {answer.text_hash: answer.refusal or "" for answer in refused}
        failed = 0
        for thing, claim in self._batches.find_rows(batch.id, list(errors)):
            error = errors[claim.text_hash or b""]
            failed += self._batches.set_aside(
                batch.id, thing, claim, error, self._max_attempts
            )
            logger.warning(
                "%s %d cannot be embedded: %s",
                thing,
                claim.id,
                error,
                extra={"action": "text_refused", "id": claim.id},
            )
        return Totals(failed=failed)


def _chunks(answers: Iterator[BatchAnswer], size: int) -> Iterator[list[BatchAnswer]]:
    while chunk := list(itertools.islice(answers, size)):
        yield chunk
