"""How much of a profile is filled in: a column that is true whoever writes the row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.embeddings.embedding_text import TEMPLATES

WEIGHTS = {
    "job_roles = '{Welder}'": 40,
    "user_job_input = 'any work with metal'": 40,
    "technical_skills = '{TIG}'": 15,
    "job_categories = '{Trades}'": 10,
    "experience_level = 'senior'": 10,
    "years_of_experience = 0": 10,
    "preferred_locations = '{Lagos}'": 10,
    "user_location_input = 'near Yaba'": 10,
    "work_arrangements = '{remote}'": 5,
    "employment_types = '{full-time}'": 5,
    "salary_min = 100000": 5,
    "salary_max = 100000": 5,
    "soft_skills = '{patience}'": 0,
}
# One of each group, no role.
WITHOUT_ROLE = [
    (setting, points)
    for setting, points in WEIGHTS.items()
    if setting.split()[0]
    not in {
        *("job_roles", "user_job_input", "years_of_experience", "salary_max"),
        "user_location_input",
    }
]


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.close()


def completeness(rows: Rows, user_id: int, *settings: str) -> int:
    if settings:
        rows.run(
            f"UPDATE user_preferences SET {', '.join(settings)} WHERE user_id = %s",
            user_id,
        )
    score: int = rows.value(
        "SELECT completeness FROM user_preferences WHERE user_id = %s", user_id
    )
    return score


@pytest.mark.parametrize(("setting", "points"), WEIGHTS.items())
def test_each_part_has_its_weight(rows: Rows, setting: str, points: int) -> None:
    user = rows.add_user()
    assert completeness(rows, user) == 0
    assert completeness(rows, user, setting) == points


def test_a_whole_profile_is_100_and_nothing_counts_twice(rows: Rows) -> None:
    assert completeness(rows, rows.add_user(), *WEIGHTS) == 100


def test_blanks_are_nothing(rows: Rows) -> None:
    blank = ('job_roles = \'{" ", ""}\'', "user_job_input = '  '")
    assert completeness(rows, rows.add_user(), *blank) == 0


def test_a_role_alone_is_enough_and_less_has_something_to_embed(
    rows: Rows,
) -> None:
    assert completeness(rows, rows.add_user("Welder")) == 40
    read = {"job_categories": ["Trades"], "technical_skills": ["TIG"]}
    for count in range(len(WITHOUT_ROLE) + 1):
        for parts in itertools.combinations(WITHOUT_ROLE, count):
            if sum(points for _, points in parts) < 40:
                continue
            columns = {setting.split()[0] for setting, _ in parts}
            fields = {name: words for name, words in read.items() if name in columns}
            assert TEMPLATES["roles-2"].text("user", fields)
