"""Rows of inbox and whatsapp_events: what Meta delivered, until it is handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whatsapp_bot.database.database_manager import Cursor, DatabaseManager, as_json
from whatsapp_bot.records import Row


@dataclass(frozen=True)
class ClaimedMessage:
    """claim: of the person, whose other messages wait meanwhile."""

    id: int
    user_id: int
    claim: int
    message: dict[str, Any]
    sent_at: datetime
    attempts: int  # this one counted
    wamid: str
    is_stopped: bool  # she asked for silence before


class InboxStore:
    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def receive(self, messages: Sequence[Row], events: Sequence[Row]) -> int:
        """All of it or, with an exception, nothing; how many were new.

        messages: wamid, wamid_hash, wa_id, bsuid, name, message, sent_at (text). events:
        key, kind, body, sent_at (text), is_due.
        """
        with self._database.autocommit() as cursor:
            row = cursor.row(
                "receive_whatsapp",
                messages=as_json(list(messages)),
                events=as_json(list(events)),
            )
        return int(row["new"]) if row else 0

    def claim(self, lease_seconds: float) -> ClaimedMessage | None:
        """The oldest message of somebody of whom none is worked on; None: there is none
        due."""
        with self._database.autocommit() as cursor:
            row = cursor.row("claim_incoming", lease_seconds=lease_seconds)
        return ClaimedMessage(**row) if row else None

    def release_person(self, cursor: Cursor, claimed: ClaimedMessage) -> Row | None:
        """Her addresses as they were, wa_id and bsuid, and is_written_to, whether a message
        to her is being sent; None: the lease was over, and she
        is another's now. Until the transaction ends, nobody claims her."""
        return cursor.row(
            "release_person", user_id=claimed.user_id, claim=claimed.claim
        )

    def finish(self, cursor: Cursor, claimed: ClaimedMessage) -> None:
        cursor.run("finish_incoming", id=claimed.id)

    def give_back(self, claimed: ClaimedMessage) -> None:
        """Due at once, as if it had not been claimed."""
        with self._database.transaction() as cursor:
            if self.release_person(cursor, claimed):
                cursor.run("give_back_incoming", id=claimed.id)

    def put_off(
        self, claimed: ClaimedMessage, seconds: float | None, error: str
    ) -> None:
        """Due again later; None: set aside."""
        with self._database.transaction() as cursor:
            if self.release_person(cursor, claimed):
                cursor.run(
                    "put_off_incoming", id=claimed.id, seconds=seconds, error=error
                )

    def find_behind_failed(self) -> list[Row]:
        """id_, user_id, sent_at and message of what waits for an earlier message of the
        same person, one that was put off."""
        with self._database.autocommit() as cursor:
            return cursor.rows("find_behind_failed")

    def set_aside_before(self, id_: int) -> int:
        """The same person's messages that were put off; how many."""
        with self._database.autocommit() as cursor:
            return cursor.run("set_aside_before", id=id_)

    def take_events(self, cursor: Cursor, limit: int) -> list[Row]:
        """id, kind, body, sent_at and attempts of events that are due; they are the
        transaction's until it ends, and meanwhile nobody else gets any."""
        return cursor.rows("take_events", limit=limit)

    def end_events(self, cursor: Cursor, ids: Sequence[int]) -> None:
        cursor.run("end_events", ids=list(ids))

    def put_off_event(self, id_: int, seconds: float | None, error: str) -> None:
        """As put_off."""
        with self._database.autocommit() as cursor:
            cursor.run("put_off_event", id=id_, seconds=seconds, error=error)

    def seconds_to_next(self) -> Row:
        """Until a message (inbox), an event (events) or an outgoing message (sender) is
        due; None: none is."""
        with self._database.autocommit() as cursor:
            return cursor.row("seconds_to_next_on_whatsapp") or {}

    def forget(self, keep_days: int) -> int:
        """Empty the texts, in and out, that are older, and delete old events; how many."""
        with self._database.transaction() as cursor:
            return (
                cursor.run("forget_incoming", keep_days=keep_days)
                + cursor.run("forget_outgoing", keep_days=keep_days)
                + cursor.run("forget_events", keep_days=keep_days)
                + cursor.run("forget_hashes")
            )

    def facts(self) -> Row:
        """due, oldest_due_seconds, set_aside (of the last week), events_due, events_oldest_due_seconds,
        events_set_aside"""
        with self._database.autocommit() as cursor:
            return cursor.row("inbox_facts") or {}
