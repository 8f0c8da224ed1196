"""Until when each version of the Graph API answers; pure. From Meta's changelog."""

from __future__ import annotations

from datetime import date

WARNING_DAYS = 60
_ENDS = {
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 31),  # of May, the day is not told
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}


def version_fact(version: str, today: date) -> tuple[bool, str]:
    """Whether it answers for a while yet, and that in words."""
    end = _ENDS.get(version)
    if end is None:
        return True, f"Graph API {version}, whose end is not known"
    days = (end - today).days
    if days < 0:
        return False, f"Graph API {version} ended on {end}: set WHATSAPP_API_VERSION"
    text = f"Graph API {version} ends on {end}"
    return days > WARNING_DAYS, text + ("" if days > WARNING_DAYS else ": set another")
