"""A table of vectors in SQLite or libSQL, for whoever reads them elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from whatsapp_bot.database.libsql import Libsql, SqliteFile, Statement, Value
from whatsapp_bot.database.queries import parse_statements
from whatsapp_bot.errors import DatabaseError, InputError

Vectors = npt.NDArray[np.float32]
Id = int | str

STATEMENTS = parse_statements(Path(__file__).with_name("sqlite_queries.sql"))
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
CHECKED_AT_ONCE = 1_000  # rows


@dataclass(frozen=True)
class TableRow:
    id: Id
    text_hash: bytes


class VectorTable:
    """One row for each id, of one model."""

    def __init__(
        self, connection: Libsql, table: str, model: str, dimensions: int
    ) -> None:
        """Raises InputError for a name that is no plain identifier."""
        self._connection = connection
        self._model = model
        self._dimensions = dimensions
        self._queries = _of_table(table)

    def exists(self) -> bool:
        (columns,) = self._run(("list_columns", ()))
        names = {column for (column,) in columns}
        if names and not {"id", "model", "text_hash", "embedding"} <= names:
            raise InputError(
                "the table is there already, and is another kind of table: name "
                "another one with --table"
            )
        return bool(names)

    def create(self) -> None:
        self._run(("create_vector_table", ()), ("create_text_index", ()))

    def empty(self) -> None:
        self._run(("empty_vector_table", ()))

    def other_models(self) -> list[str]:
        """Models or dimensions, other than its own, that have rows here."""
        (rows,) = self._run(("other_models", (self._model, self._dimensions)))
        return [
            f"{model!s} ({dimensions!s} dimensions)" for model, dimensions, _ in rows
        ]

    def find_done(self, rows: Sequence[TableRow]) -> set[Id]:
        """The ids whose vector is that of this very text."""
        ids = json.dumps([row.id for row in rows])
        (found,) = self._run(("find_done", (ids,)))
        stored = {(row_id, text_hash) for row_id, text_hash in found}
        return {row.id for row in rows if (row.id, row.text_hash) in stored}

    def find_vectors(self, text_hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        results = self._run(*(("find_vector", (key,)) for key in text_hashes))
        return {
            key: _as_vector(rows[0][0])
            for key, rows in zip(text_hashes, results, strict=True)
            if rows
        }

    def store(
        self, rows: Sequence[TableRow], vectors: Vectors, errors: Mapping[TableRow, str]
    ) -> None:
        """Vector i for rows[i], and why others have none: all of it or nothing. What was
        there goes."""
        little_endian = np.ascontiguousarray(vectors, dtype="<f4")
        common = (self._model, self._dimensions)
        self._run(
            *(
                ("store_vector", (row.id, *common, row.text_hash, blob.tobytes()))
                for row, blob in zip(rows, little_endian, strict=True)
            ),
            *(
                ("store_error", (row.id, *common, row.text_hash, reason))
                for row, reason in errors.items()
            ),
        )

    def read_vectors(self) -> Iterator[Vectors]:
        """All of them, float32 (some, dimensions) at a time. Raises DatabaseError for
        one of another length."""
        after: Value = -(2**62)
        while True:
            (rows,) = self._run(("find_vectors_after", (after, CHECKED_AT_ONCE)))
            if not rows:
                return
            after = rows[-1][0]
            vectors = [_as_vector(blob) for _, blob in rows]
            if any(len(vector) != self._dimensions for vector in vectors):
                raise DatabaseError("a vector in the table has another length")
            yield np.stack(vectors)

    def close(self) -> None:
        self._connection.close()

    def _run(self, *named: Statement) -> list[list[tuple[Value, ...]]]:
        return self._connection.run(
            [(self._queries[name], values) for name, values in named]
        )


def stream_table(file: SqliteFile, table: str) -> Iterator[dict[str, Value]]:
    """The rows of a source's table, in the order in which they were put there."""
    if table not in list_tables(file):
        known = ", ".join(list_tables(file)) or "none"
        raise InputError(f"there is no table {table!r}; there are: {known}")
    return file.stream(_of_table(table)["read_table"])


def list_tables(file: SqliteFile) -> list[str]:
    (rows,) = file.run([(STATEMENTS["list_tables"], ())])
    return [str(name) for (name,) in rows]


def _of_table(table: str) -> dict[str, str]:
    if not IDENTIFIER.fullmatch(table):
        raise InputError(f"{table!r} is no table's name: letters, digits and _ only")
    return {name: text.replace("{table}", table) for name, text in STATEMENTS.items()}


def _as_vector(blob: Value) -> Vectors:
    if not isinstance(blob, bytes):
        raise DatabaseError("a vector in the table is no blob")
    return np.frombuffer(blob, dtype="<f4").astype(np.float32)
