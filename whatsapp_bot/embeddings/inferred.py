"""What was inferred from a posting stands in where its own fields are empty; pure."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from whatsapp_bot.records import Enrichment

# The inferred field, where it goes, and the fields of the posting that make it needless.
_ALONE = (
    ("seniority", "ai_job_level", ("ai_job_level", "experience_level")),
    ("job_function", "ai_job_function", ("ai_job_function", "category")),
    ("industry", "ai_industry", ("ai_industry",)),
    (
        "work_arrangement",
        "ai_work_arrangement",
        ("ai_work_arrangement", "work_arrangement", "ai_remote_allowed"),
    ),
    ("summary", "ai_summary", ("ai_summary",)),
)
# Only all of a group, or none: half a posting's pay with half a guess is neither.
_SKILLS = ("required_skills", "preferred_skills")
_OWN_SKILLS = ("skills", "ai_required_skills", "ai_preferred_skills")
_SALARY = ("salary_min", "salary_max", "salary_currency", "salary_period")
_OWN_SALARY = ("salary_min", "salary_max", "ai_salary_min", "ai_salary_max")


def fill_in(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The job with inferred values in those of its ai_ fields that it leaves empty."""
    filled: dict[str, Any] = {
        into: value
        for name, into, own in _ALONE
        if (value := job.get(f"inferred_{name}")) and not _says(job, own)
    }
    for names, own in ((_SKILLS, _OWN_SKILLS), (_SALARY, _OWN_SALARY)):
        if not _says(job, own):
            inferred = {f"ai_{name}": job.get(f"inferred_{name}") for name in names}
            filled |= {into: value for into, value in inferred.items() if value}
    return ChainMap(filled, cast("MutableMapping[str, Any]", job))  # only read


def as_inferred(enrichment: Enrichment) -> dict[str, object]:
    """The fields as a row of a job has them."""
    return {f"inferred_{name}": value for name, value in vars(enrichment).items()}


def _says(job: Mapping[str, Any], fields: tuple[str, ...]) -> bool:
    """False is said too: no remote work."""
    values = (job.get(field) for field in fields)
    return any(value not in (None, "", [], ()) for value in values)
