from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.matching.examples import TODAY
from tests.unit.matching.test_score_bounds import JOBS, PEOPLE
from whatsapp_bot.matching.ranking import best_first
from whatsapp_bot.matching.scoring import examine
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.records import Match, Row

SAVED: Row = {
    "title": "Head Nurse",
    "company": "Acme",
    "employer_key": "acme",
    "is_saved": True,
}
COLUMNS = ("company", "url", "posting_key")
FOUND = st.lists(
    st.tuples(
        JOBS,
        st.sampled_from([None, "acme", "acme", "bola"]),
        st.none() | st.floats(0, 1),
    ),
    max_size=60,
)


def judged_all(seeker: Seeker, jobs: list[tuple[Row, float | None]]) -> list[Match]:
    seen = {job["id"]: (job, examine(seeker.wishes, job, TODAY)) for job, _ in jobs}
    matches = [seeker.match(job, seen[job["id"]][1], near) for job, near in jobs]
    return [
        seeker.explain(match, *seen[match.job_id])
        for match in best_first(filter(None, matches))
    ]


@given(PEOPLE, FOUND, st.integers(1, 20), st.sampled_from([0, 3]))
def test_her_page_is_that_of_judging_every_job(
    person: Row, found: list[Any], limit: int, opinions: int
) -> None:
    jobs = [
        (
            {
                **dict.fromkeys(COLUMNS),
                **job,
                "id": n,
                "employer_key": employer,
                "listed_date": TODAY,
            },
            near,
        )
        for n, (job, employer, near) in enumerate(found, 1)
    ]
    seeker = Seeker.of(person, [SAVED] * opinions)
    assert seeker.best(jobs, limit, TODAY) == judged_all(seeker, jobs)[:limit]
