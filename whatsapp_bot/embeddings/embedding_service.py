"""Keeps the vectors of one model true: claim, build the text, call, check, store.

Three callers, one verb: the save hooks, the daemon and whoever runs it by hand. No
transaction is open while the provider is called, and every write is guarded by the
revision that was claimed (database/embeddings.py).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime

from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings.call_times import CallTimes
from whatsapp_bot.embeddings.due_rows import DueRows, Queue
from whatsapp_bot.embeddings.due_texts import (
    DueText,
    settle_known,
    settle_unchanged,
)
from whatsapp_bot.embeddings.embedding_gate import EmbeddingGate
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.embeddings.patience import store_paid
from whatsapp_bot.embeddings.provider import EmbeddingProvider, Vectors
from whatsapp_bot.embeddings.text_embedder import Answer, Call, TextEmbedder
from whatsapp_bot.embeddings.texts_in_hand import TextsInHand
from whatsapp_bot.errors import EmbeddingError
from whatsapp_bot.records import THINGS, Claim, Thing, Totals

logger = logging.getLogger(__name__)


class EmbeddingService:
    """Embeds users and jobs with one model; safe to share among threads."""

    def __init__(
        self,
        stores: Mapping[Thing, EmbeddingStore],
        gate: EmbeddingGate,
        template: Template,
        *,
        batch_size: int = 256,
        lease_seconds: float = 120,
        max_attempts: int = 5,
    ) -> None:
        self.model = gate.provider.model
        self._stores = stores
        self._due = DueRows(stores)
        self._gate = gate
        self._embedder = TextEmbedder(gate)
        self._template = template
        self.batch_size = batch_size
        self._lease_seconds = lease_seconds
        self._max_attempts = max_attempts
        self._in_hand = _InHand()
        self._paying = TextsInHand()
        self.last_pause: EmbeddingError | None = None  # why rows were last given back

    @property
    def provider(self) -> EmbeddingProvider:
        return self._gate.provider

    def pause_seconds(self) -> float:
        """How long the provider is to be left alone; 0 when it may be called."""
        return self._gate.wait_seconds()

    def embed_user(self, user_id: int, timeout: float | None = None) -> Totals:
        """Embed this user if she is due; nothing to do is an empty Totals."""
        return self._embed_one("user", user_id, timeout)

    def embed_job(self, job_id: int, timeout: float | None = None) -> Totals:
        return self._embed_one("job", job_id, timeout)

    def embed_batch(self, thing: Thing, queue: Queue | None = None) -> Totals:
        """One step: claim a batch that is due, of the queue if there is one, and see it
        through.

        Totals.claimed is 0 when nothing is due or the provider is to be left alone. A
        provider that cannot be had is no error: the rows are given back, and
        `pause_seconds` says until when. Raises DatabaseError.
        """
        return Totals() if self.pause_seconds() else self._embed_next(thing, queue)

    def embed_any_batch(self) -> Totals:
        """One step, of whatever is due: see THINGS for what comes first."""
        if self.pause_seconds():
            return Totals()
        steps = map(self._embed_next, THINGS)
        return next((totals for totals in steps if totals.claimed), Totals())

    def _embed_next(self, thing: Thing, queue: Queue | None = None) -> Totals:
        store = self._stores[thing]
        source, purpose = (queue, "backfill") if queue else (self._due, "schedule")
        claims = source.claim(thing, self.batch_size, self._lease_seconds)
        return self._see_through(store, claims, Call(None, purpose))

    def embed_some(
        self, thing: Thing, limit: int, anew_since: datetime | None
    ) -> tuple[Totals, list[int]]:
        """One step of what a person asked for: at most `limit` rows (batch_size at
        most), and their ids.

        anew_since None: of what is due. Otherwise of all, those first that were looked
        at longest ago, whether their text changed or not, and none twice since then.
        """
        if self.pause_seconds():
            return Totals(), []
        store, lease = self._stores[thing], self._lease_seconds
        if anew_since is None:
            claims = store.claim_due(limit, lease)
        else:
            claims = store.claim_anew(anew_since, limit, lease)
        totals = self._see_through(store, claims, Call(None, "admin"))
        return totals, [claim.id for claim in claims]

    def probe(self, timeout: float) -> None:
        """Embed a known text, to see whether the provider answers. Raises
        EmbeddingError."""
        self._embedder.probe(timeout)

    def give_back_in_hand(self) -> int:
        """Make due again what is with the provider right now; its answer, should it
        still come, is stored all the same. For a process that cannot wait."""
        batches = self._in_hand.take()
        for store, claims in batches:
            store.give_back(claims, delay_seconds=0)
        return sum(len(claims) for _, claims in batches)

    def call_times(self) -> CallTimes:
        """How long this process's calls to the provider took, by outcome."""
        return self._gate.times

    def close(self) -> None:
        self._gate.provider.close()

    def _embed_one(self, thing: Thing, thing_id: int, timeout: float | None) -> Totals:
        if self.pause_seconds():
            return Totals()
        store = self._stores[thing]
        lease = self._lease_seconds if timeout is None else 2 * timeout + 5
        claims = store.claim(thing_id, lease)
        return self._see_through(store, claims, Call(timeout, "save"))

    def _see_through(
        self, store: EmbeddingStore, claims: list[Claim], call: Call
    ) -> Totals:
        if not claims:
            return Totals()
        with self._in_hand.holding(store, claims):
            texts, totals = settle_unchanged(store, claims, self._template)
            while texts:
                mine, others = self._paying.take(texts)
                try:
                    totals += self._pay(store, mine, call)
                finally:
                    self._paying.release(mine)
                self._paying.wait_for(others)
                texts = others
            return totals

    def _pay(self, store: EmbeddingStore, texts: list[DueText], call: Call) -> Totals:
        """For what is not paid for. That is only known of texts in hand: another thread
        may have stored the vector until just now."""
        max_text_tokens = self._gate.provider.size.max_text_tokens
        unpaid, totals = settle_known(store, texts, max_text_tokens)
        for answer in self._embedder.embed([text.text for text in unpaid], call):
            totals += answer.cost + self._keep(store, unpaid, answer)
        return totals

    def _keep(
        self, store: EmbeddingStore, texts: list[DueText], answer: Answer
    ) -> Totals:
        totals = Totals()
        for place, reason in answer.refused:
            totals += self._set_aside(store, texts[place], reason)
        if answer.waiting:
            if answer.pause and not answer.pause.is_hearsay:
                self.last_pause = answer.pause
            waiting = [texts[place] for place in answer.waiting]
            totals += self._give_back(store, waiting, answer.seconds)
        if answer.places:
            good = [texts[place] for place in answer.places]
            totals += self._store(store, good, answer.vectors)
        return totals

    def _store(
        self, store: EmbeddingStore, texts: list[DueText], vectors: Vectors
    ) -> Totals:
        claims = [text.claim for text in texts]
        text_hashes = {text.claim.id: text.text_hash for text in texts}
        written = store_paid(
            lambda: store.store(claims, text_hashes, vectors), self._lease_seconds / 2
        )
        return Totals(embedded=written, outrun=len(texts) - written)

    def _set_aside(self, store: EmbeddingStore, text: DueText, error: str) -> Totals:
        store.set_aside(text.claim, error, self._max_attempts)
        logger.warning(
            "%s %d cannot be embedded: %s",
            store.thing,
            text.claim.id,
            error,
            extra={"action": "text_refused", "id": text.claim.id},
        )
        return Totals(failed=1)

    def _give_back(
        self, store: EmbeddingStore, texts: list[DueText], seconds: float
    ) -> Totals:
        """The provider's fault, not theirs: no attempt is counted."""
        store.give_back([text.claim for text in texts], seconds)
        logger.info(
            "%d %ss wait %.1f s for %s",
            len(texts),
            store.thing,
            seconds,
            self.model,
            extra={"action": "rows_given_back", "count": len(texts)},
        )
        return Totals(given_back=len(texts))


class _InHand:
    """The claims that threads of this process are working on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: dict[int, tuple[EmbeddingStore, list[Claim]]] = {}

    @contextlib.contextmanager
    def holding(self, store: EmbeddingStore, claims: list[Claim]) -> Iterator[None]:
        with self._lock:
            self._batches[id(claims)] = (store, claims)
        try:
            yield
        finally:
            with self._lock:
                self._batches.pop(id(claims), None)

    def take(self) -> list[tuple[EmbeddingStore, list[Claim]]]:
        with self._lock:
            batches = list(self._batches.values())
            self._batches.clear()
        return batches
