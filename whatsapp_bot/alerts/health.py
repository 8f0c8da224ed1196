"""Facts about alerts, in words."""

from __future__ import annotations

from collections.abc import Iterator

from whatsapp_bot.records import Row

LATE_SECONDS = 15 * 60.0  # somebody who is due for longer is looked at by nobody


def alert_facts(facts: Row) -> Iterator[tuple[bool, str]]:
    """Whether each is well; facts: AlertStore.facts()."""
    oldest = _for(facts["pending"], facts["oldest_pending_seconds"])
    yield (
        True,
        f"alerts: {facts['pending']} jobs pending for {facts['people']} people{oldest}",
    )
    late = facts["oldest_late_seconds"]
    yield (
        late < LATE_SECONDS,
        f"alerts: {facts['due']} people due now{_for(facts['due'], late)}, "
        f"{facts['new_jobs']} new jobs not held against people yet",
    )


def _for(count: int, seconds: float) -> str:
    return f", the oldest for {seconds:.0f} s" if count else ""
