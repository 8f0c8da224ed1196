"""How long to leave a provider alone; pure."""

from __future__ import annotations

from whatsapp_bot.records import BreakerReason

DOUBLING_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)  # a limit without a hint
# A provider that is down is asked by one worker alone, so it may be asked often: work
# goes on within two seconds of its coming back. After some minutes, more seldom.
DOWN_SECONDS = 1.5
DOWN_FOR_LONG_SECONDS = 15.0
DOWN_FOR_LONG_FAILURES = 200  # five minutes of them
# A window of tokens per minute rolls on: hints of some milliseconds are true for the
# next request, and burn out all the tries after it.
SHORTEST_TRUSTED_HINT = 1.0
LONGEST_HINT_SECONDS = 3_600.0
DENIED_SECONDS = 300.0  # a person must act; look again seldom
BUDGET_SECONDS = 900.0


def pause_seconds(reason: BreakerReason, failures: int, hint: float | None) -> float:
    """After so many failures in a row (this one not counted), without jitter.

    hint: seconds the provider asked for, if it did.
    """
    if reason == "denied":
        return DENIED_SECONDS
    if reason == "budget":
        return BUDGET_SECONDS
    if hint is not None and hint >= SHORTEST_TRUSTED_HINT:
        return min(hint, LONGEST_HINT_SECONDS)
    if reason == "down":
        is_long = failures >= DOWN_FOR_LONG_FAILURES
        return DOWN_FOR_LONG_SECONDS if is_long else DOWN_SECONDS
    doubled = DOUBLING_SECONDS[min(failures, len(DOUBLING_SECONDS) - 1)]
    if hint is not None and failures == 0:
        return hint
    return doubled
