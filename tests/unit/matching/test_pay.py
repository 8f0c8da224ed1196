"""Money of any currency and period, compared."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.matching import pay

AMOUNTS = st.floats(min_value=1, max_value=1e9)
CODES = st.sampled_from(sorted(pay.NAIRA_PER))
PERIODS = st.sampled_from(sorted(pay.MONTHS))


@given(AMOUNTS, CODES, CODES)
def test_money_there_and_back_is_the_same_money(
    amount: float, one: str, other: str
) -> None:
    there = pay.monthly(amount, one, "monthly", other)
    assert pay.monthly(there, other, "monthly", one) == pytest.approx(amount)


@given(AMOUNTS, AMOUNTS, CODES, PERIODS)
def test_more_of_the_same_money_is_never_less(
    one: float, other: float, code: str, period: str
) -> None:
    low, high = sorted((one, other))
    assert (pay.monthly(low, code, period) or 0) <= (
        pay.monthly(high, code, period) or 0
    )


@pytest.mark.parametrize(
    ("period", "months_pay"),
    [
        ("hourly", 173.3),
        ("per day", 21.7),
        ("weekly", 4.33),
        ("Monthly", 1),
        ("per annum", 1 / 12),
        ("yearly", 1 / 12),
    ],
)
def test_a_period_is_read_however_it_is_said(period: str, months_pay: float) -> None:
    assert pay.monthly(1200, "NGN", period) == pytest.approx(1200 * months_pay)


@pytest.mark.parametrize(
    ("amount", "currency", "per_month"),
    [
        (450_000, "NGN", 450_000),
        (1_999_999, "NGN", 1_999_999),
        (6_000_000, "NGN", 500_000),
        (5_000, "NGN", 5_000 * 21.7),
        (60_000, "USD", 5_000),
        (2_000, "USD", 2_000),
        (25, "USD", 25 * 173.3),
        (2_500, "GHS", 2_500),
    ],
)
def test_an_amount_without_a_period_is_read_by_its_size(
    amount: float, currency: str, per_month: float
) -> None:
    assert pay.monthly(amount, currency, None, currency) == pytest.approx(per_month)


@pytest.mark.parametrize("currency", [None, "", "XYZ", "🙂", "points"])
def test_an_unknown_currency_says_nothing(currency: str | None) -> None:
    assert pay.monthly(100, currency, "monthly") is None


@pytest.mark.parametrize("amount", [None, float("nan"), float("inf"), -5])
def test_an_amount_that_is_no_amount_says_nothing(amount: float | None) -> None:
    assert pay.monthly(amount, "NGN", "monthly") is None


def test_a_sum_for_a_whole_project_has_no_month() -> None:
    assert pay.monthly(500, "USD", "fixed price") is None


def test_signs_and_decimals_are_money_too() -> None:
    assert pay.monthly(Decimal("400000"), "₦", "month") == 400_000


@pytest.mark.parametrize(
    ("low", "high", "currency", "said"),
    [
        (450_000, 600_000, "NGN", "₦450k–600k"),
        (1_200_000, 1_200_000, "NGN", "₦1.2m"),
        (900_000, 1_250_000, "NGN", "₦900k–1.25m"),
        (999_700, 999_700, "NGN", "₦1m"),
        (600_000, 450_000, "₦", "₦450k–600k"),
        (2_000, 2_000, "usd", "$2,000"),
        (20_000, 30_000, "KES", "KES 20,000–30,000"),
        (500, 500, "NGN", "₦500"),
    ],
)
def test_money_is_written_short(
    low: float, high: float, currency: str, said: str
) -> None:
    assert pay.short(low, high, currency) == said
