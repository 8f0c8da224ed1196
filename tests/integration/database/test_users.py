from __future__ import annotations

import pytest

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.errors import DatabaseError, NotFound
from whatsapp_bot.records import User

EVERYTHING = {
    "job_roles": ["Nurse", 'of "quotes", {braces} and \\'],
    "job_categories": ["Health"],
    "user_job_input": "I wan work for hospital 100%",
    "experience_level": "senior",
    "years_of_experience": 7.5,
    "technical_skills": ["Triage"],
    "soft_skills": ["Patience"],
    "preferred_locations": ["Lagos", "Abuja"],
    "user_location_input": "Ìbàdàn",
    "willing_to_relocate": True,
    "work_arrangements": ["onsite"],
    "employment_types": ["full-time"],
    "salary_min": 200_000.0,
    "salary_max": 400_000.0,
    "salary_currency": "NGN",
    "salary_period": "monthly",
    "company_size_preference": ["large"],
    "industry_preferences": ["Health"],
    "musts": ["location", "salary"],
}


@pytest.fixture
def users(database: DatabaseManager) -> UserStore:
    return UserStore(database)


@pytest.fixture
def user(users: UserStore) -> int:
    return users.save("ada", "Ada", "en")


def test_a_person_is_saved_once_by_her_external_id(users: UserStore) -> None:
    user = users.save("ada", "Ada", "en")
    assert users.save("ada", "Ada Obi", "pcm") == user
    assert users.get(user) == User(user, "ada", "Ada Obi", "pcm")
    assert users.save("bola", None, "en") != user


def test_a_name_that_is_not_told_again_stays(users: UserStore, user: int) -> None:
    users.save("ada", None, "en")
    assert users.get(user).name == "Ada"


def test_people_are_listed_by_id_and_not_more_than_asked_for(users: UserStore) -> None:
    ids = [users.save(name, name, "en") for name in "cab"]
    assert [user.id for user in users.list(2)] == ids[:2]


def test_a_person_who_does_not_exist_is_not_found(users: UserStore) -> None:
    for ask in (users.get, users.get_preferences):
        with pytest.raises(NotFound, match="4711"):
            ask(4711)
    with pytest.raises(NotFound, match="4711"):
        users.save_preferences(4711, {"job_roles": ["Nurse"]})


def test_a_person_who_told_nothing_yet_has_no_preferences(
    users: UserStore, user: int
) -> None:
    with pytest.raises(NotFound, match="no preferences yet"):
        users.get_preferences(user)


def test_every_preference_comes_back_as_it_was_saved(
    users: UserStore, user: int
) -> None:
    users.save_preferences(user, EVERYTHING)
    assert users.get_preferences(user) == {"user_id": user} | EVERYTHING


def test_every_column_of_preferences_can_be_saved(rows: Rows) -> None:
    columns = rows.run(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'user_preferences' AND table_schema = 'public'"
    )
    unsaved = {"user_id", "updated_at", "completeness"}
    assert {column for (column,) in columns} - unsaved == set(EVERYTHING)


@pytest.mark.parametrize("column", EVERYTHING)
def test_only_what_is_given_is_set(users: UserStore, user: int, column: str) -> None:
    users.save_preferences(user, EVERYTHING)
    blank: object = [] if isinstance(EVERYTHING[column], list) else None
    users.save_preferences(user, {column: blank})
    expected = {"user_id": user} | EVERYTHING | {column: blank}
    assert users.get_preferences(user) == expected


def test_saving_nothing_creates_preferences_that_say_nothing(
    users: UserStore, user: int
) -> None:
    users.save_preferences(user, {})
    assert not any(
        value
        for column, value in users.get_preferences(user).items()
        if column != "user_id"
    )


def test_saving_says_when(users: UserStore, user: int, rows: Rows) -> None:
    users.save_preferences(user, EVERYTHING)
    rows.run("UPDATE user_preferences SET updated_at = '2020-01-01'")
    users.save_preferences(user, {"salary_min": 1})
    assert rows.value("SELECT updated_at > '2020-01-02' FROM user_preferences")


def test_a_value_of_the_wrong_kind_is_refused_and_nothing_is_saved(
    users: UserStore, user: int
) -> None:
    with pytest.raises(DatabaseError):
        users.save_preferences(user, {"job_roles": ["Nurse"], "salary_min": "much"})
    with pytest.raises(NotFound):
        users.get_preferences(user)


def test_whether_a_person_has_a_vector_is_asked_by_model(
    users: UserStore, user: int, models: ModelStore, rows: Rows
) -> None:
    users.save_preferences(user, EVERYTHING)
    assert not users.has_vector(user, "m")
    rows.run("INSERT INTO user_vectors VALUES (%s, 'm', '[1,2,3]')", user)
    assert users.has_vector(user, "m")
    assert not users.has_vector(user, "other")
