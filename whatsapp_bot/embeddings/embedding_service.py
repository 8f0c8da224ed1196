"""Keeps the vectors of one model true: claim, build the text, call, check, store.

Three callers, one verb: the save hooks, the daemon and whoever runs it by hand. No
transaction is open while the provider is called, and every write is guarded by the
revision that was claimed (database/embeddings.py).
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from whatsapp_bot.database.embeddings import EmbeddingStore, EmbeddingUpkeep
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.embeddings.provider import EmbeddingProvider, Vectors
from whatsapp_bot.embeddings.vector_check import find_faults
from whatsapp_bot.errors import (
    DatabaseUnavailable,
    EmbeddingDenied,
    EmbeddingRejected,
    EmbeddingUnavailable,
)
from whatsapp_bot.records import Claim, Thing, Totals

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0  # then 2, 4, 8, ... where the provider gave no hint
LONGEST_PAUSE_SECONDS = 60.0
DENIED_PAUSE_SECONDS = 300.0  # a person must act; look again seldom
STORE_RETRY_SECONDS = 0.5
KNOWN_GOOD_TEXT = "Accountant"


@dataclass(frozen=True)
class _Text:
    claim: Claim
    text: str
    text_hash: bytes


class EmbeddingService:
    """Embeds users and jobs with one model; safe to share among threads."""

    def __init__(
        self,
        stores: Mapping[Thing, EmbeddingStore],
        upkeep: EmbeddingUpkeep,
        provider: EmbeddingProvider,
        template: Template,
        *,
        batch_size: int = 256,
        lease_seconds: float = 120,
        max_attempts: int = 5,
        purpose: str = "schedule",
    ) -> None:
        self.model = provider.model
        self._stores = stores
        self._upkeep = upkeep
        self._provider = provider
        self._template = template
        self._batch_size = min(batch_size, provider.max_texts)
        self._lease_seconds = lease_seconds
        self._max_attempts = max_attempts
        self._purpose = purpose
        self._pause = _Pause()
        self._in_hand = _InHand()

    @property
    def pause_seconds(self) -> float:
        """How long the provider should be left alone; 0 when it may be called."""
        return self._pause.seconds_left()

    def embed_user(self, user_id: int, timeout: float | None = None) -> Totals:
        """Embed this user if she is due; nothing to do is an empty Totals."""
        return self._embed_one("user", user_id, timeout)

    def embed_job(self, job_id: int, timeout: float | None = None) -> Totals:
        return self._embed_one("job", job_id, timeout)

    def embed_batch(self, thing: Thing) -> Totals:
        """One step: claim a batch that is due and see it through.

        Totals.claimed is 0 when nothing is due or the provider is to be left alone. A
        provider that cannot be had is no error: the rows are given back, and
        `pause_seconds` says until when. Raises DatabaseError.
        """
        if self.pause_seconds:
            return Totals()
        store = self._stores[thing]
        claims = store.claim_due(self._batch_size, self._lease_seconds)
        return self._see_through(store, claims, timeout=None)

    def probe(self, timeout: float) -> None:
        """Embed a known text, to see whether the provider answers. Raises
        EmbeddingError."""
        self._call([KNOWN_GOOD_TEXT], timeout, purpose="probe")

    def give_back_in_hand(self) -> int:
        """Make due again what is with the provider right now; its answer, should it
        still come, is stored all the same. For a process that cannot wait."""
        batches = self._in_hand.take()
        for store, claims in batches:
            store.give_back(claims, delay_seconds=0)
        return sum(len(claims) for _, claims in batches)

    def _embed_one(self, thing: Thing, thing_id: int, timeout: float | None) -> Totals:
        if self.pause_seconds:
            return Totals()
        store = self._stores[thing]
        lease = self._lease_seconds if timeout is None else 2 * timeout + 5
        return self._see_through(store, store.claim(thing_id, lease), timeout)

    def _see_through(
        self, store: EmbeddingStore, claims: list[Claim], timeout: float | None
    ) -> Totals:
        if not claims:
            return Totals()
        with self._in_hand.holding(store, claims):
            texts, totals = self._settle_unpaid(store, claims)
            return totals + self._embed(store, texts, timeout)

    def _settle_unpaid(
        self, store: EmbeddingStore, claims: list[Claim]
    ) -> tuple[list[_Text], Totals]:
        """Build the texts; those that are empty or unchanged need no call."""
        things = store.read_things([claim.id for claim in claims])
        changed, unchanged, empty = [], [], []
        for claim in claims:
            # A thing that was deleted since reads like an empty one.
            text = self._template.text(store.thing, things.get(claim.id, {}))
            text_hash = self._template.text_hash(text)
            if not text:
                empty.append(claim)
            elif claim.has_vector and text_hash == claim.text_hash:
                unchanged.append(claim)
            else:
                changed.append(_Text(claim, text, text_hash))
        store.confirm(unchanged)
        store.clear(empty)
        return changed, Totals(unchanged=len(unchanged), empty=len(empty))

    def _embed(
        self,
        store: EmbeddingStore,
        texts: list[_Text],
        timeout: float | None,
        is_part: bool = False,
    ) -> Totals:
        if not texts:
            return Totals()
        if self.pause_seconds:
            return self._give_back(store, texts)
        unique = list(dict.fromkeys(text.text for text in texts))
        try:
            vectors, tokens = self._call(unique, timeout, self._purpose)
        except EmbeddingRejected as error:
            return Totals(requests=1) + self._find_refused(
                store, texts, timeout, error, is_part
            )
        except (EmbeddingUnavailable, EmbeddingDenied) as error:
            return Totals(requests=1) + self._put_off(store, texts, error)
        by_text = {text: i for i, text in enumerate(unique)}
        order = [by_text[text.text] for text in texts]
        return Totals(requests=1, tokens=tokens) + self._store(
            store, texts, vectors[order]
        )

    def _find_refused(
        self,
        store: EmbeddingStore,
        texts: list[_Text],
        timeout: float | None,
        error: EmbeddingRejected,
        is_part: bool,
    ) -> Totals:
        """A setting that is wrong gets every text refused: blame one only after a text
        that is known to be good went through."""
        if is_part:
            return self._bisect(store, texts, timeout, error)
        try:
            self._call([KNOWN_GOOD_TEXT], timeout, purpose="probe")
        except EmbeddingRejected:
            denied = EmbeddingDenied(f"the provider refuses every text: {error}")
            return Totals(requests=1) + self._put_off(store, texts, denied)
        except (EmbeddingUnavailable, EmbeddingDenied) as failure:
            return Totals(requests=1) + self._put_off(store, texts, failure)
        return Totals(requests=1) + self._bisect(store, texts, timeout, error)

    def _bisect(
        self,
        store: EmbeddingStore,
        texts: list[_Text],
        timeout: float | None,
        error: EmbeddingRejected,
    ) -> Totals:
        """Find the text that is refused: it alone is set aside."""
        if len(texts) == 1:
            return self._set_aside(store, texts[0], str(error))
        middle = len(texts) // 2
        left = self._embed(store, texts[:middle], timeout, is_part=True)
        right = texts[middle:]
        if left.failed or left.given_back or len(right) == 1:
            return left + self._embed(store, right, timeout, is_part=True)
        # The left half went through, so the fault is in the right one: no need to ask.
        return left + self._bisect(store, right, timeout, error)

    def _call(
        self, texts: list[str], timeout: float | None, purpose: str
    ) -> tuple[Vectors, int]:
        answer = self._provider.embed(texts, timeout)
        self._pause.end()
        if answer.vectors.shape != (len(texts), self._provider.dimensions):
            raise EmbeddingRejected(
                f"{len(texts)} texts of {self._provider.dimensions} dimensions were "
                f"answered with vectors of shape {answer.vectors.shape}"
            )
        self._upkeep.add_usage(self.model, purpose, len(texts), answer.tokens)
        return answer.vectors, answer.tokens

    def _store(
        self, store: EmbeddingStore, texts: list[_Text], vectors: Vectors
    ) -> Totals:
        faults = find_faults(vectors, self._provider.dimensions)
        totals = Totals()
        for text, fault in zip(texts, faults, strict=True):
            if fault:
                totals += self._set_aside(store, text, f"unusable vector: {fault}")
        good = [i for i, fault in enumerate(faults) if fault is None]
        claims = [texts[i].claim for i in good]
        text_hashes = {texts[i].claim.id: texts[i].text_hash for i in good}
        written = self._store_paid(
            store, claims, text_hashes, vectors[np.array(good, int)]
        )
        return totals + Totals(embedded=written, outrun=len(good) - written)

    def _store_paid(
        self,
        store: EmbeddingStore,
        claims: Sequence[Claim],
        text_hashes: Mapping[int, bytes],
        vectors: Vectors,
    ) -> int:
        """The vectors are paid for: while the lease lasts, wait for a database that
        went away rather than throw them away."""
        deadline = time.monotonic() + self._lease_seconds / 2
        while True:
            try:
                return store.store(claims, text_hashes, vectors)
            except DatabaseUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(STORE_RETRY_SECONDS)

    def _set_aside(self, store: EmbeddingStore, text: _Text, error: str) -> Totals:
        store.set_aside(text.claim, error, self._max_attempts)
        logger.warning(
            "%s %d cannot be embedded: %s",
            store.thing,
            text.claim.id,
            error,
            extra={"action": "text_refused", "id": text.claim.id},
        )
        return Totals(failed=1)

    def _put_off(
        self,
        store: EmbeddingStore,
        texts: list[_Text],
        error: EmbeddingUnavailable | EmbeddingDenied,
    ) -> Totals:
        seconds = self._pause.begin(error)
        logger.warning(
            "%s: %d rows wait %.0f s: %s",
            self.model,
            len(texts),
            seconds,
            error,
            extra={"action": "provider_unavailable", "seconds": seconds},
        )
        return self._give_back(store, texts)

    def _give_back(self, store: EmbeddingStore, texts: list[_Text]) -> Totals:
        """The provider's fault, not theirs: no attempt is counted."""
        store.give_back([text.claim for text in texts], self.pause_seconds)
        return Totals(given_back=len(texts))


class _Pause:
    """How long to leave the provider alone; shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._failures = 0

    def seconds_left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def begin(self, error: EmbeddingUnavailable | EmbeddingDenied) -> float:
        with self._lock:
            seconds = self._seconds_for(error)
            # Requests that were in flight together fail together: one failure.
            if not self.seconds_left():
                self._failures += 1
            self._until = max(self._until, time.monotonic() + seconds)
            return self.seconds_left()

    def end(self) -> None:
        with self._lock:
            self._failures = 0
            self._until = 0.0

    def _seconds_for(self, error: EmbeddingUnavailable | EmbeddingDenied) -> float:
        if isinstance(error, EmbeddingDenied):
            return DENIED_PAUSE_SECONDS
        doubled = FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10)
        seconds = max(error.retry_after or 0.0, min(doubled, LONGEST_PAUSE_SECONDS))
        # Jitter: workers that were limited together must not come back together.
        return float(seconds * random.uniform(1.0, 1.1))


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
