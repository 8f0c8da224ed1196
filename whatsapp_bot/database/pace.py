"""How fast a provider may be called, and what was spent: shared by all workers."""

from __future__ import annotations

from dataclasses import asdict

from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.records import BreakerReason, PaceFacts, RateLimits, Row, UsageRow

TOKENS_PER_TEXT = 20.0  # before anything was embedded: a title or some roles
PROBE_SECONDS = 10.0  # the one that finds out may take so long; then another tries


class PaceStore:
    """The pace and the circuit breaker of one model's provider."""

    def __init__(self, database: DatabaseManager, model: str) -> None:
        self._database = database
        self._model = model

    def reserve(self, tokens: float) -> tuple[float, int]:
        """May a request of so many tokens be sent now? Seconds to wait (0: send it, it
        is counted) and the failures in a row, which `failed` wants back."""
        with self._database.transaction() as cursor:
            row = cursor.row(
                "reserve_request",
                model=self._model,
                tokens=tokens,
                probe_seconds=PROBE_SECONDS,
            )
        assert row is not None
        return float(row["wait_seconds"]), int(row["failures"])

    def seconds_to_wait(self) -> float:
        """Until the breaker lets one through; 0 when it does."""
        with self._database.transaction() as cursor:
            row = cursor.row("seconds_to_wait", model=self._model)
        return float(row["seconds"]) if row else 0.0

    def failed(
        self, failures: int, reason: BreakerReason, seconds: float, message: str
    ) -> None:
        """Nobody calls for so long; of several that failed together, one counts."""
        with self._database.transaction() as cursor:
            cursor.run(
                "open_breaker",
                model=self._model,
                failures=failures,
                reason=reason,
                seconds=seconds,
                message=message.replace("\0", ""),
            )

    def succeeded(self) -> None:
        """Close the breaker."""
        with self._database.transaction() as cursor:
            cursor.run("close_breaker", model=self._model)

    def observe(self, limits: RateLimits) -> None:
        """What the provider says is left of its windows."""
        with self._database.transaction() as cursor:
            cursor.run("observe_pace", model=self._model, **asdict(limits))

    def facts(self) -> PaceFacts:
        with self._database.transaction() as cursor:
            row = cursor.row("pace_facts", model=self._model)
        return PaceFacts(**row) if row else PaceFacts()


class Ledger:
    """What was asked and what it cost, by day, model and purpose."""

    def __init__(self, database: DatabaseManager) -> None:
        self._database = database

    def reserve(
        self, model: str, purpose: str, dollars: float, daily_budget: float
    ) -> bool:
        """Add what a request may cost; False when that would pass the day's budget."""
        with self._database.transaction() as cursor:
            row = cursor.row(
                "reserve_money",
                model=model,
                purpose=purpose,
                dollars=dollars,
                daily_budget=daily_budget,
            )
        return bool(row and row["granted"])

    def add(
        self,
        model: str,
        purpose: str,
        *,
        requests: int = 0,
        texts: int = 0,
        tokens: int = 0,
        dollars: float = 0.0,
    ) -> None:
        """dollars: as billed, less what was reserved for it."""
        with self._database.transaction() as cursor:
            cursor.run(
                "add_usage",
                model=model,
                purpose=purpose,
                requests=requests,
                texts=texts,
                tokens=tokens,
                dollars=dollars,
            )

    def tokens_per_text(self, model: str) -> float:
        """On average, of all that was ever asked; before the first, a guess."""
        with self._database.transaction() as cursor:
            row = cursor.row("tokens_per_text", model=model)
        return (row and row["average"]) or TOKENS_PER_TEXT

    def today(self) -> Row:
        """requests, texts, tokens, dollars"""
        with self._database.transaction() as cursor:
            return cursor.row("usage_today") or {}

    def by_day(self, days: int) -> list[UsageRow]:
        """Of the last so many days, today among them, the newest first."""
        with self._database.transaction() as cursor:
            rows = cursor.rows("usage_by_day", days=days)
        return [UsageRow(**row) for row in rows]

    def by_purpose(self) -> list[Row]:
        """model, purpose, requests, texts, tokens, dollars: of all days."""
        with self._database.transaction() as cursor:
            return cursor.rows("usage_by_purpose")
