"""Shows a person that her message was read and, where that takes a while, that an answer
is being made; nothing waits for it, and nothing depends on it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from whatsapp_bot.errors import SendError
from whatsapp_bot.whatsapp.graph_api import GraphApi

logger = logging.getLogger(__name__)

# "typing…" stays for 25 seconds unless an answer comes after it: it is shown only where
# the answer will surely be the later of the two.
SLOW_SECONDS = 0.5
REST_SECONDS = 0.2  # between two marks: under load, some people get none
FRESH_SECONDS = 2.0  # later than this a mark is not worth its while
TROUBLE_SECONDS = 5.0  # without marks, after one that failed
LOOK_SECONDS = 0.5


@dataclass
class _Mark:
    wamid: str
    due_at: float
    is_typing: bool


class ReadMarks:
    """Of one process, in its memory: what is lost is not missed. clock: monotonic."""

    def __init__(
        self, api: GraphApi, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._clock = clock
        self._marks: dict[int, _Mark] = {}  # by person; Meta marks what is older, too
        self._changed = threading.Condition()

    def begin(self, user_id: int, wamid: str) -> None:
        """A message of hers is being answered."""
        with self._changed:
            due_at = self._clock() + SLOW_SECONDS
            self._marks[user_id] = _Mark(wamid, due_at, is_typing=True)

    def end(self, user_id: int, *, is_answered: bool) -> None:
        """Not answered: she asked for silence, or it will be tried again."""
        with self._changed:
            mark = self._marks.pop(user_id, None)
            if mark is not None and is_answered:
                self._marks[user_id] = _Mark(mark.wamid, self._clock(), is_typing=False)
                self._changed.notify()

    def step(self, found: Callable[[], None] = lambda: None) -> float:
        """Wait a little for a mark that is due, and make it. Seconds until the next."""
        mark = self._next()
        if mark is None:
            return 0.0
        try:
            self._api.mark_read(mark.wamid, is_typing=mark.is_typing)
        except SendError as error:
            logger.debug("no read mark: %s", error, extra={"action": "mark_failed"})
            return TROUBLE_SECONDS
        return REST_SECONDS

    def _next(self) -> _Mark | None:
        """The newest that is due."""
        with self._changed:
            if not self._due():
                self._changed.wait(self._pause())
            due = self._due()
            if not due:
                return None
            return self._marks.pop(max(due, key=lambda user_id: due[user_id].due_at))

    def _due(self) -> dict[int, _Mark]:
        now = self._clock()
        self._marks = {
            user_id: mark
            for user_id, mark in self._marks.items()
            if mark.due_at > now - FRESH_SECONDS
        }
        return {i: mark for i, mark in self._marks.items() if mark.due_at <= now}

    def _pause(self) -> float:
        now = self._clock()
        waits = [mark.due_at - now for mark in self._marks.values()]
        return max(0.0, min([LOOK_SECONDS, *waits]))
