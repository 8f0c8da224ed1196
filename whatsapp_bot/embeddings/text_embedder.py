"""Texts -> checked vectors of one model; the one way for whoever has texts.

Packs them into requests, keeps to the gate's pace and budget, finds a text that is
refused by halving, and lets no unusable vector through.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from whatsapp_bot.embeddings.packing import pack
from whatsapp_bot.embeddings.provider import EmbeddedTexts, EmbeddingProvider, Vectors
from whatsapp_bot.embeddings.vector_check import find_faults
from whatsapp_bot.errors import (
    EmbeddingDenied,
    EmbeddingError,
    EmbeddingRejected,
    ProviderPaused,
)
from whatsapp_bot.records import Totals

KNOWN_GOOD_TEXT = "Accountant"


class Gate(Protocol):
    """What stands before a provider: see EmbeddingGate."""

    @property
    def provider(self) -> EmbeddingProvider: ...

    def wait_seconds(self) -> float: ...

    def call(
        self, texts: list[str], timeout: float | None, purpose: str
    ) -> tuple[EmbeddedTexts, float]: ...

    def deny(self, message: str) -> EmbeddingDenied: ...


@dataclass(frozen=True)
class Call:
    """timeout: seconds for a request; None: the provider's own. purpose: in the
    ledger."""

    timeout: float | None
    purpose: str


@dataclass(frozen=True)
class Answer:
    """What became of some of the texts, by their places in what was given.

    vectors: float32, row i for places[i]; each may be stored. refused: why a text has
    none. waiting: what was not sent, and for how many seconds not to; pause: why.
    cost: requests, tokens and dollars.
    """

    places: tuple[int, ...] = ()
    vectors: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    refused: tuple[tuple[int, str], ...] = ()
    waiting: tuple[int, ...] = ()
    seconds: float = 0.0
    pause: EmbeddingError | None = None
    cost: Totals = Totals()


# The generators tell whether each of their texts got its vector.
Answers = Generator[Answer, None, bool]


class TextEmbedder:
    """Safe to share among threads."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def embed(self, texts: Sequence[str], call: Call) -> Iterator[Answer]:
        """Answers as they come; each text is in exactly one of them.

        In as few requests as the provider allows; equal texts of a request are sent
        once. Raises DatabaseError.
        """
        start = 0
        for request in pack(texts, self._gate.provider.size):
            places = range(start, start + len(request))
            yield from _Request(self._gate, texts, call).embed(places)
            start += len(request)

    def probe(self, timeout: float) -> None:
        """Embed a known text, to see whether the provider answers. Raises
        EmbeddingError."""
        _Request(self._gate, (), Call(timeout, "probe")).probe()


class _Request:
    """What fits into one request, and the parts of it that a refusal leads to."""

    def __init__(self, gate: Gate, texts: Sequence[str], call: Call) -> None:
        self._gate = gate
        self._texts = texts
        self._call_as = call

    def embed(self, places: Sequence[int], is_part: bool = False) -> Answers:
        unique = list(dict.fromkeys(self._texts[place] for place in places))
        try:
            vectors, cost = self._call(unique, self._call_as)
        except EmbeddingRejected as error:
            yield Answer(cost=Totals(requests=1))
            if not is_part and not (yield from self._is_good_text_taken(places, error)):
                return False
            return (yield from self._bisect(places, error))
        except ProviderPaused as pause:
            yield _waiting(places, pause.seconds, pause)
            return False
        except EmbeddingDenied as error:
            yield _waiting(places, self._gate.wait_seconds(), error)
            return False
        rows = {text: row for row, text in enumerate(unique)}
        order = [rows[self._texts[place]] for place in places]
        answer = self._checked(places, vectors[order], cost)
        yield answer
        return not answer.refused

    def probe(self) -> Totals:
        call = replace(self._call_as, purpose="probe")
        return self._call([KNOWN_GOOD_TEXT], call)[1]

    def _is_good_text_taken(
        self, places: Sequence[int], error: EmbeddingRejected
    ) -> Answers:
        """Whether a text that is known to be good goes through: then one of these is at
        fault. A setting that is wrong gets every text refused, and blames none."""
        why: EmbeddingError
        try:
            self.probe()
        except EmbeddingRejected:
            why = self._gate.deny(f"the provider refuses every text: {error}")
        except (ProviderPaused, EmbeddingDenied) as pause:
            why = pause
        else:
            yield Answer(cost=Totals(requests=1))
            return True
        waiting = _waiting(places, self._gate.wait_seconds(), why)
        yield replace(waiting, cost=Totals(requests=1))
        return False

    def _bisect(self, places: Sequence[int], error: EmbeddingRejected) -> Answers:
        """Find the text that is refused: it alone gets no vector."""
        if len(places) == 1:
            yield Answer(refused=((places[0], str(error)),))
            return False
        middle = len(places) // 2
        left, right = places[:middle], places[middle:]
        is_left_good = yield from self.embed(left, is_part=True)
        if not is_left_good or len(right) == 1:
            is_right_good = yield from self.embed(right, is_part=True)
            return is_left_good and is_right_good
        # The left half went through, so the fault is in the right one: no need to ask.
        return (yield from self._bisect(right, error))

    def _call(self, texts: list[str], call: Call) -> tuple[Vectors, Totals]:
        answer, cost = self._gate.call(texts, call.timeout, call.purpose)
        dimensions = self._gate.provider.dimensions
        if answer.vectors.shape != (len(texts), dimensions):
            raise EmbeddingRejected(
                f"{len(texts)} texts of {dimensions} dimensions were answered with "
                f"vectors of shape {answer.vectors.shape}"
            )
        return answer.vectors, Totals(requests=1, tokens=answer.tokens, dollars=cost)

    def _checked(self, places: Sequence[int], vectors: Vectors, cost: Totals) -> Answer:
        faults = find_faults(vectors, self._gate.provider.dimensions)
        good = [row for row, fault in enumerate(faults) if fault is None]
        return Answer(
            places=tuple(places[row] for row in good),
            vectors=vectors[np.array(good, int)],
            refused=tuple(
                (place, f"unusable vector: {fault}")
                for place, fault in zip(places, faults, strict=True)
                if fault
            ),
            cost=cost,
        )


def _waiting(places: Sequence[int], seconds: float, pause: EmbeddingError) -> Answer:
    return Answer(waiting=tuple(places), seconds=seconds, pause=pause)
