"""The rows that a backfill chooses, and how far each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from whatsapp_bot.database.claims import claims_of
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.records import THINGS, Claim, Row, Thing

CHUNK_ROWS = 1_000  # locked at a time


@dataclass(frozen=True)
class Choice:
    """Which rows. ranges: first and last id of each, None for all. completeness: of a
    profile, at least, 0 to 100. force: what has its vector too. limit: of each kind of
    thing; None for all."""

    ranges: list[tuple[int, int]] | None
    completeness: int
    force: bool = False
    limit: int | None = None


@dataclass(frozen=True)
class Standing:
    """Rows that a choice is made from: matchable, and left out for their profile."""

    matchable: int
    incomplete: int


class BackfillStore:
    """The chosen rows of one kind of thing under one model; beside its EmbeddingStore,
    which stores their vectors."""

    def __init__(self, database: DatabaseManager, thing: Thing, model: str) -> None:
        self._database = database
        self.embeddings = EmbeddingStore(database, thing, model)
        self.thing = thing
        self.model = model

    def select(self, choice: Choice) -> list[int]:
        """Ids of what is to be embedded, newest first; writes nothing."""
        rows = self._rows(
            f"select_{self.thing}s_to_backfill",
            **_chosen(choice),
            force=choice.force,
            limit=choice.limit,
        )
        return [row["id"] for row in rows]

    def standing(self, choice: Choice) -> Standing:
        (row,) = self._rows(f"count_{self.thing}s_to_backfill_from", **_chosen(choice))
        return Standing(**row)

    def find_known(self, text_hashes: Sequence[bytes]) -> set[bytes]:
        """Of these texts, those whose vector is paid for."""
        rows = self._rows("find_known_texts", text_hashes=list(text_hashes))
        return {bytes(row["text_hash"]) for row in rows}

    def wake(self, ids: Sequence[int], lease_seconds: float) -> None:
        """Make due what was refused before or put off; not what a worker has leased."""
        for chunk in _chunks(ids):
            with self._database.transaction() as cursor:
                cursor.run(
                    f"wake_{self.thing}s",
                    model=self.model,
                    ids=chunk,
                    lease_seconds=lease_seconds,
                )

    def force(self, ids: Sequence[int]) -> None:
        """Make due, and forget whatever vector their texts could be given for free."""
        for chunk in _chunks(ids):
            hashes = self._text_hashes(chunk)
            for thing in THINGS:
                with self._database.transaction() as cursor:
                    cursor.run(
                        f"forget_text_of_{thing}s",
                        model=self.model,
                        text_hashes=hashes,
                    )
            with self._database.transaction() as cursor:
                cursor.run("forget_cached_texts", model=self.model, text_hashes=hashes)
            # Last: whoever is interrupted before it has lost nothing.
            with self._database.transaction() as cursor:
                cursor.run(f"force_{self.thing}s", model=self.model, ids=chunk)

    def claim(self, ids: Sequence[int], lease_seconds: float) -> list[Claim]:
        """Lease those that are due; other workers pass them by."""
        rows = self._rows(
            f"claim_chosen_{self.thing}s", ids=list(ids), lease_seconds=lease_seconds
        )
        return claims_of(rows)

    def find_open(self, ids: Sequence[int]) -> list[Row]:
        """id, and in how many seconds it may be claimed, of those that are not settled;
        newest first."""
        return self._rows(f"find_open_{self.thing}s", ids=list(ids))

    def find_refused(self, ids: Sequence[int]) -> list[Row]:
        """id and last_error, in order of id."""
        return self._rows(f"find_refused_{self.thing}s", ids=list(ids))

    def _text_hashes(self, ids: Sequence[int]) -> list[bytes]:
        rows = self._rows(f"find_text_hashes_of_{self.thing}s", ids=list(ids))
        return [bytes(row["text_hash"]) for row in rows]

    def _rows(self, name: str, /, **values: object) -> list[Row]:
        with self._database.transaction() as cursor:
            return cursor.rows(name, model=self.model, **values)


def _chosen(choice: Choice) -> Row:
    ranges = choice.ranges
    return {
        "completeness": choice.completeness,
        "lows": None if ranges is None else [low for low, _ in ranges],
        "highs": None if ranges is None else [high for _, high in ranges],
    }


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK_ROWS):
        yield list(ids[start : start + CHUNK_ROWS])
