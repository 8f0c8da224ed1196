"""Where and how a job is worked, held against the wish."""

from __future__ import annotations

import pytest

from tests.unit.matching.examples import facts
from whatsapp_bot.matching.reasons import reasons


@pytest.mark.parametrize(
    ("location", "relocates", "score"),
    [
        ("Ikeja, Lagos", False, 1.0),
        ("Badagry, Lagos", False, 0.8),
        ("Kano, Nigeria", False, 0.5),
        ("Kano, Nigeria", True, 0.8),
        ("Accra, Ghana", False, 0.0),
        ("Accra, Ghana", True, 0.3),
        ("Remote", False, 0.9),
        ("Remote, Nigeria", False, 0.9),
        ("Remote, Ghana", False, 0.0),
        (None, False, None),
    ],
)
def test_nearer_jobs_fit_better(
    location: str | None, relocates: bool, score: float | None
) -> None:
    person = {"preferred_locations": ["Lagos"], "willing_to_relocate": relocates}
    assert facts(person, {"title": "x", "location": location}).location == score


def test_a_remote_job_is_all_that_someone_who_wants_remote_asks() -> None:
    person = {"work_arrangements": ["Remote"], "preferred_locations": ["Lagos"]}
    found = facts(person, {"title": "x", "work_arrangement": "remote"})
    assert found.location == 1.0
    assert reasons(found) == ("remote",)


def test_someone_who_wants_an_office_is_not_sold_remote_work() -> None:
    person = {"work_arrangements": ["onsite"], "preferred_locations": ["Lagos"]}
    found = facts(person, {"title": "x", "ai_remote_allowed": True})
    assert found.location == 0.3
    assert "remote" not in reasons(found)
