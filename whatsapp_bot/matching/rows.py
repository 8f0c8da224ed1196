"""Fields of rows of any origin are read here, whatever they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from whatsapp_bot.matching import pay

Row = Mapping[str, Any]
LONGEST_TITLE: Final = 200  # characters
_LONGEST_LABEL: Final = 60  # characters of anyone's words in a reason


def text(row: Row, *keys: str) -> str:
    """The first of the fields that says anything."""
    for key in keys:
        value = row.get(key)
        if value and isinstance(value, str) and (said := value.strip()):
            return said
    return ""


def texts(row: Row, *keys: str) -> tuple[str, ...]:
    for key in keys:
        value = row.get(key)
        if not value:
            continue
        items = (value,) if isinstance(value, str) else value
        if isinstance(items, (list, tuple)):
            found = tuple(v.strip() for v in items if isinstance(v, str) and v.strip())
            if found:
                return found
    return ()


def number(row: Row, *keys: str) -> float | None:
    for key in keys:
        value = row.get(key)
        if value is not None and (found := pay.number(value)) is not None:
            return found
    return None


def label(text: str) -> str:
    """Someone's words, safe and short enough to stand inside a sentence."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text[:200]).split())
    return words if len(words) <= _LONGEST_LABEL else words[: _LONGEST_LABEL - 1] + "…"
