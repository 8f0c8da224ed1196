"""Rows as any other program would write and read them: by plain SQL."""

from __future__ import annotations

from typing import Any

import psycopg2


class Rows:
    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True

    def close(self) -> None:
        self._connection.close()

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: object) -> Any:
        ((value,),) = self.run(statement, *values)
        return value

    def add_job(self, title: str, source_id: str | None = None) -> int:
        job_id: int = self.value(
            "INSERT INTO canonical_jobs (source, source_id, title)"
            " VALUES ('sql', coalesce(%s, gen_random_uuid()::text), %s) RETURNING id",
            source_id,
            title,
        )
        return job_id

    def add_jobs(self, count: int) -> list[int]:
        """Each with a title of its own."""
        rows = self.run(
            "INSERT INTO canonical_jobs (source, source_id, title)"
            " SELECT 'sql', 'job-' || n, 'Accountant number ' || n"
            " FROM generate_series(1, %s) AS n RETURNING id",
            count,
        )
        return [job_id for (job_id,) in rows]

    def add_user(self, *job_roles: str) -> int:
        user_id: int = self.value(
            "INSERT INTO users (external_id, name)"
            " VALUES (gen_random_uuid()::text, 'Ada') RETURNING id"
        )
        self.run(
            "INSERT INTO user_preferences (user_id, job_roles) VALUES (%s, %s)",
            user_id,
            list(job_roles),
        )
        return user_id

    def vectors(self, thing: str = "job") -> int:
        count: int = self.value(f"SELECT count(*) FROM {thing}_vectors")
        return count

    def vector(self, thing: str, thing_id: int) -> str | None:
        rows = self.run(
            f"SELECT embedding::text FROM {thing}_vectors WHERE {thing}_id = %s",
            thing_id,
        )
        return rows[0][0] if rows else None

    @property
    def due(self) -> int:
        """Rows to be worked on now."""
        return self._count("due_at <= now()")

    @property
    def put_off(self) -> int:
        """Rows that are leased, or put off until later."""
        return self._count("due_at > now()")

    def _count(self, condition: str) -> int:
        count: int = self.value(
            f"SELECT (SELECT count(*) FROM job_embeddings WHERE {condition})"
            f" + (SELECT count(*) FROM user_embeddings WHERE {condition})"
        )
        return count

    @property
    def listener_pids(self) -> list[int]:
        """Of the server processes behind daemons that wait for notifications."""
        rows = self.run(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle' AND right(query, 21) = 'LISTEN embeddings_due'"
        )
        return [pid for (pid,) in rows]

    @property
    def listeners(self) -> int:
        return len(self.listener_pids)
