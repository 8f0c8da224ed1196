from __future__ import annotations

import random

import pytest

from tests.conftest import Factory
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import NoVectors
from whatsapp_bot.matching import reverse_match
from whatsapp_bot.records import Match, SearchResult

WORK = ["Nurse", "Driver", "Data Analyst", "Sales Officer", "Accountant", "Cook"]
KINDS = ["", "Senior ", "Night ", "Paediatric ", "Fraud ", "Field "]
PLACES = ["Yaba, Lagos", "Abuja, Nigeria", "Nairobi, Kenya", "Remote", "Kano, Nigeria"]
SKILLS = ["Excel", "SQL", "Triage", "CRM", "IFRS", "Python"]
COMPANIES = ["Acme Ltd", "Bola Foods", "Chidi plc", "Confidential", "Dayo & Co", None]
EVERYTHING = 100  # more than there is
Found = dict[int, list[Match]]


def reverse(app: App, jobs: list[int], threshold: int = 0, limit: int = 10) -> Found:
    found = app.reverse_matcher.find_people(jobs, threshold, limit)
    return {person.user_id: list(person.matches) for person in found}


def page(app: App, user: int, limit: int = 10) -> list[Match]:
    result = app.controller.search_jobs_for_user(user, limit, unseen=True)
    assert result.matcher == "embedding" or not result.matches
    return list(result.matches)


def show(app: App, user: int, job: int) -> None:
    (row,) = app.jobs.find_live([job])
    match = Match(row["id"], row["title"], None, None, None, row["listed_date"], 50, ())
    app.controller.record_shown(user, SearchResult((match,), "embedding"))


class Town:
    """Random people and jobs with vectors, and what the people said of some jobs."""

    def __init__(self, app: App, make: Factory, seed: int) -> None:
        self._chance = random.Random(seed)
        self.jobs = [self._job(make) for _ in range(90)]
        self.people = [self._person(make) for _ in range(25)]
        app.generator.embed_due()
        for user in self.people:
            shown, saved, refused = self._chance.sample(self.jobs, 3)
            show(app, user, shown)
            app.controller.save(user, saved)
            app.controller.not_for_me(user, refused)

    def _job(self, make: Factory) -> int:
        pick = self._chance.choice
        return make.job(
            pick(KINDS) + pick(WORK),
            company=pick(COMPANIES),
            location=pick(PLACES),
            skills=self._chance.sample(SKILLS, 2),
            salary_min=pick([None, 100_000, 400_000]),
            salary_currency="NGN",
        )

    def _person(self, make: Factory) -> int:
        pick = self._chance.choice
        return make.user(
            job_roles=[pick(KINDS) + pick(WORK), pick(WORK)],
            technical_skills=self._chance.sample(SKILLS, 2),
            preferred_locations=[pick(["Lagos", "Abuja", "Nairobi", "Remote"])],
            salary_min=pick([None, 200_000]),
        )


@pytest.fixture(params=[1, 2, 3])
def town(app: App, make: Factory, request: pytest.FixtureRequest) -> Town:
    return Town(app, make, request.param)


# --- what an alert says and what a search says


def test_an_alert_is_the_page_that_a_search_would_show(app: App, town: Town) -> None:
    found = reverse(app, town.jobs)
    assert len(found) > len(town.people) / 2
    for user in town.people:
        assert found.get(user, []) == page(app, user)


def test_with_a_threshold_it_is_what_of_the_page_reaches_it(
    app: App, town: Town
) -> None:
    found = reverse(app, town.jobs, threshold=60)
    assert found
    for user in town.people:
        good = [match for match in page(app, user) if match.match_score >= 60]
        mine = found.get(user, [])
        assert mine[: len(good)] == good
        assert all(match.match_score >= 60 for match in mine)


def test_of_new_jobs_among_others_search_and_alert_know_the_same(
    app: App, town: Town
) -> None:
    new = set(town.jobs[::2])
    found = reverse(app, sorted(new), limit=EVERYTHING)
    for user in town.people:
        seen = page(app, user, EVERYTHING)
        mine = found.get(user, [])
        assert {m.job_id for m in seen} & new <= {m.job_id for m in mine}
        by_id = {match.job_id: match for match in seen}
        by_key = {match.posting_key: match for match in seen}
        for match in mine:
            if match.job_id in by_id:
                assert match == by_id[match.job_id]
            else:  # an older posting of the same job fits her no worse
                assert by_key[match.posting_key].match_score >= match.match_score


def test_blocks_of_people_do_not_change_what_is_found(
    app: App, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reverse(app, town.jobs)
    for most in (1, 7, len(town.people)):
        monkeypatch.setattr(reverse_match, "MOST_PEOPLE", most)
        assert reverse(app, town.jobs) == whole


# --- whom and what it leaves out


def test_shown_and_refused_jobs_are_left_out_in_every_posting(
    app: App, make: Factory
) -> None:
    first, second = make.job("Nurse", company="Acme"), make.job("Cook", company="Acme")
    shown, refused, neither = (make.user(job_roles=["Nurse", "Cook"]) for _ in "abc")
    again = [
        make.job("NURSE - Lagos", company="Acme Ltd"),
        make.job("cook", company="ACME PLC"),
    ]
    app.generator.embed_due()
    show(app, shown, first)
    app.controller.not_for_me(refused, second)
    found = reverse(app, [first, second, *again])
    titles = {u: {m.title.lower()[:4] for m in own} for u, own in found.items()}
    assert titles == {shown: {"cook"}, refused: {"nurs"}, neither: {"cook", "nurs"}}
    app.controller.undo_feedback(refused, second)
    show(app, neither, second)
    assert {m.title.lower()[:4] for m in reverse(app, again)[neither]} == {"nurs"}


def test_jobs_that_ended_or_have_no_vector_or_do_not_exist_find_nobody(
    app: App, make: Factory
) -> None:
    make.user(job_roles=["Nurse"])
    live, closed = make.job("Nurse"), make.job("Nurse", status="closed")
    app.generator.embed_due()
    no_vector = make.job("Nurse")
    assert reverse(app, [closed, no_vector, 4711]) == {}
    assert reverse(app, []) == {}
    assert [len(own) for own in reverse(app, [live, closed, 4711]).values()] == [1]


def test_people_without_a_vector_are_left_out(app: App, make: Factory) -> None:
    job, user = make.job("Nurse"), make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    make.user(job_roles=["Nurse"])
    app.users.save("silent", None, "en")
    assert set(reverse(app, [job])) == {user}


def test_each_person_gets_at_most_so_many_the_best_first(
    app: App, make: Factory
) -> None:
    jobs = [make.job(f"{kind}Nurse", company=f"{kind}Clinic") for kind in KINDS]
    user = make.user(job_roles=["Night Nurse"])
    app.generator.embed_due()
    everything, two = reverse(app, jobs)[user], reverse(app, jobs, limit=2)[user]
    assert two == everything[:2]
    assert two[0].title == "Night Nurse"


def test_without_a_live_model_it_says_so(app: App, make: Factory) -> None:
    job = make.job("Nurse")
    with app.database.transaction() as cursor:
        cursor.raw.execute("DELETE FROM embedding_models")
    with pytest.raises(NoVectors, match="no embedding model"):
        reverse(app, [job])
