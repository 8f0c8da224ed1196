"""Facts about the people of the conversation, in words."""

from __future__ import annotations

from collections.abc import Iterator

from whatsapp_bot.records import Row

# Half of the day in which she can be answered.
LATE_SECONDS = 12 * 3600.0


def people_facts(facts: Row) -> Iterator[tuple[bool, str]]:
    """Whether it is well; facts: ConversationStore.people_facts()."""
    seconds = facts["oldest_waiting_seconds"]
    longest = f", the longest for {seconds:.0f} s" if facts["waiting"] else ""
    yield (
        seconds < LATE_SECONDS,
        f"people: {facts['people']} on WhatsApp, {facts['stopped']} stopped, "
        f"{facts['waiting']} wait for a person{longest}",
    )
