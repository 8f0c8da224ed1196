"""What people say they want, and what is refused rather than dropped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatsapp_bot.errors import InputError
from whatsapp_bot.intake.profile import (
    PREFERENCE_FIELDS,
    Person,
    parse_person,
    parse_preferences,
)

LISTS = (
    "job_roles",
    "job_categories",
    "technical_skills",
    "soft_skills",
    "preferred_locations",
    "work_arrangements",
    "employment_types",
    "company_size_preference",
    "industry_preferences",
    "musts",
)


def test_only_what_was_given_is_returned():
    assert parse_preferences({}) == {}
    assert parse_preferences({"job_roles": ["Cook"]}) == {"job_roles": ["Cook"]}


@pytest.mark.parametrize("field", PREFERENCE_FIELDS)
@pytest.mark.parametrize("blank", [None, "", " \n"])
def test_a_blank_value_clears_the_field(field, blank):
    cleared = parse_preferences({field: blank})
    assert cleared == {field: [] if field in LISTS else None}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("job_roles", "Cook, Chef; cook", ["Cook", "Chef"]),
        ("job_roles", ("Cook", None, " "), ["Cook"]),
        ("job_roles", [], []),
        ("user_job_input", "  I cook\x00 rice ", "I cook rice"),
        ("experience_level", "Junior", "entry"),
        ("years_of_experience", "5+ years", 5.0),
        ("years_of_experience", 0, 0.0),
        ("willing_to_relocate", "Yes", True),
        ("willing_to_relocate", False, False),
        ("work_arrangements", "Remote, on-site, WFH", ["remote", "onsite"]),
        ("employment_types", ["Full Time", "gig"], ["full-time", "gig"]),
        ("salary_min", "₦150k", 150_000.0),
        ("salary_currency", "naira", "NGN"),
        ("salary_period", "per month", "monthly"),
    ],
)
def test_values_are_cleaned(key, value, expected):
    assert parse_preferences({key: value}) == {key: expected}


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("years_of_experience", "many", "'many'"),
        ("years_of_experience", 61, "61"),
        ("years_of_experience", True, "True"),
        ("willing_to_relocate", "maybe", "'maybe'"),
        ("work_arrangements", ["remote", "moon"], "'moon'"),
        ("job_roles", [{"a": 1}], "a dict"),
        ("job_roles", True, "True"),
        ("salary_min", "a lot", "'a lot'"),
        ("salary_min", float("nan"), "nan"),
        ("salary_max", -1, "-1"),
        ("salary_currency", "dollars", "'dollars'"),
        ("salary_period", "sometimes", "'sometimes'"),
        ("user_job_input", ["a"], "a list"),
        ("experience_level", {}, "a dict"),
    ],
)
def test_a_value_that_cannot_be_understood_is_named(key, value, shown):
    with pytest.raises(InputError) as caught:
        parse_preferences({key: value})
    assert str(caught.value).startswith(f"{key}: {shown} cannot be understood; ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("user_job_input", "x" * 1_001),
        ("job_roles", ["x" * 101]),
        ("job_roles", [str(n) for n in range(101)]),
    ],
)
def test_nothing_is_cut_off_in_silence(key, value):
    with pytest.raises(InputError, match=f"{key}: "):
        parse_preferences({key: value})


def test_texts_and_lists_may_be_as_long_as_the_limit():
    text, words = "x" * 1_000, [f"{n:0100}" for n in range(100)]
    parsed = parse_preferences({"user_location_input": text, "soft_skills": words})
    assert parsed == {"user_location_input": text, "soft_skills": words}


def test_an_unknown_key_is_named_with_the_nearest_known_ones():
    with pytest.raises(InputError, match="'job_role'; did you mean job_roles"):
        parse_preferences({"job_role": "Cook"})
    with pytest.raises(InputError, match="'zzz'; known are job_roles, "):
        parse_preferences({"zzz": 1})


def test_salary_bounds_the_wrong_way_round_are_swapped():
    parsed = parse_preferences({"salary_min": 9, "salary_max": 5})
    assert parsed == {"salary_min": 5.0, "salary_max": 9.0}
    assert parse_preferences({"salary_min": 9, "salary_max": None})["salary_min"] == 9.0


def test_a_person_is_an_id_a_name_a_language_and_preferences():
    record = {
        "id": 7,
        "name": " Ada ",
        "language": "pt_BR",
        "_note": {},
        "job_roles": "Cook",
    }
    assert parse_person(record) == Person("7", "Ada", "pt-br", {"job_roles": ["Cook"]})
    assert parse_person({"user_id": "a"}) == Person("a", None, "en", {})
    assert parse_person({"id": None, "external_id": "b"}).external_id == "b"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "person has no id"),
        ({"id": " "}, "person has no id"),
        ({"id": "x" * 301}, "is over 300 characters"),
        ({"id": 1, "name": {"first": "Ada"}}, "name: a dict cannot be understood"),
        ({"id": 1, "language": "English please"}, "language: 'English please' cannot"),
        ({"id": 1, "nick": "A"}, "unknown preference 'nick'"),
    ],
)
def test_a_person_that_cannot_be_saved_is_refused_in_a_sentence(record, message):
    with pytest.raises(InputError, match=message):
        parse_person(record)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
keys = st.sampled_from(PREFERENCE_FIELDS)


@settings(max_examples=100, deadline=None)
@given(record=st.dictionaries(keys | st.text(max_size=20), values, max_size=6))
def test_any_record_is_preferences_or_an_input_error_of_one_line(record):
    try:
        preferences = parse_preferences(record)
    except InputError as exc:
        assert len(str(exc).splitlines()) == 1
        return
    assert list(preferences) == list(record)
    assert parse_preferences(preferences) == preferences
