from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.matching.examples import TODAY
from whatsapp_bot.matching.new_jobs import NewJobs
from whatsapp_bot.matching.ranking import best_first
from whatsapp_bot.matching.score_bounds import ScoreBounds
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.matching.similarity import calibrated
from whatsapp_bot.records import Match, Row

MODEL = "local/wordllama"
PERSON: Row = {
    "job_roles": ["Nurse"],
    "technical_skills": ["Triage", "Excel"],
    "preferred_locations": ["Lagos"],
}
SAVED: Row = {
    "title": "Night Nurse",
    "company": "Acme",
    "employer_key": "acme",
    "is_saved": True,
}


def posting(job_id: int, **fields: Any) -> Row:
    keys = ("company", "location", "url", "posting_key", "employer_key")
    return {**dict.fromkeys(keys), "id": job_id, "listed_date": TODAY, **fields}


JOBS = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["Nurse", "Night Nurse", "Ward Clerk", "Driver"]),
            "location": st.sampled_from(["Lagos", "Abuja", "Nairobi, Kenya", None]),
            "skills": st.lists(st.sampled_from(["Triage", "Excel", "CRM"]), max_size=2),
            "employer_key": st.sampled_from([None, "acme", "acme", "acme", "bola"]),
            "posting_key": st.sampled_from([None, None, "x", "y", "z"]),
            "cosine": st.floats(0, 1),
        }
    ),
    max_size=40,
)


def found(
    jobs: dict[int, Row], seeker: Seeker, threshold: int, limit: int
) -> tuple[list[Match], int]:
    """Her best, and how many were on the short list."""
    near = sorted(
        ((job_id, job["cosine"]) for job_id, job in jobs.items()),
        key=lambda pair: -pair[1],
    )
    bounds = ScoreBounds(MODEL, jobs)
    new_jobs = NewJobs(jobs, MODEL, bounds, threshold, limit, TODAY)
    facts = new_jobs.short_list(seeker, near)
    distances = {job_id: 1 - jobs[job_id]["cosine"] for job_id in facts}
    return new_jobs.matches(seeker, facts, distances), len(facts)


@given(
    JOBS, st.sampled_from([0, 40, 60, 80]), st.integers(1, 12), st.sampled_from([0, 3])
)
def test_her_best_are_those_that_judging_every_job_finds(
    some: list[Row], threshold: int, limit: int, opinions: int
) -> None:
    jobs = {n: posting(n, **fields) for n, fields in enumerate(some, 1)}
    seeker = Seeker.of(PERSON, [SAVED] * opinions)
    near = ((job, calibrated(job["cosine"], MODEL)) for job in jobs.values())
    every = seeker.best(near, len(jobs), TODAY)
    good = [match for match in every if match.match_score >= threshold]
    mine, _ = found(jobs, seeker, threshold, limit)
    assert [(m.job_id, m.match_score, m.match_reasons) for m in mine] == [
        (m.job_id, m.match_score, m.match_reasons) for m in best_first(good)[:limit]
    ]


def test_jobs_that_cannot_be_among_her_best_are_not_judged() -> None:
    good = {"title": "Nurse", "location": "Lagos", "skills": ["Triage"]}
    poor = {"title": "Driver", "location": "Nairobi, Kenya", "skills": ["CRM"]}
    jobs = {
        n: posting(n, employer_key=str(n), cosine=0.9 if n < 5 else 0.5, **fields)
        for n, fields in enumerate([good] * 4 + [poor] * 50, 1)
    }
    mine, judged = found(jobs, Seeker.of(PERSON, []), 60, 2)
    assert [match.job_id for match in mine] == [4, 3]
    assert judged == 4


def test_a_pair_whose_vector_is_gone_is_left_out() -> None:
    jobs = {1: posting(1, title="Nurse", cosine=0.9)}
    new_jobs = NewJobs(jobs, MODEL, ScoreBounds(MODEL, jobs), 0, 5, TODAY)
    seeker = Seeker.of(PERSON, [])
    facts = new_jobs.short_list(seeker, [(1, 0.9)])
    assert new_jobs.matches(seeker, facts, {1: float("nan")}) == []
    assert len(new_jobs.matches(seeker, facts, {1: 0.1})) == 1


def test_a_job_of_another_employer_is_looked_for_when_one_fills_the_page() -> None:
    fields = {"title": "Nurse", "location": "Lagos", "skills": ["Triage"]}
    jobs = {
        n: posting(n, employer_key="acme", cosine=0.9, **fields) for n in range(1, 7)
    }
    jobs[7] = posting(7, employer_key="bola", cosine=0.6, **fields)
    mine, _ = found(jobs, Seeker.of(PERSON, []), 60, 3)
    assert [match.job_id for match in mine] == [6, 5, 7]
