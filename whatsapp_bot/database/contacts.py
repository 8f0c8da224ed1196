"""Rows of contacts: by what address a person is reached, and what she allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.records import Row


@dataclass(frozen=True)
class Contact:
    user_id: int
    wa_id: str | None
    bsuid: str | None
    last_message_at: datetime | None
    stopped_at: datetime | None
    template_consent_at: datetime | None
    template_consent_source: str | None
    templates_stopped_at: datetime | None
    templates_paused_until: datetime | None


class ContactStore:
    """hash_of: of a wamid, under a key that is not in the database."""

    def __init__(
        self, database: DatabaseManager, hash_of: Callable[[str], str]
    ) -> None:
        self._database = database
        self._hash_of = hash_of

    def find(self, user_id: int) -> Contact | None:
        """None: she does not use WhatsApp."""
        with self._database.autocommit() as cursor:
            row = cursor.row("find_contact", user_id=user_id)
        return Contact(**row) if row else None

    def stop(self, cursor: Cursor, user_id: int) -> None:
        """She gets nothing more, whatever was to be sent, but a last word."""
        cursor.run("stop_contact", user_id=user_id)
        cursor.run("cancel_outgoing", user_id=user_id)

    def resume(self, cursor: Cursor, user_id: int) -> None:
        """What was cancelled stays so."""
        cursor.run("resume_contact", user_id=user_id)

    def consent_to_templates(self, cursor: Cursor, user_id: int, source: str) -> None:
        """source: where and in which words she agreed. A later consent replaces it."""
        cursor.run("consent_to_templates", user_id=user_id, source=source)

    def withdraw_consent(self, cursor: Cursor, user_id: int) -> None:
        cursor.run("withdraw_consent", user_id=user_id)

    def delete_person(self, cursor: Cursor, user_id: int) -> None:
        """Everything of her, in all tables. A hash of each of her latest messages stays,
        for Meta may deliver them once more."""
        wamids = cursor.rows("find_latest_wamids", user_id=user_id)
        hashes = [self._hash_of(row["wamid"]) for row in wamids]
        cursor.run("forget_messages", hashes=hashes)
        cursor.run("delete_user", user_id=user_id)

    def move(self, cursor: Cursor, addresses: Row) -> None:
        """old_wa_id, old_bsuid, new_wa_id, new_bsuid; None: not told."""
        cursor.run("move_contact", **addresses)

    def set_templates_wish(self, cursor: Cursor, wish: Row, told_at: datetime) -> None:
        """wish: wa_id, bsuid, is_stop. An older word than the last one changes nothing."""
        cursor.run("set_templates_wish", **wish, told_at=told_at)

    def note_refusal(
        self,
        cursor: Cursor,
        user_id: int | None,
        *,
        is_window_closed: bool = False,
        is_undelivered: bool = False,
        templates_stopped: bool = False,
        templates_pause_seconds: float | None = None,
    ) -> None:
        """What Meta said about her when it refused a message. user_id None: she is gone."""
        cursor.run(
            "note_refusal",
            user_id=user_id,
            is_window_closed=is_window_closed,
            undelivered=int(is_undelivered),
            templates_stopped=templates_stopped,
            pause_seconds=templates_pause_seconds,
        )
