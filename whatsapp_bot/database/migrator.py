"""Applies migrations/NNN_verb_thing.sql, each once."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.database.database_manager import (
    Connection,
    Cursor,
    DatabaseManager,
    translated_errors,
)
from whatsapp_bot.errors import MigrationError, SchemaMissing

logger = logging.getLogger(__name__)

FOLDER = PROJECT_FOLDER / "migrations"
NO_TRANSACTION = "-- migrate: no-transaction"
LOCK_KEY = 4_816_001  # any number, the same in every process
LOCK_POLL_SECONDS = 0.1
FILE_NAME = re.compile(r"(\d{3})_[a-z0-9_]+\.sql")


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_transactional(self) -> bool:
        return NO_TRANSACTION not in self.text


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The files of the folder, in order; a MigrationError for a name or number that
    does not fit."""
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        if not FILE_NAME.fullmatch(path.name):
            raise MigrationError(
                f"{path.name}: a migration is named NNN_verb_thing.sql"
            )
        text = path.read_text(encoding="utf-8")
        migrations.append(Migration(int(path.name[:3]), path.stem, text))
    numbers = [migration.number for migration in migrations]
    if len(set(numbers)) != len(numbers):
        raise MigrationError("two migrations have the same number")
    return migrations


class Migrator:
    def __init__(self, database: DatabaseManager, folder: Path = FOLDER) -> None:
        self._database = database
        self._migrations = read_migrations(folder)

    def apply(self) -> list[str]:
        """Apply what is missing, in order; the names of what was applied.

        Processes that start together do it once: the others wait, then find nothing to
        do. Raises MigrationError when a file fails or an applied one was edited; what
        was applied before it stays.
        """
        with self._lock(), self._own_connection() as connection:
            applied = _read_applied(connection)
            self._refuse_edited(applied)
            missing = [m for m in self._migrations if m.name not in applied]
            for migration in missing:
                _apply_one(connection, migration)
            return [migration.name for migration in missing]

    def missing(self) -> list[str]:
        """The names of what is not applied yet; nothing is changed."""
        with self._own_connection() as connection:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT name FROM schema_migrations")
                    applied = {name for (name,) in cursor.fetchall()}
            except psycopg2.errors.UndefinedTable:
                applied = set()
        return [m.name for m in self._migrations if m.name not in applied]

    def require(self) -> None:
        """Raise SchemaMissing unless everything is applied."""
        missing = self.missing()
        if missing:
            raise SchemaMissing(
                f"the database lacks {', '.join(missing)}: "
                "run `python -m whatsapp_bot migrate`"
            )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        # Held by a transaction of its own: a session lock is not safe behind a pooler,
        # and the work itself may have to run outside a transaction.
        with self._database.transaction() as cursor:
            cursor.raw.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            # Asked again and again: a statement that waits holds a snapshot, and CREATE
            # INDEX CONCURRENTLY of the process that has the lock would wait for it.
            while not _has_lock(cursor):
                time.sleep(LOCK_POLL_SECONDS)
            yield

    @contextlib.contextmanager
    def _own_connection(self) -> Iterator[Connection]:
        connection = self._database.connect()
        try:
            with translated_errors():
                yield connection
        finally:
            connection.close()

    def _refuse_edited(self, applied: dict[str, str]) -> None:
        for migration in self._migrations:
            if applied.get(migration.name, migration.checksum) != migration.checksum:
                raise MigrationError(
                    f"{migration.name}.sql was edited after it had been applied: "
                    "restore it, and put the change into a new migration"
                )


def _has_lock(cursor: Cursor) -> bool:
    row = cursor.row("try_lock_in_transaction", key=LOCK_KEY)
    return bool(row and row["locked"])


def _read_applied(connection: Connection) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " name text PRIMARY KEY, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        cursor.execute("SELECT name, checksum FROM schema_migrations")
        return dict(cursor.fetchall())


def _apply_one(connection: Connection, migration: Migration) -> None:
    record = "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)"
    connection.autocommit = not migration.is_transactional
    try:
        with connection.cursor() as cursor:
            cursor.execute(migration.text)
            if not migration.is_transactional:
                _refuse_invalid_indexes(connection, migration)
            cursor.execute(record, (migration.name, migration.checksum))
        if migration.is_transactional:
            connection.commit()
    except psycopg2.Error as error:
        raise MigrationError(f"{migration.name}.sql: {str(error).strip()}") from error
    finally:
        if not connection.closed:
            connection.rollback()
            connection.autocommit = True
    logger.info("applied %s", migration.name, extra={"action": "migration_applied"})


def _refuse_invalid_indexes(connection: Connection, migration: Migration) -> None:
    # CREATE INDEX CONCURRENTLY that was cut off leaves an invalid index, and with IF NOT
    # EXISTS the next try calls it done.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
        )
        names = [name for (name,) in cursor.fetchall()]
    words = set(re.findall(r"\w+", migration.text))
    invalid = [name for name in names if name.rpartition(".")[2] in words]
    if invalid:
        raise MigrationError(
            f"{migration.name}.sql: index {invalid[0]} is invalid, its build was cut "
            f"off: DROP INDEX CONCURRENTLY {invalid[0]}, then migrate again"
        )
