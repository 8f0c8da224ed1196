from __future__ import annotations

from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.inferred import as_inferred, fill_in
from whatsapp_bot.records import Enrichment

ENRICHMENT = Enrichment(
    required_skills=("SQL",),
    preferred_skills=("SAP",),
    seniority="mid",
    job_function="Sales",
    industry="Technology",
    work_arrangement="remote",
    salary_min=100.0,
    salary_max=200.0,
    salary_currency="NGN",
    salary_period="monthly",
    summary="What it is.",
)
INFERRED = as_inferred(ENRICHMENT)


def test_what_is_inferred_stands_in_where_the_posting_is_silent() -> None:
    job = fill_in({"title": "Clerk", **INFERRED})
    assert job["ai_required_skills"] == ("SQL",)
    assert (job["ai_job_level"], job["ai_job_function"]) == ("mid", "Sales")
    assert (job["ai_salary_min"], job["ai_salary_currency"]) == (100.0, "NGN")
    assert (job["ai_summary"], job["title"]) == ("What it is.", "Clerk")


def test_what_the_posting_says_is_never_replaced() -> None:
    own = {
        "skills": ["Excel"],
        "experience_level": "lead",
        "category": "Finance",
        "ai_industry": ["Banking"],
        "ai_remote_allowed": False,
        "salary_max": 5.0,
        "ai_summary": "Own words.",
    }
    job = fill_in({**own, **INFERRED})
    assert {name: job.get(name) for name in own} == own
    for name in (
        *("ai_required_skills", "ai_preferred_skills", "ai_job_level"),
        *("ai_job_function", "ai_work_arrangement", "ai_salary_min"),
    ):
        assert job.get(name) is None


def test_the_live_template_reads_none_of_it() -> None:
    roles, everything = template_named("roles-2"), template_named("everything-1")
    job = {"title": "Clerk"}
    assert roles.text("job", job | INFERRED) == roles.text("job", job)
    assert "Required skills: SQL" in everything.text("job", job | INFERRED)
