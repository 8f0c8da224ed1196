"""Texts fill in what was inferred in Python, searches in SQL: one rule, held together."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.conftest import Factory
from tests.integration.enrichment.conftest import execute
from whatsapp_bot.bootstrap import App
from whatsapp_bot.embeddings.inferred import fill_in

FIELDS = ("ai_work_arrangement", "ai_salary_min", "ai_salary_max", "ai_salary_currency")
PAY: tuple[dict[str, Any], ...] = (
    {},
    {"salary_min": 90_000},
    {"salary_max": 95_000, "salary_currency": "NGN"},
    {"ai_salary_min": 80_000, "ai_salary_currency": "NGN"},
    {"ai_salary_currency": "USD"},
)
WAY: tuple[dict[str, Any], ...] = (
    {},
    {"work_arrangement": "onsite"},
    {"ai_work_arrangement": "hybrid"},
    {"ai_remote_allowed": False},
)


def test_searches_and_texts_read_the_same(app: App, make: Factory) -> None:
    ids = [make.job("Nurse", **pay, **way) for pay, way in product(PAY, WAY)]
    app.enrichment.enrich_due(lambda: False)
    execute(
        app,
        "UPDATE job_enrichments SET work_arrangement = 'remote', salary_min = 150000,"
        " salary_max = 200000, salary_currency = 'NGN', salary_period = 'monthly'"
        " WHERE job_id <> %s",
        ids[-1],
    )
    searched = {row["id"]: row for row in app.jobs.find_live(ids)}
    for job_id, row in app.enrichment.store.read_jobs(ids).items():
        text = fill_in(row)
        assert {name: searched[job_id][name] for name in FIELDS} == {
            name: text[name] for name in FIELDS
        }
    assert sum(row["ai_salary_min"] == 150_000 for row in searched.values()) == 7
    assert sum(row["ai_work_arrangement"] == "remote" for row in searched.values()) == 5
