"""Postings that are read by a chat model on loopback."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import AppFactory, Factory
from whatsapp_bot.bootstrap import App
from whatsapp_bot.records import Row

CHAT = {"ENRICHMENT_MODEL": "gpt-4o-mini"}
DESCRIPTION = (
    "We are looking for somebody to run our payroll. Excel and Payroll are required, "
    "with two years of experience. Salary: N150,000 - N200,000 monthly."
)

StateOf = Callable[[int], Row]


@pytest.fixture
def chat(make_app: AppFactory) -> App:
    return make_app(**CHAT)


@pytest.fixture
def posted(app: App) -> Callable[..., int]:
    """Saves a posting that has something to read; its id."""
    make = Factory(app)

    def save(title: str = "Accountant", **fields: object) -> int:
        return make.job(title, **{"description": DESCRIPTION, **fields})

    return save


@pytest.fixture
def state_of(app: App) -> StateOf:
    """The job's enrichments row, and in how many seconds it is due."""

    def read(job_id: int) -> Row:
        with app.database.transaction() as cursor:
            cursor.raw.execute(
                "SELECT *, extract(epoch FROM due_at - now())::float AS seconds"
                " FROM job_enrichments WHERE job_id = %s",
                (job_id,),
            )
            return dict(cursor.raw.fetchone() or {})

    return read


def execute(app: App, statement: str, *values: object) -> None:
    with app.database.transaction() as cursor:
        cursor.raw.execute(statement, values)
