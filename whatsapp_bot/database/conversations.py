"""Rows of conversations and alert_settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager, as_json
from whatsapp_bot.errors import DatabaseConflict, NotFound
from whatsapp_bot.records import Row


@dataclass(frozen=True)
class AlertChoice:
    """How often she wants to hear of new jobs, and the words that she agreed to.

    cadence: daily, instant or off. consent_at: None where nothing was agreed to.
    """

    cadence: str
    consent_at: datetime | None = None
    consent_text: str | None = None
    consent_source: str | None = None


@dataclass(frozen=True)
class WaitingPerson:
    """She asked for a person. wa_id: her number; None: not known, or not on WhatsApp."""

    user_id: int
    language: str
    since: datetime
    wa_id: str | None
    last_message_at: datetime | None
    stopped_at: datetime | None


class ConversationStore:
    """Reads in transactions of its own; what a message brings about is written in the
    caller's, so that all of it happens together."""

    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def read(self, user_id: int) -> Row:
        """user_id, language, state, data, needs_person_at, revision (0: she never wrote
        before) and has_preferences. Raises NotFound when there is no such person."""
        with self._database.autocommit() as cursor:
            return _there(cursor.row("read_conversation", user_id=user_id), user_id)

    def read_facts(self, user_id: int) -> Row:
        """name, created_at; shown, saved and refused jobs, counted; has_vector. Raises
        NotFound."""
        with self._database.autocommit() as cursor:
            return _there(cursor.row("read_person_facts", user_id=user_id), user_id)

    def read_alerts(self, user_id: int) -> Row | None:
        """Her row of alert_settings; None when she never said anything of alerts."""
        with self._database.autocommit() as cursor:
            return cursor.row("read_alert_settings", user_id=user_id)

    def find_waiting(
        self, limit: int, user_id: int | None = None
    ) -> list[WaitingPerson]:
        """Those who wait for a person, the longest first; or the one, if she does."""
        with self._database.transaction() as cursor:
            rows = cursor.rows("find_people_waiting", limit=limit, user_id=user_id)
        return [WaitingPerson(**row) for row in rows]

    def find_last_messages(self, user_ids: Sequence[int], limit: int) -> list[Row]:
        """user_id, is_hers, at, id, message ({}: no longer kept) and, of ours, state in
        the outbox; so many of each person, hers and ours, the newest last."""
        with self._database.transaction() as cursor:
            return cursor.rows(
                "find_last_messages", user_ids=list(user_ids), limit=limit
            )

    def end_waiting(self, user_id: int) -> bool:
        """False: she does not wait."""
        with self._database.transaction() as cursor:
            return bool(cursor.run("end_waiting", user_id=user_id))

    def people_facts(self) -> Row:
        """people on WhatsApp; of them stopped; waiting for a person, and
        oldest_waiting_seconds."""
        with self._database.transaction() as cursor:
            return cursor.row("people_facts") or {}


def _there(row: Row | None, user_id: int) -> Row:
    if row is None:
        raise NotFound(f"there is no user {user_id}")
    return row


def write_conversation(
    cursor: Cursor,
    user_id: int,
    revision: int,
    state: str,
    data: Row,
    needs_person_at: datetime | None,
) -> None:
    """Raises DatabaseConflict when it was written since it was read: read it again."""
    written = cursor.run(
        "write_conversation",
        user_id=user_id,
        revision=revision,
        state=state,
        data=as_json(data),
        needs_person_at=needs_person_at,
    )
    if not written:
        raise DatabaseConflict("the conversation went on meanwhile")


def write_language(cursor: Cursor, user_id: int, language: str) -> None:
    cursor.run("set_language", user_id=user_id, language=language)


def write_alerts(cursor: Cursor, user_id: int, choice: AlertChoice) -> None:
    """Also ends a pause."""
    cursor.run(
        "set_alerts",
        user_id=user_id,
        cadence=choice.cadence,
        consent_at=choice.consent_at,
        consent_text=choice.consent_text,
        consent_source=choice.consent_source,
    )


def write_pause(cursor: Cursor, user_id: int, until: datetime | None) -> None:
    """until: None goes on at once."""
    cursor.run("pause_alerts", user_id=user_id, until=until)
