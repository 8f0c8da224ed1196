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
    texts, totals = settle_unchanged(store, claims, template)
    unpaid, known = settle_known(store, texts, max_text_tokens)
    return unpaid, totals + known


def settle_unchanged(
    store: EmbeddingStore, claims: list[Claim], template: Template
) -> tuple[list[DueText], Totals]:
    """Build the texts, uncut; those that are empty or unchanged are done."""
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
    return changed, Totals(unchanged=len(unchanged), empty=len(empty))


def settle_known(
    store: EmbeddingStore, texts: list[DueText], max_text_tokens: int
) -> tuple[list[DueText], Totals]:
    """Those whose vector any row or the cache has are done; the others, cut."""
    hashes = {text.claim.id: text.text_hash for text in texts}
    reused = store.reuse([text.claim for text in texts], hashes)
    unpaid = [text for text in texts if text.claim.id not in reused]
    cut = [_shortened(text, max_text_tokens) for text in unpaid]
    shortened = sum(a is not b for a, b in zip(cut, unpaid, strict=True))
    return cut, Totals(reused=len(reused), shortened=shortened)


def _shortened(text: DueText, max_tokens: int) -> DueText:
    """Itself, if the model takes it whole."""
    short = shorten(text.text, max_tokens)
    return text if short == text.text else replace(text, text=short)
