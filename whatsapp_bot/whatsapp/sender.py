"""Sends what is due in the outbox, one message at a time, and notes what became of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.outbox import ClaimedOutgoing, OutboxStore
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.errors import MaybeSent, NotSent, SendRefused
from whatsapp_bot.whatsapp.graph_api import GraphApi
from whatsapp_bot.whatsapp.payloads import addressed
from whatsapp_bot.whatsapp.refusals import Refusals

logger = logging.getLogger(__name__)


class Sender:
    """Any number of these may work: the database hands out the messages and the pace."""

    def __init__(
        self,
        database: DatabaseManager,
        outbox: OutboxStore,
        number: NumberStore,
        refusals: Refusals,
        api: GraphApi,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._number = number
        self._refusals = refusals
        self._api = api
        self._turn = threading.Lock()

    def step(self, found: Callable[[], None] = lambda: None) -> float | None:
        """Send one message. Seconds until it is worth another try, 0: at once; None:
        nothing is due. found: called before it is sent."""
        # The database lets one at a time choose: who waits for that needs no connection.
        with self._turn:
            claimed = self._outbox.claim()
        if not isinstance(claimed, ClaimedOutgoing):
            return claimed
        found()
        payload = addressed(claimed.message, claimed.wa_id, claimed.bsuid, claimed.id)
        try:
            wamid = self._api.send(payload)
        except NotSent as error:
            self._not_sent(claimed, error)
        except MaybeSent as error:
            logger.warning(
                "outgoing message %d may have arrived: %s",
                claimed.id,
                error,
                extra={"action": "send_uncertain"},
            )
            self._outbox.doubt(claimed, str(error))
        except SendRefused as refused:
            with self._database.transaction() as cursor:
                self._refusals.apply(cursor, claimed, refused)
        else:
            self._outbox.accept(claimed, wamid)
        return 0.0

    def _not_sent(self, claimed: ClaimedOutgoing, error: NotSent) -> None:
        logger.warning("%s", error, extra={"action": "meta_unreachable"})
        with self._database.transaction() as cursor:
            self._number.slow_down(cursor)
            self._outbox.wait(cursor, claimed, 0, str(error))
