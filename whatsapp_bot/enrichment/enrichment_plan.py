"""What an enrichment backfill would do and cost; writes nothing, and calls nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from whatsapp_bot.database.enrichments import EnrichmentChoice, EnrichmentStore
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.reader import Reader

CHUNK_ROWS: Final = 500
# An answer is taken to take so long; the rows that the rules read a second are measured
# (docs/benchmarks.md). Both only for the guess.
ANSWER_SECONDS: Final = 2.0
RULES_ROWS_PER_SECOND: Final = 1_500.0


@dataclass(frozen=True)
class EnrichmentPlan:
    """ids: newest first, of `live` jobs. new: not read yet. placeholders: their vector
    is made anew. to_pay: texts for the chat model; tokens, dollars: what they usually
    come to; most_dollars: what they may. texts_to_embed: at most."""

    ids: list[int]
    live: int
    new: int
    placeholders: int
    to_pay: int
    tokens: int
    dollars: float
    most_dollars: float
    texts_to_embed: int

    def seconds(self, in_flight: int, delay: float) -> float:
        """A guess: it depends on the provider. delay: seconds between two requests."""
        of_requests = self.to_pay * max(ANSWER_SECONDS / in_flight, delay)
        return max(of_requests, len(self.ids) / RULES_ROWS_PER_SECOND)


def make_plan(
    store: EnrichmentStore,
    reader: Reader,
    template: Template,
    choice: EnrichmentChoice,
) -> EnrichmentPlan:
    """Raises DatabaseError."""
    rows = store.select(choice)
    ids = [row["id"] for row in rows]
    total = _Total(store, reader, is_forced=choice.force)
    for start in range(0, len(ids), CHUNK_ROWS):
        total.add(ids[start : start + CHUNK_ROWS])
    due = sum(row["has_placeholder"] or row["is_to_embed"] for row in rows)
    return EnrichmentPlan(
        ids=ids,
        live=store.count(choice),
        new=sum(row["is_new"] for row in rows),
        placeholders=sum(row["has_placeholder"] for row in rows),
        to_pay=len(total.paid),
        tokens=total.tokens,
        dollars=total.dollars,
        most_dollars=total.most_dollars,
        texts_to_embed=len(ids) if _reads_inferred(template) else due,
    )


class _Total:
    """Equal texts are paid for once, and those that were read before not at all."""

    def __init__(
        self, store: EnrichmentStore, reader: Reader, *, is_forced: bool
    ) -> None:
        self._store = store
        self._reader = reader
        self._is_forced = is_forced
        self.paid: set[bytes] = set()
        self.tokens = 0
        self.dollars = self.most_dollars = 0.0

    def add(self, ids: list[int]) -> None:
        if self._reader.is_free:
            return
        jobs = self._store.read_jobs(ids)
        texts = [PostingText.of(job) for job in jobs.values()]
        by_hash = {text.hash(self._reader.version): text for text in texts}
        known = set() if self._is_forced else set(self._store.find_known(list(by_hash)))
        for text_hash, text in by_hash.items():
            if text.is_described and text_hash not in self.paid | known:
                self.paid.add(text_hash)
                self._add_bill(text)

    def _add_bill(self, text: PostingText) -> None:
        bill = self._reader.bill(text)
        self.tokens += bill.tokens
        self.dollars += bill.dollars
        self.most_dollars += bill.most_dollars


def _reads_inferred(template: Template) -> bool:
    """Whether what is inferred enters the text that is embedded."""
    job = {"title": "a"}
    return template.text("job", job) != template.text(
        "job", job | {"inferred_summary": "b"}
    )
