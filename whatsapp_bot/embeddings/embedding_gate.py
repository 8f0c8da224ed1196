"""The way to an embedding model: texts in, vectors out, through the gate."""

from __future__ import annotations

from whatsapp_bot.embeddings.packing import estimate_tokens
from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.embeddings.provider import EmbeddedTexts, EmbeddingProvider
from whatsapp_bot.embeddings.provider_gate import ProviderGate, Request
from whatsapp_bot.errors import EmbeddingDenied


class EmbeddingGate:
    """Safe to share among threads."""

    def __init__(self, provider: EmbeddingProvider, gate: ProviderGate) -> None:
        self.provider = provider
        self.times = gate.times
        self._gate = gate

    def wait_seconds(self) -> float:
        """See ProviderGate."""
        return self._gate.wait_seconds()

    def call(
        self, texts: list[str], timeout: float | None, purpose: str
    ) -> tuple[EmbeddedTexts, float]:
        """The vectors and what they cost. Raises as ProviderGate.send does."""
        price = self._gate.budget.price
        tokens = sum(estimate_tokens(text) for text in texts)
        request = Request(
            send=lambda: self.provider.embed(texts, timeout),
            texts=len(texts),
            tokens=tokens,
            dollars=dollars(tokens, price),
            price=lambda answer: dollars(answer.tokens, price),
        )
        return self._gate.send(request, timeout, purpose)

    def deny(self, message: str) -> EmbeddingDenied:
        return self._gate.deny(message)
