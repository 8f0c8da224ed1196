"""Titles are read here for the work they name, and how alike two of them are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from whatsapp_bot.matching import places
from whatsapp_bot.matching.rows import LONGEST_TITLE
from whatsapp_bot.matching.words import (
    BROAD,
    GENERIC,
    IGNORED,
    KEPT,
    SOFTWARE,
    SYNONYMS,
)

_LONGEST_PHRASE: Final = 4  # words
# What follows one of these is about the work, not its name: "(LPG plant)", "for Kano".
_ASIDE: Final = re.compile(r"[;:|()\[\]\n•–—]+|\s-\s|\s(?:of|for|at|in|with)\s")
_ALTERNATIVE: Final = re.compile(r"[,/&+]+|\s(?:and|or)\s")
_TITLE_WORD: Final = re.compile(r"[^\W_]+(?:\+\+|#)?")


@lru_cache(maxsize=16384)
def _stem(word: str) -> str:
    """Light: plurals, and the -er, -or, -ing that make doers and doings of one verb."""
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    if word in GENERIC or word in KEPT:
        return word
    for suffix in ("ing", "er", "or"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)].rstrip("e")
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def _phrases() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {
        " ".join(map(_stem, name.split())): () for name in places.NAMES
    }
    for line in SYNONYMS.strip().splitlines():
        meaning, _, said = line.partition(":")
        words = tuple(map(_stem, meaning.split()))
        for phrase in (meaning, *said.split(",")):
            table[" ".join(map(_stem, phrase.split()))] = words
    return table


_PHRASES: Final = _phrases()
_FIRST_WORDS: Final = frozenset(phrase.partition(" ")[0] for phrase in _PHRASES)
_SOFTWARE_STEMS: Final = frozenset(map(_stem, SOFTWARE))


# Equal only to itself: what `likeness` remembers is found without comparing words.
@dataclass(frozen=True, slots=True, eq=False)
class Title:
    """What a role or a posting's title says of the work itself."""

    words: frozenset[str]
    heads: frozenset[str]  # the noun each piece ends with: what the person would be
    weight: float  # of all the words

    @classmethod
    def of(cls, words: frozenset[str], heads: frozenset[str]) -> Title:
        return cls(words, heads, _weight(words, heads))


def _weight(words: frozenset[str], heads: frozenset[str]) -> float:
    total = 0.0
    for word in words:
        if word in GENERIC:
            total += 0.3
        elif word in BROAD:
            total += 0.7
        else:
            total += 1.5 if word in heads else 1.0
    return total


def _meanings(words: list[str]) -> list[str]:
    found: list[str] = []
    start = 0
    while start < len(words):
        left = len(words) - start if words[start] in _FIRST_WORDS else 0
        for size in range(min(_LONGEST_PHRASE, left), 0, -1):
            meaning = _PHRASES.get(" ".join(words[start : start + size]))
            if meaning is not None:
                found += meaning
                break
        else:
            found.append(words[start])
            size = 1
        start += size
    return found


def _piece(text: str) -> list[str]:
    words = [w for w in _TITLE_WORD.findall(text) if w not in IGNORED]
    return _meanings([_stem(w) for w in words if not w[0].isdigit()])


def _pieces(text: str) -> list[list[str]]:
    return [found for piece in _ALTERNATIVE.split(text) if (found := _piece(piece))]


def _as_software(words: list[str]) -> list[str]:
    return ["developer" if word == "engineer" else word for word in words]


@lru_cache(maxsize=16384)
def read_title(text: str) -> Title:
    """The words of a title without seniority, place or furniture; maybe none."""
    parts = _ASIDE.split(text[:LONGEST_TITLE].lower())
    read = [pieces for part in parts if (pieces := _pieces(part))]
    words = frozenset(word for pieces in read for piece in pieces for word in piece)
    if "engineer" in words and words & _SOFTWARE_STEMS:
        read = [[_as_software(piece) for piece in pieces] for pieces in read]
        words = words - {"engineer"} | {"developer"}
    heads = frozenset(piece[-1] for piece in read[0]) if read else words
    return Title.of(words, heads)


# A few titles are those of most postings, and the next page has the same roles.
@lru_cache(maxsize=65536)
def likeness(role: Title, title: Title) -> float:
    """0..1: how much of the role the title has, a little less for all that it adds."""
    if role.words.isdisjoint(title.words):
        return 0.0
    shared = role.words & title.words
    # An HSE officer is nothing like a loan officer.
    if shared <= GENERIC and not role.words <= GENERIC:
        return 0.0
    recall = _weight(shared, role.heads) / role.weight
    precision = _weight(shared, title.heads) / title.weight
    return recall * (0.8 + 0.2 * precision) * _head_agreement(role, title)


def _head_agreement(role: Title, title: Title) -> float:
    """A nurse recruiter is not a nurse, and a driver supervisor drives little."""
    is_what = title.heads - GENERIC
    # "Quality, Health and Safety Officer": before a general noun a list only describes.
    if is_what and is_what == title.heads and not is_what & role.words:
        return 0.5
    wants = role.heads - GENERIC
    return 0.8 if wants and not wants & title.heads else 1.0
