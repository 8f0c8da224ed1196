"""How well a job fits a person is examined here, part by part, and scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from whatsapp_bot.matching import rows
from whatsapp_bot.matching.experience import experience_fit
from whatsapp_bot.matching.location import location_fit
from whatsapp_bot.matching.rows import LONGEST_TITLE, Row
from whatsapp_bot.matching.salary import salary_fit
from whatsapp_bot.matching.skills import Skill, skill_key
from whatsapp_bot.matching.titles import Title, likeness, read_title
from whatsapp_bot.matching.wishes import Role, Wishes

WEIGHTS: Final[dict[str, float]] = {
    "title": 35.0,
    "skills": 25.0,
    "location": 20.0,
    "salary": 10.0,
    "experience": 10.0,
}
SILENT: Final = 0.5  # what a wish counts when the posting says nothing about it
CEILING: Final = 29.0  # of 100: a job with neither the role nor a skill stays here
SIMILARITY_SHARE: Final = 0.5  # of the score, when there are vectors
OUT_OF_REACH: Final = 0.6  # on site where she does not want to work: after the others
_LONGEST_TEXT: Final = 10_000  # characters of a description that are searched
_ENOUGH_LISTED: Final = 6  # having this many of a long list is having what it asks
_ENOUGH_MENTIONED: Final = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """How one job fits: each part 0..1, or None where nothing can be said of it."""

    title: float | None = None
    skills: float | None = None
    location: float | None = None
    salary: float | None = None
    experience: float | None = None
    wished: frozenset[str] = field(default_factory=frozenset)  # parts the person named

    role: str = ""  # which of the person's roles or fields it fits, when it does
    matched_skills: tuple[str, ...] = ()
    skills_are_listed: bool = False  # the posting lists them, not only mentions them
    place: str = ""  # where the job is, when that is where she wants to work
    is_remote: bool = False  # and she did not exclude it
    pay: str = ""  # the stated pay beside her wish, when it reaches it
    experience_label: str = ""
    posted_days: int | None = None


def _best(
    roles: Iterable[Role], titles: list[tuple[Title, float]]
) -> tuple[float, Role | None]:
    best, found = 0.0, None
    for role in roles:
        for title, weight in titles:
            score = likeness(role.title, title) * role.weight * weight
            if score > best:
                best, found = score, role
    return best, found


def _titles(job: Row) -> list[tuple[Title, float]]:
    """The posting's own title first; names a model gave it a little less."""
    read = [(read_title(rows.text(job, "title")), 1.0)]
    read += [(read_title(t), 0.9) for t in rows.texts(job, "ai_job_titles")[:5]]
    return [(title, weight) for title, weight in read if title.words]


def _title(wishes: Wishes, job: Row) -> tuple[float | None, str]:
    titles = _titles(job)
    if not titles or not (wishes.roles or wishes.categories):
        return None, ""
    fields = [
        (read_title(f), 1.0)
        for f in (rows.text(job, "category"), rows.text(job, "ai_job_function"))
        if f
    ]
    role_score, role = _best(wishes.roles, titles)
    field_score, category = _best(wishes.categories, titles + fields)
    if role is not None and role_score >= field_score:
        return role_score, _role_words(role, role_score / role.weight)
    if category is None or field_score < 0.8 * category.weight:
        return field_score, ""
    return field_score, f"in a field you chose: {category.label}"


def _role_words(role: Role, score: float) -> str:
    if score >= 0.8:
        return f"matches the role you want: {role.label}"
    return f"close to the role you want: {role.label}" if score >= 0.6 else ""


def _skill_facts(
    wishes: Wishes, job: Row
) -> tuple[float | None, tuple[str, ...], bool]:
    if not wishes.skills:
        return None, (), False
    listed = {
        key
        for s in rows.texts(job, "skills", "ai_required_skills")
        if (key := skill_key(s))
    }
    if listed:
        return *_listed_skills(wishes.skills, listed), True
    return *_mentioned_skills(wishes.technical_skills or wishes.skills, job), False


def _listed_skills(
    skills: tuple[Skill, ...], asked: set[str]
) -> tuple[float, tuple[str, ...]]:
    met = {key for key in asked if any(s.is_asked_as(key) for s in skills)}
    mine = tuple(s.label for s in skills if any(s.is_asked_as(key) for key in met))
    return min(1.0, len(met) / min(len(asked), _ENOUGH_LISTED)), mine


def _mentioned_skills(
    skills: tuple[Skill, ...], job: Row
) -> tuple[float | None, tuple[str, ...]]:
    body = rows.text(job, "description", "ai_summary")[:_LONGEST_TEXT]
    text = f"{rows.text(job, 'title')[:LONGEST_TITLE]}\n{body}"
    lowered = text.lower()
    found = tuple(s.label for s in skills if s.is_in(text, lowered))
    score = min(1.0, len(found) / min(len(skills), _ENOUGH_MENTIONED))
    if body:
        return score, found
    return (max(SILENT, score), found) if found else (None, ())


def _days_since(job: Row, today: date) -> int | None:
    for key in ("posted_date", "listed_date"):
        posted = _as_date(job.get(key))
        if posted is not None:
            return (today - posted).days
    return None


def _as_date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _wished(wishes: Wishes) -> frozenset[str]:
    named = {
        "title": wishes.roles or wishes.categories,
        "skills": wishes.skills,
        "location": wishes.places or wishes.arrangements,
        "salary": wishes.salary,
        "experience": wishes.years is not None,
    }
    return frozenset(part for part, wish in named.items() if wish)


def examine(wishes: Wishes | Row, job: Row, today: date) -> Facts:
    """What can be said of this job for this person; give Wishes for many jobs."""
    if not isinstance(wishes, Wishes):
        wishes = Wishes.of(wishes)
    title, role = _title(wishes, job)
    skills, matched, are_listed = _skill_facts(wishes, job)
    location, place, is_remote = location_fit(wishes, job)
    salary, pay_label = salary_fit(wishes, job)
    return Facts(
        title=title,
        skills=skills,
        location=location,
        salary=salary,
        experience=experience_fit(wishes.years, job),
        wished=_wished(wishes),
        role=role,
        matched_skills=matched,
        skills_are_listed=are_listed,
        place=place,
        is_remote=is_remote,
        pay=pay_label,
        experience_label=wishes.experience_label,
        posted_days=_days_since(job, today),
    )


def score(facts: Facts, similarity: float | None) -> float:
    """0..100: how well the job fits, the same for whoever found the pair.

    similarity: calibrated, 0..1 (similarity.calibrated); None where there is no vector.
    """
    by_parts = _by_parts(facts)
    if similarity is None:
        return by_parts
    mixed = SIMILARITY_SHARE * 100.0 * similarity + (1 - SIMILARITY_SHARE) * by_parts
    return mixed * OUT_OF_REACH if facts.location == 0 else mixed


def _by_parts(facts: Facts) -> float:
    """The weighted mean of the parts with something to say."""
    total = weight = 0.0
    for part, part_weight in WEIGHTS.items():
        value: float | None = getattr(facts, part)
        if value is None and part not in facts.wished:
            continue
        total += part_weight * (SILENT if value is None else value)
        weight += part_weight
    return min(100.0 * total / weight, _ceiling(facts)) if weight else 0.0


def _ceiling(facts: Facts) -> float:
    """Place and pay alone cannot lift a job: it must be the work, or use the skills."""
    if not facts.wished & {"title", "skills"}:
        return 100.0
    bond = max(facts.title or 0.0, 0.6 * (facts.skills or 0.0))
    return CEILING + (100.0 - CEILING) * min(1.0, 1.2 * bond)
