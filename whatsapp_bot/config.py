"""The settings: read from the environment here and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from whatsapp_bot.errors import ConfigError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


# --- how values are read; a ValueError says what was expected


def _text(value: str) -> str:
    return value


def _folder(value: str) -> Path:
    return Path(value).expanduser()


def _count(value: str) -> int:
    return int(_checked(value, int, 1, "a whole number above 0"))


def _percent(value: str) -> int:
    number = int(_checked(value, int, 0, "a whole number from 0 to 100"))
    if number > 100:
        raise ValueError("a whole number from 0 to 100")
    return number


def _pause(value: str) -> float:
    return float(_checked(value, float, 0, "a number of seconds"))


def _seconds(value: str) -> float:
    # An interval of 0 would hang the `schedule` package.
    return float(_checked(value, float, 1e-3, "a number above 0"))


def _dollars(value: str) -> float | None:
    if value.lower() == "none":
        return None
    return float(_checked(value, float, 0, "an amount in dollars, or none"))


def _price(value: str) -> float:
    return float(_checked(value, float, 0, "an amount in dollars"))


def _prices(value: str) -> tuple[float, float]:
    expected = "two prices in dollars, such as 0.15/0.60"
    sent, _, answered = value.partition("/")
    return (
        float(_checked(sent, float, 0, expected)),
        float(_checked(answered, float, 0, expected)),
    )


def _checked(
    value: str, cast: Callable[[str], float], least: float, expected: str
) -> float:
    try:
        number = cast(value)
    except ValueError:
        raise ValueError(expected) from None
    if not least <= number < 1e9:  # also false for nan
        raise ValueError(expected)
    return number


def _time_of_day(value: str) -> str:
    hours, _, minutes = value.partition(":")
    is_time = hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2
    if not (is_time and int(hours) < 24 and int(minutes) < 60):
        raise ValueError("a time such as 02:00")
    return f"{int(hours):02}:{minutes}"


def _port(value: str) -> int:
    number = _checked(value, int, 0, "a port, 0 to 65535")
    if number > 65535:
        raise ValueError("a port, 0 to 65535")
    return int(number)


def _switch(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise ValueError("on or off")
    return value.lower() == "on"


def _api_version(value: str) -> str:
    if not re.fullmatch(r"v\d+\.\d+", value):
        raise ValueError("a version such as v25.0")
    return value


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]\S*", value):
        raise ValueError("a URL that begins with https:// or http://")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(" or ".join(LOG_LEVELS))
    return value.upper()


def _setting(default: Any, read: Callable[[str], Any], secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"read": read})


@dataclass(frozen=True)
class Settings:
    """What an operator can set, each by the variable of its name in capitals.

    `.env.example` says what each is for.
    """

    database_url: str | None = _setting(None, _text, secret=True)
    data_folder: Path = _setting(PROJECT_FOLDER / ".data", _folder)

    openai_api_key: str | None = _setting(None, _text, secret=True)
    openai_base_url: str | None = _setting(None, _text)
    embedding_model: str = _setting("text-embedding-3-small", _text)
    embedding_dimensions: int = _setting(1536, _count)
    embedding_template: str = _setting("roles-2", _text)

    embedding_batch_size: int = _setting(320, _count)  # texts per request
    embedding_concurrency: int = _setting(4, _count)  # requests in flight
    embedding_delay_seconds: float = _setting(0.0, _pause)  # between two requests
    embedding_timeout_seconds: float = _setting(30.0, _seconds)
    embedding_max_attempts: int = _setting(5, _count)  # per text that is refused
    hook_timeout_seconds: float = _setting(2.0, _seconds)
    lease_seconds: int = _setting(120, _count)

    embedding_daily_budget_usd: float | None = _setting(5.0, _dollars)
    embedding_run_budget_usd: float | None = _setting(None, _dollars)
    # Per million tokens; None: look it up.
    embedding_price_usd: float | None = _setting(None, _dollars)
    embedding_cache_rows: int = _setting(100_000, _count)

    # Of postings. enrichment_model None: rules. The key and the address: else OpenAI's.
    enrichment_model: str | None = _setting(None, _text)
    enrichment_api_key: str | None = _setting(None, _text, secret=True)
    enrichment_base_url: str | None = _setting(None, _text)
    # Per million tokens, sent and answered; None: look it up.
    enrichment_price_usd: tuple[float, float] | None = _setting(None, _prices)
    # Jobs claimed at once; None: 8 for a chat model, 200 for the rules.
    enrichment_batch_size: int | None = _setting(None, _count)
    enrichment_concurrency: int = _setting(4, _count)  # requests in flight
    enrichment_delay_seconds: float = _setting(0.0, _pause)  # between two requests
    enrichment_timeout_seconds: float = _setting(30.0, _seconds)
    enrichment_max_attempts: int = _setting(5, _count)
    enrichment_hook_seconds: float = _setting(2.0, _seconds)

    # What a profile must have filled in (migration 009) for a backfill to embed it.
    profile_completeness_min: int = _setting(40, _percent)

    # For embed-corpus into a libSQL server.
    turso_auth_token: str | None = _setting(None, _text, secret=True)

    # For admin-api. web_port None: PORT, which platforms set.
    admin_token: str | None = _setting(None, _text, secret=True)
    web_host: str = _setting("127.0.0.1", _text)
    web_port: int | None = _setting(None, _port)
    port: int = _setting(8000, _port)

    # For admin-api too: a fake of Meta's API, and the page of a phone to try the bot with.
    simulator: bool = _setting(False, _switch)
    # WhatsApp: without a phone number id, it is left alone.
    whatsapp_phone_number_id: str | None = _setting(None, _text)
    whatsapp_token: str | None = _setting(None, _text, secret=True)
    whatsapp_app_secret: str | None = _setting(None, _text, secret=True)
    whatsapp_verify_token: str | None = _setting(None, _text, secret=True)
    whatsapp_api_version: str = _setting("v25.0", _api_version)
    whatsapp_base_url: str = _setting("https://graph.facebook.com", _http_url)
    whatsapp_messages_per_second: int = _setting(80, _count)
    whatsapp_resend_seconds: float = _setting(120.0, _seconds)  # may have arrived
    whatsapp_keep_days: int = _setting(30, _count)  # the texts of messages
    whatsapp_daily_budget_usd: float | None = _setting(5.0, _dollars)
    whatsapp_template_usd: float = _setting(0.0516, _price)  # per message
    whatsapp_service_usd: float = _setting(0.0067, _price)

    # Alerts. The template is one that Meta approved; without it, nobody is written to
    # outside of the 24 hours after her last message.
    whatsapp_alert_template: str | None = _setting(None, _text)
    whatsapp_alert_template_language: str = _setting("en", _text)
    alert_days: int = _setting(3, _count)  # older postings are no news
    alert_collect_minutes: int = _setting(5, _count)  # before an instant digest
    alert_daily_at: str = _setting("08:00", _time_of_day)  # by each person's clock

    # For whoever asks the bot for a person: a phone number, an e-mail address or a link.
    human_contact: str | None = _setting(None, _text)

    user_task_minutes: int = _setting(30, _count)
    job_task_minutes: int = _setting(15, _count)
    enrich_task_minutes: int = _setting(15, _count)
    reconcile_minutes: int = _setting(60, _count)
    expire_minutes: int = _setting(60, _count)
    # While a provider's batch is open.
    batch_poll_minutes: int = _setting(5, _count)
    stale_task_at: str = _setting("02:00", _time_of_day)  # local time
    stale_days: int = _setting(30, _count)
    # Looks for due rows, should a notification be missed.
    poll_seconds: float = _setting(30.0, _seconds)
    log_level: str = _setting("INFO", _log_level)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """An empty variable is an unset one. A ConfigError names the variable, its
        value and what was expected."""
        values: dict[str, Any] = {}
        for setting in fields(cls):
            variable = setting.name.upper()
            value = environ.get(variable, "").strip()
            if not value:
                continue
            try:
                values[setting.name] = setting.metadata["read"](value)
            except ValueError as error:
                message = f"{variable} is {value!r}; it must be {error}"
                raise ConfigError(message) from None
        return cls(**values)
