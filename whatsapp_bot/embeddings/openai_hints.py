"""Reads what a provider's headers say about when to come back, and what is left."""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping

from whatsapp_bot.records import RateLimits

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_UNIT_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def milliseconds(value: str | None) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def seconds_or_date(value: str | None, now: float) -> float | None:
    number = _number(value)
    if number is not None or value is None:
        return number
    try:
        date = email.utils.parsedate_tz(value)
        return max(email.utils.mktime_tz(date) - now, 0.0) if date else None
    except (ValueError, OverflowError):
        return None


def duration(value: object) -> float | None:
    """Seconds of "1m30s", "132ms" or a bare "20"."""
    if not isinstance(value, str):
        return None
    parts = _DURATION.findall(value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        return _number(value)
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def limit_reset(headers: Mapping[str, str]) -> float | None:
    """When the limit that was hit is whole again; the later one if none says zero."""
    resets = {
        kind: seconds
        for kind in ("requests", "tokens")
        if (seconds := duration(headers.get(f"x-ratelimit-reset-{kind}"))) is not None
    }
    spent = [
        seconds
        for kind, seconds in resets.items()
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0"
    ]
    return max(spent or resets.values(), default=None)


def read_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """OpenAI's x-ratelimit-* headers; None where there are none."""
    limits = RateLimits(
        requests_limit=_number(headers.get("x-ratelimit-limit-requests")),
        requests_left=_number(headers.get("x-ratelimit-remaining-requests")),
        requests_reset=duration(headers.get("x-ratelimit-reset-requests")),
        tokens_limit=_number(headers.get("x-ratelimit-limit-tokens")),
        tokens_left=_number(headers.get("x-ratelimit-remaining-tokens")),
        tokens_reset=duration(headers.get("x-ratelimit-reset-tokens")),
    )
    return None if limits == RateLimits() else limits
