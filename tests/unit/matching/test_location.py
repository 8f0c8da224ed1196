"""Where and how a job is worked, held against the wish."""

from __future__ import annotations

import pytest

from tests.unit.matching.examples import facts
from whatsapp_bot.matching import location
from whatsapp_bot.matching.reasons import reasons

NEAR_TO_FAR = [
    "Ikeja, Lagos",
    "Badagry, Lagos",
    "Remote, Nigeria",
    "Kano, Nigeria",
    "Wuntin Dada",
    "Accra, Ghana",
]


def fit(place: str | None, relocates: bool = False) -> float | None:
    person = {"preferred_locations": ["Lagos"], "willing_to_relocate": relocates}
    return facts(person, {"title": "x", "location": place}).location


def test_each_step_away_fits_less() -> None:
    fits = [fit(place) or 0.0 for place in NEAR_TO_FAR]
    assert fits[0] == 1.0
    assert fits[-1] == 0.0
    assert fits == sorted(set(fits), reverse=True)


@pytest.mark.parametrize("place", NEAR_TO_FAR[3:])
def test_far_is_nearer_for_someone_who_would_move(place: str) -> None:
    near, far = fit(place, relocates=True), fit(place)
    assert near is not None and far is not None
    assert near > far


def test_remote_work_for_another_country_is_out_of_reach() -> None:
    assert fit("Remote, Ghana") == fit("Accra, Ghana") == 0.0
    assert fit("Remote") == fit("Remote, Nigeria") == location.REMOTE


def test_a_posting_without_a_place_says_nothing_of_it() -> None:
    assert fit(None) is None


def test_a_city_of_the_same_american_state_is_near() -> None:
    person = {"preferred_locations": ["San Francisco, California"]}
    near, far = (
        facts(person, {"title": "x", "location": place}).location or 0.0
        for place in ("San Jose, California", "Columbus, Ohio")
    )
    assert 1.0 > near > far > 0.0


def test_a_remote_job_is_all_that_someone_who_wants_remote_asks() -> None:
    person = {"work_arrangements": ["Remote"], "preferred_locations": ["Lagos"]}
    found = facts(person, {"title": "x", "work_arrangement": "remote"})
    assert found.location == 1.0
    assert reasons(found) == ("remote",)


def test_someone_who_wants_an_office_is_not_sold_remote_work() -> None:
    person = {"work_arrangements": ["onsite"], "preferred_locations": ["Lagos"]}
    found = facts(person, {"title": "x", "ai_remote_allowed": True})
    assert found.arrangement == 0.0
    assert "remote" not in reasons(found)


def test_someone_who_wants_only_remote_cannot_get_to_an_office() -> None:
    person = {"work_arrangements": ["remote"]}
    office = {"title": "x", "location": "Ikeja, Lagos", "work_arrangement": "onsite"}
    assert facts(person, office).location == 0.0
    assert facts(person, {"title": "x", "location": "Ikeja"}).location is None
