"""Runs a task: the health check knows how it ended, and it stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from whatsapp_bot.database.tasks import TaskStore
from whatsapp_bot.errors import DatabaseUnavailable

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
