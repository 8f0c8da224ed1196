"""Rows of task_runs: when each periodic task last ran, and how that ended."""

from __future__ import annotations

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.records import TaskRun


class TaskStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def start(self, task: str) -> None:
        with self._database.transaction() as cursor:
            cursor.run("start_task", task=task)

    def note_at_work(self, task: str) -> None:
        """It has not ended, but gets on."""
        with self._database.autocommit() as cursor:
            cursor.run("note_task_at_work", task=task)

    def finish(self, task: str, error: str | None = None) -> None:
        with self._database.transaction() as cursor:
            cursor.run("finish_task", task=task, error=error)

    def list(self) -> list[TaskRun]:
        with self._database.transaction() as cursor:
            rows = cursor.rows("task_facts")
        return [
            TaskRun(row["task"], row["seconds_since_ok"], row["last_error"])
            for row in rows
        ]
