"""Years and levels held against what a posting asks."""

from __future__ import annotations

import pytest

from tests.unit.matching.examples import facts


@pytest.mark.parametrize(
    ("years", "score"), [(3, 1.0), (2, 1.0), (1, 0.5), (0, 0.0), (7, 0.9), (40, 0.5)]
)
def test_experience_falls_off_outside_the_range(years: int, score: float) -> None:
    found = facts({"years_of_experience": years})
    assert found.experience == pytest.approx(score)


def test_levels_stand_for_years() -> None:
    person = {"experience_level": "Mid level"}
    assert facts(person, {"experience_level": "mid"}).experience == 1.0
    assert facts(person, {"title": "Senior Nurse"}).experience == pytest.approx(0.6)
    assert facts(person, {"experience_level": "Mystic"}).experience is None
