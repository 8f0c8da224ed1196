from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.matching.search_words import (
    MOST_PHRASES,
    any_place,
    search_words,
)
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import SearchWords


def words_of(**preferences: Any) -> SearchWords:
    return search_words(Wishes.of(preferences))


def test_a_role_is_looked_for_under_all_its_names_without_furniture() -> None:
    words = words_of(job_roles=["Senior HSE Officer, Lagos"])
    assert {"hse officer", "safety officer", "qhse officer"} <= {*words.roles}
    assert not any("senior" in phrase or "lagos" in phrase for phrase in words.roles)
    assert "hse" in words.topics
    assert "officer" not in words.topics


def test_names_with_punctuation_stay_as_they_are() -> None:
    words = words_of(job_roles=["C# / .NET Developer"], technical_skills=["C++"])
    assert any("c#" in phrase for phrase in words.roles)
    assert any(".net" in phrase for phrase in words.roles)
    assert words.skills == ["c++"]


def test_a_skill_has_its_other_names_beside_it() -> None:
    (names,) = words_of(technical_skills=["MS Excel"]).skills
    assert {"excel", "ms excel", "microsoft excel"} <= {*names.split("|")}


def test_fields_stand_in_for_roles_that_were_not_named() -> None:
    assert words_of(job_categories=["Welding"]).roles == ["welding"]
    assert words_of(job_roles=["Cook"], job_categories=["Welding"]).topics == [
        *("cook", "chef", "cooking"),
    ]


def test_who_named_no_work_has_no_words() -> None:
    assert not words_of(preferred_locations=["Lagos"])


def test_a_place_is_any_of_its_names_with_all_their_words() -> None:
    assert any_place(["yaba", "victoria island"]) == (
        "('victoria' & 'island') | ('yaba')"
    )
    assert any_place(["?"]) is None


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_text_makes_too_many_phrases(texts: list[str]) -> None:
    words = words_of(job_roles=texts, technical_skills=texts)
    assert len(words.roles) <= 8 * MOST_PHRASES
    assert len(words.skills) <= 10
