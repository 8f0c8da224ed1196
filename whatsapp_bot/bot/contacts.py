"""What the conversation asks of whoever knows how people are reached."""

from __future__ import annotations

from typing import Protocol

from whatsapp_bot.database.database_manager import Cursor


class Contacts(Protocol):
    """Each writes in the caller's transaction, and may be called again for nothing."""

    def stop(self, cursor: Cursor, user_id: int) -> None:
        """Nothing more is sent to her, but the last word."""
        ...

    def resume(self, cursor: Cursor, user_id: int) -> None:
        """She asked for messages again."""
        ...

    def consent_to_templates(self, cursor: Cursor, user_id: int, source: str) -> None:
        """She agreed that we write first. source: where, and in which words."""
        ...

    def withdraw_consent(self, cursor: Cursor, user_id: int) -> None:
        """She took that back."""
        ...

    def delete_person(self, cursor: Cursor, user_id: int) -> None:
        """Whatever is stored of her, in every table, her messages too."""
        ...
