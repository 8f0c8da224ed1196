"""What would tell who somebody is, out of what she wrote; pure.

A message that a chat model is to read leaves for another company: the law asks for no more
data than its purpose needs (Nigeria Data Protection Act 2023, section 24).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from whatsapp_bot.bot.understanding.plain import LONGEST_READ

_ADDRESS: Final = re.compile(
    r"\S*@\S*|\S+\s+at\s+\w+\s+dot\s+\w+|\b(?:https?:|www\.)\S*"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|io|me|ng|co|link|ly)\b\S*",
    re.IGNORECASE,
)
# Seven digits and more, whatever stands between them: telephone, account and identity
# numbers. 1,500,000 is money, and so is 150,000 - 200,000.
_DIGITS: Final = re.compile(r"[+(]*\d(?:[\W_]{0,3}\d){6,}[\ufe0f\u20e3]*")
_AMOUNT: Final = r"[1-9]\d{0,2}(?:,\d{3}){1,2}"
_MONEY: Final = re.compile(rf"{_AMOUNT}(?:[\W_]{{1,3}}{_AMOUNT})?")
_SPOKEN: Final = re.compile(
    r"\b(?:(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)"
    r"\b[\W_]*){7,}",
    re.IGNORECASE,
)
# Her name is one word, and those after it that begin with a capital.
_NAME: Final = re.compile(
    r"(?i:\b(?:(?:my )?names?\s*(?:(?:is|na|be|are|s|['’`]s)\b|[:=-])"
    r"|(?:i )?(?:am|m|be) called|call(?:ed)? me)\s*[:=-]?\s*)"
    r"[^\W\d_][\w'’-]*(?:[^\S\n]+[A-Z][\w'’-]*){0,2}"
)


def without_contacts(text: str) -> str:
    """At most LONGEST_READ characters, without telephone numbers, e-mail addresses,
    links, names of accounts, and the name by which she introduces herself."""
    text = unicodedata.normalize("NFKC", text[:LONGEST_READ])
    text = _ADDRESS.sub(" ", text)
    text = _DIGITS.sub(_unless_money, text)
    text = _NAME.sub(" ", _SPOKEN.sub(" ", text))
    return " ".join(text.split())


def _unless_money(found: re.Match[str]) -> str:
    return found[0] if _MONEY.fullmatch(found[0]) else " "
