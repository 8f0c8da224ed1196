"""The settings: read from the environment here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from whatsapp_bot.errors import ConfigError

T = TypeVar("T")

PROJECT_FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What an operator can set. `.env.example` says what each is for."""

    database_url: str | None = field(default=None, repr=False)
    data_folder: Path = PROJECT_FOLDER / ".data"
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None
    embedding_model: str = "text-embedding-3-small"
    embedding_dimensions: int = 1536
    embedding_template: str = "roles-1"
    embedding_batch_size: int = 256  # texts per request
    embedding_concurrency: int = 4  # requests in flight
    embedding_timeout_seconds: float = 30.0
    embedding_max_attempts: int = 5  # per text that is refused
    embedding_price_usd: float | None = None  # per million tokens; None: look it up
    embedding_daily_budget_usd: float | None = 5.0
    embedding_run_budget_usd: float | None = None
    embedding_cache_rows: int = 100_000
    hook_timeout_seconds: float = 2.0
    lease_seconds: int = 120
    user_task_minutes: int = 30
    job_task_minutes: int = 15
    reconcile_minutes: int = 60
    expire_minutes: int = 60
    batch_poll_minutes: int = 5  # while a provider's batch is open
    stale_task_at: str = "02:00"  # local time
    stale_days: int = 30
    poll_seconds: float = 30.0  # looks for due rows, should a notification be missed
    log_level: str = "INFO"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; a ConfigError names the variable and its value."""
        read = _Reader(environ)
        return cls(
            database_url=read.text("DATABASE_URL"),
            data_folder=Path(read.text("DATA_FOLDER") or cls.data_folder).expanduser(),
            openai_api_key=read.text("OPENAI_API_KEY"),
            openai_base_url=read.text("OPENAI_BASE_URL"),
            embedding_model=read.text("EMBEDDING_MODEL") or cls.embedding_model,
            embedding_dimensions=read.whole(
                "EMBEDDING_DIMENSIONS", cls.embedding_dimensions
            ),
            embedding_template=read.text("EMBEDDING_TEMPLATE")
            or cls.embedding_template,
            embedding_batch_size=read.whole(
                "EMBEDDING_BATCH_SIZE", cls.embedding_batch_size
            ),
            embedding_concurrency=read.whole(
                "EMBEDDING_CONCURRENCY", cls.embedding_concurrency
            ),
            embedding_timeout_seconds=read.seconds(
                "EMBEDDING_TIMEOUT_SECONDS", cls.embedding_timeout_seconds
            ),
            embedding_max_attempts=read.whole(
                "EMBEDDING_MAX_ATTEMPTS", cls.embedding_max_attempts
            ),
            embedding_price_usd=read.dollars(
                "EMBEDDING_PRICE_USD", cls.embedding_price_usd
            ),
            embedding_daily_budget_usd=read.dollars(
                "EMBEDDING_DAILY_BUDGET_USD", cls.embedding_daily_budget_usd
            ),
            embedding_run_budget_usd=read.dollars(
                "EMBEDDING_RUN_BUDGET_USD", cls.embedding_run_budget_usd
            ),
            embedding_cache_rows=read.whole(
                "EMBEDDING_CACHE_ROWS", cls.embedding_cache_rows
            ),
            hook_timeout_seconds=read.seconds(
                "HOOK_TIMEOUT_SECONDS", cls.hook_timeout_seconds
            ),
            lease_seconds=read.whole("LEASE_SECONDS", cls.lease_seconds),
            user_task_minutes=read.whole("USER_TASK_MINUTES", cls.user_task_minutes),
            job_task_minutes=read.whole("JOB_TASK_MINUTES", cls.job_task_minutes),
            reconcile_minutes=read.whole("RECONCILE_MINUTES", cls.reconcile_minutes),
            expire_minutes=read.whole("EXPIRE_MINUTES", cls.expire_minutes),
            batch_poll_minutes=read.whole("BATCH_POLL_MINUTES", cls.batch_poll_minutes),
            stale_task_at=read.time_of_day("STALE_TASK_AT", cls.stale_task_at),
            stale_days=read.whole("STALE_DAYS", cls.stale_days),
            poll_seconds=read.seconds("POLL_SECONDS", cls.poll_seconds),
            log_level=read.choice(
                "LOG_LEVEL", cls.log_level, ("DEBUG", "INFO", "WARNING", "ERROR")
            ),
        )


class _Reader:
    """Typed reads that name the variable when they fail."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def whole(self, name: str, default: int) -> int:
        return self._cast(name, default, _positive(int), "a whole number above 0")

    def seconds(self, name: str, default: float) -> float:
        return self._cast(name, default, _positive(float), "a number above 0")

    def dollars(self, name: str, default: float | None) -> float | None:
        """ "none" is no limit."""
        if (self.text(name) or "").lower() == "none":
            return None
        expected = "an amount in dollars, or none"
        return self._cast(name, default, _amount, expected)

    def time_of_day(self, name: str, default: str) -> str:
        return self._cast(name, default, _time_of_day, "a time such as 02:00")

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value.upper() not in choices:
            raise ConfigError(f"{name} is {value!r}; it must be {' or '.join(choices)}")
        return value.upper()

    def _cast(
        self, name: str, default: T, cast: Callable[[str], T], expected: str
    ) -> T:
        value = self.text(name)
        if value is None:
            return default
        try:
            return cast(value)
        except ValueError:
            raise ConfigError(f"{name} is {value!r}; it must be {expected}") from None


def _positive(cast: Callable[[str], T]) -> Callable[[str], T]:
    def check(value: str) -> T:
        number = cast(value)
        # Also false for nan. An interval of 0 would hang the `schedule` package.
        if not 0 < number < 1e9:  # type: ignore[operator]
            raise ValueError
        return number

    return check


def _amount(value: str) -> float:
    amount = float(value)
    if not 0 <= amount < 1e9:
        raise ValueError
    return amount


def _time_of_day(value: str) -> str:
    hours, _, minutes = value.partition(":")
    if not (0 <= int(hours) < 24 and len(minutes) == 2 and 0 <= int(minutes) < 60):
        raise ValueError
    return f"{int(hours):02}:{minutes}"
