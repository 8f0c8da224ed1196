"""Reads a posting by rules: at once, for nothing, and only what it says; pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from whatsapp_bot.enrichment.posting_text import PostingText
from whatsapp_bot.enrichment.salary_in_text import find_salary
from whatsapp_bot.enrichment.skills_in_text import find_skills
from whatsapp_bot.enrichment.vocabulary import FUNCTIONS, INDUSTRIES
from whatsapp_bot.matching.experience import level_name
from whatsapp_bot.matching.places import country_code
from whatsapp_bot.matching.titles import read_title
from whatsapp_bot.matching.words import BROAD, GENERIC
from whatsapp_bot.records import Enrichment

RULES: Final = "rules"  # the source of what they made
VERSION: Final = "rules-1"  # another one makes a backfill read every posting anew
SUMMARY_LENGTH: Final = 300


def read_by_rules(posting: PostingText) -> Enrichment:
    required, preferred = find_skills(f"{posting.title}\n{posting.description}")
    salary = find_salary(
        f"{posting.title}\n{posting.description}",
        country_code(posting.country or posting.location),
    )
    return Enrichment(
        required_skills=required,
        preferred_skills=preferred,
        seniority=find_seniority(posting),
        job_function=find_function(posting.title),
        industry=find_industry(posting),
        work_arrangement=find_arrangement(posting),
        salary_min=salary.low if salary else None,
        salary_max=salary.high if salary else None,
        salary_currency=salary.currency if salary else None,
        salary_period=salary.period if salary else None,
        summary=make_summary(posting.description),
    )


# --- how senior

_NUMBERS: Final = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5},
    **{"six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
}
_COUNT: Final = rf"(\d{{1,2}}|{'|'.join(_NUMBERS)})"
_YEARS: Final = re.compile(
    rf"\b{_COUNT}\s?(?:\(\s?\d{{1,2}}\s?\)\s?)?\+?\s?(?:(?:-|–|to)\s?{_COUNT}\s?)?(?:\(\s?\d{{1,2}}\s?\)\s?)?"
    r"\+?\s?(?:years?|yrs?)\b(?P<after>[^.;\n]{0,60})",
    re.IGNORECASE,
)
_EXPERIENCE: Final = re.compile(
    r"experience|in (?:a|the) (?:similar|related|same)|working", re.I
)
_TITLE_RANKS: Final = (
    (
        re.compile(
            r"\b(?:chief|ceo|cfo|coo|cto|cmo|vice president|vp|managing director|executive director|"
            r"general manager|country (?:director|manager)|director)\b(?! of photography)",
            re.I,
        ),
        "executive",
    ),
    (
        re.compile(
            r"\b(?:head of|head,|team lead|tech(?:nical)? lead|lead(?! gen)|principal)\b",
            re.I,
        ),
        "lead",
    ),
)
_NOT_RANKS: Final = re.compile(
    r"\bassistant to|\bsecretary|\bpersonal assistant|\b(?:art|creative|school) ", re.I
)
_MANAGER: Final = re.compile(r"\b(?:manager|supervisor)\b", re.I)
_TITLE_LEVELS: Final = (
    "entry",
    "mid",
    "senior",
)  # a sales lead and an executive are none
_STEPS: Final = ((2.0, "entry"), (5.0, "mid"), (8.0, "senior"))


def find_seniority(posting: PostingText) -> str | None:
    """By the title; else by the years that are asked."""
    title = posting.title
    if not _NOT_RANKS.search(title):
        for pattern, level in _TITLE_RANKS:
            if pattern.search(title):
                return level
    if (level := level_name(title)) in _TITLE_LEVELS:
        return level
    years = asked_years(posting.description)
    if years is None:
        return "senior" if _MANAGER.search(title) else None
    return next((level for limit, level in _STEPS if years < limit), "lead")


def asked_years(text: str) -> float | None:
    """The least years of experience that it asks for."""
    for found in _YEARS.finditer(text):
        near = text[max(0, found.start() - 40) : found.start()] + found["after"]
        if _EXPERIENCE.search(near):
            said = found[1].lower()
            return float(_NUMBERS.get(said) or said)
    return None


# --- what the work is, and for whom


def _function_words() -> list[tuple[str, frozenset[str]]]:
    found = []
    for line in FUNCTIONS.strip().splitlines():
        name, _, said = line.partition(":")
        words = {word for each in said.split(",") for word in read_title(each).words}
        found.append((name, frozenset(words - GENERIC - BROAD | words & _OWN)))
    return found


# General nouns that do tell a function apart, where nothing else in a title does.
_OWN: Final = frozenset({"engineer", "teacher", "designer", "writer"})
_FUNCTIONS: Final = _function_words()
FUNCTION_NAMES: Final = tuple(name for name, _ in _FUNCTIONS)


def find_function(title: str) -> str | None:
    """The one whose words the title has; the noun that it ends with counts most."""
    read = read_title(title)
    best, most = None, 0
    for name, words in _FUNCTIONS:
        points = len(read.words & words) + len(read.heads & words)
        if points > most:
            best, most = name, points
    return best


def _phrases(words: str) -> frozenset[str]:
    return frozenset(word.strip() for word in words.split(",") if word.strip())


def _industries() -> list[tuple[str, frozenset[str], frozenset[str]]]:
    found = []
    for line in INDUSTRIES.strip().splitlines():
        name, _, words = line.partition(":")
        of_names, _, of_texts = words.partition("|")
        found.append((name, _phrases(of_names), _phrases(of_texts)))
    return found


_INDUSTRIES: Final = _industries()
INDUSTRY_NAMES: Final = tuple(name for name, _, _ in _INDUSTRIES)
_WORD: Final = re.compile(r"[\w-]+")
# "Our client is a leading hotel": so does a posting speak of the employer.
_EMPLOYER: Final = re.compile(
    r"\b(?:we are an?|client,? (?:is )?an?|is a|is an|leading|reputable|company in the|firm in the)\s"
    r"(?P<what>[^.\n]{5,120})",
    re.IGNORECASE,
)
_LOOKED_AT: Final = 1_000  # characters; the first ones speak of the employer


def find_industry(posting: PostingText) -> str | None:
    """Of the employer: by its name, else by how the posting describes it."""
    opening = posting.description[:_LOOKED_AT]
    said = " ".join(found["what"] for found in _EMPLOYER.finditer(opening))
    by_name, by_words, by_text = map(_words_and_pairs, (posting.company, said, opening))
    best, most = None, 0
    for name, of_names, of_texts in _INDUSTRIES:
        points = 3 * len(of_names & by_name) + 2 * len(of_names & by_words)
        points += 2 * len(of_texts & by_text)
        if points > most:
            best, most = name, points
    return best


def _words_and_pairs(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    return {*words, *(f"{one} {other}" for one, other in pairwise(words))}


# --- where it is done

_PLACE_WORDS: Final = r"(?:work|working|job|role|position|opportunity|only|team|basis|schedule|model|setup|arrangement)"
_MODE: Final = r"(?:mode|type|arrangement|setup|location|model|schedule|style)(?: of work)?\s?[:–-]\s?(?:\w+\s){0,2}"
_ARRANGEMENTS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), re.compile(title, re.IGNORECASE), name)
    for name, pattern, title in (
        (
            "hybrid",
            rf"\bhybrid[ -]{_PLACE_WORDS}\b|\b{_MODE}hybrid\b|\bhybrid\s?[(,]|\(hybrid\b|\bworks? hybrid\b",
            r"\bhybrid\b(?! (?:car|vehicle|seed|cloud))",
        ),
        (
            "remote",
            rf"\b(?:fully|100%|completely|entirely) remote\b|\bremote[ -]{_PLACE_WORDS}\b|\b{_MODE}remote\b"
            r"|\bwork(?:ing|s)? (?:from home|remotely|from anywhere)\b|\(remote\b|\bremote-first\b",
            r"\bremote(?:ly)?\b(?! sensing)|\bwork from home\b|\bwfh\b",
        ),
        (
            "onsite",
            rf"\bon[ -]?site[ -]{_PLACE_WORDS}\b|\b{_MODE}(?:on[ -]?site|in[ -]office)\b|\(on[ -]?site\b"
            r"|\b(?:fully|100%|strictly) on[ -]?site\b|\bin-office\b",
            r"\bon-?site\b",
        ),
    )
)
_ARRANGEMENT_HINTS: Final = (
    "hybrid",
    "remote",
    "from home",
    "from anywhere",
    "site",
    "in-office",
)
_NOT_SO: Final = re.compile(
    r"\b(?:no|not|non)[ -](?:an? |fully )?(?:remote|hybrid)[^.\n]{0,20}|\bremote (?:work )?is not\b",
    re.I,
)


def find_arrangement(posting: PostingText) -> str | None:
    where = f"{posting.title}\n{posting.location}"
    for _, in_title, name in _ARRANGEMENTS:
        if in_title.search(where):
            return name
    lowered = posting.description.lower()
    # As with preferred skills: few postings have any of these words.
    if not any(hint in lowered for hint in _ARRANGEMENT_HINTS):
        return None
    text = _NOT_SO.sub(" ", posting.description)
    return next((name for said, _, name in _ARRANGEMENTS if said.search(text)), None)


# --- in a sentence

_ABOUT_THE_WORK: Final = re.compile(
    r"\b(?:seek\w*|looking for|responsible for|will be responsible|you will|you'll|required to|the role|the position|"
    r"the ideal candidate|recruiting|hiring|we need|is needed)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+|\s[*•]\s")
_LABEL: Final = re.compile(r"^[\W\d]*(?:[A-Z][\w &/]{2,40}:\s+)+")
_SHORTEST_SENTENCE: Final = 25
_SENTENCES_LOOKED_AT: Final = 30


def make_summary(description: str) -> str | None:
    """The sentence that says what the work is, in the posting's own words."""
    sentences = [
        _LABEL.sub("", said).strip()
        for said in _SENTENCE.split(description)[:_SENTENCES_LOOKED_AT]
    ]
    whole = [said for said in sentences if len(said) >= _SHORTEST_SENTENCE]
    best = next((said for said in whole if _ABOUT_THE_WORK.search(said)), None)
    chosen = best or next(iter(whole), None)
    if chosen is None or len(chosen) <= SUMMARY_LENGTH:
        return chosen
    return chosen[: SUMMARY_LENGTH - 1].rsplit(" ", 1)[0] + "…"
