"""What a chat model may say of a posting: the schema, and what of an answer is believed.

The posting's author may have written it for the model ("ignore previous instructions").
So an answer is data as well: its shape is checked, its values come from lists or must be
found in the posting, its lengths are bounded. Nothing of it is ever carried out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.rules import FUNCTION_NAMES, INDUSTRY_NAMES, SUMMARY_LENGTH
from whatsapp_bot.enrichment.salary_in_text import Amount, amounts_in, period_in
from whatsapp_bot.enrichment.skills_in_text import MOST_SKILLS
from whatsapp_bot.enrichment.vocabulary import ARRANGEMENTS, PERIODS, SENIORITIES
from whatsapp_bot.intake.cleaning import clean_line
from whatsapp_bot.matching import pay
from whatsapp_bot.matching.places import country_code
from whatsapp_bot.matching.skills import read_skills, skill_key
from whatsapp_bot.records import Enrichment

LONGEST_SKILL: Final = 60  # characters
MOST_LISTED: Final = 100  # a list that is longer is no list of skills

_LISTS: Final = ("required_skills", "preferred_skills")
_CHOICES: Final = {
    "seniority": SENIORITIES,
    "job_function": FUNCTION_NAMES,
    "industry": INDUSTRY_NAMES,
    "work_arrangement": ARRANGEMENTS,
    "salary_period": PERIODS,
}
_NUMBERS: Final = ("salary_min", "salary_max")
_TEXTS: Final = ("salary_currency", "summary")


def _schema() -> dict[str, Any]:
    properties: dict[str, Any] = {
        **{name: {"type": "array", "items": {"type": "string"}} for name in _LISTS},
        **{
            name: {"type": ["string", "null"], "enum": [*values, None]}
            for name, values in _CHOICES.items()
        },
        **{name: {"type": ["number", "null"]} for name in _NUMBERS},
        **{name: {"type": ["string", "null"]} for name in _TEXTS},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SCHEMA: Final = _schema()


class AnswerInvalid(ValueError):
    """The answer is not what was asked for; the message says how."""


def read_answer(content: str, posting: PostingText) -> Enrichment:
    """What of the answer may be believed. Raises AnswerInvalid."""
    said = _parsed(content)
    text = posting.whole
    found = Enrichment(
        required_skills=_mentioned(said["required_skills"], text),
        preferred_skills=_mentioned(said["preferred_skills"], text),
        **{name: said[name] for name in _CHOICES if name != "salary_period"},
        summary=_summary(said["summary"], text),
    )
    if not _is_arrangement_said(found.work_arrangement, text):
        found = replace(found, work_arrangement=None)
    required = set(map(skill_key, found.required_skills))
    liked = [s for s in found.preferred_skills if skill_key(s) not in required]
    return replace(found, preferred_skills=tuple(liked), **_salary(said, posting))


# --- its shape


def _parsed(content: str) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise AnswerInvalid("the answer is not JSON") from None
    if not isinstance(said, dict):
        raise AnswerInvalid("the answer is no object")
    if said.keys() != SCHEMA["properties"].keys():
        raise AnswerInvalid("the answer has other fields than were asked for")
    for name, value in said.items():
        if not _fits(name, value):
            raise AnswerInvalid(f"{name} is not as it was asked for")
    return said


def _fits(name: str, value: object) -> bool:
    if name in _LISTS:
        is_list = isinstance(value, list) and len(value) <= MOST_LISTED
        return is_list and all(isinstance(item, str) for item in value)  # type: ignore[attr-defined]
    if value is None:
        return True
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name in _NUMBERS:
        return isinstance(value, int | float) and pay.number(value) is not None
    return isinstance(value, str)


# --- its values, held against the posting


def _mentioned(skills: Sequence[str], text: str) -> tuple[str, ...]:
    """Those that the posting names, under any of their names; each once."""
    lowered = text.lower()
    short = [clean_line(skill) or "" for skill in skills]
    named = read_skills(s for s in short if len(s) <= LONGEST_SKILL)
    said = [skill.label for skill in named if skill.is_in(text, lowered)]
    return tuple(said)[:MOST_SKILLS]


_ARRANGEMENT_WORDS: Final = {
    "remote": re.compile(r"remote|from home|anywhere|wfh|telecommut", re.IGNORECASE),
    "hybrid": re.compile(r"hybrid|remote|from home|wfh", re.IGNORECASE),
}


def _is_arrangement_said(name: str | None, text: str) -> bool:
    pattern = _ARRANGEMENT_WORDS.get(name or "")
    return pattern is None or pattern.search(text) is not None


def _salary(said: dict[str, Any], posting: PostingText) -> dict[str, Any]:
    """Only numbers that the posting names, in the currency that stands beside them."""
    low = said["salary_min"] or said["salary_max"]
    high = said["salary_max"] or low
    if not low or low > high:
        return {}
    amounts = list(amounts_in(posting.whole))
    of_low, of_high = _named(low, amounts), _named(high, amounts)
    if not of_low or not of_high:
        return {}
    beside = next((a.currency for a in (*of_low, *of_high) if a.currency), None)
    is_nigerian = country_code(posting.country or posting.location) == "NG"
    currency = beside or ("NGN" if is_nigerian else None)
    if currency is None:
        return {}
    period = said["salary_period"]
    return {
        "salary_min": float(low),
        "salary_max": float(high),
        "salary_currency": currency,
        "salary_period": period if period_in(posting.whole, period) else None,
    }


def _named(value: float, amounts: list[Amount]) -> list[Amount]:
    return [amount for amount in amounts if abs(amount.value - value) < 0.01]


_CONTACT: Final = re.compile(
    r"https?:|www\.|@|\b[\w-]+\.(?:com|ng|net|org|io|me)\b|\d{6}", re.I
)
_LONG_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_LEAST_SHARE: Final = 0.6  # of a summary's long words, by their first letters
_FIRST_LETTERS: Final = 5


def _summary(said: str | None, text: str) -> str | None:
    """In the posting's words, and without a way to reach anybody."""
    summary = clean_line(said, SUMMARY_LENGTH)
    if not summary or _CONTACT.search(summary):
        return None
    known, words = _stems(text), _stems(summary)
    share = len(words & known) / len(words) if words else 0.0
    return summary if share >= _LEAST_SHARE else None


def _stems(text: str) -> set[str]:
    return {word[:_FIRST_LETTERS] for word in _LONG_WORD.findall(text.lower())}
