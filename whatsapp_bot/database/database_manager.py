"""Connections to PostgreSQL: one way in, and driver errors stop here."""

from __future__ import annotations

import contextlib
import logging
import queue
import select
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras
from psycopg2 import sql

from whatsapp_bot.database.queries import query
from whatsapp_bot.errors import (
    ConfigError,
    DatabaseConflict,
    DatabaseError,
    DatabaseUnavailable,
    SchemaMissing,
)
from whatsapp_bot.records import Row

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECONDS = 10
IDLE_CONNECTIONS = 8  # kept open; more are opened when needed and closed after use
DUE_CHANNEL = "embeddings_due"
ECHO_SECONDS = 2.0  # in which a notification to ourselves must have come back

Connection = psycopg2.extensions.connection
UNREACHABLE = (psycopg2.OperationalError, psycopg2.InterfaceError)
# To the driver these are such errors too, but the server is there, and refuses.
REFUSED = (
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.ProgramLimitExceeded,
    psycopg2.errors.QueryCanceled,
)


class Cursor:
    """Named statements in, rows as dicts out."""

    def __init__(self, raw: _DictCursor) -> None:
        self.raw = raw

    def run(self, name: str, /, **values: object) -> int:
        """Run a statement of queries.sql; the number of rows it touched."""
        self.raw.execute(query(name), values)
        return self.raw.rowcount

    def rows(self, name: str, /, **values: object) -> list[Row]:
        self.raw.execute(query(name), values)
        return self.raw.fetchall()

    def part(self, name: str, /, **values: object) -> object:
        """A piece of SQL of queries.sql with its values, to be a value of a statement
        that has it in several places."""
        whole = self.raw.mogrify(query(name), values)
        return psycopg2.extensions.AsIs(whole.decode())

    def row(self, name: str, /, **values: object) -> Row | None:
        rows = self.rows(name, **values)
        return rows[0] if rows else None


class DatabaseManager:
    """Hands out connections and takes them back; safe to share among threads.

    Nothing depends on the state of a session, so a transaction pooler may sit between.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue(IDLE_CONNECTIONS)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Commit at the end, roll back on an exception, give the connection back.

        Raises DatabaseUnavailable when the server cannot be reached, SchemaMissing when
        a table is missing, DatabaseError for whatever else it refuses.
        """
        with (
            self._lent(autocommit=False) as connection,
            connection,
            _dict_cursor(connection) as raw,
        ):
            yield Cursor(raw)

    @contextlib.contextmanager
    def autocommit(self) -> Iterator[Cursor]:
        """The same without BEGIN and COMMIT, which cost two round trips: each call is a
        transaction of its own."""
        with (
            self._lent(autocommit=True) as connection,
            _dict_cursor(connection) as raw,
        ):
            yield Cursor(raw)

    @contextlib.contextmanager
    def _lent(self, *, autocommit: bool) -> Iterator[Connection]:
        connection = self._take()
        try:
            with translated_errors():
                connection.autocommit = autocommit
                yield connection
        except DatabaseConflict:
            self._give_back(connection)
            raise
        except DatabaseUnavailable:
            # The driver does not mark a connection closed when the server is gone, and
            # the idle ones will be no better.
            connection.close()
            self.close()
            raise
        except BaseException:
            self._give_back(connection)
            raise
        self._give_back(connection)

    def connect(self) -> Connection:
        """A connection of its own, in autocommit: for LISTEN and for what cannot run in
        a transaction. The caller closes it."""
        with translated_errors():
            connection = psycopg2.connect(
                self._url,
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                application_name="whatsapp_bot",
                # A host that vanished without a goodbye is noticed within a minute.
                keepalives_idle=30,
                keepalives_interval=10,
                keepalives_count=3,
            )
            connection.autocommit = True
            return connection

    def execute_alone(self, *names: str, **parts: sql.Composable) -> None:
        """Run statements that cannot run in a transaction (CONCURRENTLY), one after the
        other; the parts are names and literals, since such statements take no values."""
        connection = self.connect()
        try:
            with translated_errors(), connection.cursor() as cursor:
                for name in names:
                    cursor.execute(sql.SQL(query(name)).format(**parts))
        finally:
            connection.close()

    def close(self) -> None:
        """Close the idle connections; new ones are opened when needed."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _take(self) -> Connection:
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return self.connect()
            if not _is_dead(connection):
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        if connection.closed:
            return
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()


class _DictCursor(psycopg2.extensions.cursor):
    """Rows as dicts; the driver's own sets each value of each row in Python."""

    def fetchone(self) -> Row | None:  # type: ignore[override]
        row = super().fetchone()
        return None if row is None else dict(zip(self._names(), row, strict=True))

    def fetchall(self) -> list[Row]:  # type: ignore[override]
        names = self._names()
        return [dict(zip(names, row, strict=True)) for row in super().fetchall()]

    def _names(self) -> list[str]:
        return [column.name for column in self.description or ()]


def _dict_cursor(connection: Connection) -> _DictCursor:
    return connection.cursor(cursor_factory=_DictCursor)


class DueListener:
    """Waits for rows that became due; tells by itself whether it can.

    A transaction pooler (Supabase's port 6543) accepts LISTEN and delivers nothing. So
    it first sends a notification to itself, and when that does not come back, `wait`
    only sleeps and the caller's poll finds the rows.
    """

    def __init__(self, database: DatabaseManager, channel: str = DUE_CHANNEL) -> None:
        self._database = database
        self._channel = channel
        self._connection: Connection | None = None
        self._next_try = 0.0
        self._is_deaf = False

    def wait(self, seconds: float) -> bool:
        """Sleep until a row became due, at most `seconds`; True when one did."""
        was_listening = self._connection is not None
        connection = self._listening()
        if connection is None:
            time.sleep(seconds)
            return False
        if not was_listening:
            # What was said before anybody listened is lost: look.
            return True
        try:
            return _wait_for_notification(connection, seconds)
        except UNREACHABLE:
            self.close()
            return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listening(self) -> Connection | None:
        if self._connection or self._is_deaf or time.monotonic() < self._next_try:
            return self._connection
        self._next_try = time.monotonic() + 5
        try:
            self._connection = self._database.connect()
            if not self._hears_itself(self._connection):
                self._is_deaf = True
                self.close()
                logger.warning(
                    "this connection cannot LISTEN (a transaction pooler?): "
                    "due rows are found by polling",
                    extra={"action": "listen_impossible"},
                )
        except (DatabaseUnavailable, *UNREACHABLE):
            self.close()
        return self._connection

    def _hears_itself(self, connection: Connection) -> bool:
        echo = f"echo_{uuid.uuid4().hex}"
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {echo}")
        # From elsewhere: a pooler could hand both to the same server connection.
        sender = self._database.connect()
        try:
            with sender.cursor() as cursor:
                cursor.execute(f"NOTIFY {echo}")
        finally:
            sender.close()
        if not _wait_for_notification(connection, ECHO_SECONDS):
            return False
        with connection.cursor() as cursor:
            cursor.execute(f"UNLISTEN {echo}; LISTEN {self._channel}")
        return True


def _wait_for_notification(connection: Connection, seconds: float) -> bool:
    if not connection.notifies:
        select.select([connection], [], [], seconds)
        connection.poll()
    heard = bool(connection.notifies)
    connection.notifies.clear()
    return heard


def _is_dead(connection: Connection) -> bool:
    """Whether the server hung up while the connection lay idle: it became readable."""
    if connection.closed:
        return True
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable)


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    try:
        yield
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedFunction) as error:
        raise SchemaMissing() from error
    except psycopg2.extensions.TransactionRollbackError as error:  # a deadlock
        raise DatabaseConflict(_first_line(error)) from error
    except psycopg2.Error as error:
        if _is_about_the_url(error):
            # From None: the driver's message shows the password.
            raise ConfigError("DATABASE_URL is not a PostgreSQL URL") from None
        if isinstance(error, UNREACHABLE) and not isinstance(error, REFUSED):
            message = f"PostgreSQL cannot be reached: {_first_line(error)}"
            raise DatabaseUnavailable(message) from error
        raise DatabaseError(_first_line(error)) from error


def _is_about_the_url(error: psycopg2.Error) -> bool:
    """ "invalid dsn", "invalid port number", "invalid sslmode value", and so on: said
    before any server was asked."""
    return error.pgcode is None and str(error).startswith("invalid ")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def as_json(value: Mapping[str, object] | list[dict[str, object]]) -> Any:
    """A value to pass to a statement as jsonb."""
    return psycopg2.extras.Json(value)
