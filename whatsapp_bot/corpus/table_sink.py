"""A table of an SQLite file or a libSQL server: what is stored is the checkpoint.

A batch is a transaction; a row whose text is the one that was embedded is done, so a run
goes on where another ended, and rows that are added or changed later are all it pays for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from whatsapp_bot.corpus.plan import CorpusText, Plan
from whatsapp_bot.corpus.sink import Batch, Failure, ReadTexts, Standing
from whatsapp_bot.database.vector_table import TableRow, VectorTable
from whatsapp_bot.embeddings.provider import Vectors
from whatsapp_bot.errors import InputError, OutputError

LOOKED_UP_AT_ONCE = 1_000  # rows


class TableSink:
    """See Sink."""

    def __init__(self, table: VectorTable, place: str, *, anew: bool = False) -> None:
        """anew: rows that are there are deleted by `begin`."""
        self._table = table
        self._anew = anew
        self.place = place

    def look(self, plan: Plan, read_texts: ReadTexts) -> Standing:
        done = np.zeros(plan.rows, np.bool_)
        if self._anew or not self._table.exists():
            return Standing(done)
        if others := self._table.other_models():
            raise InputError(
                f"{self.place} holds vectors of {', '.join(others)}: name another "
                "--table, or make it anew with --reset"
            )
        texts = read_texts()
        while chunk := list(itertools.islice(texts, LOOKED_UP_AT_ONCE)):
            there = self._table.find_done([_row(text) for text in chunk])
            done[[text.number for text in chunk if text.id in there]] = True
        if done.all():
            self._check()
        return Standing(done, is_finished=bool(done.all()))

    def begin(self) -> None:
        if self._anew and self._table.exists():
            self._table.empty()
        self._table.create()

    def store(self, batch: Batch) -> None:
        self._table.store(
            [_row(text) for text in batch.texts],
            batch.vectors,
            {_row(failure.text): failure.reason for failure in batch.failures},
        )

    def find(self, texts: Sequence[CorpusText]) -> list[Vectors | None]:
        found = self._table.find_vectors([text.text_hash for text in texts])
        return [found.get(text.text_hash) for text in texts]

    def finish(self, failures: Sequence[Failure]) -> None:
        """Nothing to do: each row says itself what it is."""

    def close(self) -> None:
        self._table.close()

    def _check(self) -> None:
        """Raises OutputError for a vector that is none."""
        for vectors in self._table.read_vectors():
            if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
                raise OutputError(
                    f"{self.place} is damaged: it has vectors that are not finite or "
                    "all zero; make it anew with --reset"
                )


def _row(text: CorpusText) -> TableRow:
    return TableRow(text.id, text.text_hash)
