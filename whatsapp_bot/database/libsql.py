"""Statements in, rows out: what SQLite in a file and a libSQL server have in common."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from whatsapp_bot.errors import DatabaseError, DatabaseUnavailable

Value = None | int | float | str | bytes
Statement = tuple[str, tuple[Value, ...]]
Rows = list[tuple[Value, ...]]

BUSY_SECONDS = 30.0  # for another process that writes to the file
SCHEMES = ("libsql", "https", "http")


class Libsql(Protocol):
    """Safe to share among threads."""

    def run(self, statements: Sequence[Statement]) -> list[Rows]:
        """All of them in one transaction; the rows of each.

        Raises DatabaseUnavailable (the same call may work later), DatabaseDenied or
        DatabaseError.
        """
        ...

    def close(self) -> None: ...


def is_server(place: str) -> bool:
    return place.partition("://")[0] in SCHEMES and "://" in place


class SqliteFile:
    """See Libsql."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """A file that is not there is made; read_only, it seems to be empty. Raises
        DatabaseError."""
        place = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        if read_only and not path.exists():
            place = "file::memory:"
        with _translated(path):
            self._connection = sqlite3.connect(
                place,
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        self._path = path
        self._lock = threading.Lock()

    def run(self, statements: Sequence[Statement]) -> list[Rows]:
        with self._lock, _translated(self._path):
            self._connection.execute("BEGIN")
            try:
                results = [
                    self._connection.execute(sql, values).fetchall()
                    for sql, values in statements
                ]
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        return results

    def stream(self, sql: str) -> Iterator[dict[str, Value]]:
        """The rows one by one, by column."""
        with _translated(self._path):
            cursor = self._connection.execute(sql)
            if cursor.description is None:
                raise DatabaseError(f"{self._path}: the query gives no rows")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc) or "busy" in str(exc):
            raise DatabaseUnavailable(f"{path}: {exc}") from exc
        raise DatabaseError(f"{path}: {exc}") from exc
    except sqlite3.Error as exc:
        raise DatabaseError(f"{path}: {exc}") from exc
