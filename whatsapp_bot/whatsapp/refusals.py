"""What follows when Meta refuses a message, at once or by a later status."""

from __future__ import annotations

import logging

from whatsapp_bot.database.contacts import ContactStore
from whatsapp_bot.database.database_manager import Cursor
from whatsapp_bot.database.outbox import ClaimedOutgoing, OutboxStore
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.errors import SendRefused
from whatsapp_bot.whatsapp.error_table import Action, action_for, in_words

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5  # of one message
STOP_SECONDS = 300.0  # then one message tries again whether a person has acted
DAY_SECONDS = 86_400.0
PAUSED_TEMPLATE = 132015  # Meta takes it back by itself, after 3 or 6 hours
PAUSED_TEMPLATE_SECONDS = 6 * 3_600.0


class Refusals:
    def __init__(
        self, outbox: OutboxStore, contacts: ContactStore, number: NumberStore
    ) -> None:
        self._outbox = outbox
        self._contacts = contacts
        self._number = number

    def apply(
        self, cursor: Cursor, claimed: ClaimedOutgoing, refused: SendRefused
    ) -> None:
        action = action_for(refused.code, refused.subcode, refused.http_status)
        reason = in_words(refused.code, refused.details)
        self._say(claimed, action, refused)
        match action:
            case Action.STOP:
                self._number.stop(cursor, reason, STOP_SECONDS)
                self._outbox.wait(cursor, claimed, 0, reason)
            case Action.SLOW_DOWN:
                self._number.slow_down(cursor)
                self._outbox.wait(cursor, claimed, 0, reason)
            case Action.SLOW_PERSON:
                seconds = self._number.slow_person(cursor, claimed.user_id)
                self._outbox.wait(cursor, claimed, seconds, reason)
            case Action.PARK:
                self._contacts.note_refusal(
                    cursor, claimed.user_id, is_window_closed=True
                )
                self._outbox.park(cursor, claimed, reason)
            case Action.RETRY:
                self._retry(cursor, claimed, reason)
            case Action.STOP_ALERTS | Action.DISABLE_TEMPLATE:
                self._stop_some(cursor, claimed, refused.code, action, reason)
            case _:
                self._note(cursor, claimed, action)
                self._outbox.give_up(cursor, claimed, reason)

    def _retry(self, cursor: Cursor, claimed: ClaimedOutgoing, reason: str) -> None:
        if claimed.attempts + 1 < MOST_ATTEMPTS:
            self._outbox.retry(cursor, claimed, 4.0**claimed.attempts, reason)
        else:
            self._outbox.give_up(cursor, claimed, reason)

    def _stop_some(
        self,
        cursor: Cursor,
        claimed: ClaimedOutgoing,
        code: int | None,
        action: Action,
        reason: str,
    ) -> None:
        """Alerts, or one template: whatever is one of them is held when it is due."""
        if action is Action.STOP_ALERTS:
            self._number.stop_alerts(cursor, reason, DAY_SECONDS)
        elif claimed.is_template:
            seconds = PAUSED_TEMPLATE_SECONDS if code == PAUSED_TEMPLATE else None
            name = str(claimed.message["template"]["name"])
            self._number.disable_template(cursor, name, reason, seconds)
        self._retry(cursor, claimed, reason)

    def _note(self, cursor: Cursor, claimed: ClaimedOutgoing, action: Action) -> None:
        if action is Action.GIVE_UP:
            return
        is_pause = action is Action.PAUSE_TEMPLATES
        self._contacts.note_refusal(
            cursor,
            claimed.user_id,
            is_undelivered=action is Action.COUNT_UNDELIVERED,
            templates_stopped=action is Action.STOP_TEMPLATES,
            templates_pause_seconds=DAY_SECONDS if is_pause else None,
        )

    def _say(
        self, claimed: ClaimedOutgoing, action: Action, refused: SendRefused
    ) -> None:
        is_alarm = action in (Action.STOP, Action.STOP_ALERTS, Action.DISABLE_TEMPLATE)
        logger.log(
            logging.ERROR if is_alarm else logging.WARNING,
            "outgoing message %d: code %s, so: %s",
            claimed.id,
            refused.code,
            action.value,
            extra={"action": "send_refused", "code": refused.code},
        )
