"""A job examined for a person: parts and score."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.matching.examples import JOB, PERSON, TODAY, facts
from whatsapp_bot.matching.reasons import reasons
from whatsapp_bot.matching.scoring import CONDITIONS, WORK, Facts, score

PARTS_OF_A_PAIR = [part for part in (*WORK, *CONDITIONS) if part != "similarity"]


def test_a_category_matches_the_postings_category() -> None:
    found = facts(
        {"job_categories": ["Sales"]}, {"title": "Closer", "category": "Sales"}
    )
    assert found.title == 0.5
    assert reasons(found) == ("in a field you chose: Sales",)


def test_titles_a_model_gave_count_when_the_postings_own_says_little() -> None:
    job = {"title": "Rockstar", "ai_job_titles": ["Data Analyst"]}
    assert facts(job=job).title == pytest.approx(0.9)


def test_skills_are_the_share_of_what_the_posting_asks() -> None:
    assert facts(job={"skills": ["python", "Tableau"]}).skills == 0.5


def test_a_long_list_of_skills_need_not_be_met_whole() -> None:
    asked = [f"skill{n}" for n in range(20)]
    assert facts({"technical_skills": asked[:6]}, {"skills": asked}).skills == 1.0


def test_the_posting_is_believed_before_a_model() -> None:
    job: dict[str, Any] = {
        "title": "x",
        "location": "Kano",
        "ai_city": "Lagos",
        "salary_min": 100_000,
    }
    job |= {"salary_currency": "NGN", "salary_period": "monthly"}
    job |= {"ai_salary_min": 900_000, "ai_salary_currency": "NGN"}
    found = facts(job=job)
    assert (found.location, found.salary) == (0.35, 0.0)


def test_a_model_fills_in_where_the_posting_is_silent() -> None:
    job: dict[str, Any] = {
        "title": "x",
        "ai_city": "Ikeja",
        "ai_state": "Lagos",
        "ai_country": "NG",
    }
    job |= {"ai_required_skills": ["SQL"], "ai_years_experience_min": 2}
    found = facts(job=job)
    assert (found.location, found.skills, found.experience) == (1.0, 1.0, 1.0)


def test_a_job_that_fits_in_everything_scores_a_hundred() -> None:
    assert score(facts(), None) == pytest.approx(100.0)


def test_what_nobody_wished_is_not_counted() -> None:
    assert (
        score(Facts(title=1.0, recency=1.0, wished=frozenset({"title"})), None) == 100
    )


def test_a_silent_posting_is_between_a_good_and_a_bad_one() -> None:
    wished = frozenset(PARTS_OF_A_PAIR)
    everything = dict.fromkeys(PARTS_OF_A_PAIR, 1.0) | {"skills": 0.3}
    for part in PARTS_OF_A_PAIR:
        missed, silent, met = (
            score(Facts(**everything | {part: value}, wished=wished), None)
            for value in (0.0, None, 1.0)
        )
        assert missed < silent < met


def test_neither_place_nor_pay_makes_up_for_other_work() -> None:
    there = JOB | {"title": "Driver", "skills": ["Driving"]}
    abroad = JOB | {"location": "Nairobi", "country": "KE", "salary_max": 1_000}
    assert score(facts(job=there), 0.1) < score(facts(job=abroad), 1.0)


def test_who_named_no_work_is_served_by_place_and_pay() -> None:
    person = {"preferred_locations": ["Lagos"]}
    near, far = (
        score(facts(person, JOB | {"location": place}), None)
        for place in ("Ikeja, Lagos", "Kano")
    )
    assert near == 100.0
    assert far == pytest.approx(67.5)


def test_skills_stand_for_the_work_of_who_named_no_role() -> None:
    person = {"technical_skills": ["Python", "SQL"]}
    all_of_them, half, none = (
        score(facts(person, JOB | {"skills": skills}), None)
        for skills in (["SQL"], ["SQL", "Excel"], ["Excel"])
    )
    assert (all_of_them, half, none) == (100.0, 50.0, 0.0)


def test_other_work_without_her_skills_stays_below_thirty() -> None:
    job = JOB | {"title": "Driver", "skills": ["Driving"]}
    assert score(facts(job=job), None) < 30


def test_nothing_known_scores_nothing() -> None:
    assert score(facts({}), None) == 0.0
    assert reasons(facts({}, {"title": "x"})) == ()


WORDS = st.sampled_from(
    ["Data Analyst", "Driver", "SQL", "Go", "C++", "Lagos", "remote", "🙂", "محاسب"]
)
TEXT = st.one_of(st.none(), WORDS, st.text(max_size=60), st.just("nurse 🙂 " * 1_200))
LISTS = st.one_of(st.none(), st.lists(st.one_of(st.none(), TEXT), max_size=4))
NUMBERS = st.one_of(
    st.none(), st.integers(-5, 10**9), st.floats(), st.decimals(), st.booleans()
)
ANYTHING = st.one_of(TEXT, LISTS, NUMBERS, st.dates())
PREFERENCE_KEYS_TEXT = """job_roles job_categories technical_skills soft_skills
    preferred_locations work_arrangements user_job_input user_location_input
    experience_level years_of_experience willing_to_relocate salary_min salary_max
    salary_currency salary_period"""
PREFERENCE_KEYS = PREFERENCE_KEYS_TEXT.split()
JOB_KEYS_TEXT = """title company location country description posted_date listed_date
    salary_min salary_max salary_currency salary_period work_arrangement
    experience_level years_min years_max skills category ai_job_titles ai_job_function
    ai_job_level ai_city ai_state ai_country ai_work_arrangement ai_remote_allowed
    ai_required_skills ai_years_experience_min ai_years_experience_max ai_salary_min
    ai_salary_max ai_salary_currency ai_salary_period ai_summary"""
JOB_KEYS = JOB_KEYS_TEXT.split()
PEOPLE = st.dictionaries(st.sampled_from(PREFERENCE_KEYS), ANYTHING)
JOBS = st.dictionaries(st.sampled_from(JOB_KEYS), ANYTHING)


@settings(max_examples=300, deadline=None)
@given(PEOPLE, JOBS)
def test_anything_is_examined_and_stays_in_range(
    person: dict[str, Any], job: dict[str, Any]
) -> None:
    found = facts(person, job or {"title": None})
    for part in PARTS_OF_A_PAIR:
        value = getattr(found, part)
        assert value is None or 0 <= value <= 1
    assert 0 <= score(found, None) <= 100
    assert len(reasons(found)) <= 3
    assert all(reason.isprintable() for reason in reasons(found))


def test_rows_of_nothing_but_null_say_nothing() -> None:
    person = dict.fromkeys(PREFERENCE_KEYS)
    assert facts(person, dict.fromkeys(JOB_KEYS)) == Facts(experience_label="")


SKILLS = st.lists(
    st.sampled_from(["Python", "SQL", "Excel", "Go", "C#", "R", "sales"]), unique=True
)


@given(SKILLS.filter(bool), SKILLS.filter(bool), st.data())
def test_one_more_matching_skill_never_lowers_the_score(
    mine: list[str], asked: list[str], data: st.DataObject
) -> None:
    more = [*mine, data.draw(st.sampled_from(asked))]
    mentioned = JOB | {"skills": None, "description": f"with {', '.join(asked)}."}
    for job in (JOB | {"skills": asked}, mentioned):
        before = score(facts(PERSON | {"technical_skills": mine}, job), None)
        assert score(facts(PERSON | {"technical_skills": more}, job), None) >= before


@given(SKILLS)
def test_a_skill_in_the_title_never_lowers_the_score(mine: list[str]) -> None:
    job = JOB | {"skills": None, "title": "SQL Data Analyst"}
    before = score(facts(PERSON | {"technical_skills": ["Sage", *mine]}, job), None)
    more = PERSON | {"technical_skills": ["Sage", *mine, "SQL"]}
    assert score(facts(more, job), None) >= before


@given(
    st.integers(1, 10**8),
    st.integers(1, 10**8),
    st.sampled_from(["NGN", "USD", "KES"]),
    st.sampled_from(["hourly", "monthly", "yearly"]),
)
def test_higher_pay_never_lowers_the_score(
    one: int, other: int, currency: str, period: str
) -> None:
    job = JOB | {"salary_min": None, "salary_currency": currency}
    low, high = (
        score(facts(job=job | {"salary_max": top, "salary_period": period}), None)
        for top in sorted((one, other))
    )
    assert low <= high


@given(st.lists(WORDS, min_size=1), WORDS, WORDS)
def test_one_more_role_never_lowers_the_title(
    roles: list[str], role: str, title: str
) -> None:
    before, after = (
        facts({"job_roles": wanted}, {"title": title}).title or 0
        for wanted in (roles, [*roles, role])
    )
    assert after >= before


UNIT = st.floats(0, 1)
SIMILARITY = st.none() | UNIT
PARTS = st.fixed_dictionaries(dict.fromkeys(PARTS_OF_A_PAIR, st.none() | UNIT))
WISHED = st.frozensets(st.sampled_from(PARTS_OF_A_PAIR))


@given(PARTS, WISHED, st.sampled_from(PARTS_OF_A_PAIR), UNIT, UNIT, SIMILARITY)
def test_a_better_part_never_lowers_the_score(
    parts: dict[str, Any],
    wished: frozenset[str],
    part: str,
    one: float,
    other: float,
    similarity: float | None,
) -> None:
    low, high = (
        score(Facts(**parts | {part: value}, wished=wished), similarity)
        for value in sorted((one, other))
    )
    assert 0 <= low <= high + 1e-9 <= 100 + 1e-6


@given(PARTS, WISHED, UNIT, UNIT)
def test_more_similar_work_never_scores_lower(
    parts: dict[str, Any], wished: frozenset[str], one: float, other: float
) -> None:
    low, high = (
        score(Facts(**parts, wished=wished), similarity)
        for similarity in sorted((one, other))
    )
    assert low <= high + 1e-9


@given(st.integers(-3, 400), st.integers(-3, 400))
def test_a_fresher_posting_never_scores_lower(one: int, other: int) -> None:
    fresher, older = (
        score(facts(job=JOB | {"posted_date": TODAY - timedelta(days)}), 0.5)
        for days in sorted((one, other))
    )
    assert fresher >= older


@given(st.permutations(["Ikeja, Lagos", "Badagry, Lagos", "Kano", "Accra, Ghana"]))
def test_one_more_place_she_would_work_in_never_lowers_the_score(
    places: list[str],
) -> None:
    scores = [
        score(facts(PERSON | {"preferred_locations": places[:count]}), 0.5)
        for count in range(1, len(places) + 1)
    ]
    assert scores == sorted(scores)


# Naira for 1 of it, and months in its period: matching/pay.py.
MONEY = st.sampled_from([("NGN", 1.0), ("USD", 1_500.0), ("KES", 11.6), ("XOF", 2.65)])
PERIOD = st.sampled_from([("hourly", 173.3), ("weekly", 4.33), ("yearly", 1 / 12)])


@given(st.integers(50_000, 5_000_000), MONEY, PERIOD)
def test_the_same_pay_in_other_money_and_periods_fits_the_same(
    naira: int, money: tuple[str, float], period: tuple[str, float]
) -> None:
    plain = {"salary_max": naira, "salary_currency": "NGN", "salary_period": "monthly"}
    other = {
        "salary_max": naira / money[1] / period[1],
        "salary_currency": money[0],
        "salary_period": period[0],
    }
    silent = JOB | {"salary_min": None}
    one, same = (facts(job=silent | pay) for pay in (plain, other))
    assert one.salary is not None
    assert same.salary == pytest.approx(one.salary, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(PREFERENCE_KEYS), st.sampled_from(JOB_KEYS), WORDS)
def test_fields_of_ten_thousand_characters_are_read_like_any(
    key: str, job_key: str, word: str
) -> None:
    long = f"{word} \u202e🙂 " * 1_200
    person, job = PERSON | {key: long}, JOB | {job_key: long}
    assert 0 <= score(facts(person, job), 0.5) <= 100
    assert all(len(reason) < 300 for reason in reasons(facts(person, job)))
