"""Money of any currency and period is brought to one month in one currency here."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from typing import Final

Amount = float | int | Decimal | None

# Naira for one unit. Set by hand, order of magnitude, 2026-11: good enough to say
# whether a salary is near a wish, never to pay anyone.
NAIRA_PER: Final[dict[str, float]] = {
    "NGN": 1.0,
    "USD": 1_500.0,
    "GBP": 2_000.0,
    "EUR": 1_750.0,
    "CHF": 1_850.0,
    "CAD": 1_080.0,
    "AUD": 980.0,
    "AED": 408.0,
    "SAR": 400.0,
    "QAR": 412.0,
    "CNY": 208.0,
    "GHS": 130.0,
    "ZAR": 85.0,
    "EGP": 31.0,
    "INR": 17.0,
    "KES": 11.6,
    "ETB": 10.0,
    "XOF": 2.65,
    "XAF": 2.65,
    "RWF": 1.05,
    "TZS": 0.6,
    "UGX": 0.42,
}

# Months' worth of pay in one payment: 40 hours, 5 days a week, 52 weeks over 12.
MONTHS: Final[dict[str, float]] = {
    "hour": 173.3,
    "day": 21.7,
    "week": 4.33,
    "month": 1.0,
    "year": 1 / 12,
}

_CURRENCY_NAMES: Final[dict[str, str]] = {
    "₦": "NGN",
    "N": "NGN",
    "NAIRA": "NGN",
    "$": "USD",
    "US$": "USD",
    "DOLLAR": "USD",
    "DOLLARS": "USD",
    "£": "GBP",
    "€": "EUR",
    "CFA": "XOF",
}
_PERIOD_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("hour", "hour"),
    ("hr", "hour"),
    ("daily", "day"),
    ("day", "day"),
    ("week", "week"),
    ("month", "month"),
    ("mth", "month"),
    ("year", "year"),
    ("ann", "year"),  # annual, annually, annum
    ("p.a", "year"),
    ("yr", "year"),
)
# A sum for a whole piece of work has no month in it.
_ONE_OFF: Final[tuple[str, ...]] = ("fixed", "project", "once", "one-off", "one off")
_SYMBOLS: Final[dict[str, str]] = {"NGN": "₦", "USD": "$", "GBP": "£", "EUR": "€"}

# Where pay without a period is written in naira-like sizes rather than dollar-like.
_NAIRA_LIKE: Final[frozenset[str]] = frozenset(
    {"NGN", "GHS", "KES", "UGX", "TZS", "RWF", "ETB", "EGP", "XOF", "XAF", "ZAR", "INR"}
)


def number(value: object) -> float | None:
    """A finite, non-negative number as the database may hand it over, or None."""
    if type(value) is float:  # nearly always
        return value if 0 <= value < math.inf else None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


@lru_cache(maxsize=256)
def currency_code(text: str | None) -> str | None:
    """The ISO code of a known currency, however it is written."""
    name = (text or "").strip().upper()
    code = _CURRENCY_NAMES.get(name, name)
    return code if code in NAIRA_PER else None


@lru_cache(maxsize=256)
def period_name(text: str | None) -> str | None:
    """hour, day, week, month or year, when the text says one."""
    said = (text or "").lower()
    return next((name for word, name in _PERIOD_WORDS if word in said), None)


@lru_cache(maxsize=256)
def _is_one_off(text: str | None) -> bool:
    said = (text or "").lower()
    return any(word in said for word in _ONE_OFF)


def guessed_period(amount: float, code: str) -> str:
    """The period that makes this amount an ordinary wage.

    In naira (and its like, by their worth in naira) postings speak per month, and few
    pay 2,000,000 or more: that much reads as a year. Less than 2,000 is an hour and
    less than 20,000 a day, for the minimum wage is 70,000 a month. In dollars (and
    their like): 10,000 or more is a year, less than 200 an hour.
    """
    naira = amount * NAIRA_PER[code]
    if code in _NAIRA_LIKE:
        steps = ((2_000.0, "hour"), (20_000.0, "day"), (2_000_000.0, "month"))
    else:
        naira /= NAIRA_PER["USD"]
        steps = ((200.0, "hour"), (200.0, "day"), (10_000.0, "month"))
    return next((name for limit, name in steps if naira < limit), "year")


def monthly(
    amount: Amount, currency: str | None, period: str | None, in_currency: str = "NGN"
) -> float | None:
    """What the amount is per month in in_currency; None when that cannot be said."""
    value, code, target = (
        number(amount),
        currency_code(currency),
        currency_code(in_currency),
    )
    if value is None or code is None or target is None:
        return None
    if _is_one_off(period):
        return None
    name = period_name(period) or guessed_period(value, code)
    return value * MONTHS[name] * (NAIRA_PER[code] / NAIRA_PER[target])


def _naira(value: float) -> str:
    if value < 1_000:
        return f"{value:.0f}"
    if round(value / 1_000) < 1_000:
        return f"{value / 1_000:.0f}k"
    return f"{value / 1_000_000:,.2f}".rstrip("0").rstrip(".") + "m"


def _figure(value: float, code: str) -> str:
    return _naira(value) if code == "NGN" else f"{value:,.0f}"


def short(low: float, high: float, currency: str) -> str:
    """A range as people write it: ₦450k–600k, ₦1.2m, $2,000."""
    code = currency_code(currency) or currency.upper()
    first, last = _figure(min(low, high), code), _figure(max(low, high), code)
    sign = _SYMBOLS.get(code, f"{code} ")
    return f"{sign}{first}" if first == last else f"{sign}{first}–{last}"
