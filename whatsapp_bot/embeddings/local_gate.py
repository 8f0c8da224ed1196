"""The way to a model that runs here: it costs nothing and has no pace to keep."""

from __future__ import annotations

from whatsapp_bot.embeddings.local_provider import LocalProvider
from whatsapp_bot.embeddings.provider import EmbeddedTexts
from whatsapp_bot.errors import EmbeddingDenied


class LocalGate:
    """See EmbeddingGate; this one needs no database."""

    def __init__(self, provider: LocalProvider) -> None:
        self.provider = provider

    def wait_seconds(self) -> float:
        return 0.0

    def call(
        self, texts: list[str], timeout: float | None, purpose: str
    ) -> tuple[EmbeddedTexts, float]:
        return self.provider.embed(texts, timeout), 0.0

    def deny(self, message: str) -> EmbeddingDenied:
        return EmbeddingDenied(message)
