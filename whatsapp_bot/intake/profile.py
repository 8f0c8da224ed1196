"""What a person wants -> clean preferences.

Nothing she set is dropped in silence: what cannot be understood is an InputError.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from whatsapp_bot.errors import InputError
from whatsapp_bot.intake.cleaning import (
    ITEM_LENGTH,
    LINE_LENGTH,
    LIST_LENGTH,
    clean_currency,
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
from whatsapp_bot.records import MUSTS

T = TypeVar("T")

OWN_WORDS_LENGTH = 1_000
DEFAULT_LANGUAGE = "en"

_ID_KEYS = ("id", "external_id", "user_id")
_LANGUAGE = re.compile("[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True)
class Person:
    """Someone who looks for work, as a file describes her."""

    external_id: str
    name: str | None
    language: str  # a code such as en or pt-br
    preferences: dict[str, object]


def parse_person(record: Mapping[str, object]) -> Person:
    """Keys that start with "_" are notes of whoever wrote the file."""
    rest = {key: value for key, value in record.items() if not key.startswith("_")}
    ids = [clean_line(rest.pop(key, None), LINE_LENGTH + 1) for key in _ID_KEYS]
    external_id = next(filter(None, ids), None)
    if external_id is None:
        raise InputError("person has no id")
    if len(external_id) > LINE_LENGTH:  # cut, it could be somebody else's
        raise InputError(f"id {external_id[:40]!r}... is over {LINE_LENGTH} characters")
    name = _scalar(clean_line, "write a name", "name", rest.pop("name", None))
    language = _parse_language(rest.pop("language", None))
    return Person(external_id, name, language, parse_preferences(rest))


def _parse_language(value: object) -> str:
    if _is_blank(value):
        return DEFAULT_LANGUAGE
    code = (clean_line(value) or "").lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(code):
        raise _not_understood("language", value, "write a code such as 'en'")
    return code


def parse_preferences(record: Mapping[str, object]) -> dict[str, object]:
    """The columns of the keys that were given; a blank value clears its column."""
    preferences: dict[str, object] = {}
    for key, value in record.items():
        if key not in _COLUMNS:
            raise InputError(_unknown_key(key))
        preferences[key] = _COLUMNS[key](key, value)
    low, high = preferences.get("salary_min"), preferences.get("salary_max")
    if isinstance(low, float) and isinstance(high, float) and low > high:
        preferences.update(salary_min=high, salary_max=low)
    return preferences


def _unknown_key(key: str) -> str:
    nearest = difflib.get_close_matches(key[:LINE_LENGTH], PREFERENCE_FIELDS)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else _KNOWN_KEYS
    return f"unknown preference {_shown(key)}; {hint}"


def _not_understood(key: str, value: object, hint: str) -> InputError:
    return InputError(f"{key}: {_shown(value)} cannot be understood; {hint}")


def _shown(value: object) -> str:
    """The value in a message: short and on one line, however long it is."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, (bool, float)):
        return repr(value)
    return clean_line(value, 60) or f"a {type(value).__name__}"


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and clean_line(value) is None)


def _scalar(
    clean: Callable[[object], T | None], hint: str, key: str, value: object
) -> T | None:
    if _is_blank(value):
        return None
    cleaned = clean(value)
    if cleaned is None:
        raise _not_understood(key, value, hint)
    return cleaned


def _own_words(key: str, value: object) -> str | None:
    text = _scalar(clean_text, "write a text", key, value)
    if text is not None and len(text) > OWN_WORDS_LENGTH:
        raise InputError(f"{key}: over {OWN_WORDS_LENGTH:,} characters; shorten it")
    return text


def _words(key: str, value: object) -> list[str]:
    if _is_blank(value):
        return []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if not _is_blank(item) and clean_line(item) is None:
            raise _not_understood(key, item, "write a list of texts")
    words = clean_list(value, LIST_LENGTH + 1, ITEM_LENGTH + 1)
    if len(words) > LIST_LENGTH:
        raise InputError(f"{key}: more than {LIST_LENGTH} items; shorten it")
    for word in words:
        if len(word) > ITEM_LENGTH:
            raise InputError(f"{key}: {_shown(word)} is over {ITEM_LENGTH} characters")
    return list(words)


def _terms(
    clean: Callable[[object], str | None], hint: str, key: str, value: object
) -> list[str]:
    terms: list[str] = []
    for word in _words(key, value):
        term = clean(word)
        if term is None:
            raise _not_understood(key, word, hint)
        if term not in terms:
            terms.append(term)
    return terms


_amount = partial(_scalar, clean_number, "write an amount such as 150000")
_years = partial(_scalar, clean_years, "write a number from 0 to 60")
_flag = partial(_scalar, clean_flag, "write yes or no")
_level = partial(_scalar, clean_experience_level, "write a level such as 'senior'")
_currency = partial(_scalar, clean_currency, "write three letters such as NGN")
_period = partial(
    _scalar, clean_period, "write hourly, daily, weekly, monthly or yearly"
)
_arrangements = partial(
    _terms, clean_work_arrangement, "write onsite, hybrid or remote"
)
_employment = partial(_terms, clean_employment_type, "write a type such as 'full-time'")


def _must(value: object) -> str | None:
    word = (clean_line(value) or "").lower().replace(" ", "_").replace("-", "_")
    return word if word in MUSTS else None


_musts = partial(_terms, _must, f"write some of {', '.join(MUSTS)}")

_COLUMNS: Mapping[str, Callable[[str, object], object]] = {
    "job_roles": _words,
    "job_categories": _words,
    "user_job_input": _own_words,
    "experience_level": _level,
    "years_of_experience": _years,
    "technical_skills": _words,
    "soft_skills": _words,
    "preferred_locations": _words,
    "user_location_input": _own_words,
    "willing_to_relocate": _flag,
    "work_arrangements": _arrangements,
    "employment_types": _employment,
    "salary_min": _amount,
    "salary_max": _amount,
    "salary_currency": _currency,
    "salary_period": _period,
    "company_size_preference": _words,
    "industry_preferences": _words,
    "musts": _musts,
}

PREFERENCE_FIELDS: tuple[str, ...] = tuple(_COLUMNS)
_KNOWN_KEYS = f"known are {', '.join(PREFERENCE_FIELDS)}"
