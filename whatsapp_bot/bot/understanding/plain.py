"""Text as phones send it -> plain words, and how near two words are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final

LONGEST_READ: Final = 1_000  # characters; wishes are said early or not at all
_APOSTROPHES: Final = re.compile("['’‘`´]")
_NOT_A_WORD: Final = re.compile(r"[^\w\s]|_")
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_REPEATED: Final = re.compile(r"([^\W\d])\1{2,}")


def words_of(text: str) -> frozenset[str]:
    """For tables."""
    return frozenset(text.split())


def small(text: str) -> str:
    """In small letters, full-width and circled signs as plain ones, at most so long."""
    text = unicodedata.normalize("NFKC", text[:LONGEST_READ]).lower()
    return _NO_TEXT.sub(" ", text)


def plain(text: str) -> str:
    """Words and numbers alone, a space between them: no emoji, no punctuation, and
    "stooooop" as "stop"."""
    text = _APOSTROPHES.sub("", small(text))
    text = "".join(c for c in text if not unicodedata.category(c).startswith("M"))
    text = _NOT_A_WORD.sub(" ", text)
    return " ".join(_REPEATED.sub(r"\1", text).split())


@lru_cache(maxsize=65_536)
def distance(one: str, other: str, most: int = 2) -> int:
    """How many letters were left out, added, changed or swapped with the next one;
    more than `most` is most + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def slack(word: str) -> int:
    """How many slips are forgiven in a word of this length."""
    return 0 if len(word) < 4 else 1 if len(word) < 9 else 2


def nearest(word: str, known: Collection[str], first_letter: bool = False) -> str:
    """The known word that was meant; empty where none is near, or two equally are."""
    if word in known:
        return word
    most = slack(word)
    if not most:
        return ""
    near = [
        (distance(word, other, most), other)
        for other in known
        if abs(len(other) - len(word)) <= most
        and len(other) > 3
        and (not first_letter or other[0] == word[0])
    ]
    least = min((away for away, _ in near), default=most + 1)
    if least > most:
        return ""
    meant = [other for away, other in near if away == least]
    # The last letter is seldom the one that is wrong.
    meant = [other for other in meant if other[-1] == word[-1]] or meant
    return meant[0] if len(meant) == 1 else ""
