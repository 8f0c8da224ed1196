"""What a person wants and has is read here, once for all the jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from whatsapp_bot.matching import pay, places, rows
from whatsapp_bot.matching.experience import LEVEL_YEARS, level_name, years_of
from whatsapp_bot.matching.places import Place
from whatsapp_bot.matching.rows import LONGEST_TITLE, Row
from whatsapp_bot.matching.skills import Skill, read_skills
from whatsapp_bot.matching.titles import Title, read_title
from whatsapp_bot.matching.words import IGNORED

_SAID_AROUND: Final = IGNORED | places.NAMES
PIECE: Final = 0.85  # of a role's worth: "Office manager/receptionist" is one job
_ROLE_BREAK: Final = re.compile(r"[,;/|\n•]+|\s(?:or)\s|\.\s", re.IGNORECASE)


@lru_cache(maxsize=1024)
def arrangement_name(text: str) -> str:
    """remote, hybrid or onsite; empty when the text says none."""
    said = text[:LONGEST_TITLE].lower()
    if "hybrid" in said:
        return "hybrid"
    if "remote" in said or "from home" in said or "wfh" in said:
        return "remote"
    on_site = ("onsite", "on-site", "on site", "office", "physical", "in person")
    return "onsite" if any(word in said for word in on_site) else ""


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of work someone wants, in her words, and how much she meant it."""

    label: str
    title: Title
    weight: float


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants and has, read once so that many jobs are examined quickly."""

    roles: tuple[Role, ...] = ()
    categories: tuple[Role, ...] = ()
    skills: tuple[Skill, ...] = ()
    technical_skills: tuple[Skill, ...] = ()
    places: tuple[Place, ...] = ()
    countries: frozenset[str] = frozenset()
    arrangements: frozenset[str] = frozenset()
    relocates: bool = False
    years: float | None = None
    experience_label: str = ""
    salary: float | None = None  # naira a month
    salary_label: str = ""
    salary_period: str = "month"
    parts: frozenset[str] = frozenset()  # of a score that she has wishes for

    @classmethod
    def of(cls, preferences: Row) -> Wishes:
        skills = rows.texts(preferences, "technical_skills")
        soft = rows.texts(preferences, "soft_skills")
        wanted = _wanted_places(preferences)
        years, experience = _experience_wish(preferences)
        salary, label, period = _salary_wish(preferences)
        wishes = cls(
            roles=_roles(preferences),
            categories=_category_roles(preferences),
            skills=read_skills((*skills, *soft)),
            technical_skills=read_skills(skills),
            places=wanted,
            countries=frozenset(p.country for p in wanted if p.country),
            arrangements=_wanted_arrangements(preferences),
            relocates=preferences.get("willing_to_relocate") is True,
            years=years,
            experience_label=experience,
            salary=salary,
            salary_label=label,
            salary_period=period,
        )
        return replace(wishes, parts=_parts(wishes))


def _parts(wishes: Wishes) -> frozenset[str]:
    named = {
        "title": wishes.roles or wishes.categories,
        "skills": wishes.skills,
        "location": wishes.places or wishes.arrangements == {"remote"},
        "arrangement": wishes.arrangements,
        "experience": wishes.years is not None,
        "salary": wishes.salary,
    }
    return frozenset(part for part, wish in named.items() if wish)


def _as_roles(texts: Iterable[str], weight: float) -> list[Role]:
    """Each text and, where it is a list of roles, each of its pieces."""
    found: dict[frozenset[str], Role] = {}
    for text in texts:
        pieces = [(piece, weight * PIECE) for piece in _ROLE_BREAK.split(text[:1000])]
        for piece, worth in ((text, weight), *pieces):
            title = read_title(piece.strip())
            known = found.get(title.words)
            if title.words and (known is None or known.weight < worth):
                found[title.words] = Role(rows.label(piece), title, worth)
    return list(found.values())


def _named_work(text: str) -> str:
    """ "I need a driver job in Lagos" is about a driver."""
    words = [w for w in text.split() if w.strip(".,!?").lower() not in _SAID_AROUND]
    return " ".join(words).strip(" .,!?") or text


def _roles(preferences: Row) -> tuple[Role, ...]:
    own = _as_roles(rows.texts(preferences, "job_roles"), 1.0)
    said = rows.text(preferences, "user_job_input")
    free = _as_roles((said,) if said else (), 0.8)
    return (*own, *(replace(r, label=_named_work(r.label)) for r in free))


def _category_roles(preferences: Row) -> tuple[Role, ...]:
    return tuple(_as_roles(rows.texts(preferences, "job_categories"), 0.5))


def _wanted_places(preferences: Row) -> tuple[Place, ...]:
    texts = rows.texts(preferences, "preferred_locations")
    said = rows.text(preferences, "user_location_input")
    found = [place for text in texts or (said,) for place in places.find(text)]
    return tuple(dict.fromkeys(found))


def _wanted_arrangements(preferences: Row) -> frozenset[str]:
    said = [*rows.texts(preferences, "work_arrangements")]
    said += [p for p in rows.texts(preferences, "preferred_locations") if "emote" in p]
    return frozenset(filter(None, map(arrangement_name, said)))


def _experience_wish(preferences: Row) -> tuple[float | None, str]:
    years = years_of(preferences)
    if years is not None:
        unit = "year" if years == 1 else "years"
        return years, f"your {years:g} {unit} of experience"
    level = level_name(rows.text(preferences, "experience_level"))
    return LEVEL_YEARS.get(level), f"your {level}-level experience" if level else ""


def _salary_wish(preferences: Row) -> tuple[float | None, str, str]:
    amount = rows.number(preferences, "salary_min")
    code = pay.currency_code(rows.text(preferences, "salary_currency") or "NGN") or ""
    period = pay.period_name(rows.text(preferences, "salary_period")) or "month"
    salary = pay.monthly(amount, code, period)
    if not amount or not salary:
        return None, "", period
    return salary, pay.short(amount, amount, code), period
