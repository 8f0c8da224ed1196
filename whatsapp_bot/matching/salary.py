"""The pay a posting states is held here against the one a person wishes."""

from __future__ import annotations

from dataclasses import dataclass

from whatsapp_bot.matching import pay, places, rows
from whatsapp_bot.matching.rows import Row
from whatsapp_bot.matching.wishes import Wishes


@dataclass(frozen=True, slots=True)
class PostedPay:
    """In the posting's own currency and period; low is high where it names one figure."""

    low: float
    high: float
    currency: str
    period: str
    is_stated: bool  # currency and period are in the posting, not inferred


def posted_pay(job: Row) -> PostedPay | None:
    """The posting's own pay, None when it names none; a model's reading of it only when it has none."""
    for prefix in ("", "ai_"):
        low = rows.number(job, f"{prefix}salary_min")
        high = rows.number(job, f"{prefix}salary_max")
        if low or high:
            return _read_pay(job, prefix, low or high or 0.0, high or low or 0.0)
    return None


def _read_pay(job: Row, prefix: str, low: float, high: float) -> PostedPay:
    currency = rows.text(job, f"{prefix}salary_currency", "ai_salary_currency")
    period = rows.text(job, f"{prefix}salary_period", "ai_salary_period")
    is_stated = bool(currency and pay.period_name(period))
    if not currency and places.country_code(rows.text(job, "country")) == "NG":
        currency = "NGN"
    return PostedPay(min(low, high), max(low, high), currency, period, is_stated)


def salary_fit(wishes: Wishes, job: Row) -> tuple[float | None, str]:
    """0..1 or None, and both in words when the posting states pay that reaches her."""
    offer = posted_pay(job) if wishes.salary else None
    if offer is None or not wishes.salary:
        return None, ""
    top = pay.monthly(offer.high, offer.currency, offer.period)
    if top is None:
        return None, ""
    score = min(1.0, max(0.0, top / wishes.salary * 2 - 1))
    return score, _pay_label(wishes, offer) if score == 1.0 and offer.is_stated else ""


def _pay_label(wishes: Wishes, offer: PostedPay) -> str:
    """The pay in the posting's own money, beside the wish in the person's."""
    period = pay.period_name(offer.period) or "month"
    said = pay.short(offer.low, offer.high, offer.currency)
    wish = wishes.salary_label
    if period != wishes.salary_period:
        wish = f"{wish} {_a(wishes.salary_period)}"
    low = pay.monthly(offer.low, offer.currency, offer.period) or 0.0
    # 0.1% more is the same money once both are written short.
    is_above = low > (wishes.salary or 0.0) * 1.001
    return f"{said} {_a(period)}, {'above' if is_above else 'reaching'} your {wish}"


def _a(period: str) -> str:
    return f"an {period}" if period == "hour" else f"a {period}"
