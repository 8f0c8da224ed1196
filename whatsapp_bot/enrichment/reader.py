"""Who reads a posting: the rules, or a chat model that keeps to pace and budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.embeddings.provider_gate import ProviderGate, Request
from whatsapp_bot.enrichment.chat_answer import AnswerInvalid, read_answer
from whatsapp_bot.enrichment.chat_provider import (
    MAX_ANSWER_TOKENS,
    ChatAnswer,
    ChatProvider,
    estimate_sent,
)
from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.rules import RULES, VERSION, read_by_rules
from whatsapp_bot.errors import EmbeddingError, EmbeddingRejected, ProviderPaused
from whatsapp_bot.records import Enrichment, Totals

TRIES: Final = 2  # of an answer that is invalid
CHAT_VERSION: Final = "chat-1"  # of the instructions, the schema and the checks
PURPOSE: Final = "enrichment"  # in the ledger

KNOWN_GOOD: Final = PostingText(
    "Accountant",
    "Example Limited",
    "Lagos",
    "NG",
    "We are looking for an accountant with two years of experience in Excel and payroll. "
    "Salary: N150,000 monthly.",
)


@dataclass(frozen=True)
class Outcome:
    """What became of a posting. enrichment: None with an error. cost: requests, tokens
    and dollars."""

    enrichment: Enrichment | None
    source: str
    error: str | None = None
    cost: Totals = Totals()


class Reader(Protocol):
    """name: the rules, or the model. version: a posting that another one read is to be
    read anew. is_free: nothing is called or paid."""

    name: str
    version: str
    is_free: bool

    def wait_seconds(self) -> float:
        """How long it is to be left alone; 0 when it may be asked."""
        ...

    def read(self, posting: PostingText, timeout: float | None) -> Outcome:
        """Raises ProviderPaused or EmbeddingDenied: not now, whatever the posting."""
        ...

    def most_dollars(self, posting: PostingText) -> tuple[int, float]:
        """Tokens and dollars that it may take at most."""
        ...

    def close(self) -> None: ...


class RulesReader:
    name = RULES
    version = VERSION
    is_free = True

    def wait_seconds(self) -> float:
        return 0.0

    def read(self, posting: PostingText, timeout: float | None) -> Outcome:
        return Outcome(read_by_rules(posting), RULES)

    def most_dollars(self, posting: PostingText) -> tuple[int, float]:
        return 0, 0.0

    def close(self) -> None:
        """Nothing is open."""


class ChatReader:
    """Safe to share among threads. prices: dollars per million tokens, sent and
    answered. A posting that only has a title is left to the rules."""

    is_free = False

    def __init__(
        self, provider: ChatProvider, gate: ProviderGate, prices: tuple[float, float]
    ) -> None:
        self.name = provider.model
        self.version = f"{CHAT_VERSION} {provider.model}"
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

    def most_dollars(self, posting: PostingText) -> tuple[int, float]:
        if not posting.is_described:
            return 0, 0.0
        sent = estimate_sent(posting)
        return sent + MAX_ANSWER_TOKENS, self._cost(sent, MAX_ANSWER_TOKENS)

    def close(self) -> None:
        self._provider.close()

    def _ask(
        self, posting: PostingText, timeout: float | None
    ) -> tuple[ChatAnswer, float]:
        tokens, most = self.most_dollars(posting)
        request = Request(
            send=lambda: self._provider.read(posting, timeout),
            texts=1,
            tokens=tokens,
            dollars=most,
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
