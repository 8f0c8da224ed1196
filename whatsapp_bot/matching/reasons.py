"""What speaks for a job is put into words here."""

from __future__ import annotations

from typing import Final

from whatsapp_bot.matching.location import NEARNESS
from whatsapp_bot.matching.places import Step
from whatsapp_bot.matching.scoring import Facts
from whatsapp_bot.matching.wishes import Wishes

MOST_REASONS: Final = 3


def _listing(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _skills_reason(facts: Facts) -> str:
    if not facts.matched_skills:
        return ""
    verb = "asks for" if facts.skills_are_listed else "mentions"
    return f"{verb} {_listing(facts.matched_skills[:3])}, which you have"


def _place_reason(facts: Facts) -> str:
    if facts.is_remote:
        return "remote"
    return f"in {facts.place}" if facts.place else ""


def _experience_reason(facts: Facts) -> str:
    return f"fits {facts.experience_label}" if facts.experience == 1.0 else ""


def _date_reason(facts: Facts) -> str:
    return {0: "posted today", 1: "posted yesterday"}.get(
        -1 if facts.posted_days is None else facts.posted_days, ""
    )


def elsewhere(wishes: Wishes, facts: Facts) -> str:
    """That it is not where she wants to work; empty where it is near, where nobody knows,
    and for somebody who would move."""
    if facts.location is None or facts.place or facts.is_remote or wishes.relocates:
        return ""
    is_known = facts.location != NEARNESS[Step.UNKNOWN][False]
    if not is_known or facts.location > NEARNESS[Step.SAME_COUNTRY][False]:
        return ""
    wanted = dict.fromkeys(place.label for place in wishes.places)
    # Her state goes without saying beside her town.
    named = [p for p in wanted if not any(w.endswith(f", {p}") for w in wanted)]
    return f"not in {' or '.join(named)}" if named else "not remote"


def reasons(facts: Facts) -> tuple[str, ...]:
    """At most three true things, weightiest first; none when there is nothing to say."""
    said = (
        facts.role,
        _skills_reason(facts),
        _place_reason(facts),
        facts.pay,
        _experience_reason(facts),
        _date_reason(facts),
    )
    return tuple(reason for reason in said if reason)[:MOST_REASONS]
