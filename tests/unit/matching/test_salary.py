"""Stated pay held against the wish."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.matching.examples import JOB, facts


@pytest.mark.parametrize(
    ("top", "score"),
    [(400_000, 1.0), (900_000, 1.0), (300_000, 0.5), (200_000, 0.0), (1_000, 0.0)],
)
def test_pay_below_the_wish_falls_to_nothing_at_half(top: float, score: float) -> None:
    job = {"salary_max": top, "salary_currency": "NGN", "salary_period": "monthly"}
    assert facts(job=job).salary == pytest.approx(score)


def test_pay_is_compared_across_currencies_and_periods() -> None:
    job = {"salary_max": Decimal("24000"), "salary_currency": "USD"}
    found = facts(job=job | {"salary_period": "yearly"})
    assert found.salary == 1.0
    assert found.pay == "$24,000 a year, above your ₦400k a month"


def test_pay_that_only_reaches_the_wish_is_not_called_above_it() -> None:
    assert facts(job=JOB | {"salary_min": 300_000}).pay == (
        "₦300k–600k a month, reaching your ₦400k"
    )


def test_pay_whose_period_was_guessed_is_not_claimed() -> None:
    found = facts(job=JOB | {"salary_period": None})
    assert (found.salary, found.pay) == (1.0, "")
