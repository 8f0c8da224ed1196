"""The pay that a text states, and the amounts that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from whatsapp_bot.matching import pay

# Naira a month: less is a fare, more is a turnover.
LEAST_MONTHLY: Final = 10_000.0
MOST_MONTHLY: Final = 30_000_000.0
LEAST_BARE: Final = 15_000.0  # an amount without a currency, beside the word "salary"
MOST_FOR_LOW: Final = 10.0  # a range's end, as a multiple of its start

_AMOUNT: Final = re.compile(
    r"(?<![\w.,])(?P<before>₦|NGN|N|#|US\$|USD|\$|GBP|£|EUR|€|GHS|KES|ZAR)?[ ]?"
    r"(?P<number>\d{1,3}(?:,\d{3})+|\d{1,9})(?P<fraction>\.\d{1,2})?"
    r"[ ]?(?P<factor>k|m|million|thousand)?(?![\w%])"
    r"(?:[ ]?(?P<after>naira|NGN|USD|dollars?|pounds|euros?)\b)?",
    re.IGNORECASE,
)
_FACTORS: Final = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}
_TO: Final = re.compile(r"\s*(?:-|–|—|to|and)\s*\Z", re.IGNORECASE)
_ABOUT_PAY: Final = re.compile(
    r"\b(?:salary|salaries|remuneration|renumeration|pay|pays|paid|compensation|stipend|wages?|"
    r"take[- ]home|earn|earnings|gross|net|package)\b",
    re.IGNORECASE,
)
_NOT_PAY: Final = re.compile(
    r"\b(?:revenue|turnover|budget|portfolio|loans?|funds?|funding|raised|sales|target|targets|"
    r"assets|grant|worth|customers|users|commission|bonus|allowance|worth|fee|fees)\b",
    re.IGNORECASE,
)
_PERIOD: Final = (
    (
        re.compile(
            r"\b(?:per|an?|/)\s?hour\b|/\s?h(?:ou)?r\b|\bhourly\b", re.IGNORECASE
        ),
        "hourly",
    ),
    (re.compile(r"\b(?:per|a)\s?day\b|/\s?day\b|\bdaily\b", re.IGNORECASE), "daily"),
    (
        re.compile(r"\b(?:per|a)\s?week\b|/\s?w(?:ee)?k\b|\bweekly\b", re.IGNORECASE),
        "weekly",
    ),
    (
        re.compile(
            r"\b(?:per|a)\s?(?:month|mth)\b|/\s?mo(?:nth)?\b|\bmonthly\b|\bp\.?m\b",
            re.IGNORECASE,
        ),
        "monthly",
    ),
    (
        re.compile(
            r"\b(?:per|a)\s?(?:year|annum)\b|/\s?y(?:ea)?r\b|\byearly\b|\bannual(?:ly)?\b|\bp\.?a\b",
            re.IGNORECASE,
        ),
        "yearly",
    ),
)
_HAS_AMOUNT: Final = re.compile(r"\d[\d,]{2}|\d ?[kKmM]")
_LINE: Final = re.compile(r"[\n;•]|[!?]\s|\.\s(?=[A-Z])|\s\*\s")
_CURRENCIES: Final = {"#": "NGN", "POUNDS": "GBP", "EURO": "EUR", "EUROS": "EUR"}


@dataclass(frozen=True)
class Amount:
    """currency: None where it is not said beside the number."""

    value: float
    currency: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Salary:
    low: float
    high: float
    currency: str
    period: str | None


def amounts_in(text: str) -> Iterator[Amount]:
    for found in _AMOUNT.finditer(text):
        number = float(found["number"].replace(",", "") + (found["fraction"] or ""))
        number *= _FACTORS.get((found["factor"] or "").lower(), 1.0)
        said = (found["before"] or found["after"] or "").upper()
        currency = _CURRENCIES.get(said) or pay.currency_code(said)
        yield Amount(number, currency, found.start(), found.end())


def period_in(text: str, wanted: str | None = None) -> str | None:
    """The first that it says, or the wanted one if it says that."""
    names = (name for pattern, name in _PERIOD if pattern.search(text))
    return next((name for name in names if wanted in (None, name)), None)


def find_salary(text: str, country: str) -> Salary | None:
    """The first that reads like pay. country: of the posting, for amounts without a
    currency."""
    lines = [line for line in _LINE.split(text) if _HAS_AMOUNT.search(line)]
    return next((found for line in lines if (found := _salary_of(line, country))), None)


def _salary_of(line: str, country: str) -> Salary | None:
    says_pay, period = _ABOUT_PAY.search(line), period_in(line)
    if not (says_pay or period) or _NOT_PAY.search(line) and not says_pay:
        return None
    amounts = list(amounts_in(line))
    for place, first in enumerate(amounts):
        second = amounts[place + 1] if place + 1 < len(amounts) else None
        is_range = second and _TO.match(line[first.end : second.start])
        last = second if second and is_range else first
        found = _salary(first, last, period, country, is_said=says_pay is not None)
        if found:
            return found
    return None


def _salary(
    first: Amount, last: Amount, period: str | None, country: str, *, is_said: bool
) -> Salary | None:
    currency = first.currency or last.currency
    if currency is None:
        if not is_said or country != "NG" or last.value < LEAST_BARE:
            return None
        currency = "NGN"
    low, high = _same_unit(first.value, last.value)
    monthly = pay.monthly(high, currency, period)
    if monthly is None or not LEAST_MONTHLY <= monthly <= MOST_MONTHLY:
        return None
    return (
        Salary(low, high, currency, period)
        if low <= high <= MOST_FOR_LOW * low
        else None
    )


def _same_unit(low: float, high: float) -> tuple[float, float]:
    """ "150 - 200k" means 150k."""
    return (
        (low * 1_000, high)
        if low < 1_000 <= high and low * 1_000 <= high
        else (low, high)
    )
