"""Where she wants to work: the gazetteer's names, misspelt ones too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from whatsapp_bot.bot.understanding.plain import nearest, words_of
from whatsapp_bot.bot.understanding.role_words import (
    FILLER,
    LONGEST_WORD,
    ROLE_WORDS,
    WORKPLACES,
)
from whatsapp_bot.matching import places
from whatsapp_bot.matching.gazetteer import AREAS, CAPITALS, STATES
from whatsapp_bot.records import Row

MOST_PLACES: Final = 6
_LONGEST_NAME: Final = 4  # words
_TOKEN: Final = re.compile(r"[^\W_]+")
# Places too, but words first.
_WORDS_FIRST: Final = words_of("brass berger chevron garrison marina china turkey")
_ANYWHERE: Final = re.compile(
    r"\b(?:any ?where|any (?:location|place|state|city|part|side)s?|every ?where|"
    r"all over nigeria|(?:in )?any state)(?: (?:in|for|inside) (?:nigeria|naija))?\b"
)
_RELOCATE: Final = re.compile(
    r"\b(?:(?:i )?(?:can|fit|am|willing|ready|open|go|will|happy|able)(?: to| for| dey)* "
    r"(?:relocate|relocation|move(?: to)? (?:anywhere|another)|travel to any)|"
    r"relocat\w+ (?:is )?(?:no problem|ok|okay|fine))\b"
)
_BEFORE: Final = words_of("in at around near within inside for")
_STATE: Final = re.compile(r"\s*,?\s*\bstate\b")
_NEGATED: Final = re.compile(
    r"\b(?:not|no|nor|except|but not|outside|leave|leaving|from) (?:in |for |dey )?$"
)


def _nigerian_words() -> frozenset[str]:
    text = (STATES + AREAS).replace("\\\n", " ").replace(":", ",").replace("\n", ",")
    names = (name.strip().lower() for name in text.split(","))
    return frozenset(n for n in names if len(n) > 4 and n.isalpha()) | {
        "abuja",
        "lagos",
    }


_NIGERIAN: Final = _nigerian_words() - _WORDS_FIRST


@dataclass(frozen=True)
class _Named:
    start: int
    end: int
    label: str


def read_places(text: str, raw: str = "", is_place: bool = False) -> tuple[Row, str]:
    """The columns that it fills, and the text without what was read.

    text: small letters; raw: as she wrote it, for names that only count in capitals (UK).
    is_place: she was asked for it, so a name that no table has may be one.
    """
    columns: Row = {}
    if _RELOCATE.search(text):
        columns["willing_to_relocate"] = True
        text = _RELOCATE.sub(" , ", text)
    if _ANYWHERE.search(text):
        columns |= {"preferred_locations": [], "willing_to_relocate": True}
        text = _ANYWHERE.sub(lambda gone: " " * len(gone[0]), text)
    found = _named(text, raw)
    if found:
        columns["preferred_locations"] = _finest([place.label for place in found])
    for place in reversed(found):
        text = f"{text[: place.start]} , {text[place.end :]}"
    if is_place and not columns:
        columns, text = _as_written(text)
    return columns, text


def _finest(labels: list[str]) -> list[str]:
    """Each once; in "Lekki, Lagos" the second name only says where the first is."""
    kept = [
        label
        for label in dict.fromkeys(labels)
        if not any(other.endswith(f", {label}") for other in labels)
    ]
    return kept[:MOST_PLACES]


def _named(text: str, raw: str) -> list[_Named]:
    tokens = list(_TOKEN.finditer(text))
    found: list[_Named] = []
    start = 0
    while start < len(tokens):
        size, label = _longest(tokens, start)
        if not size and (capital := _capital(tokens[start], raw)):
            size, label = 1, capital
        if size:
            first, last = tokens[start], tokens[start + size - 1]
            end = last.end()
            if state := _STATE.match(text, end):
                end = state.end()
                label = _label(f"{text[first.start() : last.end()]} state")
            # "I stay for Ikeja" is where she would work; "not in Lagos" is not.
            if not _NEGATED.search(text[: first.start()]) or _is_home(text, first):
                found.append(_Named(first.start(), end, label))
        start += size or 1
    return found


def _is_home(text: str, token: re.Match[str]) -> bool:
    """ "from Lagos": she comes from there."""
    return text[: token.start()].rstrip().endswith("from")


def _longest(tokens: list[re.Match[str]], start: int) -> tuple[int, str]:
    for size in range(min(_LONGEST_NAME, len(tokens) - start), 0, -1):
        words = [token[0] for token in tokens[start : start + size]]
        name = " ".join(words)
        if name in places.NAMES and name not in _WORDS_FIRST:
            return size, _label(name)
    word = tokens[start][0]
    if len(word) < 5 or not _may_be_misspelt(word):
        return 0, ""
    meant = nearest(word, _NIGERIAN, first_letter=True)
    return (1, _label(meant)) if meant else (0, "")


def _may_be_misspelt(word: str) -> bool:
    return not (
        word in FILLER
        or word in ROLE_WORDS
        or word in WORKPLACES
        or word.removesuffix("s") in ROLE_WORDS
        or word.isdigit()
        or nearest(word, ROLE_WORDS, first_letter=True)
    )


def _capital(token: re.Match[str], raw: str) -> str:
    word = raw[token.start() : token.end()] if len(raw) >= token.end() else ""
    return _label(word) if word in CAPITALS else ""


def _label(name: str) -> str:
    found = places.find(name)
    return found[0].label if found else name.title()


def _as_written(text: str) -> tuple[Row, str]:
    words = [w for w in _TOKEN.findall(text) if w not in FILLER and not w.isdigit()]
    if not 0 < len(words) <= _LONGEST_NAME or len(max(words, key=len)) > LONGEST_WORD:
        return {}, text
    return {"preferred_locations": [" ".join(words).title()]}, ""


def read_unknown_place(text: str) -> tuple[Row, str]:
    """ "driver for Agbowo": what follows "in" or "for" and names no work, at the end of a
    piece, is a place that no table has."""
    for piece in re.finditer(r"[^,;.!?\n]+", text):
        words = list(_TOKEN.finditer(piece[0]))
        place = next(
            (i for i, w in enumerate(words) if w[0] in _BEFORE and i < len(words) - 1),
            None,
        )
        if place is None:
            continue
        named = words[place + 1 :]
        if 0 < len(named) <= 2 and all(_may_be_a_name(w[0]) for w in named):
            start = piece.start() + named[0].start()
            end = piece.start() + named[-1].end()
            meant = nearest(named[0][0], _NIGERIAN, first_letter=True)
            label = _label(meant) if meant else text[start:end].title()
            return {"preferred_locations": [label]}, f"{text[:start]} , {text[end:]}"
    return {}, text


def _may_be_a_name(word: str) -> bool:
    return 3 < len(word) <= LONGEST_WORD and word.isalpha() and _may_be_misspelt(word)
