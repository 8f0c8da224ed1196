"""A chat model reads a posting: at its pace, within the budget, and checked."""

from __future__ import annotations

from typing import Final

from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.embeddings.provider_gate import ProviderGate, Request
from whatsapp_bot.enrichment.chat_answer import AnswerInvalid, read_answer
from whatsapp_bot.enrichment.chat_provider import (
    ChatAnswer,
    ChatProvider,
    estimate_sent,
)
from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.reader import MAX_ANSWER_TOKENS, Bill, Outcome
from whatsapp_bot.enrichment.rules import RULES, read_by_rules
from whatsapp_bot.errors import EmbeddingError, EmbeddingRejected, ProviderPaused
from whatsapp_bot.records import Enrichment, Totals

TRIES: Final = 2  # of an answer that is invalid
VERSION: Final = "chat-1"  # of the instructions, the schema and the checks
# For the guess: an answer is taken to have so many tokens, and what is sent such a share
# of the estimate, which is of three bytes a token; English has four.
USUAL_ANSWER_TOKENS: Final = 300
USUAL_SHARE: Final = 0.75
PURPOSE: Final = "enrichment"  # in the ledger

KNOWN_GOOD: Final = PostingText(
    "Accountant",
    "Example Limited",
    "Lagos",
    "NG",
    "We are looking for an accountant with two years of experience in Excel and payroll. "
    "Salary: N150,000 monthly.",
)


class ChatReader:
    """Safe to share among threads. prices: dollars per million tokens, sent and
    answered. A posting that only has a title is left to the rules."""

    is_free = False

    def __init__(
        self, provider: ChatProvider, gate: ProviderGate, prices: tuple[float, float]
    ) -> None:
        self.name = provider.model
        self.version = f"{VERSION} {provider.model}"
        self._provider = provider
        self._gate = gate
        self._prices = prices

    def wait_seconds(self) -> float:
        return self._gate.wait_seconds()

    def read(self, posting: PostingText, timeout: float | None) -> Outcome:
        if not posting.is_described:
            return Outcome(read_by_rules(posting), RULES)
        cost, error = Totals(), ""
        for _ in range(TRIES):
            try:
                answer, paid = self._ask(posting, timeout)
            except ProviderPaused:
                if not cost.requests:
                    raise
                break  # it answered once, and that was invalid
            except EmbeddingRejected as refused:
                self._require_good_posting_taken(refused, timeout)
                return Outcome(None, self.name, str(refused), cost + Totals(requests=2))
            cost += Totals(requests=1, tokens=answer.tokens, dollars=paid)
            try:
                return Outcome(_read(answer, posting), self.name, cost=cost)
            except AnswerInvalid as invalid:
                error = str(invalid)
        return Outcome(None, self.name, error, cost)

    def bill(self, posting: PostingText) -> Bill:
        if not posting.is_described:
            return Bill()
        most = estimate_sent(posting)
        sent = round(most * USUAL_SHARE)
        return Bill(
            sent + USUAL_ANSWER_TOKENS,
            self._cost(sent, USUAL_ANSWER_TOKENS),
            most + MAX_ANSWER_TOKENS,
            self._cost(most, MAX_ANSWER_TOKENS),
        )

    def close(self) -> None:
        self._provider.close()

    def _ask(
        self, posting: PostingText, timeout: float | None
    ) -> tuple[ChatAnswer, float]:
        bill = self.bill(posting)
        request = Request(
            send=lambda: self._provider.read(posting, timeout),
            texts=1,
            tokens=bill.most_tokens,
            dollars=bill.most_dollars,
            price=lambda answer: self._cost(answer.sent, answer.answered),
        )
        return self._gate.send(request, timeout, PURPOSE)

    def _require_good_posting_taken(
        self, error: EmbeddingError, timeout: float | None
    ) -> None:
        """A setting that is wrong gets every posting refused, and blames none."""
        try:
            self._ask(KNOWN_GOOD, timeout)
        except EmbeddingRejected:
            raise self._gate.deny(
                f"the provider refuses every posting: {error}"
            ) from None

    def _cost(self, sent: int, answered: int) -> float:
        of_sent, of_answered = self._prices
        return dollars(sent, of_sent) + dollars(answered, of_answered)


def _read(answer: ChatAnswer, posting: PostingText) -> Enrichment:
    if answer.fault:
        raise AnswerInvalid(answer.fault)
    return read_answer(answer.content, posting)
