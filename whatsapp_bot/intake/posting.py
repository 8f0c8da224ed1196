"""What a feed sends -> a posting with clean fields."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from whatsapp_bot.errors import InputError
from whatsapp_bot.intake.cleaning import (
    clean_currency,
    clean_date,
    clean_employment_type,
    clean_experience_level,
    clean_flag,
    clean_line,
    clean_list,
    clean_number,
    clean_period,
    clean_text,
    clean_work_arrangement,
    clean_years,
)

TITLE_LENGTH = 300
URL_LENGTH = 2_000
ID_LENGTH = 300
KEY_LENGTH = 100  # no feed names a field longer than this

# The names feeds give a field, best first. Case, spaces and underscores do not count:
# date_posted is also datePosted and "Date Posted".
ALIASES: Mapping[str, tuple[str, ...]] = {
    "source_id": ("source_id", "id", "external_id", "native_id", "slug"),
    "title": ("title", "job_title", "position", "name"),
    "company": ("company", "company_name", "organization", "hiring_organization", "employer"),
    "location": ("location", "candidate_required_location", "job_location", "city"),
    "country": ("country", "country_code"),
    "description": ("description", "content", "body", "text", "full_description", "job_description"),
    "url": ("url", "apply_url", "absolute_url", "link"),
    "posted_date": (
        "posted_date",
        "date_posted",
        "posted_at",
        "published_at",
        "publication_date",
        "created_at",
        "date",
    ),
    "salary_min": ("salary_min", "min_salary"),
    "salary_max": ("salary_max", "max_salary"),
    "salary_currency": ("salary_currency", "currency"),
    "salary_period": ("salary_period", "salary_interval", "pay_period"),
    "employment_type": ("employment_type", "job_type", "type"),
    "work_arrangement": ("work_arrangement", "workplace_type", "remote", "is_remote"),
    "experience_level": ("experience_level", "seniority", "level"),
    "years_min": ("years_min", "min_years_experience"),
    "years_max": ("years_max", "max_years_experience"),
    "skills": ("skills", "required_skills", "tags"),
    "category": ("category", "department"),
    "is_active": ("is_active", "active"),
}  # fmt: skip

_CLOSED = frozenset(("closed", "expired", "inactive", "filled"))
_BOUNDS = (
    ("salary_min", "salary_max"),
    ("years_min", "years_max"),
    ("ai_salary_min", "ai_salary_max"),
    ("ai_years_experience_min", "ai_years_experience_max"),
)


@dataclass(frozen=True)
class Posting:
    """A job as its source describes it, and (ai_) what was inferred from that."""

    source: str
    source_id: str
    title: str
    company: str | None = None
    location: str | None = None
    country: str | None = None
    description: str | None = None
    url: str | None = None
    posted_date: date | None = None
    status: str = "active"  # or "closed"
    salary_min: float | None = None
    salary_max: float | None = None
    salary_currency: str | None = None
    salary_period: str | None = None
    employment_type: str | None = None
    work_arrangement: str | None = None
    experience_level: str | None = None
    years_min: float | None = None
    years_max: float | None = None
    skills: tuple[str, ...] = ()
    category: str | None = None
    ai_job_titles: tuple[str, ...] = ()
    ai_job_function: str | None = None
    ai_job_level: tuple[str, ...] = ()
    ai_industry: tuple[str, ...] = ()
    ai_city: str | None = None
    ai_state: str | None = None
    ai_country: str | None = None
    ai_work_arrangement: str | None = None
    ai_remote_allowed: bool | None = None
    ai_required_skills: tuple[str, ...] = ()
    ai_preferred_skills: tuple[str, ...] = ()
    ai_years_experience_min: float | None = None
    ai_years_experience_max: float | None = None
    ai_salary_min: float | None = None
    ai_salary_max: float | None = None
    ai_salary_currency: str | None = None
    ai_salary_period: str | None = None
    ai_summary: str | None = None

    def content_hash(self) -> bytes:
        """SHA-256 of everything but the identity: another hash, another content."""
        content = {
            name: value
            for name, value in vars(self).items()
            if name not in ("source", "source_id")
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).digest()


def parse_posting(
    record: Mapping[str, object], default_source: str | None = None
) -> Posting:
    """Clean what can be cleaned; InputError when the posting cannot be saved."""
    known = _by_key(record)
    found: dict[str, Any] = {}
    for name, clean, keys in _FIELDS:
        value = _first(known, keys, clean)
        if value is not None:
            found[name] = value
    _put_in_order(found)
    if "title" not in found:
        raise InputError("posting has no title")
    source = found.pop("source", None) or clean_line(default_source)
    if source is None:
        raise InputError("posting has no source, and none was given for the file")
    source_id = found.pop("source_id", None) or _derive_id(found)
    found["status"] = _status(found.pop("status", ""), found.pop("is_active", None))
    return Posting(source=source, source_id=source_id, **found)


def _by_key(record: Mapping[str, object]) -> dict[str, object]:
    """Sorted, so that of "Title" and "title" the same one wins in every order."""
    return {
        _key(name): record[name] for name in sorted(record) if len(name) <= KEY_LENGTH
    }


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _first(
    known: Mapping[str, object],
    keys: tuple[str, ...],
    clean: Callable[[object], object],
) -> object:
    """The first of the keys whose value is of use: a blank one hides no other."""
    for key in keys:
        value = known.get(key)
        if value is not None:
            cleaned = clean(value)
            if cleaned is not None:
                return cleaned
    return None


def _put_in_order(found: dict[str, Any]) -> None:
    for low, high in _BOUNDS:
        if low in found and high in found and found[low] > found[high]:
            found[low], found[high] = found[high], found[low]


def _derive_id(found: Mapping[str, Any]) -> str:
    """The same posting tomorrow must get the same id, and another posting another.

    A title alone would make one posting of all "Driver"s.
    """
    if "url" in found:
        return "url-" + _digest(found["url"])
    names = ["title", "company", "location"]
    if "company" not in found and "location" not in found:
        names = ["title", "description"]
        if "description" not in found:
            raise InputError(
                "posting has no id, and nothing but a title to make one of"
            )
    return "text-" + _digest(*(found.get(name, "").casefold() for name in names))


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:32]


def _status(status: str, is_active: bool | None) -> str:
    return "closed" if status in _CLOSED or is_active is False else "active"


def _clean_status(value: object) -> str | None:
    return (clean_line(value) or "").lower() or None


def _clean_id(value: object) -> str | None:
    """Too long an id is replaced, not cut: cut ones could be the same."""
    text = clean_line(value, URL_LENGTH + 1)
    return _digest(text) if text and len(text) > ID_LENGTH else text


def _clean_title(value: object) -> str | None:
    return clean_line(value, TITLE_LENGTH)


def _clean_name(value: object) -> str | None:
    """Some feeds send {"name": "Lagos"}, or a list of places, for "Lagos"."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("display_name")
    if isinstance(value, (list, tuple)):
        value = ", ".join(clean_list(value))
    return clean_line(value)


def _clean_url(value: object) -> str | None:
    """A link that can be opened: one that was cut could not."""
    text = clean_line(value, URL_LENGTH + 1) or ""
    opens = re.fullmatch(r"https?://\S+", text, re.IGNORECASE)
    return text if opens and len(text) <= URL_LENGTH else None


def _clean_arrangement(value: object) -> str | None:
    """{"remote": true} says it too."""
    return "remote" if clean_flag(value) else clean_work_arrangement(value)


def _clean_type(value: object) -> str | None:
    """Of several types ("FULL_TIME", "CONTRACTOR") the first."""
    if isinstance(value, (list, tuple)):
        value = next(iter(clean_list(value)), None)
    return clean_employment_type(value)


def _clean_items(value: object) -> tuple[str, ...] | None:
    return clean_list(value) or None


_CLEAN: Mapping[str, Callable[[object], object]] = {
    "source": clean_line,
    "source_id": _clean_id,
    "title": _clean_title,
    "company": _clean_name,
    "location": _clean_name,
    "country": _clean_name,
    "description": clean_text,
    "url": _clean_url,
    "posted_date": clean_date,
    "status": _clean_status,
    "is_active": clean_flag,
    "salary_min": clean_number,
    "salary_max": clean_number,
    "salary_currency": clean_currency,
    "salary_period": clean_period,
    "employment_type": _clean_type,
    "work_arrangement": _clean_arrangement,
    "experience_level": clean_experience_level,
    "years_min": clean_years,
    "years_max": clean_years,
    "skills": _clean_items,
    "category": _clean_name,
    "ai_job_titles": _clean_items,
    "ai_job_function": clean_line,
    "ai_job_level": _clean_items,
    "ai_industry": _clean_items,
    "ai_city": clean_line,
    "ai_state": clean_line,
    "ai_country": clean_line,
    "ai_work_arrangement": clean_work_arrangement,
    "ai_remote_allowed": clean_flag,
    "ai_required_skills": _clean_items,
    "ai_preferred_skills": _clean_items,
    "ai_years_experience_min": clean_years,
    "ai_years_experience_max": clean_years,
    "ai_salary_min": clean_number,
    "ai_salary_max": clean_number,
    "ai_salary_currency": clean_currency,
    "ai_salary_period": clean_period,
    "ai_summary": clean_text,
}

_FIELDS = tuple(
    (name, clean, tuple(dict.fromkeys(map(_key, ALIASES.get(name, (name,))))))
    for name, clean in _CLEAN.items()
)
