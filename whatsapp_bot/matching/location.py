"""How near a job is to where and how a person wants to work."""

from __future__ import annotations

from whatsapp_bot.matching import places, rows
from whatsapp_bot.matching.places import Place, Step
from whatsapp_bot.matching.rows import Row
from whatsapp_bot.matching.wishes import Wishes, arrangement_name


def arrangement_of(job: Row) -> str:
    """remote, hybrid or onsite; empty when the posting does not say."""
    said = arrangement_name(rows.text(job, "work_arrangement"))
    said = said or arrangement_name(rows.text(job, "location"))
    said = said or arrangement_name(rows.text(job, "ai_work_arrangement"))
    return said or ("remote" if job.get("ai_remote_allowed") is True else "")


def places_of(job: Row) -> tuple[Place, ...]:
    """Where the job is; several when it names several."""
    country = rows.text(job, "country")
    found = places.find(rows.text(job, "location"), country)
    if any(place.city or place.state for place in found):
        return found
    named = ", ".join(
        filter(None, (rows.text(job, "ai_city"), rows.text(job, "ai_state")))
    )
    guessed = places.find(named, country or rows.text(job, "ai_country"))
    return guessed or found


def _nearness(wishes: Wishes, wanted: Place, place: Place) -> float | None:
    step = places.distance(wanted, place)
    if step is Step.UNKNOWN:
        return None
    if places.is_granted(wanted, step):
        return 1.0
    if step is Step.SAME_STATE:
        return 0.8
    if step is Step.SAME_COUNTRY:
        return 0.8 if wishes.relocates else 0.5
    return 0.3 if wishes.relocates else 0.0


def _nearest(wishes: Wishes, found: tuple[Place, ...]) -> tuple[float | None, str]:
    """How near the nearest pair is, and the job's name for it when it is near."""
    best: float | None = None
    label = ""
    for wanted in wishes.places:
        for place in found:
            near = _nearness(wishes, wanted, place)
            if near is not None and (best is None or near > best):
                best, label = near, _near_label(wanted, place)
    return best, label


def _near_label(wanted: Place, place: Place) -> str:
    step = places.distance(wanted, place)
    near = step >= Step.SAME_STATE or places.is_granted(wanted, step)
    return place.label if near else ""


def _is_within_reach(wishes: Wishes, found: tuple[Place, ...]) -> bool:
    """True for a remote job whose place is not said, or is in a country she named."""
    named = {place.country for place in found if place.country}
    return not named or not wishes.countries or bool(named & wishes.countries)


def location_fit(wishes: Wishes, job: Row) -> tuple[float | None, str, bool]:
    """0..1 or None, the job's place when it is near, and whether it is remote work."""
    if not wishes.places and not wishes.arrangements:
        return None, "", False
    arrangement, found = arrangement_of(job), places_of(job)
    near, label = _nearest(wishes, found)
    if arrangement == "remote" and "remote" in wishes.arrangements:
        return 1.0, "", True
    if arrangement == "remote" and not wishes.arrangements:
        reached = 0.9 if _is_within_reach(wishes, found) else 0.0
        return max(near or 0.0, reached), label, reached > 0
    return _with_arrangement(wishes, arrangement, near), label, False


def _with_arrangement(
    wishes: Wishes, arrangement: str, near: float | None
) -> float | None:
    """The nearness, less when the way of working is not one of those she named."""
    if not wishes.arrangements:
        return near
    if not arrangement:
        only_remote = wishes.arrangements == {"remote"}
        return near if near is None else near * (0.8 if only_remote else 1.0)
    fits = arrangement in wishes.arrangements
    if not wishes.places:
        return 1.0 if fits else 0.0
    if near is None:
        return None if fits else 0.3
    return near if fits else near * 0.6
