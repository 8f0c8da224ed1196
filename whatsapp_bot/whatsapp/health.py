"""Facts about what comes from WhatsApp and what goes there, in words."""

from __future__ import annotations

from collections.abc import Iterator

from whatsapp_bot.records import Row

LATE_SECONDS = 5 * 60.0  # a message that waits for longer is served by nobody


def inbox_facts(inbox: Row) -> Iterator[tuple[bool, str]]:
    """Whether each is well; inbox: InboxStore.facts()."""
    yield _queue("inbox", inbox["due"], inbox["oldest_due_seconds"])
    yield _queue("events", inbox["events_due"], inbox["events_oldest_due_seconds"])
    aside = inbox["set_aside"] + inbox["events_set_aside"]
    if aside:
        yield False, f"inbox: {aside} set aside after several tries: see last_error"


def outbox_facts(outbox: Row, daily_budget: float | None) -> Iterator[tuple[bool, str]]:
    """outbox: NumberStore.facts()."""
    if outbox["stop_reason"]:
        yield (
            False,
            f"the sender stands still since {outbox['stopped_seconds']:.0f} s: "
            f"{outbox['stop_reason']}",
        )
    yield _queue("outbox", outbox["due"], outbox["oldest_due_seconds"])
    uncertain, failed = outbox["uncertain"], outbox["failed"]
    yield (
        True,
        f"outbox: {failed} failed within a day, {uncertain} may have arrived, "
        f"{outbox['held']} held",
    )
    if outbox["malformed"]:
        yield False, f"outbox: {outbox['malformed']} were not as Meta wants them: a bug"
    if outbox["alerts_stop_reason"]:
        yield False, f"no alerts are sent: {outbox['alerts_stop_reason']}"
    if outbox["disabled_templates"]:
        yield False, f"templates not used: {outbox['disabled_templates']}"
    spent = outbox["dollars_today"]
    limit = "" if daily_budget is None else f" of ${daily_budget:g}"
    yield True, f"WhatsApp today: ${spent:.4f}{limit}"


def _queue(name: str, due: int, oldest_seconds: float) -> tuple[bool, str]:
    oldest = f", the oldest for {oldest_seconds:.0f} s" if due else ""
    return oldest_seconds < LATE_SECONDS, f"{name}: {due} due now{oldest}"
