from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.acceptance.processes import wait_until
from tests.acceptance.rows import Rows
from whatsapp_bot.config import PROJECT_FOLDER
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embeddings import EmbeddingUpkeep
from whatsapp_bot.database.migrator import FOLDER, LOCK_KEY, Migrator, read_migrations
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.errors import DatabaseError, MigrationError, SchemaMissing
from whatsapp_bot.records import EmbeddingModel

ALL = [path.stem for path in sorted(FOLDER.glob("*.sql"))]
CONCURRENTLY = (
    "-- migrate: no-transaction\nCREATE {} CONCURRENTLY IF NOT EXISTS t_n ON t (n);"
)
APPLY = """
import json, sys
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.migrator import Migrator
database = DatabaseManager(sys.argv[1])
print(json.dumps(Migrator(database).apply()))
"""


@pytest.fixture
def empty(empty_url: str) -> Iterator[DatabaseManager]:
    manager = DatabaseManager(empty_url)
    yield manager
    manager.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write migrations to a folder, by name; the folder."""

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name.removeprefix('m')}.sql").write_text(text)
        return tmp_path

    return write


def tables_of(rows: Rows) -> set[str]:
    found = rows.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name for (name,) in found}


def test_everything_applies_from_zero(empty: DatabaseManager, empty_rows: Rows) -> None:
    assert Migrator(empty).apply() == ALL
    assert {"users", "canonical_jobs", "job_vectors", "task_runs"} <= tables_of(
        empty_rows
    )


def test_the_second_time_is_nothing(empty: DatabaseManager, empty_rows: Rows) -> None:
    Migrator(empty).apply()
    when = "SELECT array_agg(applied_at ORDER BY name) FROM schema_migrations"
    applied_at = empty_rows.value(when)
    assert Migrator(empty).apply() == []
    assert empty_rows.value(when) == applied_at


def test_each_file_may_run_again_where_its_record_was_lost(
    empty: DatabaseManager, empty_rows: Rows
) -> None:
    Migrator(empty).apply()
    empty_rows.run("DROP TABLE schema_migrations")
    assert Migrator(empty).apply() == ALL


def test_people_and_jobs_of_before_get_their_embeddings_rows(
    empty: DatabaseManager, empty_rows: Rows, tmp_path: Path
) -> None:
    first, *rest = sorted(FOLDER.glob("*.sql"))
    shutil.copy(first, tmp_path)
    assert Migrator(empty, tmp_path).apply() == [first.stem]
    job, user = empty_rows.add_job("Welder"), empty_rows.add_user("Welder")
    empty_rows.add_job(" ")
    assert Migrator(empty).apply() == [path.stem for path in rest]
    ModelStore(empty).add(EmbeddingModel("m", "m", None, 3, "roles-1", True))
    upkeep = EmbeddingUpkeep(empty)
    assert (upkeep.reconcile("job"), upkeep.reconcile("user")) == (1, 1)
    due = "SELECT {0}_id FROM {0}_embeddings WHERE due_at <= now()"
    assert empty_rows.run(due.format("job")) == [(job,)]
    assert empty_rows.run(due.format("user")) == [(user,)]
    assert (upkeep.reconcile("job"), upkeep.reconcile("user")) == (0, 0)


def test_what_was_shown_before_is_hidden_in_every_posting(
    empty: DatabaseManager, empty_rows: Rows, tmp_path: Path
) -> None:
    before = [path for path in sorted(FOLDER.glob("*.sql")) if path.name < "017"]
    for path in before:
        shutil.copy(path, tmp_path)
    Migrator(empty, tmp_path).apply()
    user = empty_rows.add_user("Welder")
    post = """INSERT INTO canonical_jobs (source, source_id, title, company)
              VALUES ('t', %s, %s, 'Acme') RETURNING id"""
    shown, again, _ = (
        empty_rows.value(post, *said)
        for said in (("1", "Welder"), ("2", "Welder"), ("3", "Cook"))
    )
    empty_rows.run(
        "INSERT INTO user_job_history (user_id, job_id) VALUES (%s, %s)", user, shown
    )
    Migrator(empty).apply()
    hidden = "SELECT DISTINCT hidden_jobs(%s, true) ORDER BY 1"
    assert empty_rows.run(hidden, user) == [(shown,), (again,)]
    later = empty_rows.value(post, "4", "Welder - Lagos")
    assert (later,) in empty_rows.run(hidden, user)


def test_a_file_that_was_edited_after_it_had_been_applied_is_refused_by_name(
    empty: DatabaseManager, empty_rows: Rows, write: Callable[..., Path]
) -> None:
    folder = write(m001_create_t="CREATE TABLE t (n int);")
    Migrator(empty, folder).apply()
    write(m001_create_t="CREATE TABLE t (n bigint);", m002_add="CREATE TABLE u ();")
    with pytest.raises(MigrationError, match=r"001_create_t\.sql was edited"):
        Migrator(empty, folder).apply()
    assert tables_of(empty_rows) == {"t", "schema_migrations"}


def test_two_files_with_the_same_number_are_refused(
    write: Callable[..., Path],
) -> None:
    with pytest.raises(MigrationError, match="same number"):
        read_migrations(write(m001_a="", m001_b=""))


@pytest.mark.parametrize("name", ["1_a", "001-a", "001_A", "x001_a", "0001_a", "001_"])
def test_a_file_with_a_bad_name_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.sql").touch()
    with pytest.raises(MigrationError, match=f"{name}.sql: .* NNN_verb_thing"):
        read_migrations(tmp_path)


def test_a_failing_file_leaves_what_came_before_and_nothing_of_itself(
    empty: DatabaseManager, empty_rows: Rows, write: Callable[..., Path]
) -> None:
    folder = write(
        m001_create_t="CREATE TABLE t (n int);",
        m002_fail="CREATE TABLE u (n int); SELECT 1 / 0;",
        m003_create_v="CREATE TABLE v (n int);",
    )
    with pytest.raises(MigrationError, match=r"002_fail\.sql: division by zero"):
        Migrator(empty, folder).apply()
    assert tables_of(empty_rows) == {"t", "schema_migrations"}
    assert Migrator(empty, folder).missing() == ["002_fail", "003_create_v"]
    write(m002_fail="CREATE TABLE u (n int);")
    assert Migrator(empty, folder).apply() == ["002_fail", "003_create_v"]


def test_two_processes_that_start_together_apply_it_once(
    empty_url: str, empty_rows: Rows
) -> None:
    holder = psycopg2.connect(empty_url)
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPLY, empty_url],
            cwd=PROJECT_FOLDER,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    wait_until(lambda: waiting_for_the_lock(empty_rows) == 2)
    holder.close()
    answers = [json.loads(process.communicate(timeout=30)[0]) for process in processes]
    assert sorted(answers) == [[], ALL]


def waiting_for_the_lock(rows: Rows) -> int:
    count: int = rows.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name = 'whatsapp_bot'"
        " AND query ~ 'advisory'"
    )
    return count


def test_a_file_may_build_an_index_beside_writes(
    empty: DatabaseManager, empty_rows: Rows, write: Callable[..., Path]
) -> None:
    folder = write(
        m001_create_t="CREATE TABLE t (n int);", m002_index=CONCURRENTLY.format("INDEX")
    )
    assert Migrator(empty, folder).apply() == ["001_create_t", "002_index"]
    assert empty_rows.value(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass"
    )
    assert Migrator(empty, folder).missing() == []


def test_a_process_that_waits_does_not_hinder_an_index_built_beside_writes(
    empty_url: str, empty_rows: Rows, write: Callable[..., Path]
) -> None:
    """A statement that waits holds a snapshot, and such a build waits for snapshots."""
    folder = write(m001_index=CONCURRENTLY.format("INDEX"))
    empty_rows.run("CREATE TABLE t (n int)")
    writer = psycopg2.connect(empty_url)
    with writer.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    answers: list[list[str]] = []

    def apply() -> None:
        database = DatabaseManager(empty_url)
        answers.append(Migrator(database, folder).apply())
        database.close()

    threads = [threading.Thread(target=apply, daemon=True) for _ in range(2)]
    threads[0].start()
    building = (
        "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'CREATE INDEX'"
        " AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    wait_until(lambda: empty_rows.value(building) == 1)
    threads[1].start()
    wait_until(lambda: waiting_for_the_lock(empty_rows) == 2)
    writer.commit()
    writer.close()
    for thread in threads:
        thread.join(timeout=15)
    assert sorted(answers) == [[], ["001_index"]]


def test_an_invalid_index_of_a_build_that_was_cut_off_is_not_called_done(
    empty: DatabaseManager, empty_rows: Rows, write: Callable[..., Path]
) -> None:
    folder = write(m001_index=CONCURRENTLY.format("UNIQUE INDEX"))
    empty_rows.run("CREATE TABLE t (n int)")
    empty_rows.run("INSERT INTO t VALUES (1), (1)")
    with pytest.raises(MigrationError, match=r"001_index\.sql: could not create"):
        Migrator(empty, folder).apply()
    empty_rows.run("DELETE FROM t")
    with pytest.raises(MigrationError, match="index t_n is invalid, its build was cut"):
        Migrator(empty, folder).apply()
    assert Migrator(empty, folder).missing() == ["001_index"]
    empty_rows.run("DROP INDEX CONCURRENTLY t_n")
    assert Migrator(empty, folder).apply() == ["001_index"]


def test_an_invalid_index_with_another_name_is_none_of_its_business(
    empty: DatabaseManager, empty_rows: Rows, write: Callable[..., Path]
) -> None:
    empty_rows.run("CREATE TABLE t (n int)")
    empty_rows.run("INSERT INTO t VALUES (1), (1)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        empty_rows.run("CREATE UNIQUE INDEX CONCURRENTLY t_ ON t (n)")
    folder = write(m001_index=CONCURRENTLY.format("INDEX"))
    assert Migrator(empty, folder).apply() == ["001_index"]


def test_what_is_missing_can_be_asked_without_changing_anything(
    empty: DatabaseManager, empty_rows: Rows
) -> None:
    migrator = Migrator(empty)
    assert migrator.missing() == ALL
    with pytest.raises(SchemaMissing, match=f"lacks {', '.join(ALL)}: run .*migrate"):
        migrator.require()
    assert tables_of(empty_rows) == set()


def test_nothing_is_missing_once_all_is_applied(database: DatabaseManager) -> None:
    assert Migrator(database).missing() == []
    Migrator(database).require()


def test_a_database_that_may_only_be_read_is_an_error_of_ours(empty_url: str) -> None:
    database = DatabaseManager(
        f"{empty_url}&options=-c%20default_transaction_read_only%3Don"
    )
    with pytest.raises(DatabaseError, match="read-only"):
        Migrator(database).apply()
    database.close()


def test_a_table_of_another_tool_in_its_place_is_an_error_of_ours(
    empty: DatabaseManager, empty_rows: Rows
) -> None:
    empty_rows.run("CREATE TABLE schema_migrations (version bigint)")
    with pytest.raises(DatabaseError, match='"name" does not exist'):
        Migrator(empty).missing()
