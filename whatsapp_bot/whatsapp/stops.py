"""Lets a person's STOP go ahead of what she wrote before it and could not be answered."""

from __future__ import annotations

import logging
from collections.abc import Callable

from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.whatsapp.incoming import read_incoming

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


class Stops:
    """is_stop: whether words ask for silence."""

    def __init__(self, inbox: InboxStore, is_stop: Callable[[str], bool]) -> None:
        self._inbox = inbox
        self._is_stop = is_stop

    def step(self, found: Callable[[], None] = lambda: None) -> float:
        """Seconds until the next look. What had failed before a stop is not tried again:
        nobody wants its answer any more."""
        for row in self._inbox.find_behind_failed():
            if self._is_stop(read_incoming(**row).text):
                count = self._inbox.set_aside_before(row["id_"])
                logger.info(
                    "%d messages that failed make way for a stop",
                    count,
                    extra={"action": "stop_first", "count": count},
                )
        return LOOK_SECONDS
