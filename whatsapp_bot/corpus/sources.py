"""Rows of a CSV, a JSONL or JSON file, or of an SQLite table or query, as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whatsapp_bot.database.libsql import SqliteFile
from whatsapp_bot.database.vector_table import Id, stream_table
from whatsapp_bot.errors import DatabaseError, InputError
from whatsapp_bot.ids import Ids
from whatsapp_bot.intake.files import read_records

LARGEST_INTEGER = 2**63 - 1  # of SQLite
SQLITE_ENDINGS = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True)
class SourceRow:
    """number: its place among the rows that were asked for, from 0. id: the value of
    the id column, or the row's place in the source, from 1. error: why it has no
    fields."""

    number: int
    id: Id
    fields: Mapping[str, object]
    error: str | None = None


@dataclass(frozen=True)
class Source:
    """columns: the names for a CSV without a header. table, query: one of them, for
    SQLite. ids: only those; None: all."""

    path: Path
    columns: Sequence[str] | None = None
    table: str | None = None
    query: str | None = None
    id_column: str | None = None
    ids: Ids | None = None

    def read(self) -> Iterator[SourceRow]:
        """The same rows in the same order each time, as long as the file is the same.

        Rows that are empty in the file (blank lines) are none. Raises InputError when
        it cannot be read as a whole.
        """
        number = 0
        for place, (fields, error) in enumerate(self._records(), 1):
            row_id = self._id_of(place, fields)
            if row_id is None:
                row_id, error = place, error or f"it has no {self.id_column!r}"
            if self.ids is None or row_id in self.ids:
                yield SourceRow(number, row_id, fields, error)
                number += 1

    def _id_of(self, place: int, fields: Mapping[str, object]) -> Id | None:
        if self.id_column is None:
            return place
        value = fields.get(self.id_column)
        if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
            return int(value)
        return None if value is None else str(value) or None

    def _records(self) -> Iterator[tuple[Mapping[str, object], str | None]]:
        if self.path.suffix.lower() in SQLITE_ENDINGS:
            for row in self._sqlite_rows():
                yield row, None
            return
        if self.table or self.query:
            raise InputError(f"{self.path}: only SQLite has tables and queries")
        for line in read_records(self.path, self.columns):
            yield line.record or {}, line.error

    def _sqlite_rows(self) -> Iterator[Mapping[str, object]]:
        if not self.path.is_file():
            raise InputError(f"{self.path}: there is no such file; check the name")
        if bool(self.table) == bool(self.query):
            raise InputError(f"{self.path}: say which rows, with --from or --query")
        file = SqliteFile(self.path, read_only=True)
        try:
            if self.table:
                yield from stream_table(file, self.table)
            else:
                yield from file.stream(self.query or "")
        except DatabaseError as exc:
            raise InputError(str(exc)) from exc
        finally:
            file.close()
