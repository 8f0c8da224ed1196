"""Where claims come from: whatever is due, or what was chosen by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.records import Claim, Thing


class Queue(Protocol):
    def claim(self, thing: Thing, limit: int, lease_seconds: float) -> list[Claim]:
        """Lease up to `limit` rows that are due; empty when there are no more."""
        ...


class DueRows:
    """All that is due, newest first."""

    def __init__(self, stores: Mapping[Thing, EmbeddingStore]) -> None:
        self._stores = stores

    def claim(self, thing: Thing, limit: int, lease_seconds: float) -> list[Claim]:
        return self._stores[thing].claim_due(limit, lease_seconds)
