"""What a job must fulfil, because the person said so; and what is said where none does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from whatsapp_bot.matching import pay, places, rows
from whatsapp_bot.matching.experience import LEVELS, experience_fit
from whatsapp_bot.matching.location import arrangement_of, places_of
from whatsapp_bot.matching.places import Place
from whatsapp_bot.matching.rows import Row
from whatsapp_bot.matching.salary import salary_fit
from whatsapp_bot.matching.search_words import any_place
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import MUSTS, JobFilter

NEAR_EXPERIENCE: Final = 0.5  # of experience_fit: less is far off
# Types of employment that exclude each other. A posting that names none of them
# ("permanent", or nothing) is for full-time work.
KINDS: Final = frozenset(
    {"fulltime", "parttime", "contract", "temporary", "internship", "volunteer"}
)
_PERIODS: Final = {"hour": "hourly", "day": "daily", "week": "weekly"} | {
    "month": "monthly",
    "year": "yearly",
}


def _letters(text: str) -> str:
    return re.sub("[^a-z]", "", text.lower())


@dataclass(frozen=True)
class Musts:
    """names: those of records.MUSTS that she set and that her wishes give a meaning."""

    names: tuple[str, ...]
    wishes: Wishes
    employments: tuple[str, ...]  # as she named them

    @classmethod
    def of(cls, preferences: Row, wishes: Wishes) -> Musts:
        employments = rows.texts(preferences, "employment_types")
        has_meaning = {
            "location": wishes.places or "remote" in wishes.arrangements,
            "work_arrangement": wishes.arrangements,
            "employment_type": employments,
            "experience": wishes.years is not None,
            "salary": wishes.salary,
        }
        said = rows.texts(preferences, "musts")
        names = tuple(name for name in MUSTS if name in said and has_meaning[name])
        return cls(names, wishes, employments)

    def widening(self) -> Iterator[Musts]:
        """All of them, then without the last, and so on to none."""
        for count in range(len(self.names), -1, -1):
            yield replace(self, names=self.names[:count])

    def holds(self, job: Row) -> bool:
        return not any(self._is_broken(name, job) for name in self.names)

    def said_of(self, job: Row) -> tuple[str, ...]:
        """Why it is shown all the same: a sentence for each must that it breaks."""
        broken = [name for name in self.names if self._is_broken(name, job)]
        return (*map(self._apology, broken), *self._unsaid_by(job))

    def _unsaid_by(self, job: Row) -> tuple[str, ...]:
        """Most postings name no pay; a must does not throw them away, but says so."""
        if "salary" in self.names and salary_fit(self.wishes, job)[0] is None:
            return ("names no pay that can be compared",)
        return ()

    def _is_broken(self, name: str, job: Row) -> bool:
        if name == "location":
            return not self._is_in_place(job)
        if name == "work_arrangement":
            return (arrangement_of(job) or "onsite") not in self.wishes.arrangements
        if name == "employment_type":
            kind = _letters(rows.text(job, "employment_type"))
            return kind in self._excluded if self._takes_any else kind not in self.kinds
        if name == "experience":
            fit = experience_fit(self.wishes.years, job)
            return fit is not None and fit < NEAR_EXPERIENCE
        fit, _ = salary_fit(self.wishes, job)
        return fit is not None and fit < 1.0

    def _is_in_place(self, job: Row) -> bool:
        if "remote" in self.wishes.arrangements and arrangement_of(job) == "remote":
            return True
        found = places_of(job)
        return any(_is_inside(w, place) for w in self.wishes.places for place in found)

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(map(_letters, self.employments))

    @property
    def _takes_any(self) -> bool:
        """Full-time is what a posting means that says nothing."""
        return "fulltime" in self.kinds

    @property
    def _excluded(self) -> frozenset[str]:
        return KINDS - self.kinds

    def _apology(self, name: str) -> str:
        wishes = self.wishes
        if name == "location":
            wanted = [place.label for place in wishes.places] or ["remote work"]
            return f"outside {_either(wanted)}: nothing there fits right now"
        if name == "work_arrangement":
            said = _either(sorted(wishes.arrangements))
            return f"not {said}: nothing {said} fits right now"
        if name == "employment_type":
            said = _either([rows.label(kind) for kind in self.employments])
            return f"not {said}: nothing {said} fits right now"
        if name == "experience":
            return "asks for more experience: nothing nearer to yours right now"
        return f"pays less than your {wishes.salary_label}: nothing that pays it fits"

    @property
    def filter(self) -> JobFilter | None:
        """What the database can leave out; None when nothing is asked."""
        if not self.names:
            return None
        found = JobFilter()
        for name in self.names:
            found = replace(found, **getattr(self, f"_{name}_filter")())
        return found

    def _location_filter(self) -> dict[str, object]:
        wanted, remote = self.wishes.places, "remote" in self.wishes.arrangements
        if not wanted:
            return {"only_remote": True}
        codes = frozenset(p.country for p in wanted if not p.city and not p.state)
        countries = sorted(
            name for code in codes for name in places.country_names(code)
        )
        inside = {p: places.names_within(p) for p in wanted}
        return {
            "countries": countries,
            "elsewhere": sorted(places.names_of_others(codes)) if codes else [],
            "places": any_place(
                {n for p in wanted if p.city or p.state for n in inside[p]}
                | set(countries)
            ),
            "country_places": any_place(
                {n for p in wanted if not p.city and not p.state for n in inside[p]}
            ),
            "or_remote": remote,
        }

    def _work_arrangement_filter(self) -> dict[str, object]:
        return {"only_remote": "onsite" not in self.wishes.arrangements}

    def _employment_type_filter(self) -> dict[str, object]:
        if self._takes_any:
            return {"other_employments": sorted(self._excluded)}
        return {"employments": sorted(self.kinds)}

    def _experience_filter(self) -> dict[str, object]:
        years = self.wishes.years or 0.0
        # Where experience_fit falls below NEAR_EXPERIENCE.
        most = max(2 * years if years > 1 else 0.0, min(years + 1, 2.0)) + 1e-6
        far = [level for level, (low, _) in LEVELS.items() if low > most]
        return {"most_years": most, "far_levels": far}

    def _salary_filter(self) -> dict[str, object]:
        wish = 0.999 * (self.wishes.salary or 0.0)  # rounding excludes nobody
        return {
            "least_pay": {
                f"{code} {_PERIODS[period]}": wish / (months * naira)
                for code, naira in pay.NAIRA_PER.items()
                for period, months in pay.MONTHS.items()
            }
        }


def _is_inside(wanted: Place, place: Place) -> bool:
    """Also where the posting names only the state that her town is in."""
    if places.is_granted(wanted, places.distance(wanted, place)):
        return True
    return bool(wanted.state) and wanted.state == place.state and not place.city


def _either(words: list[str]) -> str:
    return " or ".join(dict.fromkeys(words))
