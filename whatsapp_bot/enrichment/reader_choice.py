"""Which reader the settings ask for, and what a chat model costs."""

from __future__ import annotations

from whatsapp_bot.config import Settings
from whatsapp_bot.embeddings.model_choice import NO_KEY, is_local, place_name
from whatsapp_bot.embeddings.prices import chat_price_of
from whatsapp_bot.embeddings.provider import OPENAI_BASE_URL
from whatsapp_bot.errors import ConfigError


def chat_model_name(settings: Settings) -> str | None:
    """As it is stored and billed; None where the rules are to read: no model is named,
    or there is no key for it."""
    if settings.enrichment_model is None:
        return None
    if _key(settings) is None and base_url(settings) == OPENAI_BASE_URL:
        return None
    return f"{place_name(base_url(settings))}/{settings.enrichment_model}"


def base_url(settings: Settings) -> str:
    return settings.enrichment_base_url or settings.openai_base_url or OPENAI_BASE_URL


def api_key(settings: Settings) -> str:
    return _key(settings) or NO_KEY


def _key(settings: Settings) -> str | None:
    """OpenAI's key, or whosever it is, goes to its own address only."""
    if settings.enrichment_api_key:
        return settings.enrichment_api_key
    is_other = settings.enrichment_base_url not in (None, settings.openai_base_url)
    return None if is_other else settings.openai_api_key


def chat_prices(settings: Settings) -> tuple[float, float]:
    """Dollars per million tokens, sent and answered. Raises ConfigError when nobody
    told: a budget could not be kept."""
    model = settings.enrichment_model or ""
    prices = settings.enrichment_price_usd or chat_price_of(model)
    if prices is not None:
        return prices
    if is_local(base_url(settings)):
        return 0.0, 0.0
    raise ConfigError(
        f"what {model} costs is not known: set ENRICHMENT_PRICE_USD to its dollars per "
        "million tokens sent and answered, such as 0.15/0.60 (0/0 if it is free)"
    )
