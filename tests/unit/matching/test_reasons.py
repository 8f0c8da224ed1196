"""What is found of a job, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.unit.matching.examples import JOB, TODAY, facts
from whatsapp_bot.matching.reasons import elsewhere, reasons
from whatsapp_bot.matching.scoring import examine
from whatsapp_bot.matching.wishes import Wishes


def test_reasons_are_three_in_the_persons_terms() -> None:
    assert reasons(facts()) == (
        "matches the role you want: Data Analyst",
        "asks for Python and SQL, which you have",
        "in Yaba, Lagos",
    )


def test_every_kind_of_reason_can_be_said() -> None:
    bare = {"years_of_experience": 3, "salary_min": 400_000}
    assert reasons(facts(bare)) == (
        "₦450k–600k a month, above your ₦400k",
        "fits your 3 years of experience",
        "posted today",
    )


def test_skills_only_read_in_the_text_are_said_to_be_mentioned() -> None:
    job = JOB | {"skills": [], "description": "You write SQL"}
    assert "mentions SQL, which you have" in reasons(facts(job=job))


@pytest.mark.parametrize(
    ("wishes", "place", "said"),
    [
        ({"preferred_locations": ["Ikeja"]}, "Osu, Accra, Ghana", "not in Ikeja, Lagos"),
        ({"preferred_locations": ["Ikeja", "Abuja"]}, "Kano", "not in Ikeja, Lagos or Abuja"),
        ({"preferred_locations": ["Ikeja", "Lagos"]}, "Kano", "not in Ikeja, Lagos"),
        ({"work_arrangements": ["remote"]}, "Kano", "not remote"),
        ({"preferred_locations": ["Ikeja"]}, "Yaba, Lagos", ""),
        ({"preferred_locations": ["Ikeja"]}, "", ""),
        ({"preferred_locations": ["Ikeja"], "willing_to_relocate": True}, "Kano", ""),
        ({}, "Kano", ""),
    ],
)  # fmt: skip
def test_a_job_elsewhere_is_said_to_be(
    wishes: dict[str, object], place: str, said: str
) -> None:
    job = {"title": "Cook", "location": place, "work_arrangement": "onsite"}
    found = examine(wishes, job, TODAY)
    assert elsewhere(Wishes.of(wishes), found) == said


@pytest.mark.parametrize(
    ("role", "title", "said"),
    [
        ("Driver", "Senior Driver", "matches the role you want: Driver"),
        (
            "Electrical Engineering Manager",
            "Electrical Engineer",
            "close to the role you want: Electrical Engineering Manager",
        ),
        ("Driver", "Welder", None),
    ],
)
def test_only_the_very_role_is_said_to_match(
    role: str, title: str, said: str | None
) -> None:
    found = reasons(facts({"job_roles": [role]}, {"title": title}))
    assert found == ((said,) if said else ())


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        (TODAY, ("posted today",)),
        (TODAY - timedelta(days=1), ("posted yesterday",)),
        (datetime(2026, 11, 21, 9, 30), ("posted today",)),
        ("2026-11-20T08:00:00", ("posted yesterday",)),
        (TODAY - timedelta(days=2), ()),
        (TODAY + timedelta(days=1), ()),
        ("soon", ()),
        (None, ()),
    ],
)
def test_only_fresh_postings_speak_of_their_date(
    posted: object, said: tuple[str, ...]
) -> None:
    assert reasons(facts({}, {"title": "x", "posted_date": posted})) == said


def test_long_and_odd_words_stand_safely_in_a_reason() -> None:
    person = {"job_roles": ["Nurse\n\u202e🏥 " + "nurse " * 2000]}
    (reason,) = reasons(facts(person, {"title": "Nurse"}))
    assert len(reason) < 100
    assert reason.isprintable()
