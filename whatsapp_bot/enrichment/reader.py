"""Who reads a posting: the rules, or whatever else looks like this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.rules import RULES, VERSION, read_by_rules
from whatsapp_bot.records import Enrichment, Totals

MAX_ANSWER_TOKENS: Final = 1_500  # some 300 are usual; a model that thinks takes more


@dataclass(frozen=True)
class Outcome:
    """What became of a posting. enrichment: None with an error. cost: requests, tokens
    and dollars."""

    enrichment: Enrichment | None
    source: str
    error: str | None = None
    cost: Totals = Totals()


@dataclass(frozen=True)
class Bill:
    """tokens, dollars: usually. most_*: at most, unless an answer is invalid."""

    tokens: int = 0
    dollars: float = 0.0
    most_tokens: int = 0
    most_dollars: float = 0.0


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

    def bill(self, posting: PostingText) -> Bill:
        """What reading it would come to."""
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

    def bill(self, posting: PostingText) -> Bill:
        return Bill()

    def close(self) -> None:
        """Nothing is open."""
