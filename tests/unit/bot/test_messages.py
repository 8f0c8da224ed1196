"""Whatever a posting holds, what is made of it is a message that WhatsApp takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatsapp_bot.bot import choices, job_words
from whatsapp_bot.bot.job_pages import JobPages, listed
from whatsapp_bot.bot.talk import Talk
from whatsapp_bot.matching.ranking import as_match
from whatsapp_bot.records import Match, Row
from whatsapp_bot.whatsapp import messages as limits
from whatsapp_bot.whatsapp.messages import (
    Buttons,
    LinkButton,
    ListMessage,
    Outgoing,
    Text,
)

TODAY = date(2026, 11, 21)
NASTY = st.one_of(
    st.text(max_size=100),
    st.sampled_from(
        (
            "👩🏽‍🍳" * 1_000,
            "سائق في لاغوس " * 400,
            "x" * 5_000,
            "Driver\n\n\n" * 500,
            "{title} %s *bold* _it_ ~x~ `y`",
            "e\u0301" * 2_000,
            "\u202eDriver\u200b",
        )
    ),
)
JOBS = st.fixed_dictionaries(
    {"title": NASTY, "location": NASTY, "description": NASTY, "company": NASTY},
    optional={
        "url": st.one_of(NASTY, st.just("https://jobs.example/" + "x" * 3_000)),
        "salary_min": st.one_of(st.none(), st.floats(), st.integers(0, 10**15)),
        "salary_currency": st.one_of(NASTY, st.just("NGN")),
        "salary_period": NASTY,
        "ai_summary": NASTY,
        "work_arrangement": NASTY,
    },
)


def is_within_limits(message: Outgoing) -> bool:
    if isinstance(message, Text):
        return 0 < len(message.body) <= limits.LONGEST_TEXT
    if isinstance(message, LinkButton):
        fits = 0 < len(message.body) <= limits.LONGEST_BUTTON_BODY
        return fits and message.url.startswith("http")
    if isinstance(message, Buttons):
        titles = [button.title for button in message.buttons]
        fits = 0 < len(message.body) <= limits.LONGEST_BUTTON_BODY
        return fits and len(set(titles)) == len(titles) <= limits.MOST_BUTTONS
    assert isinstance(message, ListMessage)
    fits = 0 < len(message.body) <= limits.LONGEST_LIST_BODY
    ids = {row.id for row in message.rows}
    titled = all(row.title for row in message.rows)
    return fits and titled and len(ids) == len(message.rows) <= limits.MOST_ROWS


class OneJob:
    """What JobPages asks of the controller."""

    def __init__(self, job: Row) -> None:
        self._job = job

    def live_jobs(self, job_ids: list[int]) -> dict[int, Row]:
        return {7: self._job}

    def reasons_for(self, user_id: int, job: Row) -> tuple[str, ...]:
        return ("x" * 500, "in Yaba")


def match_of(job: Row) -> Match:
    return as_match(job | dict.fromkeys(("url", "posting_key", "employer_key")), 50)


@settings(max_examples=40)
@given(JOBS, st.sampled_from(["en", "pcm"]))
def test_a_job_in_full(job: dict[str, Any], language: str) -> None:
    whole = job | {"id": 7, "listed_date": TODAY}
    talk = Talk(1, language=language, has_preferences=True)  # type: ignore[arg-type]
    pages = JobPages(OneJob(whole))  # type: ignore[arg-type]
    for message in pages.open(talk, 7, datetime(2026, 11, 21, tzinfo=UTC)).messages:
        assert is_within_limits(message)


@settings(max_examples=40)
@given(st.lists(JOBS, min_size=1, max_size=10))
def test_a_list_of_jobs(jobs: list[dict[str, Any]]) -> None:
    found = {n: job | {"id": n, "listed_date": TODAY} for n, job in enumerate(jobs)}
    matches = [match_of(job) for job in found.values()]
    assert is_within_limits(listed(Talk(1), matches, found))


def test_the_pay_is_said_once() -> None:
    job = {"location": "Yaba", "salary_min": 90_000, "salary_max": 120_000} | {
        "salary_currency": "NGN",
        "salary_period": "monthly",
    }
    said = job_words.row_words("en", job, ("in Yaba", "fits your 2 years"))
    assert said == "Yaba · ₦90k–120k a month · fits your 2 years"
    reason = "₦90k–120k a month, above your ₦80k"
    assert job_words.row_words("en", job, (reason,)) == f"Yaba · {reason}"


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://jobs.example/1", True),
        ("HTTP://jobs.example", True),
        ("https://jobs.example/a b", False),
        ("mailto:hr@firm.example", False),
        ("javascript:alert(1)", False),
        ("https://x", False),
        ("", False),
    ],
)
def test_what_a_button_can_open(url: str, is_link: bool) -> None:
    assert (job_words.link({"url": url}) is not None) == is_link


@pytest.mark.parametrize(
    ("choice", "parsed"),
    [
        ("1:save:77", ("save", ("77",))),
        ("1:set:pay:1:2", ("set", ("pay", "1", "2"))),
        ("1:", None),
        ("2:save:77", None),
        ("save", None),
        ("", None),
    ],
)
def test_ids_of_buttons(choice: str, parsed: object) -> None:
    assert choices.parse(choice) == parsed


@pytest.mark.parametrize("value", ["", "0", "-1", "x", "٣", "9" * 19, "1" * 400])
def test_what_is_no_id_of_a_job(value: str) -> None:
    assert choices.job_id((value,)) is None
