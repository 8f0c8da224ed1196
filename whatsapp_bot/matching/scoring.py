"""How well a job fits a person is examined here, part by part, and scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Final

from whatsapp_bot.matching import rows
from whatsapp_bot.matching.experience import experience_fit
from whatsapp_bot.matching.location import (
    arrangement_fit,
    arrangement_of,
    location_fit,
)
from whatsapp_bot.matching.rows import LONGEST_TITLE, Row
from whatsapp_bot.matching.salary import salary_fit
from whatsapp_bot.matching.skills import Skill, skill_key
from whatsapp_bot.matching.titles import Title, likeness, read_title
from whatsapp_bot.matching.wishes import Role, Wishes


@dataclass(frozen=True, slots=True)
class Weight:
    """What a part counts for, and what it is taken for where the posting is silent."""

    weight: float
    silent: float = 0.0


# Chosen on the public half of the benchmark: docs/matching.md has the run. The score is
# the fit of the work times that of the conditions, so that neither place nor pay makes
# up for other work.
# Shares of the work's fit:
WORK: Final[dict[str, Weight]] = {
    "similarity": Weight(1.0),
    "title": Weight(0.7, silent=0.2),
    "skills": Weight(0.1, silent=0.2),
}
# What a job that does not meet a condition at all loses of its score:
CONDITIONS: Final[dict[str, Weight]] = {
    "location": Weight(0.5, silent=0.6),
    "arrangement": Weight(0.15, silent=0.8),
    "experience": Weight(0.2, silent=0.8),
    "salary": Weight(0.1, silent=0.7),
    "recency": Weight(0.03, silent=0.5),
}
BY_SKILLS: Final = 0.35  # the least that other work counts which uses all her skills
SHOWN_FROM: Final = 20.0  # of 100: just above it, one job in five fits
STALE_DAYS: Final = 60  # nothing is recent about a job that stops being found
_LONGEST_TEXT: Final = 10_000  # characters of a description that are searched
_ENOUGH_LISTED: Final = 6  # having this many of a long list is having what it asks
_ENOUGH_MENTIONED: Final = 3
_NAMED_IN_TITLE: Final = 0.5  # the least for a skill where there is only a title


@dataclass(frozen=True, slots=True)
class Facts:
    """How one job fits: each part 0..1, or None where nothing can be said of it."""

    title: float | None = None
    skills: float | None = None
    location: float | None = None
    arrangement: float | None = None
    experience: float | None = None
    salary: float | None = None
    recency: float | None = None
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
            most = role.weight * weight
            if most > best and (score := likeness(role.title, title) * most) > best:
                best, found = score, role
    return best, found


def _titles(job: Row) -> list[tuple[Title, float]]:
    """The posting's own title first; names a model gave it a little less."""
    read = [(read_title(rows.text(job, "title")), 1.0)]
    read += [(read_title(t), 0.9) for t in rows.texts(job, "ai_job_titles")[:5]]
    return [(title, weight) for title, weight in read if title.words]


def _fields(job: Row) -> list[tuple[Title, float]]:
    named = rows.text(job, "category"), rows.text(job, "ai_job_function")
    return [(read_title(name), 1.0) for name in named if name]


def _title(wishes: Wishes, job: Row) -> tuple[float | None, str]:
    titles = _titles(job)
    if not titles or not (wishes.roles or wishes.categories):
        return None, ""
    role_score, role = _best(wishes.roles, titles)
    field_score, category = 0.0, None
    if wishes.categories:
        field_score, category = _best(wishes.categories, titles + _fields(job))
    if role is not None and role_score >= field_score:
        return role_score, _role_words(role, role_score / role.weight)
    if category is None or field_score < 0.8 * category.weight:
        return field_score, ""
    return field_score, f"in a field you chose: {category.label}"


def _role_words(role: Role, score: float) -> str:
    if score >= 0.9:
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
    keys = {skill.key for skill in skills}
    met, mine = 0, set[str]()
    for asking in asked:
        if " " in asking:
            having = {skill.key for skill in skills if skill.is_asked_as(asking)}
        else:  # one word asks for nothing but itself
            having = keys & {asking}
        met += bool(having)
        mine |= having
    labels = tuple(skill.label for skill in skills if skill.key in mine)
    return min(1.0, met / min(len(asked), _ENOUGH_LISTED)), labels


def _mentioned_skills(
    skills: tuple[Skill, ...], job: Row
) -> tuple[float | None, tuple[str, ...]]:
    body = rows.text(job, "description", "ai_summary")[:_LONGEST_TEXT]
    text = f"{rows.text(job, 'title')[:LONGEST_TITLE]}\n{body}"
    lowered = text.lower()
    mentioned = (s.label for s in skills if s.is_in(text, lowered))
    found = tuple(islice(mentioned, _ENOUGH_MENTIONED))
    score = min(1.0, len(found) / min(len(skills), _ENOUGH_MENTIONED))
    if body:
        return score, found
    return (max(_NAMED_IN_TITLE, score), found) if found else (None, ())


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


def examine(wishes: Wishes | Row, job: Row, today: date) -> Facts:
    """What can be said of this job for this person; give Wishes for many jobs."""
    if not isinstance(wishes, Wishes):
        wishes = Wishes.of(wishes)
    title, role = _title(wishes, job)
    skills, matched, are_listed = _skill_facts(wishes, job)
    arrangement = arrangement_of(job)
    location, place, is_remote = location_fit(wishes, job, arrangement)
    salary, pay_label = salary_fit(wishes, job)
    days = _days_since(job, today)
    return Facts(
        title=title,
        skills=skills,
        location=location,
        arrangement=arrangement_fit(wishes, arrangement),
        experience=experience_fit(wishes.years, job),
        salary=salary,
        recency=_recency(days),
        wished=wishes.parts,
        role=role,
        matched_skills=matched,
        skills_are_listed=are_listed,
        place=place,
        is_remote=is_remote,
        pay=pay_label,
        experience_label=wishes.experience_label,
        posted_days=days,
    )


def _recency(days: int | None) -> float | None:
    return None if days is None else 1 - min(max(days, 0), STALE_DAYS) / STALE_DAYS


def score(facts: Facts, similarity: float | None) -> float:
    """0..100: how well the job fits, the same for whoever found the pair.

    similarity: calibrated, 0..1 (similarity.calibrated); None where there is no vector.
    """
    if not facts.wished:
        return 0.0
    return 100.0 * _work(facts, similarity) * _conditions(facts)


def _work(facts: Facts, similarity: float | None) -> float:
    """0..1: the weighted mean of what speaks for the work; 1 where she named none."""
    total = weight = 0.0
    if similarity is not None:
        weight = WORK["similarity"].weight
        total = weight * similarity
    for part in ("title", "skills"):
        if part in facts.wished:
            # Who names skills and no role says with them what work she wants.
            names = part if "title" in facts.wished else "title"
            value: float | None = getattr(facts, part)
            known = WORK[part].silent if value is None else value
            total += WORK[names].weight * known
            weight += WORK[names].weight
    if not weight:
        return 1.0
    return max(total / weight, BY_SKILLS * (facts.skills or 0.0))


def _conditions(facts: Facts) -> float:
    """0..1: what is left where some conditions are not met."""
    left = 1.0
    for part, weight in CONDITIONS.items():
        value: float | None = getattr(facts, part)
        if value is None:
            # Every posting has an age; of the rest, what nobody wished is not missed.
            if part not in facts.wished and part != "recency":
                continue
            value = weight.silent
        left *= 1 - weight.weight * (1 - value)
    return left
