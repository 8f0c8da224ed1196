"""How near a job is to where and how a person wants to work."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from whatsapp_bot.matching import places, rows
from whatsapp_bot.matching.places import Place, Step
from whatsapp_bot.matching.rows import Row
from whatsapp_bot.matching.wishes import Wishes, arrangement_name

# What each step away from where she wants to work is worth; the second, to someone who
# would move. UNKNOWN: two names that nothing connects are seldom the same place.
# Chosen with the weights (docs/matching.md).
NEARNESS: Final[dict[Step, tuple[float, float]]] = {
    Step.SAME_CITY: (1.0, 1.0),
    Step.SAME_STATE: (0.85, 0.9),
    Step.SAME_COUNTRY: (0.35, 0.8),
    Step.UNKNOWN: (0.15, 0.5),
    Step.ELSEWHERE: (0.0, 0.3),
}
REMOTE: Final = 0.6  # within reach, for someone who did not ask for remote work


def arrangement_of(job: Row) -> str:
    """remote, hybrid or onsite; empty when the posting says none."""
    said = arrangement_name(rows.text(job, "work_arrangement"))
    said = said or arrangement_name(rows.text(job, "location"))
    said = said or arrangement_name(rows.text(job, "ai_work_arrangement"))
    return said or ("remote" if job.get("ai_remote_allowed") is True else "")


def arrangement_fit(wishes: Wishes, arrangement: str) -> float | None:
    """1 for a way of working that she named, 0 for another."""
    if not wishes.arrangements or not arrangement:
        return None
    return float(arrangement in wishes.arrangements)


def location_fit(
    wishes: Wishes, job: Row, arrangement: str
) -> tuple[float | None, str, bool]:
    """0..1 or None, the job's place when it is near, and whether it is remote work."""
    if arrangement == "remote" and "remote" in wishes.arrangements:
        return 1.0, "", True
    if not wishes.places:
        return _without_places(wishes, arrangement), "", False
    found = _places_of(job)
    near, label = _nearest(wishes.places, found, wishes.relocates)
    if arrangement == "remote" and not wishes.arrangements:
        reached = REMOTE if _is_within_reach(wishes, found) else 0.0
        return max(near or 0.0, reached), label, reached > 0
    return near, label, False


def _without_places(wishes: Wishes, arrangement: str) -> float | None:
    """Whoever wants only to work from home cannot get to any other place."""
    if wishes.arrangements == {"remote"} and arrangement:
        return 0.0
    return None


def _places_of(job: Row) -> tuple[Place, ...]:
    country = rows.text(job, "country")
    found = places.find(rows.text(job, "location"), country)
    if any(place.city or place.state for place in found):
        return found
    named = ", ".join(
        filter(None, (rows.text(job, "ai_city"), rows.text(job, "ai_state")))
    )
    guessed = places.find(named, country or rows.text(job, "ai_country"))
    return guessed or found


# A few places hold most jobs.
@lru_cache(maxsize=16384)
def _nearest(
    wanted: tuple[Place, ...], found: tuple[Place, ...], relocates: bool
) -> tuple[float | None, str]:
    """How near the nearest pair is, and the job's name for it when it is near."""
    best: float | None = None
    label = ""
    for wish in wanted:
        for place in found:
            step = places.distance(wish, place)
            granted = places.is_granted(wish, step)
            near = 1.0 if granted else NEARNESS[step][relocates]
            if best is None or near > best:
                best = near
                label = place.label if granted or step >= Step.SAME_STATE else ""
    return best, label


def _is_within_reach(wishes: Wishes, found: tuple[Place, ...]) -> bool:
    """True for a remote job whose place is not said, or is in a country she named."""
    named = {place.country for place in found if place.country}
    return not named or not wishes.countries or bool(named & wishes.countries)
