"""What is due on WhatsApp, once: for a process that ends, as one that cron starts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.embeddings.patience import sleep
from whatsapp_bot.errors import DatabaseConflict, DatabaseUnavailable
from whatsapp_bot.whatsapp.graph_api import GraphApi
from whatsapp_bot.whatsapp.quiet import place_of
from whatsapp_bot.whatsapp.worker import Work

logger = logging.getLogger(__name__)

LONGEST_REST_SECONDS = 5.0  # what must rest for longer is left to the next pass


class WhatsAppPass:
    """Any number of these may run, beside daemons too."""

    def __init__(
        self, works: Sequence[Work], number: NumberStore, api: GraphApi
    ) -> None:
        """works: in the order in which one gives the next something to do."""
        self._works = works
        self._number = number
        self._api = api

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Each work until nothing of it is due; what was put off, or may not be sent for
        longer than some seconds, stays. Raises DatabaseUnavailable."""
        # The token may be another than before.
        self._number.forget_stop()
        for work in self._works:
            with ThreadPoolExecutor(work.threads) as pool:
                steps = sum(
                    pool.map(
                        lambda _, work=work: _repeat(work, should_stop),
                        range(work.threads),
                    )
                )
            logger.info(
                "%s: %d steps", work.name, steps, extra={"action": "whatsapp_pass"}
            )

    def close(self) -> None:
        self._api.close()


def _repeat(work: Work, should_stop: Callable[[], bool]) -> int:
    """How many steps were made."""
    steps = 0
    while not should_stop():
        try:
            seconds = work.step(_call_nobody)
        except DatabaseConflict:
            continue
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - its text may quote a message
            logger.error(
                "%s failed: %s",
                work.name,
                place_of(error),
                extra={"action": "step_failed"},
            )
            break
        if seconds is None or seconds > LONGEST_REST_SECONDS:
            break
        steps += 1
        sleep(seconds, should_stop)
    return steps


def _call_nobody() -> None:
    """Its threads look for themselves until nothing is due."""
