from __future__ import annotations

import logging
from datetime import date, timedelta

import psycopg2.errors
import pytest

from tests.conftest import Factory
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import DatabaseError, NotFound
from whatsapp_bot.records import SearchResult


def search(app: App, user: int, limit: int = 10, unseen: bool = False) -> SearchResult:
    return app.controller.search_jobs_for_user(user, limit, unseen)


def titles(result: SearchResult) -> list[str]:
    return [match.title for match in result.matches]


def execute(app: App, statement: str, *values: object) -> None:
    with app.database.transaction() as cursor:
        cursor.raw.execute(statement, values)


def test_the_nearest_job_comes_first_with_a_score_and_reasons(
    app: App, make: Factory
) -> None:
    make.job("Truck Driver")
    make.job("Data Analyst", location="Yaba, Lagos", skills=["Python", "SQL"])
    user = make.user(
        job_roles=["Data Analyst"],
        technical_skills=["Python", "SQL"],
        preferred_locations=["Lagos"],
    )
    app.generator.embed_due()
    result = search(app, user)
    assert result.matcher == "embedding"
    best = result.matches[0]
    assert best.title == "Data Analyst"
    assert best.match_score > 90
    assert "asks for Python and SQL, which you have" in best.match_reasons
    assert "in Yaba, Lagos" in best.match_reasons


def test_what_has_nothing_to_do_with_her_is_not_shown(app: App, make: Factory) -> None:
    make.job("Welder")
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    assert titles(search(app, user)) == ["Nurse"]


def test_a_job_out_of_reach_comes_after_one_that_fits_less(
    app: App, make: Factory
) -> None:
    skills = ["Python", "SQL"]
    make.job("Data Analyst", location="Nairobi, Kenya", skills=skills)
    make.job("Data Analyst Operations Lead", location="Yaba, Lagos, Nigeria")
    user = make.user(
        job_roles=["Data Analyst"],
        technical_skills=skills,
        preferred_locations=["Lagos"],
    )
    app.generator.embed_due()
    first, second = search(app, user).matches
    assert first.title == "Data Analyst Operations Lead"
    assert second.match_score < first.match_score < 90


def test_pay_that_only_the_text_names_is_said_and_never_replaces_the_postings_own(
    app: App, make: Factory
) -> None:
    said = "We hire a nurse for our clinic in Yaba. " * 3 + "Salary: N150,000 monthly."
    make.job("Nurse", company="Text", country="NG", description=said)
    own: dict[str, object] = {"salary_min": 90_000, "salary_currency": "NGN"}
    make.job("Nurse", company="Own", country="NG", description=said, **own)
    user = make.user(job_roles=["Nurse"], salary_min=120_000)
    app.enrichment.enrich_due(lambda: False)
    app.generator.embed_due()
    first, second = search(app, user).matches
    assert first.company == "Text" and second.company == "Own"
    assert "₦150k a month, above your ₦120k" in first.match_reasons
    assert not any("₦" in reason for reason in second.match_reasons)


def test_jobs_that_were_shown_can_be_left_out(app: App, make: Factory) -> None:
    for company in ("Ada & Co", "Bola Ltd", "Chidi plc"):
        make.job("Nurse", company=company)
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    first = search(app, user, limit=2, unseen=True)
    app.controller.record_shown(user, first)
    second = search(app, user, limit=2, unseen=True)
    assert len(second.matches) == 1
    assert not {m.job_id for m in first.matches} & {m.job_id for m in second.matches}
    assert len(search(app, user).matches) == 3


def test_old_and_closed_jobs_are_not_found_by_either_matcher(
    app: App, make: Factory
) -> None:
    old = (date.today() - timedelta(days=61)).isoformat()
    make.job("Nurse", company="Old", posted_date=old)
    make.job("Nurse", company="Closed", status="closed")
    make.job("Nurse", company="Live", posted_date=date.today().isoformat())
    user = make.user(job_roles=["Nurse"])
    by_words = search(app, user)
    app.generator.embed_due()
    by_vectors = search(app, user)
    assert (by_words.matcher, by_vectors.matcher) == ("keyword", "embedding")
    for result in (by_words, by_vectors):
        assert [match.company for match in result.matches] == ["Live"]


@pytest.mark.parametrize(
    ("emptied", "reason"),
    [
        ("DELETE FROM user_vectors", "the person has no vector yet"),
        ("DELETE FROM job_vectors", "no job has a vector"),
        ("DELETE FROM embedding_models", "no embedding model is live"),
    ],
)
def test_without_vectors_it_falls_back_and_says_why(
    app: App,
    make: Factory,
    caplog: pytest.LogCaptureFixture,
    emptied: str,
    reason: str,
) -> None:
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    execute(app, emptied)
    with caplog.at_level(logging.WARNING):
        result = search(app, user)
    assert (result.matcher, result.fallback_reason) == ("keyword", reason)
    assert titles(result) == ["Nurse"]
    (record,) = [r for r in caplog.records if r.levelname == "WARNING"]
    assert record.__dict__["action"] == "keyword_fallback"
    assert reason in record.getMessage()


def test_it_falls_back_when_no_job_is_near_enough(app: App, make: Factory) -> None:
    make.job("Welder")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    result = search(app, user)
    assert result.fallback_reason == "no job is near enough"
    assert result.matches == ()


def test_a_broken_query_is_an_error_and_no_fallback(app: App, make: Factory) -> None:
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    execute(app, "ALTER TABLE job_vectors RENAME COLUMN embedding TO vector")
    with pytest.raises(DatabaseError) as raised:
        search(app, user)
    assert isinstance(raised.value.__cause__, psycopg2.errors.UndefinedColumn)


def test_a_person_without_preferences_is_not_found(app: App) -> None:
    user = app.users.save("person-1", "Ada", "en")
    with pytest.raises(NotFound, match="no preferences"):
        search(app, user)


def test_words_find_jobs_by_role_and_by_skill(app: App, make: Factory) -> None:
    make.job("Senior Nurse")
    make.job("Ward Manager", skills=["IV cannulation"])
    make.job("Welder")
    user = make.user(job_roles=["Nurse"], technical_skills=["IV cannulation"])
    assert titles(search(app, user)) == ["Senior Nurse", "Ward Manager"]


def test_a_person_who_named_no_work_gets_the_newest_by_place(
    app: App, make: Factory
) -> None:
    make.job("Nurse", location="Kano, Nigeria")
    make.job("Cook", location="Yaba, Lagos, Nigeria")
    user = make.user(preferred_locations=["Lagos"])
    app.generator.embed_due()
    assert titles(search(app, user))[0] == "Cook"


@pytest.mark.parametrize("role", ["or", "C++ & C#", "'); --", '"unclosed', "💼", "-"])
def test_any_words_of_hers_can_be_searched_for(
    app: App, make: Factory, role: str
) -> None:
    make.job("Nurse")
    search(app, make.user(job_roles=[role]))


def test_neighbours_of_another_model_are_never_compared(
    app: App, make: Factory
) -> None:
    make.job("Nurse")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    execute(
        app,
        "INSERT INTO embedding_models SELECT 'next', api_model, base_url, dimensions,"
        " template, 'filling' FROM embedding_models",
    )
    app.models.use("next")
    assert search(app, user).fallback_reason == "the person has no vector yet"


def place_by_vector(app: App, user: int, jobs: dict[int, float]) -> None:
    """Give the person and each job a vector; the cosine between them is chosen."""
    here = "[1" + ",0" * 63 + "]"
    execute(
        app, "UPDATE user_vectors SET embedding = %s WHERE user_id = %s", here, user
    )
    for job, cosine in jobs.items():
        there = [cosine, (1 - cosine**2) ** 0.5, *[0.0] * 62]
        execute(
            app,
            "UPDATE job_vectors SET embedding = %s WHERE job_id = %s",
            str(there),
            job,
        )


@pytest.mark.parametrize(
    ("role", "title", "others"),
    [
        ("C# Developer", "C# Developer", "C Clerk"),
        (".NET Engineer", "Engineer (.NET)", "Network Clerk"),
        ("QuickBooks Accountant", "QuickBooks Accountant", "Clerk"),
        ("HSE Officer", "HSE Officer", "Loan Clerk"),
    ],
)
def test_an_exact_name_comes_first_although_hundreds_are_nearer_by_vector(
    app: App, make: Factory, role: str, title: str, others: str
) -> None:
    exact = make.job(title)
    crowd = [make.job(others, company=f"Firm {n}") for n in range(150)]
    user = make.user(job_roles=[role])
    app.generator.embed_due()
    place_by_vector(app, user, {exact: 0.5} | dict.fromkeys(crowd, 0.6))
    result = search(app, user)
    assert result.matcher == "embedding"
    assert (result.matches[0].job_id, len(result.matches)) == (exact, 10)


def test_a_job_whose_vector_is_to_come_is_found_by_its_words(
    app: App, make: Factory
) -> None:
    make.job("Nurse", company="Old")
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    make.job("Nurse", company="New")
    execute(app, "DELETE FROM job_vectors WHERE job_id = 2")
    result = search(app, user)
    assert result.matcher == "embedding"
    assert {match.company for match in result.matches} == {"Old", "New"}


def test_a_thousand_jobs_that_were_shown_do_not_shorten_the_answer(
    app: App, make: Factory
) -> None:
    execute(
        app,
        "INSERT INTO canonical_jobs (source, source_id, title, company)"
        " SELECT 'feed', n, 'Nurse', n FROM generate_series(1, 1050) AS n",
    )
    user = make.user(job_roles=["Nurse"])
    app.generator.embed_due()
    app.models.build_index(app.live_model)
    execute(
        app,
        "INSERT INTO user_job_history (user_id, job_id)"
        " SELECT %s, id FROM canonical_jobs WHERE source_id::int <= 1000",
        user,
    )
    shown = {match.company for match in search(app, user, 50, unseen=True).matches}
    assert shown == {str(number) for number in range(1001, 1051)}
