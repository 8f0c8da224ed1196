"""What a backfill would do and cost; reads, writes nothing, and calls nobody."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from whatsapp_bot.database.backfill import BackfillStore, Choice, Standing
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.embeddings.packing import shorten
from whatsapp_bot.records import Thing

CHUNK_ROWS = 1_000
# A hosted provider's answer to a full request is taken to be this long; the rows of one
# machine's engine, a second, are measured (docs/benchmarks.md). Both only for the guess.
REQUEST_SECONDS = 1.0
ROWS_PER_SECOND = 3_500.0

CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class Work:
    """Of one kind of thing. ids: newest first. texts, tokens: to be paid for. free: the
    text is paid for, or is that of an earlier row. empty: nothing to embed."""

    ids: list[int]
    standing: Standing
    texts: int
    tokens: int
    free: int
    empty: int


@dataclass(frozen=True)
class BackfillPlan:
    works: Mapping[Thing, Work]

    @property
    def ids(self) -> dict[Thing, list[int]]:
        return {thing: work.ids for thing, work in self.works.items()}

    @property
    def rows(self) -> int:
        return sum(len(work.ids) for work in self.works.values())

    @property
    def texts(self) -> int:
        return sum(work.texts for work in self.works.values())

    @property
    def tokens(self) -> int:
        return sum(work.tokens for work in self.works.values())

    def seconds(self, batch_size: int, in_flight: int, delay: float) -> float:
        """A guess: it depends on the provider. delay: seconds between two requests."""
        requests = sum(
            math.ceil(work.texts / batch_size) for work in self.works.values()
        )
        of_requests = requests * max(REQUEST_SECONDS / in_flight, delay)
        return max(of_requests, self.rows / ROWS_PER_SECOND)


def make_plan(
    stores: Mapping[Thing, BackfillStore],
    choice: Choice,
    template: Template,
    max_text_tokens: int,
    count_tokens: CountTokens | None,
) -> BackfillPlan:
    """count_tokens: None where nothing is billed. Raises DatabaseError."""
    counter = _Counter(template, choice.force, max_text_tokens, count_tokens)
    return BackfillPlan(
        {thing: counter.count(store, choice) for thing, store in stores.items()}
    )


class _Counter:
    """Texts that several kinds of things share are counted once."""

    def __init__(
        self,
        template: Template,
        is_forced: bool,
        max_text_tokens: int,
        count_tokens: CountTokens | None,
    ) -> None:
        self._template = template
        self._is_forced = is_forced
        self._max_text_tokens = max_text_tokens
        self._count_tokens = count_tokens
        self._seen: set[bytes] = set()

    def count(self, store: BackfillStore, choice: Choice) -> Work:
        ids = store.select(choice)
        texts = tokens = empty = 0
        for start in range(0, len(ids), CHUNK_ROWS):
            found = self._texts(store, ids[start : start + CHUNK_ROWS])
            new = self._new(store, found)
            empty += found.count("")
            texts += len(new)
            tokens += sum(self._count_tokens(new)) if self._count_tokens else 0
        free = len(ids) - texts - empty
        return Work(ids, store.standing(choice), texts, tokens, free, empty)

    def _texts(self, store: BackfillStore, ids: list[int]) -> list[str]:
        """One for each id."""
        things = store.embeddings.read_things(ids)
        return [self._template.text(store.thing, things.get(id_, {})) for id_ in ids]

    def _new(self, store: BackfillStore, texts: list[str]) -> list[str]:
        """Those to be paid for, as they would be sent."""
        hashes = {self._template.text_hash(text): text for text in texts if text}
        if not self._is_forced:
            self._seen |= store.find_known(list(hashes))
        new = hashes.keys() - self._seen
        self._seen |= new
        return [shorten(hashes[each], self._max_text_tokens) for each in new]
