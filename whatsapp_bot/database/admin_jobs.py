"""Rows of admin_jobs: long work that was asked for, and how far it is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.records import AdminCounts, AdminJob, Row, Thing

HOLD_SECONDS = 60.0  # a process that is silent for longer is taken for dead


class AdminJobStore:
    """Safe to share among threads. Whatever reads or begins first ends those whose
    process died."""

    def __init__(
        self, database: DatabaseManager, hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self._database = database
        self.hold_seconds = hold_seconds

    def begin(self, thing: Thing, force: bool, limit: int) -> AdminJob | None:
        """A new one; None when there is one of its kind that runs."""
        self._end_lost()
        with self._database.transaction() as cursor:
            row = cursor.row(
                "begin_admin_job",
                thing=thing,
                force=force,
                limit=limit,
                hold_seconds=self.hold_seconds,
            )
        return _job(row) if row else None

    def hold(self, job_id: int, counts: AdminCounts) -> bool:
        """Say that it is alive and how far; False: it was taken for dead."""
        with self._database.transaction() as cursor:
            held = cursor.run(
                "hold_admin_job",
                id=job_id,
                hold_seconds=self.hold_seconds,
                **asdict(counts),
            )
        return held > 0

    def finish(
        self,
        job_id: int,
        state: str,
        counts: AdminCounts,
        errors: list[str],
        message: str | None,
    ) -> None:
        """state: done, failed or stopped."""
        with self._database.transaction() as cursor:
            cursor.run(
                "finish_admin_job",
                id=job_id,
                state=state,
                errors=[error.replace("\0", "") for error in errors],
                message=message and message.replace("\0", ""),
                **asdict(counts),
            )

    def get(self, job_id: int) -> AdminJob | None:
        self._end_lost()
        with self._database.transaction() as cursor:
            row = cursor.row("get_admin_job", id=job_id)
        return _job(row) if row else None

    def list(self, limit: int) -> list[AdminJob]:
        """The newest first."""
        self._end_lost()
        with self._database.transaction() as cursor:
            rows = cursor.rows("list_admin_jobs", limit=limit)
        return [_job(row) for row in rows]

    def running(self, thing: Thing) -> AdminJob | None:
        with self._database.transaction() as cursor:
            row = cursor.row("get_running_admin_job", thing=thing)
        return _job(row) if row else None

    def _end_lost(self) -> None:
        with self._database.transaction() as cursor:
            cursor.run("end_lost_admin_jobs")


def _job(row: Row) -> AdminJob:
    counts = {name: row.pop(name) for name in asdict(AdminCounts())}
    created_at: datetime = row.pop("created_at")
    return AdminJob(counts=AdminCounts(**counts), created_at=created_at, **row)
