"""Skills seen under their names, and only there."""

from __future__ import annotations

import pytest

from tests.unit.matching.examples import facts


def test_a_skill_is_found_under_its_other_names() -> None:
    person = {"technical_skills": ["MS Excel", "JS", "Golang", "Advanced SQL"]}
    job = {"skills": ["Excel", "JavaScript", "Go", "SQL"]}
    assert facts(person, job).skills == 1.0


@pytest.mark.parametrize(
    ("skill", "text"),
    [
        ("C#", "We use C#, and .NET daily"),
        ("C++", "Modern C++."),
        (".NET", "strong in .NET"),
        ("Go", "services in Go and Python"),
        ("R", "statistics (R, Stata)"),
        ("Excel", "good with Excel"),
        ("Node.js", "NodeJS backend"),
    ],
)
def test_a_skill_is_seen_in_the_description(skill: str, text: str) -> None:
    found = facts({"technical_skills": [skill]}, {"title": "x", "description": text})
    assert found.matched_skills == (skill,)


@pytest.mark.parametrize(
    ("skill", "text"),
    [
        ("C", "We use C# and C++"),
        ("C", "a class B, C licence"),
        ("Go", "ready to go, and to go far. Go to our site"),
        ("R", "R&D, handles A/R, and more"),
        ("Excel", "you will excel here"),
        ("Access", "Access to a car"),
        ("Java", "JavaScript"),
        (".NET", "see www.jobs.net"),
    ],
)
def test_a_word_that_is_not_the_skill_is_left_alone(skill: str, text: str) -> None:
    found = facts({"technical_skills": [skill]}, {"title": "x", "description": text})
    assert found.matched_skills == ()
