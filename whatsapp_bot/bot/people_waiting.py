"""People who asked for a person: who they are, what was said, an answer, and its end."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whatsapp_bot.database.conversations import ConversationStore, WaitingPerson
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.errors import InputError, NotFound
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.answering import WINDOW
from whatsapp_bot.whatsapp.incoming import read_incoming
from whatsapp_bot.whatsapp.messages import LONGEST_TEXT, Text
from whatsapp_bot.whatsapp.outbox import Outbox

logger = logging.getLogger(__name__)

FORGOTTEN = "[no longer kept]"


@dataclass(frozen=True)
class Said:
    """text: in one line, without what would change how a terminal writes. state: of ours,
    in the outbox."""

    is_hers: bool
    at: datetime
    text: str
    state: str | None


@dataclass(frozen=True)
class Waiting:
    """said: the last messages, the newest last."""

    person: WaitingPerson
    said: tuple[Said, ...]


class PeopleWaiting:
    """The bot goes on answering them meanwhile: it knows whether words are for it as
    little as we do, and who waits for us through a night still gets her jobs."""

    def __init__(
        self, database: DatabaseManager, store: ConversationStore, outbox: Outbox
    ) -> None:
        self._database = database
        self._store = store
        self._outbox = outbox

    def list(self, limit: int, messages: int) -> list[Waiting]:
        """Those who wait the longest, with so many of their last messages."""
        people = self._store.find_waiting(limit)
        rows = self._store.find_last_messages([p.user_id for p in people], messages)
        groups = itertools.groupby(rows, lambda row: row["user_id"])
        said = {user_id: tuple(map(_said, group)) for user_id, group in groups}
        return [Waiting(person, said.get(person.user_id, ())) for person in people]

    def answer(self, user_id: int, text: str, now: datetime) -> None:
        """Put it into the outbox; she waits until end(). Raises NotFound for who does not
        wait, InputError where nothing can be sent to her, or not this."""
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise InputError(f"an answer has 1 to {LONGEST_TEXT} characters")
        people = self._store.find_waiting(1, user_id)
        if not people:
            raise _nobody(user_id)
        obstacle = obstacle_of(people[0], now)
        if obstacle:
            raise InputError(f"user {user_id} cannot be answered: {obstacle}")
        with self._database.transaction() as cursor:
            added = self._outbox.add(cursor, user_id, [Text(text)], kind="reply")
        if not added:
            raise InputError(f"user {user_id} cannot be answered: she has just stopped")
        _log("user %d is answered by a person", "person_answered", user_id)

    def end(self, user_id: int) -> None:
        """She waits no longer. Raises NotFound for who does not wait."""
        if not self._store.end_waiting(user_id):
            raise _nobody(user_id)
        _log("user %d waits for a person no longer", "person_done", user_id)


def obstacle_of(person: WaitingPerson, now: datetime) -> str | None:
    """Why nothing may be sent to her; None: something may."""
    if person.stopped_at:
        return "she asked to stop"
    if person.last_message_at is None:
        return "she has not written on WhatsApp, or her window is closed"
    if now >= person.last_message_at + WINDOW:
        return "she last wrote more than 24 hours ago; wait until she writes again"
    return None


def _nobody(user_id: int) -> NotFound:
    return NotFound(f"user {user_id} does not wait for a person")


def _log(message: str, action: str, user_id: int) -> None:
    logger.info(message, user_id, extra={"action": action, "user_id": user_id})


def _said(row: Row) -> Said:
    words = _hers(row) if row["is_hers"] else _ours(row["message"])
    # A message may hold what moves a cursor, or turns the order of letters.
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    return Said(row["is_hers"], row["at"], " ".join(plain.split()), row["state"])


def _hers(row: Row) -> str:
    if not row["message"]:
        return FORGOTTEN
    message = read_incoming(row["id"], row["user_id"], row["at"], row["message"])
    form = ", ".join(f"{name}: {value}" for name, value in message.form.items())
    media = f"[{message.media}]" if message.media else ""
    return " ".join(filter(None, (media, message.text, form)))


def _ours(message: Mapping[str, Any]) -> str:
    """message: as payload_of made it."""
    match message:
        case {"type": "text", "text": {"body": str(body)}}:
            return body
        case {"type": "interactive", "interactive": {"body": {"text": str(body)}}}:
            return body
        case {"type": "template", "template": {"name": str(name)}}:
            return f"[template {name}]"
    return FORGOTTEN
