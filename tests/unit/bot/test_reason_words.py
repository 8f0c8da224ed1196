"""What matching says, in Pidgin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from whatsapp_bot.bot.reason_words import reason_in
from whatsapp_bot.example import FOLDER
from whatsapp_bot.matching.musts import Musts
from whatsapp_bot.matching.reasons import elsewhere, reasons
from whatsapp_bot.matching.scoring import examine
from whatsapp_bot.matching.wishes import Wishes

MUSTS = ["location", "work_arrangement", "employment_type", "experience", "salary"]


@pytest.mark.parametrize(
    ("said", "pidgin"),
    [
        ("matches the role you want: Driver", "na the work wey you want: Driver"),
        ("asks for SQL and Excel, which you have", "dem want SQL and Excel, and you get am"),
        ("in Yaba, Lagos", "e dey Yaba, Lagos"),
        ("not in Ikeja, Lagos", "e no dey Ikeja, Lagos"),
        ("not remote", "no be work from house"),
        ("in a field you chose: Health", "e dey the field wey you choose: Health"),
        ("₦450k–600k a month, above your ₦80k", "₦450k–600k per month, e pass your ₦80k"),
        ("₦30 an hour, reaching your ₦1m a year", "₦30 per hour, e reach your ₦1m per year"),
        ("fits your 3 years of experience", "e match your 3 years of experience"),
        ("like a job you saved: Cook", "e resemble work wey you save: Cook"),
        (
            "from Kopanuts, where you saved a job",
            "na Kopanuts post am, you don save their work before",
        ),
        (
            "not full-time: nothing full-time fits right now",
            "e no be full-time: no full-time work wey fit you dey now",
        ),
    ],
)  # fmt: skip
def test_each_is_said_in_the_persons_language(said: str, pidgin: str) -> None:
    assert reason_in("pcm", said) == pidgin
    assert reason_in("en", said) == said


def test_words_that_look_like_ours_stay_as_they_are() -> None:
    said = "matches the role you want: {what} a month (.+) %s"
    assert reason_in("pcm", said) == "na the work wey you want: {what} a month (.+) %s"
    assert reason_in("pcm", "something new") == "something new"


def test_nothing_that_matching_says_of_the_examples_stays_english() -> None:
    said = set(_said_of_examples())
    assert len({words.split()[0] for words in said}) > 8
    assert [words for words in said if reason_in("pcm", words) == words] == []


def _said_of_examples() -> Iterator[str]:
    jobs = _rows("jobs.jsonl")
    for person in _rows("people.jsonl"):
        preferences = person | {"musts": MUSTS}
        wishes = Wishes.of(preferences)
        musts = Musts.of(preferences, wishes)
        for job in jobs:
            today = date.fromisoformat(job["posted_date"])
            facts = examine(wishes, job, today)
            yield from filter(None, (elsewhere(wishes, facts), *reasons(facts)))
            yield from musts.said_of(job)


def _rows(name: str) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()
    ]
