"""What matching says of a job, in the language of the person."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import Final

from whatsapp_bot.bot.texts import TEXTS, say
from whatsapp_bot.bot.understanding.tongue import Language

_KEYS: Final = tuple(key for key in TEXTS if key.startswith("reason_"))
_PERIODS: Final = ("a_hour", "a_day", "a_week", "a_month", "a_year")


def reason_in(language: Language, reason: str) -> str:
    """reason: of matching, which speaks English. One that is not in the catalogue stays
    as it is."""
    if language == "en":
        return reason
    for key in _KEYS:
        if found := _pattern(key).fullmatch(reason):
            values = found.groupdict()
            for name in values.keys() & {"pay", "wish"}:
                values[name] = _with_period(language, values[name])
            return say(language, key, **values)
    return reason


@lru_cache
def _pattern(key: str) -> re.Pattern[str]:
    parts = string.Formatter().parse(TEXTS[key]["en"])
    return re.compile(
        "".join(
            re.escape(text) + (f"(?P<{name}>.+)" if name else "")
            for text, name, _, _ in parts
        )
    )


def _with_period(language: Language, amount: str) -> str:
    """ "₦100k a month" -> "₦100k per month"."""
    for key in _PERIODS:
        amount = re.sub(rf"\b{say('en', key)}$", say(language, key), amount)
    return amount
