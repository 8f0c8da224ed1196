"""Puts what we say into the outbox: in the transaction of what made us say it."""

from __future__ import annotations

from collections.abc import Sequence

from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.database.outbox import OutboxKind, OutboxStore
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.messages import Outgoing
from whatsapp_bot.whatsapp.payloads import payload_of


class Outbox:
    def __init__(self, store: OutboxStore) -> None:
        self._store = store

    def add(
        self,
        cursor: Cursor,
        user_id: int,
        messages: Sequence[Outgoing],
        *,
        kind: OutboxKind,
        inbox_id: int | None = None,
        key: str | None = None,
        is_last_word: bool = False,
    ) -> int:
        """How many will be sent, in this order.

        0 for someone without WhatsApp or who asked to stop (but for a last word), and for
        a key that is there already. key: of what must be sent once, whoever adds it.
        Templates go out by consent only; whatever else, while she wrote within 24 hours;
        later it waits until she writes again.
        """
        payloads = [payload_of(message) for message in messages]
        return self._store.add(
            cursor,
            user_id,
            payloads,
            kind=kind,
            inbox_id=inbox_id,
            key=key,
            is_last_word=is_last_word,
        )

    def add_farewell(
        self, cursor: Cursor, address: Row, messages: Sequence[Outgoing], inbox_id: int
    ) -> None:
        """To someone whose data was just deleted. address: of
        InboxStore.release_person."""
        payloads = [payload_of(message) for message in messages]
        self._store.add_farewell(cursor, address, payloads, inbox_id)
