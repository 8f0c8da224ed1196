"""What a person or a job reads like to the model; pure.

A template is a pair of builders under a version. The version enters the hash of each
text, so a changed template is seen like any other change. What goes into the text decides
the quality: on labelled real postings, roles held against titles find three times as much
as everything held against everything (docs/decisions.md).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from whatsapp_bot.embeddings.inferred import fill_in
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.records import Thing

Fields = Mapping[str, object]

MAX_CHARACTERS = 8_000  # some 2,000 tokens, the smallest limit of the providers we know
SNIPPET_CHARACTERS = 300
MAX_WORDS_IN_LIST = 50


@dataclass(frozen=True)
class Template:
    """How texts are built. An empty text means: there is nothing to embed."""

    version: str
    user_text: Callable[[Fields], str]
    job_text: Callable[[Fields], str]

    def text(self, thing: Thing, fields: Fields) -> str:
        build = self.job_text if thing == "job" else self.user_text
        return build(fields)[:MAX_CHARACTERS].strip()

    def text_hash(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.version}\n{text}".encode()).digest()


def template_named(version: str) -> Template:
    """The template of that version; a ConfigError names those there are."""
    try:
        return TEMPLATES[version]
    except KeyError:
        known = " or ".join(TEMPLATES)
        raise ConfigError(
            f"EMBEDDING_TEMPLATE is {version!r}; it must be {known}"
        ) from None


# --- everything: all that is known of both sides, field by field


def everything_about_user(prefs: Fields) -> str:
    minimum, maximum = _number(prefs, "salary_min"), _number(prefs, "salary_max")
    currency = _words(prefs, "salary_currency") or "NGN"
    return _sentences(
        ("Seeking roles", _words(prefs, "job_roles")),
        ("Job categories", _words(prefs, "job_categories")),
        ("Job interests", _words(prefs, "user_job_input")),
        ("Experience level", _words(prefs, "experience_level")),
        ("Years of experience", _number(prefs, "years_of_experience")),
        ("Technical skills", _words(prefs, "technical_skills")),
        ("Soft skills", _words(prefs, "soft_skills")),
        ("Preferred locations", _words(prefs, "preferred_locations")),
        ("Location preferences", _words(prefs, "user_location_input")),
        ("", "Open to relocation" if prefs.get("willing_to_relocate") is True else ""),
        ("Work arrangements", _words(prefs, "work_arrangements")),
        ("Employment types", _words(prefs, "employment_types")),
        _money("Salary expectation", "Minimum salary", currency, minimum, maximum),
        ("Company size preference", _words(prefs, "company_size_preference")),
        ("Industry interests", _words(prefs, "industry_preferences")),
    )


def everything_about_job(posted: Fields) -> str:
    job = fill_in(posted)
    city, state = _words(job, "ai_city"), _words(job, "ai_state")
    place = f"{city}, {state}" if city and state else _words(job, "location")
    return _sentences(
        ("Job title", _words(job, "title")),
        ("Company", _words(job, "company")),
        ("Job variations", _words(job, "ai_job_titles")),
        ("Job function", _words(job, "ai_job_function", "category")),
        ("Job level", _words(job, "ai_job_level", "experience_level")),
        ("Industry", _words(job, "ai_industry")),
        ("Location", place),
        ("Country", _words(job, "ai_country", "country")),
        ("Work arrangement", _words(job, "ai_work_arrangement", "work_arrangement")),
        ("", "Remote work allowed" if job.get("ai_remote_allowed") is True else ""),
        ("Required skills", _words(job, "ai_required_skills", "skills")),
        ("Preferred skills", _words(job, "ai_preferred_skills")),
        _years(
            _number(job, "ai_years_experience_min", "years_min"),
            _number(job, "ai_years_experience_max", "years_max"),
        ),
        _money(
            "Salary",
            "Minimum salary",
            _words(job, "ai_salary_currency", "salary_currency"),
            _number(job, "ai_salary_min", "salary_min"),
            _number(job, "ai_salary_max", "salary_max"),
        ),
        _summary(job),
    )


# --- roles: what the work is, and nothing about place, pay and experience

# After it, a title speaks of places, terms and teams: "Nurse (Lekki) - Full Time".
_ASIDE = re.compile(r"[;|()\[\]–—]|\s-\s")


def roles_of_user(prefs: Fields) -> str:
    roles = _words(prefs, "job_roles") or _words(prefs, "user_job_input")
    return roles or _words(prefs, "job_categories") or _words(prefs, "technical_skills")


def title_of_job(job: Fields) -> str:
    return _words(job, "title")


def roles_in_small_letters(prefs: Fields) -> str:
    """People write DRIVER or driver; a model may read them as two words."""
    return roles_of_user(prefs).lower()


def bare_title_of_job(job: Fields) -> str:
    title = title_of_job(job).lower()
    return _ASIDE.split(title)[0].strip() or title


TEMPLATES = {
    template.version: template
    for template in (
        Template("roles-2", roles_in_small_letters, bare_title_of_job),
        Template("roles-1", roles_of_user, title_of_job),
        Template("everything-1", everything_about_user, everything_about_job),
    )
}


# --- robust to NULLs, odd types and very long values: rows come from anywhere


def _sentences(*parts: tuple[str, str]) -> str:
    return ". ".join(
        f"{label}: {value}" if label else value for label, value in parts if value
    )


def _words(fields: Fields, *names: str) -> str:
    """The first of the fields that says something, as words on one line."""
    for name in names:
        value = fields.get(name)
        if not value:
            continue
        if isinstance(value, str):
            words = " ".join(value.split())
        else:
            words = ", ".join(_each_word(value))
        if words:
            return words
    return ""


def _each_word(value: object) -> Iterable[str]:
    values = value if isinstance(value, list | tuple | set) else [value]
    texts = (
        " ".join(str(item).split())
        for item in list(values)[:MAX_WORDS_IN_LIST]
        if isinstance(item, str | int | float) and not isinstance(item, bool)
    )
    return dict.fromkeys(text for text in texts if text)


def _number(fields: Fields, *names: str) -> str:
    """The first that is a number above 0, with separators: 2,000,000 or 2.5."""
    for name in names:
        value = fields.get(name)
        if value is None:
            continue
        try:
            number = (
                value
                if isinstance(value, float)
                else float(str(value).replace(",", ""))
            )
        except ValueError:
            continue
        if 0 < number < math.inf:
            return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
    return ""


def _money(
    both: str, only_minimum: str, currency: str, minimum: str, maximum: str
) -> tuple[str, str]:
    if minimum and maximum:
        return both, f"{currency} {minimum} - {maximum}".strip()
    return only_minimum, f"{currency} {minimum}".strip() if minimum else ""


def _years(minimum: str, maximum: str) -> tuple[str, str]:
    if minimum and maximum:
        return "Experience required", f"{minimum}-{maximum} years"
    return "Minimum experience", f"{minimum} years" if minimum else ""


def _summary(job: Fields) -> tuple[str, str]:
    summary = _words(job, "ai_summary")
    if summary:
        return "Summary", summary
    description = _words(job, "description")
    if len(description) > SNIPPET_CHARACTERS:
        description = description[:SNIPPET_CHARACTERS] + "..."
    return "Description", description
