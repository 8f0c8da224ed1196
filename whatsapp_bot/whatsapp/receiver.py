"""Takes in what Meta delivers: checked, read and stored before Meta is answered."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.errors import DatabaseError, DatabaseUnavailable, SchemaMissing
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.quiet import place_of
from whatsapp_bot.whatsapp.signature import hash_of, is_signed
from whatsapp_bot.whatsapp.webhook import (
    DUE_KINDS,
    Delivery,
    Event,
    Message,
    raw_event,
    read_delivery,
)

logger = logging.getLogger(__name__)


class Receiver:
    """app_secret None: whoever reaches the webhook is believed, so nobody else may."""

    def __init__(
        self,
        inbox: InboxStore,
        phone_number_id: str | None,
        app_secret: str | None,
        verify_token: str | None,
    ) -> None:
        self._inbox = inbox
        self._number = phone_number_id
        self._secret = app_secret
        self._verify_token = verify_token

    @property
    def is_signed(self) -> bool:
        """Whether Meta's signature is asked for."""
        return self._secret is not None

    def is_subscription(self, mode: str, token: str) -> bool:
        """Whether the one who asks is who was told our WHATSAPP_VERIFY_TOKEN."""
        expected = self._verify_token or ""
        is_same = hmac.compare_digest(token.encode(), expected.encode())
        return bool(expected) and is_same and mode == "subscribe"

    def is_from_meta(self, body: bytes, signature: str) -> bool:
        return self._secret is None or is_signed(body, signature, self._secret)

    def receive(self, body: bytes) -> None:
        """Once it returns, all of it is stored, and will be handled. Raises DatabaseError
        when it is not, and Meta shall bring it again."""
        delivery = read_delivery(body, datetime.now(UTC), self._number)
        strange = sum(event.kind == "raw" for event in delivery.events)
        if strange:
            logger.warning(
                "%d of %d parts of a delivery are unknown, and kept aside",
                strange,
                len(delivery.messages) + len(delivery.events),
                extra={"action": "delivery_strange", "count": strange},
            )
        self._store(delivery)

    def _store(self, delivery: Delivery) -> None:
        parts: list[Message | Event] = [*delivery.messages, *delivery.events]
        try:
            self._inbox.receive(
                [self._message_row(message) for message in delivery.messages],
                [_event_row(event) for event in delivery.events],
            )
        except (DatabaseUnavailable, SchemaMissing):
            raise
        except DatabaseError as error:
            # The server refuses something in it: what is beside it shall not suffer.
            if len(parts) > 1:
                for half in (parts[: len(parts) // 2], parts[len(parts) // 2 :]):
                    self._store(_delivery_of(half))
            elif parts[0] in delivery.messages:
                logger.error(
                    "a message cannot be stored, and is kept aside: %s",
                    place_of(error),
                    extra={"action": "message_refused"},
                )
                self._store(Delivery(events=[raw_event(vars(parts[0]))]))
            else:
                raise

    def _message_row(self, message: Message) -> Row:
        return vars(message) | {
            "sent_at": message.sent_at.isoformat(),
            "wamid_hash": hash_of(message.wamid, self._secret or ""),
        }


def _event_row(event: Event) -> Row:
    return vars(event) | {
        "sent_at": event.sent_at.isoformat(),
        "is_due": event.kind in DUE_KINDS,
    }


def _delivery_of(parts: Sequence[Message | Event]) -> Delivery:
    return Delivery(
        [part for part in parts if isinstance(part, Message)],
        [part for part in parts if isinstance(part, Event)],
    )
