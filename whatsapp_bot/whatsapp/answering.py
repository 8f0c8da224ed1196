"""Hands each message of the inbox to the conversation, and stores what it brings about."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.inbox import ClaimedMessage, InboxStore
from whatsapp_bot.errors import DatabaseUnavailable
from whatsapp_bot.whatsapp.incoming import read_incoming
from whatsapp_bot.whatsapp.messages import Answer, Answerer, Outgoing, Template
from whatsapp_bot.whatsapp.outbox import Outbox
from whatsapp_bot.whatsapp.quiet import place_of
from whatsapp_bot.whatsapp.read_marks import ReadMarks

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
WINDOW = timedelta(hours=24)


class Answering:
    """Any number of these may work: the database hands out the messages, each person's
    in order."""

    def __init__(
        self,
        database: DatabaseManager,
        inbox: InboxStore,
        outbox: Outbox,
        answerer: Answerer,
        marks: ReadMarks,
        lease_seconds: float,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._outbox = outbox
        self._answerer = answerer
        self._marks = marks
        self._lease_seconds = lease_seconds

    def step(self, found: Callable[[], None] = lambda: None) -> float | None:
        """Answer one message; 0: there may be more, None: nothing is due. found: called
        before it is answered."""
        claimed = self._inbox.claim(self._lease_seconds)
        if claimed is None:
            return None
        found()
        if not claimed.is_stopped:
            self._marks.begin(claimed.user_id, claimed.wamid)
        is_answered = False
        try:
            is_answered = self._answer(claimed)
        except DatabaseUnavailable:
            # Not the message's fault. If this fails too, the lease ends by itself.
            self._inbox.give_back(claimed)
            raise
        except Exception as error:  # noqa: BLE001 - its text may hold the message's
            self._put_off(claimed, place_of(error))
        finally:
            self._marks.end(claimed.user_id, is_answered=is_answered)
        return 0.0

    def _answer(self, claimed: ClaimedMessage) -> bool:
        """Whether there is something to say that is no last word."""
        if claimed.attempts > MOST_ATTEMPTS:  # it ended its process each time
            raise RuntimeError
        incoming = read_incoming(
            claimed.id, claimed.user_id, claimed.sent_at, claimed.message
        )
        answer = self._answerer.answer(incoming)
        with self._database.transaction() as cursor:
            address = self._inbox.release_person(cursor, claimed)
            if address is None:
                logger.warning(
                    "message %d took longer than its lease; another worker answers it",
                    claimed.id,
                    extra={"action": "lease_lost"},
                )
                return False
            answer.store(cursor)
            messages = _allowed(answer, claimed.sent_at, datetime.now(UTC))
            added = self._outbox.add(
                cursor,
                claimed.user_id,
                messages,
                kind="reply",
                inbox_id=claimed.id,
                is_last_word=answer.is_last_word,
            )
            if answer.is_last_word and messages and not added:
                # All of her is gone: add() found nobody.
                self._outbox.add_farewell(cursor, address, messages, claimed.id)
            self._inbox.finish(cursor, claimed)
        return bool(added) and not answer.is_last_word

    def _put_off(self, claimed: ClaimedMessage, error: str) -> None:
        """After 1, 4, 16 and 64 seconds it is tried again, then set aside: hers that
        came later wait so long, nobody else's do."""
        is_over = claimed.attempts >= MOST_ATTEMPTS
        logger.error(
            "message %d could not be answered (%s); %s",
            claimed.id,
            error,
            "it is set aside" if is_over else "it is tried again",
            extra={"action": "answer_failed"},
        )
        seconds = None if is_over else 4.0 ** (claimed.attempts - 1)
        self._inbox.put_off(claimed, seconds, error)


def _allowed(answer: Answer, sent_at: datetime, now: datetime) -> Sequence[Outgoing]:
    """To a message that is a day old, templates only: her window is closed."""
    if now - sent_at < WINDOW:
        return answer.messages
    return [message for message in answer.messages if isinstance(message, Template)]
