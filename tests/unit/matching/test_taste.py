from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.matching.examples import JOB, PERSON, TODAY
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.taste import MOST_POINTS, Taste
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Row

NOBODY = Wishes.of({})
TITLES = [
    "Nurse",
    "Paediatric Nurse",
    "Night Nurse",
    "Driver",
    "Sales Officer",
    "",
    "💼",
]


def said(title: str, is_saved: bool = True, employer: str | None = None) -> Row:
    return {
        "user_id": 1,
        "title": title,
        "company": employer and employer.title(),
        "employer_key": employer,
        "is_saved": is_saved,
    }


def job(title: str, employer: str | None = None) -> Row:
    return {"title": title, "employer_key": employer}


FEEDBACK = st.lists(
    st.builds(
        said,
        st.sampled_from(TITLES),
        st.booleans(),
        st.sampled_from([None, "acme", "bola"]),
    ),
    max_size=30,
)
JOBS = st.builds(job, st.sampled_from(TITLES), st.sampled_from([None, "acme", "bola"]))


def test_who_said_nothing_has_no_taste() -> None:
    assert Taste.of([], NOBODY).points(job("Nurse", "acme")) == 0
    assert Taste().reason(job("Nurse")) == ""


def test_jobs_like_a_saved_one_gain_and_like_a_refused_one_lose() -> None:
    for is_saved, sign in ((True, 1), (False, -1)):
        taste = Taste.of([said("Paediatric Nurse", is_saved, "acme")], NOBODY)
        assert sign * taste.points(job("Paediatric Nurse")) > 0
        assert sign * taste.points(job("Driver", "acme")) > 0
        assert taste.points(job("Driver", "bola")) == 0


def test_the_roles_she_named_say_nothing_of_her_taste() -> None:
    wishes = Wishes.of({"job_roles": ["Nurse"]})
    taste = Taste.of([said("Nurse", False), said("Night Nurse", False)], wishes)
    assert taste.points(job("Nurse")) == 0
    assert taste.points(job("Night Nurse")) < 0


def test_unknown_employers_are_not_one() -> None:
    assert Taste.of([said("", True, None)], NOBODY).points(job("Driver", None)) == 0


def test_each_further_opinion_moves_it_less() -> None:
    points = [
        Taste.of([said("Driver")] * count, NOBODY).points(job("Driver"))
        for count in range(5)
    ]
    steps = [
        later - earlier for earlier, later in zip(points, points[1:], strict=False)
    ]
    assert all(
        0 < later < earlier for earlier, later in zip(steps, steps[1:], strict=False)
    )


@given(FEEDBACK, JOBS)
def test_the_step_is_bounded(feedback: list[Row], job: Row) -> None:
    assert abs(Taste.of(feedback, NOBODY).points(job)) < MOST_POINTS


@given(FEEDBACK, st.sampled_from(TITLES), st.sampled_from([None, "acme"]), JOBS)
def test_one_more_saved_job_never_lowers_and_one_refused_never_lifts(
    feedback: list[Row], title: str, employer: str | None, job: Row
) -> None:
    before = Taste.of(feedback, NOBODY).points(job)
    for is_saved, sign in ((True, 1), (False, -1)):
        more = [said(title, is_saved, employer), *feedback]
        assert sign * (Taste.of(more, NOBODY).points(job) - before) >= 0


@given(FEEDBACK, JOBS)
def test_the_opposite_opinions_have_the_opposite_effect(
    feedback: list[Row], job: Row
) -> None:
    opposite = [row | {"is_saved": not row["is_saved"]} for row in feedback]
    assert Taste.of(opposite, NOBODY).points(job) == pytest.approx(
        -Taste.of(feedback, NOBODY).points(job)
    )


@given(FEEDBACK, JOBS)
def test_a_reason_is_given_only_where_taste_speaks_for_the_job(
    feedback: list[Row], job: Row
) -> None:
    taste = Taste.of(feedback, NOBODY)
    assert not taste.reason(job) or taste.points(job) > 0


def test_the_reason_names_what_she_saved() -> None:
    taste = Taste.of([said("Paediatric Nurse", True, "acme")], NOBODY)
    assert taste.reason(job("Paediatric Ward Nurse")) == (
        "like a job you saved: Paediatric Nurse"
    )
    assert taste.reason(job("Driver", "acme")) == "from Acme, where you saved a job"


# --- a pair


def posting(**changes: Any) -> Row:
    keys = ("company", "url", "listed_date", "posting_key", "employer_key")
    return {"id": 7, **dict.fromkeys(keys), **JOB, **changes}


@pytest.mark.parametrize("similarity", [None, 0.5])
def test_taste_moves_the_score_with_and_without_vectors(
    similarity: float | None,
) -> None:
    job = posting(title="Data Analyst, Fraud")
    scores = []
    for feedback in (
        [said("Fraud Examiner", False)],
        [],
        [said("Fraud Examiner", True)],
    ):
        (match,) = Seeker.of(PERSON, feedback).best([(job, similarity)], 1, TODAY)
        scores.append(match.match_score)
    assert scores[0] < scores[1] <= scores[2] <= 100


def test_taste_lifts_no_job_over_the_least_score() -> None:
    job = posting(title="Driver", skills=["Driving"], employer_key="acme")
    seeker = Seeker.of(PERSON, [said("Driver", True, "acme")] * 30)
    assert seeker.best([(job, None)], 1, TODAY) == []
    assert seeker.taste.points(job) > 0


def test_the_reason_of_her_taste_comes_last_and_there_are_three_at_most() -> None:
    seeker = Seeker.of({"job_roles": ["Analyst"]}, [said("Fraud Officer")])
    (match,) = seeker.best([(posting(title="Fraud Analyst"), None)], 1, TODAY)
    assert match.match_reasons[-1] == "like a job you saved: Fraud Officer"
    assert len(match.match_reasons) <= 3
