"""The daemon as a process: woken, stopped, and left without its database."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.processes import ONLY_NOTIFIED, Bot, wait_until
from tests.acceptance.rows import Rows
from tests.conftest import FAST
from tests.loopback import faults as f
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres

NEAREST = """
    SELECT title FROM job_vectors v JOIN canonical_jobs j ON j.id = v.job_id
     ORDER BY v.embedding <=> (SELECT embedding FROM user_vectors WHERE user_id = %s)
     LIMIT 1
"""


def test_a_job_inserted_by_plain_sql_is_found_as_soon_as_the_daemon_is_notified(
    bot: Bot, rows: Rows
) -> None:
    user_id = rows.add_user("Welder")
    bot.start_listening_daemon(rows, **ONLY_NOTIFIED)
    rows.add_job("Accountant")
    job_id = rows.add_job("Welder")
    wait_until(lambda: rows.vectors() == 2)
    assert rows.vector("job", job_id)
    assert rows.value(NEAREST, user_id) == "Welder"
    found = bot.run("match", "--user", str(user_id))
    assert found.code == 0
    assert "for Ada, by vectors" in found.out
    assert "Welder" in found.out and "Accountant" not in found.out


def test_preferences_changed_by_plain_sql_count_as_soon_as_the_daemon_is_notified(
    bot: Bot, rows: Rows
) -> None:
    user_id = rows.add_user("Accountant")
    rows.add_job("Accountant")
    rows.add_job("Welder")
    bot.start_listening_daemon(rows, **ONLY_NOTIFIED)
    before = rows.vector("user", user_id)
    assert before and rows.value(NEAREST, user_id) == "Accountant"
    rows.run(
        "UPDATE user_preferences SET job_roles = '{Welder}' WHERE user_id = %s", user_id
    )
    wait_until(lambda: rows.vector("user", user_id) != before)
    assert rows.value(NEAREST, user_id) == "Welder"
    found = bot.run("match", "--user", str(user_id))
    assert "by vectors" in found.out
    assert "Welder" in found.out and "Accountant" not in found.out


def test_a_closed_job_is_not_found_any_more(bot: Bot, rows: Rows) -> None:
    user_id = rows.add_user("Welder")
    rows.add_job("Welder")
    rows.add_job("Welder in Yaba")
    bot.start_listening_daemon(rows, **ONLY_NOTIFIED)
    rows.run("UPDATE canonical_jobs SET status = 'closed' WHERE title ~ 'Yaba'")
    assert rows.vectors() == 1
    assert "Yaba" not in bot.run("match", "--user", str(user_id)).out


def test_a_row_that_no_trigger_told_of_is_found_at_the_next_start(
    bot: Bot, rows: Rows
) -> None:
    first = bot.start_listening_daemon(rows, **ONLY_NOTIFIED)
    rows.run("SET session_replication_role = replica")  # no triggers
    job_id = rows.add_job("Welder")
    rows.run("RESET session_replication_role")
    assert first.stop() == 0
    assert rows.vector("job", job_id) is None
    bot.start_daemon(**ONLY_NOTIFIED)
    wait_until(lambda: rows.vector("job", job_id))


def test_a_job_inserted_while_the_daemon_had_lost_its_ear_is_found_when_it_listens_again(
    bot: Bot, rows: Rows
) -> None:
    bot.start_listening_daemon(rows, **ONLY_NOTIFIED)
    last_look = "SELECT ok_at FROM task_runs WHERE task = 'embed_due'"
    (pid,), looked_at = rows.listener_pids, rows.value(last_look)
    rows.run("SELECT pg_terminate_backend(%s, 5000)", pid)
    wait_until(lambda: rows.value(last_look) > looked_at)
    job_id = rows.add_job("Welder")
    wait_until(lambda: rows.listeners == 1)
    wait_until(lambda: rows.vector("job", job_id), seconds=3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_that_is_asked_to_stop_exits_with_0(
    bot: Bot, rows: Rows, number: signal.Signals
) -> None:
    daemon = bot.start_listening_daemon(rows)
    daemon.signal(number)
    assert daemon.wait() == 0
    assert "stopped" in daemon.log and "Traceback" not in daemon.log


def test_a_stop_does_not_wait_for_a_provider_that_hangs_and_gives_its_rows_back(
    bot: Bot, rows: Rows, openai_server: OpenAIServer
) -> None:
    openai_server.faults.always(f.slow(600))
    rows.add_jobs(40)
    environ = {"EMBEDDING_BATCH_SIZE": "5", "EMBEDDING_TIMEOUT_SECONDS": "500"}
    daemon = bot.start_daemon(LEASE_SECONDS="1000", **environ)
    wait_until(lambda: openai_server.record.in_flight == 4)
    wait_until(lambda: rows.put_off == 30)  # two batches more are in hand
    assert (openai_server.record.in_flight, rows.due) == (4, 10)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert (rows.put_off, rows.due) == (0, 40)
    assert rows.value("SELECT max(attempts) FROM job_embeddings") == 0
    assert "Traceback" not in daemon.log
    openai_server.faults.clear()
    assert bot.embed_once().figures["embedded"] == 40


def test_a_daemon_outlives_its_database(
    provider_environ: dict[str, str], home: Path
) -> None:
    server = EmbeddedPostgres(home / "postgres", FAST)
    url = server.start()
    bot = Bot(provider_environ | {"DATABASE_URL": url}, home)
    try:
        assert bot.run("migrate").code == 0
        rows = Rows(url)
        daemon = bot.start_listening_daemon(rows, **ONLY_NOTIFIED)
        rows.add_job("Accountant")
        wait_until(lambda: rows.vectors() == 1)
        rows.close()
        server.stop()
        wait_until(lambda: "PostgreSQL cannot be reached" in daemon.log)
        assert daemon.is_running
        assert server.start() == url
        rows = Rows(url)
        wait_until(lambda: rows.listeners == 1)
        rows.add_job("Welder")
        wait_until(lambda: rows.vectors() == 2)
        rows.close()
        assert " WARNING " in daemon.log
        assert " ERROR " not in daemon.log and "Traceback" not in daemon.log
        assert daemon.stop() == 0
    finally:
        bot.close()
        server.stop()
