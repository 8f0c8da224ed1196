"""What to look for by words: a person's roles and skills under all their names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from whatsapp_bot.matching import places
from whatsapp_bot.matching.places import Place
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.matching.words import GENERIC, IGNORED, SYNONYMS
from whatsapp_bot.records import SearchWords

_TOKEN: Final = re.compile(r"\.?[^\W_]+(?:\.(?:js|net)\b)?(?:\+\+|#)?")
_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST_PHRASE: Final = 4  # words
MOST_ROLES, MOST_SKILLS = 8, 10
MOST_PHRASES = 12  # for one role


def _names() -> dict[str, tuple[str, ...]]:
    """Each name of an occupation -> all its names."""
    found: dict[str, tuple[str, ...]] = {}
    for line in SYNONYMS.strip().splitlines():
        meaning, _, rest = line.partition(":")
        names = tuple(filter(None, map(str.strip, (meaning, *rest.split(",")))))
        if meaning.strip():
            found |= {name: names for name in names}
    return found


_NAMES: Final = _names()


def search_words(wishes: Wishes) -> SearchWords:
    """Her roles, or the fields she chose when she named none."""
    roles: dict[str, None] = {}
    topics: dict[str, None] = {}
    for role in (wishes.roles or wishes.categories)[:MOST_ROLES]:
        said = _read(role.label.lower())
        phrases = itertools.islice(itertools.product(*said), MOST_PHRASES)
        roles |= dict.fromkeys(" ".join(words) for words in phrases if words)
        subject = [names for names in said if not GENERIC.intersection(names)]
        topics |= dict.fromkeys(name for names in subject for name in names)
    skills = ["|".join(said for said, _ in skill.spellings) for skill in wishes.skills]
    near = any_place(name for place in wishes.places for name in _near(place))
    return SearchWords(_widest(roles), list(topics), skills[:MOST_SKILLS], near)


def _widest(phrases: Iterable[str]) -> list[str]:
    """Without those that find nothing more: "cleaner" finds "cleaner laundry" too."""
    said = {phrase: frozenset(phrase.split()) for phrase in phrases}
    return [
        phrase
        for phrase, words in said.items()
        if not any(other < words for other in said.values())
    ]


def any_place(names: Iterable[str]) -> str | None:
    """A tsquery for any of the names, each with all its words; None without names."""
    read = (_WORD.findall(name) for name in sorted(set(names)))
    said = (" & ".join(f"'{word}'" for word in words) for words in read if words)
    return " | ".join(f"({words})" for words in said) or None


def _near(place: Place) -> frozenset[str]:
    """Of a country only its own names: those of all its towns take long to look for."""
    if place.city or place.state:
        return places.names_within(place)
    return places.country_names(place.country)


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[tuple[str, ...], ...]:
    """The names of each thing the text names, in order; without furniture."""
    tokens = _TOKEN.findall(text)
    start, found = 0, []
    while start < len(tokens):
        names, taken = _longest(tokens, start)
        start += taken
        if names:
            found.append(names)
    return tuple(found)


def _longest(tokens: list[str], start: int) -> tuple[tuple[str, ...], int]:
    for size in range(min(_LONGEST_PHRASE, len(tokens) - start), 0, -1):
        phrase = " ".join(tokens[start : start + size])
        names = _NAMES.get(phrase) or _NAMES.get(phrase.removesuffix("s"))
        if names:
            return names, size
    token = tokens[start]
    is_furniture = token in IGNORED or token in places.NAMES or token.isdigit()
    return (() if is_furniture else (token,)), 1
