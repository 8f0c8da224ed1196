"""Which skills a text names, and whether it asks for them or would only like them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from whatsapp_bot.enrichment.vocabulary import SKILL_SPELLINGS, SKILLS
from whatsapp_bot.matching.skills import Skill, read_skills
from whatsapp_bot.matching.words import NEEDS_CAPITAL, NEEDS_CONTEXT

MOST_SKILLS: Final = 25  # of each kind
# Plain English words, or parts of other names, unless they are written as names.
_AMBIGUOUS: Final = NEEDS_CAPITAL | NEEDS_CONTEXT
_WORD: Final = re.compile(r"[.]?[\w+#'&-]+(?:[.][\w+#]+)*")
_SENTENCE: Final = re.compile(r"[\n;•●▪]|[.!?](?=\s|$)|\s[*–—]\s|^[*-]\s", re.MULTILINE)
_PREFERRED: Final = re.compile(
    r"\b(?:prefer\w*|nice[ -]to[ -]haves?|(?:added|additional|an?|strong|distinct) advantage|"
    r"advantageous|desirable|desired|bonus|(?:is|be|are|as|big|huge) an? (?:added )?plus|"
    r"good to have|optional(?:ly)?|not (?:compulsory|mandatory|required))\b|\bplus$",
    re.IGNORECASE,
)
_HINTS: Final = (
    "prefer",
    "nice",
    "advantage",
    "desir",
    "bonus",
    "plus",
    "good to",
    "option",
    "not ",
)
# A line that only names what follows, in some seven words.
_HEADING: Final = re.compile(r"^\W*[A-Za-z][\w '&/()-]{2,50}:?\s*$")
_REQUIRED_HEADING: Final = re.compile(
    r"\b(?:requirements?|qualifications?|responsibilit\w+|duties|skills|experience|benefits|"
    r"competenc\w+|description|summary|education|apply|about|role|profile)\b",
    re.IGNORECASE,
)
_PREFERRED_HEADING: Final = re.compile(
    r"\W*(?:prefer\w+|desir\w+|optional|bonus|added|additional|nice[ -]to[ -]have)\b(?!.* in\b)",
    re.IGNORECASE,
)
_HEADING_WORDS: Final = 7
_HEADING_LENGTH: Final = 60

Phrase = tuple[str, ...]


def _phrases() -> dict[Phrase, Skill]:
    """Each way to write a skill, as words."""
    names = [name.strip() for name in re.split(r"[,\n]", SKILLS) if name.strip()]
    by_name = {skill.label: skill for skill in read_skills(names)}
    found: dict[Phrase, Skill] = {}
    for skill in by_name.values():
        for said in (skill.label, *(spelling for spelling, _ in skill.spellings)):
            found[_words(said)] = skill
    for line in SKILL_SPELLINGS.strip().splitlines():
        name, _, others = line.partition(":")
        for said in others.split(","):
            found[_words(said)] = by_name[name.strip()]
    return {phrase: skill for phrase, skill in found.items() if phrase}


def _words(text: str) -> Phrase:
    return tuple(_WORD.findall(text.lower()))


_PHRASES: Final = _phrases()
_LONGEST_BY_FIRST: Final = {
    first: max(len(phrase) for phrase in _PHRASES if phrase[0] == first)
    for first in {phrase[0] for phrase in _PHRASES}
}


def find_skills(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The skills that it asks for, and those that it would like; each once, in order."""
    required: dict[str, None] = {}
    preferred: dict[str, None] = {}
    for sentence, is_preferred in _sentences(text):
        for skill in _skills_of(sentence):
            (preferred if is_preferred else required).setdefault(skill.label)
    liked = [label for label in preferred if label not in required]
    return tuple(required)[:MOST_SKILLS], tuple(liked)[:MOST_SKILLS]


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Each, and whether what it names is only preferred: by itself, or its heading."""
    is_under_preferred = False
    for sentence in _SENTENCE.split(text):
        said = sentence.strip()
        if not said:
            continue
        says_preferred = _is_preferred(said)
        is_short = len(said) <= _HEADING_LENGTH
        if is_short and _HEADING.match(said) and len(said.split()) <= _HEADING_WORDS:
            if _PREFERRED_HEADING.match(said) or says_preferred and said.endswith(":"):
                is_under_preferred = True
            elif said.endswith(":") or _REQUIRED_HEADING.search(said):
                is_under_preferred = False
        yield said, says_preferred or is_under_preferred


def _is_preferred(sentence: str) -> bool:
    lowered = sentence.lower()
    # The plain search first: the pattern takes most of the time.
    may_be = any(hint in lowered for hint in _HINTS)
    return may_be and _PREFERRED.search(lowered) is not None


def _skills_of(sentence: str) -> Iterator[Skill]:
    words = _words(sentence)
    start = 0
    while start < len(words):
        skill, size = _longest(words, start)
        if skill is not None and _is_meant(
            words[start : start + size], skill, sentence
        ):
            yield skill
        start += max(size, 1)


def _longest(words: Phrase, start: int) -> tuple[Skill | None, int]:
    for size in range(_LONGEST_BY_FIRST.get(words[start], 0), 0, -1):
        if skill := _PHRASES.get(words[start : start + size]):
            return skill, size
    return None, 0


def _is_meant(phrase: Phrase, skill: Skill, sentence: str) -> bool:
    if len(phrase) > 1 or phrase[0] not in _AMBIGUOUS:
        return True
    return skill.is_in(sentence, sentence.lower())
