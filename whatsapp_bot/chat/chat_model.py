"""A chat model at its pace and within the budget: the one way to ask it."""

from __future__ import annotations

from whatsapp_bot.chat.chat_provider import ChatAnswer, ChatProvider
from whatsapp_bot.chat.question import Question
from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.embeddings.provider_gate import ProviderGate, Request
from whatsapp_bot.errors import EmbeddingDenied


class ChatModel:
    """Safe to share among threads. prices: dollars per million tokens, sent and
    answered."""

    def __init__(
        self, provider: ChatProvider, gate: ProviderGate, prices: tuple[float, float]
    ) -> None:
        self.name = provider.model
        self._provider = provider
        self._gate = gate
        self._prices = prices

    def wait_seconds(self) -> float:
        """How long it is to be left alone; 0 when it may be asked."""
        return self._gate.wait_seconds()

    def ask(
        self, question: Question, timeout: float | None, purpose: str
    ) -> tuple[ChatAnswer, float]:
        """The answer and its dollars. purpose: in the ledger. Raises as
        ProviderGate.send."""
        sent = question.estimate_sent()
        request = Request(
            send=lambda: self._provider.ask(question, timeout),
            texts=1,
            tokens=sent + question.most_tokens,
            dollars=self.cost(sent, question.most_tokens),
            price=lambda answer: self.cost(answer.sent, answer.answered),
        )
        return self._gate.send(request, timeout, purpose)

    def deny(self, message: str) -> EmbeddingDenied:
        """A person must act: everybody stops asking it."""
        return self._gate.deny(message)

    def cost(self, sent: int, answered: int) -> float:
        """Dollars for so many tokens."""
        of_sent, of_answered = self._prices
        return dollars(sent, of_sent) + dollars(answered, of_answered)

    def close(self) -> None:
        self._provider.close()
