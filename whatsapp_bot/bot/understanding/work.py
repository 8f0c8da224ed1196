"""What work she wants: what is left when everything else was read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from whatsapp_bot.bot.understanding.plain import nearest, words_of
from whatsapp_bot.bot.understanding.role_words import (
    FILLER,
    KEPT_TOGETHER,
    LONGEST_WORD,
    ROLE_WORDS,
    WEAK,
    WORKPLACES,
)
from whatsapp_bot.records import Row

MOST_ROLES: Final = 5
_LONGEST_ROLE: Final = 5  # words
_BREAK: Final = re.compile(
    r"[,;:!?/|\n()\[\]•*\"]+|\.\s|\.$|\s&\s|\s-\s|\b(?:and|or)\b"
)
_WORD: Final = re.compile(r"[^\W_]+(?:[.+#'-][^\W_]+)*[+#]*")
_WORK: Final = words_of("""job jobs work works wrk position positions role roles vacancy vacancies opening
    openings gig gigs hustle""")
_ANY_WORK: Final = re.compile(
    r"\b(?:any(?: kind of| kain| type of| available| sort of| good| legit| legitimate)*"
    r"(?: job| jobs| work| wrk| thing| hustle| vacancy| opening)s?|anything|any how|any ?one|"
    r"whatever(?: job| work)?)\b"
)
_AS: Final = re.compile(r"\b(?:as|be|become|being) (?:a|an)?\s*$")
# Work only where nothing else is: "with own bike", "graduate of computer science". And
# "no wan go office" is none at all.
_ASIDE: Final = re.compile(
    r"\b(?:with(?: \w+){0,2}|(?:graduated?|degree|certificate|bsc|hnd|ond|msc) (?:of|in)"
    r"|was(?: an?)?)$"
)
_DOER: Final = re.compile(r"\w{3}(?:er|or|ist|ian|ant|man|ess)s?$")
_NOT: Final = re.compile(r"\b(?:no|not|nor|dont|don't|never)(?: \w+){0,3}$")
# In capitals as people write them.
_CAPITALS: Final = words_of("hr hse it ui ux qa pos cctv dj seo php ict ngo")
_ANY: Final = words_of("any anyone all")
_TITLE: Final = re.compile(r"[^\W\d_]+(?:[ &/'+#-]{1,3}[^\W\d_]+)*[+#]{0,2}")
_NO_WORD: Final = re.compile(r"[^aeiouy]{5,}|^[^aeiouy]+$|(.)\1\1")


@dataclass(frozen=True)
class _Run:
    """Words that stand together. is_named: the sentence says that they are work."""

    words: list[str]
    is_named: bool
    is_aside: bool


def read_work(text: str, is_work: bool = False) -> Row:
    """The columns that it fills.

    text: small letters, without what other readers read. is_work: she was asked for it,
    so words that no table has may be it.
    """
    runs = list(_runs(text, is_work))
    named = [role for run in runs if not run.is_aside and (role := _role(run))]
    named = named or [role for run in runs if (role := _role(run))]
    roles = _once(name for name, is_trade in named if not is_trade)
    trades = _once(name for name, is_trade in named if is_trade)
    columns: Row = {}
    if roles or trades:
        columns["job_roles"] = roles or trades
        if roles and trades:
            columns["industry_preferences"] = trades
    elif _ANY_WORK.search(text) or (is_work and text.strip() in _ANY):
        columns["job_roles"] = []
    return columns


def unread_words(text: str) -> list[str]:
    """Those that may tell of work, though no table has them."""
    words = (word for word in _WORD.findall(text) if len(word) > 3)
    return [w for w in words if w not in FILLER and _may_be_named(w) and _is_word(w)]


def speaks_of_work(text: str) -> bool:
    return any(word in _WORK for word in _WORD.findall(text))


def read_title(title: str) -> str:
    """What another reader calls her work, as we write it; '' where it is no work, by the
    tables or by its form (a carrier, a florist)."""
    words = title.lower().split()
    is_plain = _TITLE.fullmatch(title) and 0 < len(words) <= _LONGEST_ROLE
    if not is_plain or not all(map(_is_word, words)):
        return ""
    return _title(words) if _is_telling(words) or _DOER.search(words[-1]) else ""


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MOST_ROLES]


def _role(run: _Run) -> tuple[str, bool] | None:
    """What it is called, and whether it is only a place where people work."""
    words = [_corrected(word) for word in run.words]
    if _is_workplace(words):
        return _title(words[-2:]), True
    last = max((i for i, word in enumerate(words) if _is_role(word)), default=-1)
    while 0 <= last < len(words) - 1 and _DOER.search(words[last + 1]):
        last += 1
    if last >= 0 and (run.is_named or _is_telling(words)):
        return _title(words[max(0, last - _LONGEST_ROLE + 1) : last + 1]), False
    if run.is_named and len(words) <= _LONGEST_ROLE and all(map(_is_word, words)):
        return _title(words), False
    return None


def _runs(text: str, is_work: bool) -> Iterator[_Run]:
    for kept in KEPT_TOGETHER:
        text = text.replace(kept, kept.replace(" ", "_"))
    for piece in _BREAK.split(text):
        tokens = [
            part
            for token in re.findall(r"[\w.+#'-]+", piece or "")
            for part in ([token] if "_" in token else _WORD.findall(token))
        ]
        run: list[str] = []
        before = ""
        for token in [*tokens, ""]:
            word = token.replace("_", " ")
            if word and word not in FILLER and _may_be_named(word):
                run += word.split()
                continue
            if run and not _NOT.search(before):
                is_named = is_work or word in _WORK or bool(_AS.search(before))
                yield _Run(run, is_named, bool(_ASIDE.search(before)))
            before, run = f"{before if not run else ''} {word}".strip(), []


def _is_telling(words: list[str]) -> bool:
    roles = [word for word in words if _is_role(word)]
    return len(roles) > 1 or any(word not in WEAK for word in roles)


def _may_be_named(word: str) -> bool:
    return not word[0].isdigit() and len(word) <= LONGEST_WORD


def _is_role(word: str) -> bool:
    return word in ROLE_WORDS or (word.endswith("s") and word[:-1] in ROLE_WORDS)


def _is_workplace(words: list[str]) -> bool:
    return all(word in WORKPLACES for word in words)


def _is_word(word: str) -> bool:
    return 1 < len(word) <= LONGEST_WORD and (
        word in _CAPITALS or not _NO_WORD.search(word)
    )


def _corrected(word: str) -> str:
    if _is_role(word) or word in WORKPLACES or len(word) < 4:
        return word
    if len(word) == 4:  # only with its last letter left out: "nurs"
        longer = [known for known in ROLE_WORDS if known[:-1] == word]
        return longer[0] if len(longer) == 1 else word
    return nearest(word, ROLE_WORDS, first_letter=True) or word


def _title(words: list[str]) -> str:
    return " ".join(
        w.upper() if w in _CAPITALS else w[:1].upper() + w[1:] for w in words
    )
