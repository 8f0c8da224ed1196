from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.embeddings.embedding_text import (
    MAX_CHARACTERS,
    TEMPLATES,
    everything_about_job,
    everything_about_user,
    roles_of_user,
    template_named,
    title_of_job,
)
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.records import THINGS

PERSON = {
    "job_roles": ["Data Scientist", "Machine Learning Engineer"],
    "preferred_locations": ["Lagos", "Abuja"],
    "technical_skills": ["Python", "SQL", "TensorFlow"],
    "willing_to_relocate": True,
    "years_of_experience": 3.5,
    "salary_min": 2_000_000,
    "salary_currency": "NGN",
}
JOB = {
    "title": "Senior Data Scientist",
    "company": "Flutterwave",
    "ai_job_function": "Data & Analytics",
    "ai_city": "Lagos",
    "ai_state": "Lagos State",
    "ai_remote_allowed": True,
    "ai_required_skills": ["Python", "Machine Learning"],
    "ai_years_experience_min": 3,
    "ai_years_experience_max": 5,
    "ai_salary_min": 3_000_000,
    "ai_salary_currency": "NGN",
}


def test_everything_about_a_person_is_said_field_by_field() -> None:
    assert everything_about_user(PERSON) == (
        "Seeking roles: Data Scientist, Machine Learning Engineer. "
        "Years of experience: 3.5. "
        "Technical skills: Python, SQL, TensorFlow. "
        "Preferred locations: Lagos, Abuja. Open to relocation. "
        "Minimum salary: NGN 2,000,000"
    )


def test_everything_about_a_job_is_said_field_by_field() -> None:
    assert everything_about_job(JOB) == (
        "Job title: Senior Data Scientist. Company: Flutterwave. "
        "Job function: Data & Analytics. Location: Lagos, Lagos State. "
        "Remote work allowed. Required skills: Python, Machine Learning. "
        "Experience required: 3-5 years. Minimum salary: NGN 3,000,000"
    )


def test_what_the_posting_says_stands_in_for_what_was_not_inferred() -> None:
    text = everything_about_job(
        {"title": "Nurse", "skills": ["BLS"], "location": "Wuse, Abuja", "years_min": 2}
    )
    assert text == (
        "Job title: Nurse. Location: Wuse, Abuja. Required skills: BLS. "
        "Minimum experience: 2 years"
    )


def test_a_summary_is_preferred_to_a_description_which_is_cut() -> None:
    assert "Summary: short" in everything_about_job(
        {"ai_summary": "short", "description": "long"}
    )
    text = everything_about_job({"description": "x" * 400})
    assert text == "Description: " + "x" * 300 + "..."


def test_both_ends_of_a_salary_are_said() -> None:
    assert everything_about_user({"salary_min": 100, "salary_max": 200}) == (
        "Salary expectation: NGN 100 - 200"
    )


def test_the_roles_template_says_what_the_work_is_and_nothing_else() -> None:
    assert roles_of_user(PERSON) == "Data Scientist, Machine Learning Engineer"
    assert title_of_job(JOB) == "Senior Data Scientist"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("NURSE", "nurse"),
        ("Registered Nurse (Lekki) - Full Time", "registered nurse"),
        ("Back-End Engineer | Fintech", "back-end engineer"),
        ("(Remote) Nurse", "(remote) nurse"),
        ("محاسب 🙂", "محاسب 🙂"),
        ("", ""),
    ],
)
def test_the_default_template_reads_the_title_without_case_and_asides(
    title: str, text: str
) -> None:
    assert template_named("roles-2").text("job", {"title": title}) == text


def test_however_a_person_writes_her_roles_the_text_is_the_same() -> None:
    said = [{"job_roles": [role]} for role in ("DRIVER", "driver", " Driver")]
    assert {template_named("roles-2").text("user", prefs) for prefs in said} == {
        "driver"
    }


def test_a_person_without_roles_is_known_by_her_own_words() -> None:
    assert roles_of_user({"user_job_input": " I dey find\ndriver work "}) == (
        "I dey find driver work"
    )
    assert roles_of_user({"technical_skills": ["Sewing"]}) == "Sewing"


def test_whoever_says_nothing_has_no_text() -> None:
    for template in TEMPLATES.values():
        for thing in THINGS:
            assert template.text(thing, {}) == ""


def test_the_version_enters_the_hash() -> None:
    first, second = list(TEMPLATES.values())[:2]
    assert first.text_hash("Nurse") == first.text_hash("Nurse")
    assert first.text_hash("Nurse") != second.text_hash("Nurse")
    assert first.text_hash("Nurse") != first.text_hash("Driver")


def test_an_unknown_template_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'titles'; it must be roles-2 or"):
        template_named("titles")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    values=st.lists(ANYTHING, min_size=len(PERSON | JOB), max_size=len(PERSON | JOB))
)
def test_any_type_in_any_field_makes_a_text_of_bounded_length(
    values: list[Any],
) -> None:
    fields = dict(zip(PERSON | JOB, values, strict=True))
    for template in TEMPLATES.values():
        for thing in THINGS:
            text = template.text(thing, fields)
            assert text == text.strip()
            assert len(text) <= MAX_CHARACTERS


@pytest.mark.parametrize("value", [0, -5, "many", True, float("nan"), float("inf")])
def test_what_is_no_amount_is_left_out(value: object) -> None:
    assert everything_about_user({"salary_min": value}) == ""
