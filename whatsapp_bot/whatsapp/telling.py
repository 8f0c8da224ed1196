"""Acts on what Meta tells of our messages and of people: statuses, wishes, new numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from whatsapp_bot.database.contacts import ContactStore
from whatsapp_bot.database.database_manager import Cursor, DatabaseManager
from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.database.outbox import ClaimedOutgoing, OutboxStore
from whatsapp_bot.errors import DatabaseUnavailable, SendRefused
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.quiet import place_of
from whatsapp_bot.whatsapp.refusals import Refusals
from whatsapp_bot.whatsapp.webhook import whole_number

logger = logging.getLogger(__name__)

EVENTS_AT_ONCE = 100
GATHER_SECONDS = 0.1  # each message brings three, one after the other
MOST_ATTEMPTS = 5
# Statuses come in any order, and some never: a message only moves forward.
RANKS = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5}
UNKNOWN_CODE = -1
UNDER_WAY = ("sending", "uncertain", "accepted", "sent")  # what may still fail


class Telling:
    """Any number of these may work. prices: dollars by Meta's category of a message."""

    def __init__(
        self,
        database: DatabaseManager,
        inbox: InboxStore,
        outbox: OutboxStore,
        contacts: ContactStore,
        refusals: Refusals,
        price_of: Callable[[str], float],
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._outbox = outbox
        self._contacts = contacts
        self._refusals = refusals
        self._price_of = price_of
        self._handlers: Mapping[str, Callable[[Cursor, Row, datetime], None]] = {
            "status": self._status,
            "preference": self._contacts.set_templates_wish,
            "moved": lambda cursor, body, sent_at: self._contacts.move(cursor, body),
        }

    def step(self, found: Callable[[], None] = lambda: None) -> float | None:
        """Act on up to 100 events; None: none is due, else the seconds in which more are
        gathered. Where one fails, each has a transaction of its own."""
        try:
            return GATHER_SECONDS if self._handle(EVENTS_AT_ONCE) else None
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - its text may hold an address
            logger.warning(
                "events: %s; one by one",
                place_of(error),
                extra={"action": "event_retry"},
            )
        for _ in range(EVENTS_AT_ONCE):
            if not self._handle_one():
                break
        return 0.0

    def _handle(self, limit: int) -> int:
        with self._database.transaction() as cursor:
            events = self._inbox.take_events(cursor, limit)
            for event in events:
                self._act(cursor, event)
            self._inbox.end_events(cursor, [event["id"] for event in events])
        return len(events)

    def _handle_one(self) -> bool:
        """Whether there was one."""
        event: Row | None = None
        try:
            with self._database.transaction() as cursor:
                for event in self._inbox.take_events(cursor, 1):
                    self._act(cursor, event)
                    self._inbox.end_events(cursor, [event["id"]])
        except DatabaseUnavailable:
            raise
        except Exception as error:
            if event is None:
                raise
            attempts = event["attempts"] + 1
            seconds = 4.0**attempts if attempts < MOST_ATTEMPTS else None
            self._inbox.put_off_event(event["id"], seconds, place_of(error))
        return event is not None

    def _act(self, cursor: Cursor, event: Row) -> None:
        self._handlers[event["kind"]](cursor, event["body"], event["sent_at"])

    def _status(self, cursor: Cursor, status: Row, sent_at: datetime) -> None:
        row = self._outbox.find_for_status(
            cursor, status["wamid"], whole_number(status["ours"])
        )
        if row is None or row.pop("is_other_try"):
            return
        state = row.pop("state")
        told = "read" if status["status"] == "played" else status["status"]
        if told == "failed":
            self._failed(cursor, row, state, status)
        elif RANKS[told] > RANKS.get(state, 0):
            self._outbox.set_state(cursor, row["id"], told, status["wamid"])
        self._price(cursor, row["id"], status["pricing"])

    def _failed(self, cursor: Cursor, row: Row, state: str, status: Row) -> None:
        if state not in UNDER_WAY:
            return
        self._outbox.bury(cursor, row["id"], status["wamid"])
        code = UNKNOWN_CODE if status["code"] is None else status["code"]
        refused = SendRefused(code, None, 400, status["details"] or "")
        self._refusals.apply(cursor, ClaimedOutgoing(**row), refused)

    def _price(self, cursor: Cursor, id_: int, pricing: Mapping[str, Any]) -> None:
        """Meta names the category and whether it is billed, never the amount."""
        category, is_billed = pricing.get("category"), pricing.get("billable")
        if isinstance(category, str) and isinstance(is_billed, bool):
            dollars = self._price_of(category) if is_billed else 0.0
            self._outbox.set_price(cursor, id_, category[:50], dollars)
