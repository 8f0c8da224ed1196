"""What costs money, by the inputs that the provider bills."""

from __future__ import annotations

import pytest

from tests.acceptance.processes import Bot
from tests.acceptance.rows import Rows
from tests.loopback.openai_server import OpenAIServer

JOBS, USERS = 50, 2
ROLES, EVERYTHING = "roles-1", "everything-1"
CHANGED = 7  # jobs that a statement changes


class Bill:
    """What one more pass over jobs and people costs."""

    def __init__(self, bot: Bot, rows: Rows, server: OpenAIServer) -> None:
        self._bot = bot
        self._server = server
        self.rows = rows
        rows.add_jobs(JOBS)
        rows.add_user("Accountant", "Auditor")
        rows.add_user("Welder")

    def pay(self) -> None:
        self._bot.embed_here(EMBEDDING_TEMPLATE=ROLES)

    def of_once(self, template: str = ROLES) -> int:
        before = self._server.record.inputs_billed
        result = self._bot.embed_once(EMBEDDING_TEMPLATE=template)
        assert result.code == 0, result.err
        assert (self.rows.due, self.rows.put_off) == (0, 0)
        return self._server.record.inputs_billed - before


@pytest.fixture
def bill(bot: Bot, rows: Rows, openai_server: OpenAIServer) -> Bill:
    return Bill(bot, rows, openai_server)


def test_to_have_seen_a_job_again_costs_nothing(bill: Bill) -> None:
    assert bill.of_once() == JOBS + USERS
    bill.rows.run("UPDATE canonical_jobs SET last_seen_at = now() + '1 day'")
    assert bill.rows.due == 0
    assert bill.of_once() == 0


def test_another_salary_costs_nothing_where_the_text_does_not_name_it(
    bill: Bill,
) -> None:
    bill.pay()
    bill.rows.run(f"UPDATE canonical_jobs SET salary_min = 5000 WHERE id <= {CHANGED}")
    bill.rows.run("UPDATE user_preferences SET salary_min = 4000")
    assert bill.rows.due == CHANGED + USERS
    assert bill.of_once(ROLES) == 0


def test_another_salary_costs_exactly_its_rows_where_the_text_names_it(
    bill: Bill,
) -> None:
    assert bill.of_once(EVERYTHING) == JOBS + USERS
    bill.rows.run(f"UPDATE canonical_jobs SET salary_min = 5000 WHERE id <= {CHANGED}")
    assert bill.of_once(EVERYTHING) == CHANGED


def test_another_title_costs_exactly_its_rows(bill: Bill) -> None:
    bill.pay()
    bill.rows.run(
        f"UPDATE canonical_jobs SET title = 'Senior ' || title WHERE id <= {CHANGED}"
    )
    assert bill.of_once() == CHANGED


def test_the_same_title_and_the_same_preferences_again_cost_nothing(bill: Bill) -> None:
    bill.pay()
    bill.rows.run("UPDATE canonical_jobs SET title = title, company = company")
    bill.rows.run(
        "UPDATE user_preferences SET job_roles = job_roles, updated_at = now()"
    )
    assert bill.rows.due == 0
    assert bill.of_once() == 0


def test_a_title_that_is_changed_back_costs_nothing(bill: Bill) -> None:
    bill.pay()
    bill.rows.run("UPDATE canonical_jobs SET title = 'x' || title")
    bill.rows.run("UPDATE canonical_jobs SET title = substr(title, 2)")
    assert bill.rows.due == JOBS
    assert bill.of_once() == 0


def test_another_wish_costs_one_input(bill: Bill) -> None:
    bill.pay()
    bill.rows.run("UPDATE user_preferences SET job_roles = '{Pilot}' WHERE user_id = 1")
    assert bill.of_once() == 1


def test_another_template_costs_all_rows_once(bill: Bill) -> None:
    bill.pay()
    assert bill.of_once(EVERYTHING) == JOBS + USERS
    assert bill.of_once(EVERYTHING) == 0
