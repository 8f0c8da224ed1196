"""A whole message -> the command that it is, in English or Pidgin, misspelt or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from whatsapp_bot.bot.understanding.command_words import AROUND, NEVER_MEANT, PHRASES
from whatsapp_bot.bot.understanding.numbers import VALUES, with_digits
from whatsapp_bot.bot.understanding.plain import distance, plain
from whatsapp_bot.matching import places

DEFAULT_PAUSE_DAYS: Final = 7
LONGEST_PAUSE_DAYS: Final = 365
_LONGEST_COMMAND: Final = 60  # characters: a longer message tells something


@dataclass(frozen=True)
class Command:
    """name: a key of PHRASES, "open" or "field". number: of a job on the last page.
    words: what she said beside it: why a job is not for her, or which field to change.
    days: of a pause."""

    name: str
    number: int | None = None
    words: str = ""
    days: int = 0


def _table() -> dict[str, str]:
    return {
        " ".join(plain(phrase).split()) or phrase.strip(): name
        for name, phrases in PHRASES.items()
        for phrase in " ".join(phrases.split()).split(",")
    }


_NAMES: Final = _table()
_BARE_NAMES: Final = {
    bare: name
    for phrase, name in _NAMES.items()
    if (bare := " ".join(w for w in phrase.split() if w not in AROUND))
}
# "start" is one slip from "smart", and no order of words is another command.
_LONG_ENOUGH: Final = tuple(phrase for phrase in _NAMES if len(phrase) > 3)
_NUMBER: Final = re.compile(
    r"(?:(?:job|work|number|no|num|nos|#|open|details?|detail of|show|show me|view|see|"
    r"info|more on|more about|tell me about|apply|apply for|i want|i like|option|the|"
    r"first|abeg) )*(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)"
    r"(?:st|nd|rd|th)?(?: (?:details?|please|pls|abeg|info|one|apply|job))*"
)
_SAVE: Final = re.compile(
    r"(?:save|keep|bookmark|i like|like)(?: (?:job|number|no|am|it))* (\d{1,2})"
)
_REFUSE: Final = re.compile(
    r"(?:(\d{1,2}) (?:is |na |e )?)?(?:not for me|no for me|no be for me|not interested|"
    r"(?:i )?(?:no|nor|dont|do not) (?:want|wan|like)(?: am| it)?|skip|hide|reject|not)(?: in)?(?: (?:job|number|no))?"
    r"(?: (\d{1,2}))?(?: (?:because|becos|cos|cause|as|since|for|e|na|its|it is|reason))?"
    r"(?: (.{3,}))?"
)
_PAUSE: Final = re.compile(
    r"(?:(?:abeg|please|pls) )?(?:pause|snooze|hold on|mute|take a break|break|hold)"
    r"(?: (?:it|am|alerts?|jobs?|messages?|everything))?(?: for)?"
    r"(?: (?:(\d{1,3})|a|an|one))? ?(days?|weeks?|wks?|months?|mths?|years?)\b.*"
)
_CHANGE: Final = re.compile(
    r"(?:i (?:want|wan)(?: to)? |make i |abeg )?(?:change|edit|update|correct)"
    r"(?: (?:my|the|am|only))* (\w+)(?: (?:alone|only|abeg|please|pls))*"
)
_FIELDS: Final = {
    word: field
    for field, words in (
        ("work", "work job role title profession"),
        ("place", "place location city area state town"),
        ("pay", "pay salary money amount wage"),
        ("experience", "experience years level"),
        ("arrangement", "arrangement remote hybrid onsite"),
        ("employment", "employment type time hours"),
    )
    for word in words.split()
}
_DAYS: Final = {"d": 1, "w": 7, "m": 30, "y": 365}


def read_command(text: str) -> Command | None:
    """The command that the whole message is; None where it tells something else."""
    if text.strip() in ("?", "??", "???"):
        return Command("help")
    if text.strip() and set(text.strip()) <= set("👍👍🏻🏼🏽🏾🏿🏿✅"):
        return Command("yes")
    said = plain(text)
    if not said or len(said) > _LONGEST_COMMAND * 3:
        return None
    if found := _with_numbers(with_digits(said)):
        return found
    if len(said) > _LONGEST_COMMAND:
        return None
    bare = " ".join(word for word in said.split() if word not in AROUND)
    name = _NAMES.get(said) or _NAMES.get(bare) or _BARE_NAMES.get(bare)
    if name is None:
        name = _misspelt(bare)
    if name is None:
        return None
    return Command(name, days=DEFAULT_PAUSE_DAYS if name == "pause" else 0)


def _with_numbers(said: str) -> Command | None:
    if found := _PAUSE.fullmatch(said):
        days = int(found[1] or 1) * _DAYS[found[2][0]]
        return Command("pause", days=min(max(days, 1), LONGEST_PAUSE_DAYS))
    if (found := _CHANGE.fullmatch(said)) and found[1] in _FIELDS:
        return Command("field", words=_FIELDS[found[1]])
    if found := _SAVE.fullmatch(said):
        return Command("save", int(found[1]))
    if (found := _REFUSE.fullmatch(said)) and _is_refusal(said, found):
        number = found[1] or found[2]
        return Command("refuse", int(number) if number else None, found[3] or "")
    if found := _NUMBER.fullmatch(said):
        number = found[1]
        value = VALUES[number] if number in VALUES else int(number)
        return Command("open", value)
    return None


def _is_refusal(said: str, found: re.Match[str]) -> bool:
    """ "not" and "skip" alone may begin anything."""
    if found[1] or found[2]:
        return True
    return bool(re.match(r"(?:not? for me|no be for me|not interested)\b", said))


def _misspelt(said: str) -> str | None:
    words = said.split()
    if len(said) < 4 or said in NEVER_MEANT or said in places.NAMES:
        return None
    if len(words) > 1 and any(word in places.NAMES for word in words):
        return None
    near = sorted(
        (away, phrase)
        for phrase in _LONG_ENOUGH
        if abs(len(phrase) - len(said)) <= 2
        and phrase.count(" ") == said.count(" ")
        and (away := _slips(said, phrase)) <= (1 if len(said) < 8 else 2)
    )
    names = {_NAMES[phrase] for away, phrase in near if away == near[0][0]}
    return names.pop() if len(names) == 1 else None


def _slips(said: str, phrase: str) -> int:
    """In all; a word of up to three letters must be right."""
    total = 0
    for one, other in zip(said.split(), phrase.split(), strict=True):
        away = distance(one, other)
        if away and (min(len(one), len(other)) < 3 or one in NEVER_MEANT):
            return 9
        total += away
    return total
