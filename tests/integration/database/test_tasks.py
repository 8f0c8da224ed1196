from __future__ import annotations

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.tasks import TaskStore


def test_a_task_is_known_from_its_start(database: DatabaseManager) -> None:
    tasks = TaskStore(database)
    assert tasks.list() == []
    tasks.start("reconcile")
    (run,) = tasks.list()
    assert (run.task, run.seconds_since_ok, run.last_error) == ("reconcile", None, None)


def test_a_failure_keeps_when_it_last_ended_well(
    database: DatabaseManager, rows: Rows
) -> None:
    tasks = TaskStore(database)
    tasks.start("reconcile")
    tasks.finish("reconcile")
    rows.run("UPDATE task_runs SET ok_at = now() - interval '1 hour'")
    tasks.start("reconcile")
    tasks.finish("reconcile", "no luck")
    (run,) = tasks.list()
    assert run.last_error == "no luck"
    assert run.seconds_since_ok is not None
    assert 3600 <= run.seconds_since_ok < 7200
    tasks.finish("reconcile")
    (run,) = tasks.list()
    assert run.last_error is None
    assert run.seconds_since_ok is not None
    assert run.seconds_since_ok < 3600
