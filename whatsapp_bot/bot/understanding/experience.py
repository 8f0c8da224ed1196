"""How long she has worked, or that she is new to it."""

from __future__ import annotations

import re
from typing import Final

from whatsapp_bot.intake.cleaning import MAX_YEARS
from whatsapp_bot.records import Row

_YEARS: Final = re.compile(
    r"(?:\b(?:with|have|has|get|got|having|over|about|more than|at least|for|up to|like|"
    r"almost|nearly|of|i don (?:do|work)(?: am| this work| dis work)?)\s+)*"
    r"(?<![\d.,])(\d{1,2}(?:\.\d)?)\s?(?:\+|plus)?(?:\s?(?:-|–|to|or)\s?\d{1,2})?\s?(?:\+|"
    r"plus)?\s?(years?|yrs?|months?|mnths?)\b'?s?"
    r"(?!\s*(?:old|of age|ago|contract))"
    r"(?:\s*(?:of|in|for|inside)?\s*(?:working |work |job |relevant |good |solid )*"
    r"(?:experiences?|expirience|experince|exp|cognate|practice)\b)?"
)
_EXPERIENCE: Final = re.compile(r"\b(?:exp\w*|work\w*|don|job|been)\b")
_AGE: Final = re.compile(
    r"\b(?:i am|i'm|im|am|aged|age|me be|i be|i dey)\s*:?\s*(\d{2})\s*(?:years?|yrs?)?"
    r"(?:\s*(?:old|of age))?(?!\s*(?:of|experience|exp|in\b|k\b|,?\d))"
    r"|\b\d{2}\s*(?:years?|yrs?)\s*(?:old|of age)\b"
)
_NEW: Final = re.compile(
    r"\b(?:fresher|freshers|fresh(?:ly)? (?:graduat\w*|school leaver)|recent graduat\w*|"
    r"new graduat\w*|entry[- ]level|(?:i )?(?:have |get |got )?(?:no|zero|nor get|no get|"
    r"without|0)(?: work\w*| job| any| prior)* (?:experience|exp)|never work\w*(?: before)?|"
    r"(?:i )?(?:just |don )?(?:finish|finished|complete|completed|rounded up|rounding up|"
    r"round up|done with|doing|serving) (?:my )?(?:nysc|service|school|secondary school|"
    r"university|poly|polytechnic)|nysc|ex[- ]?corper|corper|corp(?:er)?s? member|"
    r"youth corper|school leaver|ssce holder|waec holder|no dey experienced|"
    r"beginner|starter)\b"
)
_LEVEL: Final = re.compile(
    r"\b(?:(mid|middle|intermediate|senior|junior|lead|executive|director|graduate)"
    r"[- ](?:level|role|position)s?)\b"
)
_LEVEL_WORD: Final = re.compile(r"\b(senior|snr|junior|jnr)\b")
_LEVELS: Final = {
    "mid": "mid",
    "middle": "mid",
    "intermediate": "mid",
    "senior": "senior",
    "snr": "senior",
    "junior": "entry",
    "jnr": "entry",
    "graduate": "entry",
    "lead": "lead",
    "executive": "executive",
    "director": "executive",
}
_BARE: Final = re.compile(r"(\d{1,2}(?:\.\d)?)\s?(?:\+|plus)?")


def read_experience(text: str, is_experience: bool = False) -> tuple[Row, str]:
    """The columns that it fills, and the text without what was read.

    is_experience: she was asked for it, so a bare number is years.
    """
    text = _AGE.sub(" , ", text)
    columns: Row = {}
    if found := _years_in(text):
        years = float(found[1]) / (12 if found[2].startswith("m") else 1)
        if years <= MAX_YEARS:
            columns["years_of_experience"] = round(years, 1)
        text = f"{text[: found.start()]} , {text[found.end() :]}"
    elif is_experience and (found := _BARE.fullmatch(text.strip())):
        columns["years_of_experience"] = min(float(found[1]), float(MAX_YEARS))
        return columns, ""
    if found := _NEW.search(text):
        columns.setdefault("years_of_experience", 0.0)
        columns["experience_level"] = "entry"
        text = _NEW.sub(" , ", text)
    if found := _LEVEL.search(text):
        columns["experience_level"] = _LEVELS[found[1]]
        text = _LEVEL.sub(" , ", text)
    elif found := _LEVEL_WORD.search(text):
        # Stays in the name of the work: a senior accountant.
        columns["experience_level"] = _LEVELS[found[1]]
    return columns, text


def _years_in(text: str) -> re.Match[str] | None:
    """Months count only as experience: "6 months contract" is none."""
    for found in _YEARS.finditer(text):
        if not found[2].startswith("m") or _EXPERIENCE.search(found[0]):
            return found
    return None
