"""Several threads that take one step after another until there is nothing left."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

NAP_SECONDS = 0.05


def run_workers(
    step: Callable[[], bool],
    count: int,
    should_stop: Callable[[], bool],
    grace_seconds: float,
    on_left_behind: Callable[[], None] = lambda: None,
) -> None:
    """Call `step` from so many threads until it says there is nothing to do, or
    should_stop.

    After should_stop, steps in hand have grace_seconds to end; then the threads are left
    behind (they are daemons: they do not keep the process from ending), which
    on_left_behind is told. Raises the first error of any step, which ends the others.
    """
    errors: list[Exception] = []

    def work() -> None:
        try:
            while not should_stop() and not errors and step():
                pass
        except Exception as error:  # raised again below
            logger.debug("a thread stops: %s", error, exc_info=True)
            errors.append(error)

    threads = [
        threading.Thread(target=work, daemon=True, name=f"embed-{i}")
        for i in range(count)
    ]
    for thread in threads:
        thread.start()
    if not _wait_for(threads, should_stop, grace_seconds):
        on_left_behind()
    if errors:
        raise errors[0]


def _wait_for(
    threads: list[threading.Thread], should_stop: Callable[[], bool], seconds: float
) -> bool:
    """Whether they ended; after should_stop they have so many seconds to do so."""
    give_up_at: float | None = None
    while alive := [thread for thread in threads if thread.is_alive()]:
        alive[0].join(NAP_SECONDS)
        if give_up_at is None and should_stop():
            give_up_at = time.monotonic() + seconds
        if give_up_at is not None and time.monotonic() > give_up_at:
            return False
    return True
