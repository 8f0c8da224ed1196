"""One person, one job that fits her, and what is found of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from whatsapp_bot.matching.scoring import Facts, examine

TODAY = date(2026, 11, 21)
PERSON: dict[str, Any] = {
    "job_roles": ["Data Analyst"],
    "technical_skills": ["Python", "SQL"],
    "preferred_locations": ["Lagos"],
    "years_of_experience": 3,
    "salary_min": 400_000,
}
JOB: dict[str, Any] = {
    "title": "Senior Data Analyst",
    "location": "Yaba, Lagos",
    "country": "NG",
    "skills": ["Python", "SQL"],
    "salary_min": 450_000,
    "salary_max": 600_000,
    "salary_currency": "NGN",
    "salary_period": "monthly",
    "years_min": 2,
    "years_max": 5,
    "posted_date": TODAY,
}


def facts(
    person: dict[str, Any] | None = None, job: dict[str, Any] | None = None
) -> Facts:
    return examine(PERSON if person is None else person, job or JOB, TODAY)
