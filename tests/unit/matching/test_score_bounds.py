from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.matching.examples import TODAY
from whatsapp_bot.matching import similarity
from whatsapp_bot.matching.score_bounds import PARTS, ScoreBounds
from whatsapp_bot.matching.scoring import examine, score
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Row

MODELS = ["local/wordllama", "text-embedding-3-small", "another"]
PLACES = ["Lagos", "Yaba, Lagos", "Abuja", "Nairobi, Kenya", "Remote", "Oyo State"]
SOME_PLACES = st.lists(st.sampled_from(PLACES), max_size=2)
WAYS = st.sampled_from(["remote", "hybrid", "onsite"])
PEOPLE = st.fixed_dictionaries(
    {
        "job_roles": st.lists(st.sampled_from(["Nurse", "Driver"]), max_size=1),
        "technical_skills": st.lists(st.sampled_from(["SQL", "Excel"]), max_size=2),
        "preferred_locations": SOME_PLACES,
        "work_arrangements": st.lists(WAYS, max_size=2),
        "willing_to_relocate": st.booleans(),
        "salary_min": st.sampled_from([None, 300_000]),
        "years_of_experience": st.sampled_from([None, 3]),
    }
)
JOBS = st.fixed_dictionaries(
    {
        "id": st.just(1),
        "title": st.sampled_from(["Nurse", "Head Nurse", "Driver"]),
        "location": st.sampled_from([None, *PLACES]),
        "work_arrangement": st.none() | WAYS,
        "skills": st.lists(st.sampled_from(["SQL", "Excel"]), max_size=2),
        "salary_max": st.sampled_from([None, 100_000, 500_000]),
        "years_min": st.sampled_from([None, 1, 9]),
    }
)
COSINES = st.floats(-1, 1)


def test_the_parts_of_a_score_are_known() -> None:
    assert {"title", "skills", "location", "salary", "experience"} <= PARTS
    assert "posted_days" not in PARTS


@given(PEOPLE, JOBS, COSINES, st.sampled_from(MODELS))
def test_no_pair_scores_more_than_its_bound(
    person: Row, job: Row, cosine: float, model: str
) -> None:
    wishes = Wishes.of(person)
    similar = similarity.calibrated(cosine, model)
    points = score(examine(wishes, job, TODAY), similar)
    assert points <= ScoreBounds(model, {1: job}).most(wishes, 1, cosine) + 1e-9


@given(PEOPLE, PEOPLE, JOBS, COSINES)
def test_who_asked_before_does_not_matter(
    one: Row, other: Row, job: Row, cosine: float
) -> None:
    bounds = ScoreBounds(MODELS[0], {1: job})
    for person in (one, other, one):
        wishes = Wishes.of(person)
        alone = ScoreBounds(MODELS[0], {1: job}).most(wishes, 1, cosine)
        assert bounds.most(wishes, 1, cosine) == alone


@pytest.mark.parametrize("model", MODELS)
def test_the_least_cosine_grows_with_the_threshold(model: str) -> None:
    bounds = ScoreBounds(model, {})
    leasts = [bounds.least_cosine(threshold) for threshold in range(0, 121, 10)]
    assert leasts == sorted(leasts)
    assert similarity.calibrated(leasts[0], model) == 0
    assert leasts[-1] == 1.0  # more than can be scored
