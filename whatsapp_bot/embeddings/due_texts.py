"""The texts of claimed rows; those that cost nothing are settled here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.embeddings.embedding_text import Template
from whatsapp_bot.embeddings.packing import shorten
from whatsapp_bot.records import Claim, Totals


@dataclass(frozen=True)
class DueText:
    """A claimed row's text, to be paid for; text_hash is of all of it, uncut."""

    claim: Claim
    text: str
    text_hash: bytes


def settle_unpaid(
    store: EmbeddingStore,
    claims: list[Claim],
    template: Template,
    max_text_tokens: int,
) -> tuple[list[DueText], Totals]:
    """Build the texts; those that are empty, unchanged or known need no call."""
    things = store.read_things([claim.id for claim in claims])
    changed, unchanged, empty = [], [], []
    for claim in claims:
        # A thing that was deleted since reads like an empty one.
        text = template.text(store.thing, things.get(claim.id, {}))
        text_hash = template.text_hash(text)
        if not text:
            empty.append(claim)
        elif claim.has_vector and text_hash == claim.text_hash:
            unchanged.append(claim)
        else:
            changed.append(DueText(claim, text, text_hash))
    store.confirm(unchanged)
    store.clear(empty)
    hashes = {text.claim.id: text.text_hash for text in changed}
    reused = store.reuse([text.claim for text in changed], hashes)
    unpaid = [text for text in changed if text.claim.id not in reused]
    texts = [_shortened(text, max_text_tokens) for text in unpaid]
    return texts, Totals(
        unchanged=len(unchanged),
        empty=len(empty),
        reused=len(reused),
        shortened=sum(a is not b for a, b in zip(texts, unpaid, strict=True)),
    )


def _shortened(text: DueText, max_tokens: int) -> DueText:
    """Itself, if the model takes it whole."""
    short = shorten(text.text, max_tokens)
    return text if short == text.text else replace(text, text=short)
