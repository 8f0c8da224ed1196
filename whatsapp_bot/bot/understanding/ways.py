"""How she wants to work: from where, and how much of the week."""

from __future__ import annotations

import re
from typing import Final

from whatsapp_bot.records import Row

_REMOTE: Final = (
    r"(?:fully |full |100% |purely |strictly )?(?:remotely|remote|remot|work(?:ing)? from "
    r"(?:my )?(?:home|house|anywhere)|wfh|(?<!far )from (?:my )?(?:home|house)|for (?:my )?house|"
    r"home[- ]?based|telecommut\w*|online(?= (?:job|work|gig|jobs)\b)|online only)"
)
_ARRANGEMENTS: Final = (
    ("hybrid", re.compile(r"\b(?:hybrid|hybird|hibrid)\b")),
    (
        "onsite",
        re.compile(
            r"\b(?:(?:no|not|dont want|don't want|no want|no be|remove|comot|without) (?:a |any )?remote|on[- ]?"
            r"site|physical(?:ly)?(?= (?:job|work|office)|$|[ ,.])|in[- ]office|in[- ]person"
            r"|office based)\b"
        ),
    ),
    ("remote", re.compile(rf"\b{_REMOTE}\b")),
)
_EMPLOYMENTS: Final = (
    ("full-time", re.compile(r"\bfull[- ]?ti?me\b|\bpermanent\b")),
    ("part-time", re.compile(r"\bpart[- ]?ti?me\b|\bweekends?(?: only| job| work)?\b")),
    ("contract", re.compile(r"\bcontract(?! staff)\b|\bfreelanc\w*\b|\bgigs?\b")),
    ("temporary", re.compile(r"\btemporary\b|\btemp\b|\bcasual\b")),
    (
        "internship",
        re.compile(
            r"\binternships?\b|\bsiwes\b|\bindustrial (?:training|attachment)\b"
            r"|\bi\.?t\.? placement\b"
        ),
    ),
    ("volunteer", re.compile(r"\bvolunteer(?:ing)?\b")),
)
_ANY: Final = re.compile(r"\b(?:any|all|both|anyone|either|no matter|doesnt matter)\b")
ALL_ARRANGEMENTS: Final = ("onsite", "hybrid", "remote")


def read_ways(text: str) -> tuple[Row, str]:
    """The columns that it fills, and the text without what was read."""
    columns: Row = {}
    for column, table in (
        ("work_arrangements", _ARRANGEMENTS),
        ("employment_types", _EMPLOYMENTS),
    ):
        named = []
        for name, pattern in table:
            if pattern.search(text):
                named.append(name)
                text = pattern.sub(" , ", text)
        if named:
            columns[column] = named
    return columns, text


def says_any(text: str) -> bool:
    """That it is all the same to her."""
    return bool(_ANY.search(text))
