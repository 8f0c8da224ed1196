"""Embeds what a plan says and a sink lacks: chunk by chunk, several at a time.

A chunk is the same rows whenever it is run, so what an interrupted run and the next one
give together is what one run would have given.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from whatsapp_bot.corpus.plan import Corpus, CorpusText, Flags, Plan
from whatsapp_bot.corpus.sink import Batch, Failure, Sink
from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.embeddings.text_embedder import Answer, Call, TextEmbedder
from whatsapp_bot.embeddings.workers import run_workers
from whatsapp_bot.errors import (
    DatabaseUnavailable,
    EmbeddingDenied,
    EmbeddingError,
    InputError,
)
from whatsapp_bot.records import Totals

logger = logging.getLogger(__name__)

PURPOSE = "corpus"  # in the ledger
PATIENCE_SECONDS = 600.0  # a provider that cannot be had for longer ends the run
STORE_PATIENCE_SECONDS = 120.0  # likewise a sink: the vectors are paid for
RETRY_SECONDS = 1.0
NAP_SECONDS = 0.1
COPIED_AT_ONCE = 500  # rows


@dataclass(frozen=True)
class Outcome:
    """totals.embedded: rows whose vector is in the sink now and was not before; reused:
    those of them whose text an earlier row has. failures: rows that have none."""

    totals: Totals = Totals()
    failures: tuple[Failure, ...] = ()
    is_complete: bool = False  # every row was looked at


@dataclass
class _Chunk:
    """texts in order of rows; what came for them so far, by row."""

    texts: list[CorpusText]
    vectors: dict[int, Vectors] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    cost: Totals = Totals()

    def take(self, texts: list[CorpusText], answer: Answer) -> None:
        for place, vector in zip(answer.places, answer.vectors, strict=True):
            self.vectors[texts[place].number] = vector
        for place, reason in answer.refused:
            self.refused[texts[place].number] = reason
        self.cost += answer.cost

    def batch(self) -> Batch:
        good = [text for text in self.texts if text.number in self.vectors]
        vectors = [self.vectors[text.number] for text in good]
        return Batch(
            texts=good,
            vectors=np.stack(vectors) if vectors else np.empty((0, 0), np.float32),
            failures=[
                Failure(text, self.refused[text.number])
                for text in self.texts
                if text.number in self.refused
            ],
            cost=self.cost,
        )


class CorpusRun:
    """One run, begun after `Sink.begin`."""

    def __init__(
        self,
        corpus: Corpus,
        plan: Plan,
        done: Flags,
        sink: Sink,
        embedder: TextEmbedder,
        *,
        chunk_rows: int,
        concurrency: int,
        grace_seconds: float,
    ) -> None:
        """done: rows that need nothing. grace_seconds: for requests in flight after a
        stop; their answers are stored."""
        self._corpus = corpus
        self._plan = plan
        self._done = done
        self._sink = sink
        self._embedder = embedder
        self._chunk_rows = chunk_rows
        self._concurrency = concurrency
        self._grace_seconds = grace_seconds
        self._totals = Totals()
        self._failures: list[Failure] = []
        self._stopped_by: list[EmbeddingError] = []
        self._asked_to_stop: Callable[[], bool] = lambda: False
        self._on_batch: Callable[[Totals], None] = lambda totals: None
        self._chunks: Iterator[_Chunk] = iter(())
        self._has_ended = False
        self._is_over = threading.Event()
        self._reading = threading.Lock()
        self._storing = threading.Lock()

    def run(
        self,
        should_stop: Callable[[], bool],
        on_batch: Callable[[Totals], None] = lambda totals: None,
    ) -> Outcome:
        """Until every row was looked at, or should_stop. on_batch is told of each batch
        that is stored, from several threads.

        Raises EmbeddingDenied, ProviderPaused (the budget is spent, or the provider
        cannot be had for long), OutputError, InputError (the source changed meanwhile)
        and DatabaseError; what is done by then is stored.
        """
        self._asked_to_stop, self._on_batch = should_stop, on_batch
        self._chunks = self._to_embed()
        try:
            run_workers(
                self._step, self._concurrency, self._is_stopping, self._grace_seconds
            )
            if self._stopped_by:
                raise min(self._stopped_by, key=lambda error: error.is_hearsay)
            self._copy()
        finally:
            with self._storing:  # the sink may be closed now
                self._has_ended = True
        return Outcome(self._totals, tuple(self._failures), not self._is_stopping())

    def _is_stopping(self) -> bool:
        return self._is_over.is_set() or self._asked_to_stop()

    # --- what is to be embedded

    def _to_embed(self) -> Iterator[_Chunk]:
        is_wanted = self._plan.is_first | ~self._plan.has_text
        for texts in self._grouped(~self._done & is_wanted):
            yield _Chunk(texts, refused={t.number: t.fault for t in texts if t.fault})

    def _grouped(self, wanted: Flags) -> Iterator[list[CorpusText]]:
        """The wanted rows of each chunk of the source that has any."""
        by_chunk = itertools.groupby(
            self._corpus.texts(), key=lambda text: text.number // self._chunk_rows
        )
        for _, chunk in by_chunk:
            texts = [text for text in chunk if self._is(wanted, text)]
            if texts:
                yield texts

    def _is(self, wanted: Flags, text: CorpusText) -> bool:
        is_known = text.number < self._plan.rows
        if not is_known or self._plan.hashes[text.number].tobytes() != text.text_hash:
            raise InputError(
                f"{self._corpus.source.path} was changed while it was read (row "
                f"{text.number + 1}); run it again"
            )
        return bool(wanted[text.number])

    # --- a worker's step

    def _step(self) -> bool:
        """Whether there was a chunk left; when one cannot be had, all workers stop."""
        try:
            with self._reading:
                chunk = next(self._chunks, None)
            if chunk is None:
                return False
            try:
                self._embed(chunk)
            finally:
                self._store(chunk.batch())
        except EmbeddingError as error:
            self._stopped_by.append(error)
            self._is_over.set()
        except Exception:
            self._is_over.set()
            raise
        return True

    def _embed(self, chunk: _Chunk) -> None:
        left = [text for text in chunk.texts if text.fault is None]
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while left:
            waiting: list[CorpusText] = []
            pause = Answer()
            for answer in self._embedder.embed(
                [text.text for text in left], Call(None, PURPOSE)
            ):
                chunk.take(left, answer)
                if answer.waiting:
                    waiting += [left[place] for place in answer.waiting]
                    pause = answer
            left = waiting
            if left and not self._wait(pause, give_up_at):
                return

    def _wait(self, pause: Answer, give_up_at: float) -> bool:
        """Whether to try again now. Raises what ends the run."""
        if isinstance(pause.pause, EmbeddingDenied):
            raise pause.pause
        until = time.monotonic() + pause.seconds
        if until > give_up_at:
            assert pause.pause  # nothing waits without a reason
            raise pause.pause
        while time.monotonic() < until:
            if self._is_stopping():
                return False
            time.sleep(NAP_SECONDS)
        return True

    def _store(self, batch: Batch) -> None:
        if not batch.texts and not batch.failures:
            return
        with self._storing:
            if self._has_ended:
                return
            self._store_paid(batch)
            self._failures += batch.failures
            totals = batch.cost + Totals(
                embedded=len(batch.texts), failed=len(batch.failures)
            )
            self._totals += totals
        self._on_batch(totals)

    def _store_paid(self, batch: Batch) -> None:
        give_up_at = time.monotonic() + STORE_PATIENCE_SECONDS
        while True:
            try:
                self._sink.store(batch)
                return
            except DatabaseUnavailable as error:
                if time.monotonic() > give_up_at:
                    raise
                logger.warning("%s; trying again", error, extra={"action": "sink_away"})
                time.sleep(RETRY_SECONDS)

    # --- rows whose text an earlier row has

    def _copy(self) -> None:
        wanted = ~self._done & self._plan.has_text & ~self._plan.is_first
        if not wanted.any():
            return
        reasons = {failure.text.text_hash: failure.reason for failure in self._failures}
        texts = itertools.chain.from_iterable(self._grouped(wanted))
        while chunk := list(itertools.islice(texts, COPIED_AT_ONCE)):
            if self._is_stopping():
                return
            self._store(self._copied(chunk, reasons))

    def _copied(self, texts: list[CorpusText], reasons: dict[bytes, str]) -> Batch:
        chunk = _Chunk(texts)
        for text, vector in zip(texts, self._sink.find(texts), strict=True):
            if vector is None:
                chunk.refused[text.number] = reasons.get(text.text_hash, "no vector")
            else:
                chunk.vectors[text.number] = vector
        chunk.cost = Totals(reused=len(chunk.vectors))
        return chunk.batch()
