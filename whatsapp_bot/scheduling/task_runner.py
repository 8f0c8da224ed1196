"""Runs a task: the health check knows how it ended, and it stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Self, TypeVar

from whatsapp_bot.database.tasks import TaskStore
from whatsapp_bot.errors import DatabaseConflict, DatabaseUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")


class TaskRunner:
    """Threads may share it."""

    def __init__(self, store: TaskStore) -> None:
        self._store = store

    def record(self, name: str, task: Callable[[], T]) -> T:
        """Run it, and let the health check know how that ended. Raises what it raises."""
        self._store.start(name)
        try:
            result = task()
        except DatabaseUnavailable:
            raise
        except Exception as error:
            self._store.finish(name, f"{type(error).__name__}: {error}")
            raise
        self._store.finish(name)
        return result

    def guard(self, name: str, task: Callable[[], object]) -> bool:
        """The same, but a task that raises is logged and starves no other: left to
        itself, `schedule` would not reschedule it, and would skip those sorted after it,
        for ever. Whether it ended well."""
        try:
            self.record(name, task)
        except DatabaseUnavailable as error:
            logger.warning(
                "%s waits: %s", name, error, extra={"action": "database_away"}
            )
            return False
        except Exception:
            logger.exception("task %s failed", name, extra={"action": "task_failed"})
            return False
        return True


class Turn:
    """Several tasks, each once: one that raises is logged, and stops no other.

    At the end of the block the first error is raised; a database that is away ends the
    block at once.
    """

    def __init__(self, runner: TaskRunner) -> None:
        self._runner = runner
        self._errors: list[Exception] = []

    def run(self, name: str, task: Callable[[], T]) -> T | None:
        """What the task gives, None where it raised. Raises DatabaseUnavailable."""
        try:
            return self._runner.record(name, task)
        except Exception as error:
            is_away = isinstance(error, DatabaseUnavailable)
            if is_away and not isinstance(error, DatabaseConflict):
                raise
            logger.error(
                "task %s failed: %s: %s",
                name,
                type(error).__name__,
                error,
                extra={"action": "task_failed"},
            )
            self._errors.append(error)
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._errors:
            raise self._errors[0]
