"""What pay she asks for: amounts as Nigerians write them."""

from __future__ import annotations

import re
from typing import Final

from whatsapp_bot.intake.cleaning import MAX_AMOUNT
from whatsapp_bot.matching import pay
from whatsapp_bot.records import Row

_SIGNS: Final = {
    "₦": "NGN",
    "#": "NGN",
    "n": "NGN",
    "ngn": "NGN",
    "naira": "NGN",
    "$": "USD",
    "usd": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "bucks": "USD",
    "£": "GBP",
    "gbp": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
}
_UNITS: Final = {"k": 1e3, "thousand": 1e3, "tausand": 1e3, "grand": 1e3} | {
    "m": 1e6,
    "mil": 1e6,
    "mill": 1e6,
    "million": 1e6,
    "milion": 1e6,
}
_SIGN: Final = r"(?:us\s?)?(₦|#|\$|£|€|\b(?:ngn|usd|gbp|eur|n)\s?(?=\d))?"
_NUMBER: Final = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_UNIT: Final = r"(?:\s?(k|thousand|tausand|grand|million|milion|mill|mil|m)\b)?"
_WORD: Final = (
    r"(?:\s?(ngn|naira|usd|dollars?|bucks|gbp|pounds?|eur|euros?)\b|\s?(₦|\$))?"
)
_PERIOD: Final = (
    r"(?:\s*(?:per|every|each|a|an|/|in a|for a|for one|for)?\s*"
    r"(hour|hr|day|daily|week|wk|weekly|month|mth|monthly|annum|year|yr|yearly|annually"
    r"|hourly|p\.?\s?a\b|p\.?\s?m\b)\b\.?)?"
)
_AMOUNT: Final = re.compile(
    rf"(?<![\w.]){_SIGN}\s?{_NUMBER}{_UNIT}{_WORD}"
    rf"(?:\s*(?:-|–|—|to|and)\s*{_SIGN}\s?{_NUMBER}{_UNIT}{_WORD})?"
    rf"{_PERIOD}"
    # Years, ages and distances are no pay.
    r"(?!\s?(?:\+|plus)?\s*(?:years?|yrs?|yr|weeks?|months?|days?|hours?|hrs?|km|miles?"
    r"|people|th|nd|rd|st|%|am|pm|o'?clock)\b)(?![\w])"
)
_PAY_BEFORE: Final = re.compile(
    r"(?:salar\w*|pay\w*|earn\w*|wage\w*|income|budget|money|stipend|collect|"
    r"least|minimum|min|above|over|from|below|less than|upward\w*|range|between|expect\w*)"
    r"[\s:=]*(?:\w+\s+){0,3}$"
)
_MONEY_WORD: Final = re.compile(r"\b(?:salar\w*|pay\w*|earn\w*|wage\w*|income|stipend)")
_AT_MOST: Final = re.compile(
    r"(?:up ?to|max(?:imum)?|at most|not more than|below)\s*(?:of )?$"
)
# What is said around an amount, and nothing else.
_AROUND: Final = re.compile(
    r"(?:\b(?:(?:my |expected |the )*(?:salary|pay|paying|wages?|income|stipend|earning|"
    r"earn)(?: expectations?| range)?|starting|start|from|at least|atleast|minimum|min|"
    r"above|over|upwards?|not less than|nothing less than|no less than|between|around|"
    r"about|up ?to|maximum|max|at most|not more than|below|of|is|na|be|i want|i wan|wey "
    r"dey pay|that pays?|with|for|go|dey|reach|and)\b[\s:=,-]*)+$"
)
_NOW: Final = re.compile(r"\s*(?:now|currently|presently|at the moment)\b")
_PLAINLY_MONEY: Final = 10_000  # a bare number from here on, up to:
_TOO_LONG_FOR_MONEY: Final = 9  # digits: a phone number
_SPOKEN_IN_THOUSANDS: Final = 1_000  # "salary 80" is 80,000 naira


def read_money(text: str, is_pay: bool = False) -> tuple[Row, str]:
    """The columns that it fills, and the text without what was read.

    is_pay: she was asked for pay, so a bare number is it. Of several amounts the first
    counts.
    """
    for found in _AMOUNT.finditer(text):
        columns = _columns(found, text, is_pay)
        if columns and not _NOW.match(text, found.end()):
            start = found.start()
            if around := _AROUND.search(text[:start]):
                start = around.start()
            after = re.match(
                r"\s*(?:and above|or above|or more|and more|upwards?|above|\+|plus|"
                r"minimum|min|at least|salary|pay|sharp|net|gross|take home)*",
                text[found.end() :],
            )
            end = found.end() + (after.end() if after else 0)
            return columns, f"{text[:start]} , {text[end:]}"
    return {}, text


def _columns(found: re.Match[str], text: str, is_pay: bool) -> Row:
    sign, number, unit, word, mark, *rest = found.groups()
    sign2, number2, unit2, word2, mark2, period = rest
    before = text[: found.start()]
    said = (sign, sign2, word, word2, mark, mark2)
    currency = next((_SIGNS[s.strip()] for s in said if s), None)
    is_money = bool(is_pay or currency or unit or unit2)
    if not is_money and not _is_likely_money(number, before, text, period):
        return {}
    code = currency or "NGN"
    factor, factor2 = _UNITS.get(unit or "", 0.0), _UNITS.get(unit2 or "", 0.0)
    low = _amount(number, factor or factor2)
    high = _amount(number2, factor2 or factor) if number2 else None
    has_unit = bool(factor or factor2)
    if not has_unit and code == "NGN" and period_of(period) not in ("hourly", "daily"):
        low, high = _in_thousands(low), high and _in_thousands(high)
    if not 0 < low <= MAX_AMOUNT or (high is not None and not 0 < high <= MAX_AMOUNT):
        return {}
    if high is not None and high < low:
        low, high = high, low
    columns: Row = {"salary_min": low, "salary_max": high, "salary_currency": code}
    if high is None and _AT_MOST.search(before):
        columns |= {"salary_min": None, "salary_max": low}
    return columns | {"salary_period": period_of(period) or _guess(low, code)}


def _is_likely_money(number: str, before: str, text: str, period: str | None) -> bool:
    """A bare number: as large as pay, or after a word for pay."""
    digits = re.sub(r"\D", "", number.partition(".")[0])
    if len(digits) > _TOO_LONG_FOR_MONEY or number.startswith("0"):
        return False
    if "," in number or int(digits) >= _PLAINLY_MONEY:
        return True
    if not _MONEY_WORD.search(text):
        return False
    return bool(_PAY_BEFORE.search(before)) or period is not None


def _amount(number: str, factor: float) -> float:
    return float(number.replace(",", "")) * (factor or 1.0)


def _in_thousands(amount: float) -> float:
    return amount * 1_000 if amount < _SPOKEN_IN_THOUSANDS else amount


def period_of(said: str | None) -> str | None:
    """hourly, daily, weekly, monthly or yearly."""
    letters = re.sub(r"[^a-z]", "", said or "")
    if letters in ("pa", "annum"):
        return "yearly"
    if letters == "pm":
        return "monthly"
    if letters == "wk":
        return "weekly"
    name = pay.period_name(letters)
    return PERIODS[name] if name else None


def _guess(amount: float, code: str) -> str:
    return PERIODS[pay.guessed_period(amount, code)]


PERIODS: Final = {"hour": "hourly", "day": "daily", "week": "weekly"} | {
    "month": "monthly",
    "year": "yearly",
}
