"""What in a posting warns of a fraud: a few rules, each for a sentence of ours.

Reports of Nigerian job frauds name the same three over and over: money is asked for before
work, numbers that open a bank account, and an employer who is nothing but a chat.
"""

from __future__ import annotations

import re
from typing import Final

from whatsapp_bot.matching import rows
from whatsapp_bot.records import Row

_FEE: Final = re.compile(
    r"(?<!school )(?<!tuition )\b(?:registration|processing|application|training|form|"
    r"acceptance|screening|interview|medical|uniform|clearance|refundable|commitment)\s+"
    r"(?:fees?|charges?|deposit|payment)\b"
    r"|\bpay\s+(?:a |the |for )?(?:₦|n|ngn)?\s?[\d,]+k?\s+(?:for|to (?:register|apply|secure))"
    r"|\b(?:purchase|buy|pay for)\s+(?:the |a |your )?(?:form|uniform|starter kit)\b"
)
_NO_FEE: Final = re.compile(
    r"\b(?:no|not?\s+(?:charge|pay|ask)\w*(?:\s+\w+){0,3}|never\s+\w+(?:\s+\w+){0,3}|without|"
    r"free of|zero|don'?t\s+(?:pay|charge)(?:\s+\w+){0,3}|waived?)\s+(?:any\s+|a\s+|the\s+)*$"
)
_IDENTITY: Final = re.compile(
    r"\b(?:bvn|bank verification number|(?:your|valid|provide|send|with|submit|and|or)\s+nin"
    r"|national identification number|atm card|card (?:number|details|pin)|otp)\b"
)
_CHAT: Final = re.compile(r"whats\s?app|wa\.me|telegram|t\.me/")
_CHAT_LINK: Final = re.compile(
    r"^https?://(?:wa\.me|(?:api|chat)\.whatsapp\.com|t\.me)/"
)


def warning(job: Row) -> str | None:
    """The key of the text that warns of it; None where no rule finds anything."""
    said = f"{rows.text(job, 'title')}\n{rows.text(job, 'description')}".lower()
    if any(not _NO_FEE.search(said[: found.start()]) for found in _FEE.finditer(said)):
        return "scam_fee"
    if _IDENTITY.search(said):
        return "scam_identity"
    url = rows.text(job, "url").lower()
    if _CHAT_LINK.match(url) or (not url and _CHAT.search(said) and "@" not in said):
        return "scam_chat"
    return None
