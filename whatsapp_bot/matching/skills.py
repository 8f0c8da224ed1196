"""Skills are told apart here under all their names, in lists and in running text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from whatsapp_bot.matching import rows
from whatsapp_bot.matching.rows import LONGEST_TITLE
from whatsapp_bot.matching.words import NEEDS_CAPITAL, NEEDS_CONTEXT, SKILL_ALIASES

_QUALIFIERS: Final = re.compile(
    r"\b(?:advanced|basic|intermediate|good|strong|excellent|proficien\w+|"
    r"knowledge|experienced?|expert|familiar\w*|skills?|in|of|with|using)\b"
)
_SKILL_WORD: Final = re.compile(r"[.]?[\w+#]+(?:[./][\w+#]+)*")


def _skill_aliases() -> dict[str, str]:
    return {
        said.strip(): name.strip()
        for line in SKILL_ALIASES.strip().splitlines()
        for name, _, rest in (line.partition(":"),)
        for said in rest.split(",")
    }


_SKILL_NAMES: Final = _skill_aliases()


@lru_cache(maxsize=16384)
def skill_key(text: str) -> str:
    said = text[:LONGEST_TITLE].lower()
    words = " ".join(_SKILL_WORD.findall(_QUALIFIERS.sub(" ", said)))
    words = words or " ".join(_SKILL_WORD.findall(said))
    return _SKILL_NAMES.get(words, words)


def _pattern(needle: str) -> re.Pattern[str]:
    name = re.escape(needle)
    if needle in NEEDS_CONTEXT:
        before = r"(?:[,(/;:•]\s?|\b(?:in|with|using|know|or|and)\s)"
        # Not the R of "A/R" nor the C of a class B/C licence.
        before += r"(?<![AB]/)(?<![AB], )(?<!B or )"
        after = r"(?=\s*[,)/;.•\n]|\s+(?:and|or|programming|language|developer)\b|\s*$)"
        return re.compile(f"{before}{needle.capitalize()}{after}")
    if needle in NEEDS_CAPITAL:
        return re.compile(rf"(?<!\w)(?:{needle.capitalize()}|{needle.upper()})(?!\w)")
    return re.compile(rf"(?<![\w+#]){name}(?![\w+#])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill of a person: her word for it, its key, and how texts spell it."""

    label: str
    key: str
    spellings: tuple[tuple[str, re.Pattern[str]], ...]

    @classmethod
    def named(cls, text: str) -> Skill:
        key = skill_key(text)
        said = (key, *(alias for alias, name in _SKILL_NAMES.items() if name == key))
        return cls(rows.label(text), key, tuple((s, _pattern(s)) for s in said))

    def is_asked_as(self, asked: str) -> bool:
        """True for the same skill, or a phrase around it ("Excel" in "Excel macros")."""
        if asked == self.key:
            return True
        return len(self.key) > 2 and f" {self.key} " in f" {asked} "

    def is_in(self, text: str, lowered: str) -> bool:
        # The plain search first: a regex over every text would cost most of the time.
        for said, pattern in self.spellings:
            if said in lowered and pattern.search(text) is not None:
                return True
        return False


# To compile a skill's patterns takes as long as to examine a job.
_named = lru_cache(maxsize=4096)(Skill.named)


def read_skills(names: Iterable[str]) -> tuple[Skill, ...]:
    found = {skill.key: skill for skill in map(_named, names) if skill.key}
    return tuple(found.values())
