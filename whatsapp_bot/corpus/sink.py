"""What every place for a corpus's vectors looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from whatsapp_bot.corpus.plan import CorpusText, Flags, Plan
from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.records import Totals

ReadTexts = Callable[[], Iterator[CorpusText]]


@dataclass(frozen=True)
class Standing:
    """What is there already. done: for each row of the plan, whether its vector is.
    is_finished: all is as it will ever be."""

    done: Flags
    is_finished: bool = False


@dataclass(frozen=True)
class Failure:
    text: CorpusText
    reason: str


@dataclass(frozen=True)
class Batch:
    """vectors: row i for texts[i]. failures: texts that have none, and why."""

    texts: Sequence[CorpusText]
    vectors: Vectors
    failures: Sequence[Failure]
    cost: Totals


class Sink(Protocol):
    """All of it may raise OutputError, InputError or DatabaseError; DatabaseUnavailable
    means that the same call may work later."""

    @property
    def place(self) -> str: ...

    def look(self, plan: Plan, read_texts: ReadTexts) -> Standing:
        """What of the plan is there. Raises InputError, with the reason, when what is
        there does not fit the plan, and OutputError when it is damaged."""
        ...

    def begin(self) -> None:
        """Get ready for `store`; before anything is paid for."""
        ...

    def store(self, batch: Batch) -> None:
        """All of it or nothing, whatever happens. One thread at a time."""
        ...

    def find(self, texts: Sequence[CorpusText]) -> list[Vectors | None]:
        """For each the vector that an earlier row with the same text has."""
        ...

    def finish(self, failures: Sequence[Failure]) -> None:
        """All rows but these have their vectors, and these are to have none."""
        ...

    def close(self) -> None: ...
