"""The row of our own number: whether it may send, how fast, and what that cost."""

from __future__ import annotations

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.records import Row


class NumberStore:
    def __init__(self, database: DatabaseManager, phone_number_id: str) -> None:
        self._database = database
        self._number = phone_number_id

    def slow_down(self, cursor: Cursor) -> None:
        """1, 2, 4 ... 64 seconds, the more the more often in a row, and a little more by
        chance; of several that were refused together, one counts."""
        cursor.run("slow_number", number=self._number)

    def slow_person(self, cursor: Cursor, user_id: int | None) -> float:
        """1, 4, 16 ... seconds (Meta: 4^X); how many. user_id None: she is gone."""
        row = cursor.row("slow_person", user_id=user_id)
        return float(row["seconds"]) if row else 1.0

    def stop(self, cursor: Cursor, reason: str, seconds: float) -> None:
        """A person must act; tried again after so long."""
        cursor.run("stop_number", number=self._number, reason=reason, seconds=seconds)

    def stop_alerts(self, cursor: Cursor, reason: str, seconds: float) -> None:
        cursor.run("stop_alerts", number=self._number, reason=reason, seconds=seconds)

    def disable_template(
        self, cursor: Cursor, name: str, reason: str, seconds: float | None
    ) -> None:
        """seconds None: until a person deletes the row."""
        cursor.run("disable_template", name=name, reason=reason, seconds=seconds)

    def forget_stop(self) -> None:
        """The settings may be others than before."""
        with self._database.transaction() as cursor:
            cursor.run("forget_stop", number=self._number)

    def facts(self) -> Row:
        """due, oldest_due_seconds, failed and malformed (of the last day), sent_today
        (but for what was written earlier than yesterday), held, uncertain, stop_reason, stopped_seconds, alerts_stop_reason, dollars_today,
        disabled_templates (text, "name: reason; ...")"""
        with self._database.transaction() as cursor:
            return cursor.row("outbox_facts", number=self._number) or {}
