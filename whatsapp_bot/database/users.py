"""Rows of users and user_preferences."""

from __future__ import annotations

from collections.abc import Sequence

from whatsapp_bot.database.database_manager import DatabaseManager, as_json
from whatsapp_bot.errors import NotFound
from whatsapp_bot.records import Row, User


class UserStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def save(self, external_id: str, name: str | None, language: str) -> int:
        """Insert or update by external id; our own id."""
        with self._database.transaction() as cursor:
            row = cursor.row(
                "save_user", external_id=external_id, name=name, language=language
            )
        assert row is not None
        return int(row["id"])

    def get(self, user_id: int) -> User:
        with self._database.transaction() as cursor:
            row = cursor.row("get_user", user_id=user_id)
        if row is None:
            raise NotFound(f"there is no user {user_id}")
        return User(**row)

    def list(self, limit: int) -> list[User]:
        with self._database.transaction() as cursor:
            return [User(**row) for row in cursor.rows("list_users", limit=limit)]

    def save_preferences(self, user_id: int, preferences: Row) -> None:
        """Set the columns that are given; the others stay as they are."""
        with self._database.transaction() as cursor:
            if cursor.row("get_user", user_id=user_id) is None:
                raise NotFound(f"there is no user {user_id}")
            cursor.run("create_preferences", user_id=user_id)
            cursor.run(
                "save_preferences", user_id=user_id, preferences=as_json(preferences)
            )

    def get_preferences(self, user_id: int) -> Row:
        """Her preferences by column; NotFound when she told none yet."""
        with self._database.transaction() as cursor:
            row = cursor.row("get_preferences", user_id=user_id)
        if row is None:
            raise NotFound(f"user {user_id} has no preferences yet")
        return row

    def find_preferences(self, user_ids: Sequence[int]) -> dict[int, Row]:
        """As get_preferences, of many, by person; without those who told none."""
        with self._database.transaction() as cursor:
            rows = cursor.rows("find_preferences", user_ids=list(user_ids))
        return {row["user_id"]: row for row in rows}

    def has_vector(self, user_id: int, model: str) -> bool:
        with self._database.transaction() as cursor:
            row = cursor.row("has_user_vector", user_id=user_id, model=model)
        return bool(row and row["found"])
