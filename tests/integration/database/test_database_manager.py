from __future__ import annotations

import getpass
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from psycopg2 import sql
from psycopg2.extensions import parse_dsn

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from whatsapp_bot.database import database_manager
from whatsapp_bot.database.database_manager import DatabaseManager, DueListener
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.database.migrator import FOLDER, Migrator
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.errors import (
    ConfigError,
    DatabaseError,
    DatabaseUnavailable,
    SchemaMissing,
)
from whatsapp_bot.records import EmbeddingModel


def backend_of(database: DatabaseManager) -> int:
    """The server process behind the connection that the next transaction gets."""
    with database.transaction() as cursor:
        pid: int = cursor.raw.connection.get_backend_pid()
    return pid


def kill(rows: Rows, pid: int) -> None:
    assert rows.value("SELECT pg_terminate_backend(%s, 5000)", pid)


# --- transactions


def test_a_transaction_commits_at_its_end(
    database: DatabaseManager, rows: Rows
) -> None:
    with database.transaction() as cursor:
        cursor.raw.execute("INSERT INTO users (name) VALUES ('Ada')")
        assert rows.value("SELECT count(*) FROM users") == 0
    assert rows.value("SELECT count(*) FROM users") == 1


def test_an_exception_rolls_it_back_and_comes_through(
    database: DatabaseManager, rows: Rows
) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as cursor:
        cursor.raw.execute("INSERT INTO users (name) VALUES ('Ada')")
        raise ZeroDivisionError
    with database.transaction() as cursor:
        cursor.raw.execute("SELECT 1")
    assert rows.value("SELECT count(*) FROM users") == 0


def test_what_the_server_refuses_rolls_it_back(
    database: DatabaseManager, rows: Rows
) -> None:
    with (
        pytest.raises(DatabaseError, match="division by zero"),
        database.transaction() as cursor,
    ):
        cursor.raw.execute("INSERT INTO users (name) VALUES ('Ada')")
        cursor.raw.execute("SELECT 1 / 0")
    assert rows.value("SELECT count(*) FROM users") == 0


def test_a_statement_is_a_transaction_by_itself(
    database: DatabaseManager, rows: Rows
) -> None:
    with database.autocommit() as cursor:
        cursor.raw.execute("INSERT INTO users (name) VALUES ('Ada')")
        assert rows.value("SELECT count(*) FROM users") == 1
    with pytest.raises(DatabaseError, match="zero"), database.autocommit() as cursor:
        cursor.raw.execute("INSERT INTO users (name) SELECT 1 / 0")
    # The same connection, for several statements again.
    with pytest.raises(ZeroDivisionError), database.transaction() as cursor:
        cursor.raw.execute("DELETE FROM users")
        raise ZeroDivisionError
    assert rows.value("SELECT count(*) FROM users") == 1


def test_a_connection_is_used_again(database: DatabaseManager) -> None:
    pid = backend_of(database)
    with pytest.raises(DatabaseError), database.transaction() as cursor:
        cursor.raw.execute("SELECT 1 / 0")
    assert backend_of(database) == pid


def test_threads_have_connections_of_their_own_and_few_are_kept(
    database: DatabaseManager, rows: Rows
) -> None:
    count = 2 * database_manager.IDLE_CONNECTIONS
    together = threading.Barrier(count + 1, timeout=30)
    pids = set()

    def work() -> None:
        with database.transaction() as cursor:
            pids.add(cursor.raw.connection.get_backend_pid())
            together.wait()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    assert len(pids) == count
    ours = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
    wait_until(
        lambda: rows.value(ours, list(pids)) == database_manager.IDLE_CONNECTIONS
    )
    database.close()
    wait_until(lambda: rows.value(ours, list(pids)) == 0)


# --- connections that break


def test_a_connection_that_was_killed_while_idle_is_replaced_unseen(
    database: DatabaseManager, rows: Rows
) -> None:
    pid = backend_of(database)
    kill(rows, pid)
    assert backend_of(database) != pid


def test_a_connection_that_is_killed_at_work_is_unavailable_and_then_replaced(
    database: DatabaseManager, rows: Rows
) -> None:
    with pytest.raises(DatabaseUnavailable), database.transaction() as cursor:
        cursor.raw.execute("INSERT INTO users (name) VALUES ('Ada')")
        kill(rows, cursor.raw.connection.get_backend_pid())
        cursor.raw.execute("SELECT 1")
    assert backend_of(database)
    assert rows.value("SELECT count(*) FROM users") == 0


def test_a_connection_that_is_killed_before_the_commit_is_unavailable(
    database: DatabaseManager, rows: Rows
) -> None:
    with pytest.raises(DatabaseUnavailable), database.transaction() as cursor:
        cursor.raw.execute("INSERT INTO users (name) VALUES ('Ada')")
        kill(rows, cursor.raw.connection.get_backend_pid())
    assert backend_of(database)
    assert rows.value("SELECT count(*) FROM users") == 0


# --- errors are ours


def test_a_missing_table_says_how_to_migrate(empty_url: str) -> None:
    database = DatabaseManager(empty_url)
    with pytest.raises(SchemaMissing, match="migrate"):
        ModelStore(database).list()
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nonsense",
        "INSERT INTO users (external_id) VALUES ('same'), ('same')",
        "SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)",
        "SET LOCAL lock_timeout = 1; SELECT pg_advisory_xact_lock(1)",
        # The row would not fit into an index: the database is there all the same.
        "INSERT INTO users (external_id)"
        " SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n",
    ],
    ids=["syntax", "unique", "timeout", "lock timeout", "too large"],
)
def test_whatever_else_is_refused_is_a_database_error(
    database: DatabaseManager, rows: Rows, statement: str
) -> None:
    rows.run("SELECT pg_advisory_lock(1)")
    with (
        pytest.raises(DatabaseError) as caught,
        database.transaction() as cursor,
    ):
        cursor.raw.execute(statement)
    assert type(caught.value) is DatabaseError
    assert "\n" not in str(caught.value)


def test_a_refused_port_is_unavailable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        port = closed.getsockname()[1]
        database = DatabaseManager(f"postgresql://u:secret@127.0.0.1:{port}/d")
        with (
            pytest.raises(DatabaseUnavailable, match="cannot be reached") as caught,
            database.transaction(),
        ):
            pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense secret",
        "mysql://u:secret@localhost/d",
        "postgresql://u:sec%zzret@localhost/d",
        "postgresql://u:secret@[::1/d",
        "postgresql://u:secret/@localhost/d",
        "postgresql://u:p@localhost:secret/d",
        "postgresql://u:secret@localhost:99999/d",
        "postgresql://u:secret@localhost/d?sslmode=banana",
    ],
)
def test_a_broken_url_is_a_setting_to_mend_and_is_not_shown(url: str) -> None:
    with (
        pytest.raises(ConfigError, match="DATABASE_URL") as caught,
        DatabaseManager(url).transaction(),
    ):
        pass
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_what_cannot_run_in_a_transaction_has_its_errors_translated_too(
    database: DatabaseManager,
) -> None:

    with pytest.raises(DatabaseError, match="at least 1"):
        database.execute_alone(
            "create_vector_index",
            index=sql.Identifier("i"),
            dimensions=sql.Literal(-1),
            model=sql.Literal("m"),
            m=sql.Literal(24),
            ef_construction=sql.Literal(200),
        )


# --- who waits for due rows


@pytest.fixture
def listener(database: DatabaseManager) -> Iterator[DueListener]:
    listener = DueListener(database)
    yield listener
    listener.close()


def notify(rows: Rows, channel: str = database_manager.DUE_CHANNEL) -> None:
    rows.run(f"NOTIFY {channel}")


def test_a_listener_hears_that_a_row_became_due(
    listener: DueListener, rows: Rows
) -> None:
    listener.wait(0)
    notify(rows)
    assert listener.wait(30)
    assert not listener.wait(0)


def test_many_notifications_are_one_reason_to_look(
    listener: DueListener, rows: Rows
) -> None:
    listener.wait(0)
    for _ in range(5):
        notify(rows)
    # All have arrived once its server process has nothing left to send.
    wait_until(lambda: not listener.wait(0.01))
    assert not listener.wait(0)


def test_a_listener_hears_nothing_else(listener: DueListener, rows: Rows) -> None:
    listener.wait(0)
    notify(rows, "other")
    assert not listener.wait(0)


def test_a_listener_that_has_begun_to_listen_says_look(listener: DueListener) -> None:
    """What was said before is lost."""
    assert listener.wait(0)
    assert not listener.wait(0)


def test_a_listener_survives_that_its_connection_is_killed(
    listener: DueListener, rows: Rows
) -> None:
    listener.wait(0)
    (pid,) = rows.listener_pids
    kill(rows, pid)
    # The driver may need a second look to notice.
    assert listener.wait(30) or listener.wait(30)
    listener._next_try = 0  # some seconds later
    assert listener.wait(0)
    assert len(rows.listener_pids) == 1
    notify(rows)
    assert listener.wait(30)


def test_a_listener_without_a_database_only_sleeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    listener = DueListener(DatabaseManager("postgresql://127.0.0.1:1/x"))
    assert [listener.wait(7), listener.wait(8)] == [False, False]
    assert naps == [7, 8]


def test_a_listener_can_be_closed_twice(listener: DueListener) -> None:
    listener.wait(0)
    listener.close()
    listener.close()


# --- behind a transaction pooler

POOLER = """
[databases]
* = host={host} port=5432 user=postgres
[pgbouncer]
pool_mode = transaction
auth_type = any
listen_addr =
unix_socket_dir = {folder}
listen_port = 6543
max_client_conn = 50
default_pool_size = 5
"""


@pytest.fixture(scope="session")
def pooler_folder(server_url: str) -> Iterator[Path]:
    """Where the socket of a pgbouncer in transaction mode is."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("pgbouncer is not installed")
        pytest.skip("pgbouncer is not installed")
    # pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="pooler-") as name:
        folder = Path(name)
        process = start_pooler(program, folder, parse_dsn(server_url)["host"])
        yield folder
        process.terminate()
        process.wait(10)


def start_pooler(program: str, folder: Path, host: str) -> subprocess.Popen[bytes]:
    settings, log = folder / "pgbouncer.ini", folder / "log"
    settings.write_text(POOLER.format(host=host, folder=folder))
    command = [program, str(settings)]
    if getpass.getuser() == "root":  # it refuses to be
        owner = Path(host).owner()
        shutil.chown(folder, owner)
        command[1:1] = ["-u", owner]
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    socket_file = folder / ".s.PGSQL.6543"
    wait_until(lambda: process.poll() is not None or socket_file.exists())
    assert process.poll() is None, log.read_text()
    return process


def pooled(url: str, folder: Path) -> Iterator[DatabaseManager]:
    name = parse_dsn(url)["dbname"]
    database = DatabaseManager(f"postgresql://postgres@/{name}?host={folder}&port=6543")
    yield database
    database.close()


@pytest.fixture
def pooled_database(
    database_url: str, pooler_folder: Path
) -> Iterator[DatabaseManager]:
    yield from pooled(database_url, pooler_folder)


@pytest.fixture
def pooled_empty(empty_url: str, pooler_folder: Path) -> Iterator[DatabaseManager]:
    yield from pooled(empty_url, pooler_folder)


def test_a_listener_behind_a_pooler_notices_that_it_is_deaf_says_so_once_and_sleeps(
    pooled_database: DatabaseManager,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    monkeypatch.setattr(database_manager, "ECHO_SECONDS", 0.3)
    listener = DueListener(pooled_database)
    with caplog.at_level(logging.WARNING):
        assert not listener.wait(7)
        notify(rows)
        listener._next_try = 0
        assert not listener.wait(8)
    assert naps == [7, 8]
    assert [r.__dict__["action"] for r in caplog.records] == ["listen_impossible"]


def test_migrations_apply_through_a_pooler(
    pooled_empty: DatabaseManager, tmp_path: Path
) -> None:
    assert len(Migrator(pooled_empty).apply()) == len(list(FOLDER.glob("*.sql")))
    assert Migrator(pooled_empty).missing() == []
    (tmp_path / "001_index.sql").write_text(
        "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON users (name);"
    )
    assert Migrator(pooled_empty, tmp_path).apply() == ["001_index"]


def test_rows_are_embedded_through_a_pooler(
    pooled_database: DatabaseManager, rows: Rows
) -> None:
    models = ModelStore(pooled_database)
    model = models.add(EmbeddingModel("m", "m", None, 3, "roles-1", True))
    job = rows.add_job("Welder")
    store = EmbeddingStore(pooled_database, "job", "m")
    claims = store.claim_due(10, 60)
    vectors = np.array([[1, 2, 3]], dtype=np.float32)
    assert store.store(claims, {job: b"x"}, vectors) == 1
    assert rows.vector("job", job) == "[1,2,3]"
    assert models.build_index(model)
    assert models.has_index("m")


def test_a_pooler_that_lost_its_server_connection_is_unavailable_once(
    pooled_database: DatabaseManager, rows: Rows
) -> None:
    with pytest.raises(DatabaseUnavailable), pooled_database.transaction() as cursor:
        cursor.raw.execute("SELECT pg_backend_pid() AS pid")
        (row,) = cursor.raw.fetchall()
        kill(rows, row["pid"])
        cursor.raw.execute("SELECT 1")
    assert backend_of(pooled_database) is not None
