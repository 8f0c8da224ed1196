"""Which chat model the settings name for a purpose, where it is, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from whatsapp_bot.config import Settings
from whatsapp_bot.embeddings.model_choice import NO_KEY, is_local, place_name
from whatsapp_bot.embeddings.prices import chat_price_of
from whatsapp_bot.embeddings.provider import OPENAI_BASE_URL
from whatsapp_bot.errors import ConfigError

Prices = tuple[float, float]


@dataclass(frozen=True)
class ChatChoice:
    """use: the beginning of its settings' names. model: None where none is named. key:
    None where none goes to that address. told: what it costs, where the settings say."""

    use: str
    model: str | None
    base_url: str
    key: str | None = field(repr=False)
    told: Prices | None = None

    @property
    def name(self) -> str | None:
        """As it is stored and billed; None where rules are to read: no model is named,
        or there is no key for it."""
        if self.model is None:
            return None
        if self.key is None and self.base_url == OPENAI_BASE_URL:
            return None
        return f"{place_name(self.base_url)}/{self.model}"

    @property
    def api_key(self) -> str:
        return self.key or NO_KEY

    @property
    def prices(self) -> Prices:
        """Dollars per million tokens, sent and answered. Raises ConfigError when nobody
        told: a budget could not be kept."""
        prices = self.told or chat_price_of(self.model or "")
        if prices is not None:
            return prices
        if is_local(self.base_url):
            return 0.0, 0.0
        raise ConfigError(
            f"what {self.model} costs is not known: set {self.use}_PRICE_USD to its "
            "dollars per million tokens sent and answered, such as 0.15/0.60 (0/0 if it "
            "is free)"
        )


def enrichment_choice(settings: Settings) -> ChatChoice:
    """Who reads postings."""
    general = settings.openai_base_url or OPENAI_BASE_URL
    base_url = settings.enrichment_base_url or general
    key = _key(
        settings.enrichment_api_key, base_url == general, settings.openai_api_key
    )
    return ChatChoice(
        "ENRICHMENT",
        settings.enrichment_model,
        base_url,
        key,
        settings.enrichment_price_usd,
    )


def conversation_choice(settings: Settings) -> ChatChoice:
    """Who reads what people write: by default at the address that reads postings."""
    general = enrichment_choice(settings)
    base_url = settings.conversation_base_url or general.base_url
    is_same_place = base_url == general.base_url
    is_same = is_same_place and settings.conversation_model == general.model
    return ChatChoice(
        "CONVERSATION",
        settings.conversation_model,
        base_url,
        _key(settings.conversation_api_key, is_same_place, general.key),
        settings.conversation_price_usd or (general.told if is_same else None),
    )


def _key(own: str | None, is_same_place: bool, general: str | None) -> str | None:
    """A key, OpenAI's or whosever it is, goes to its own address only."""
    return own or (general if is_same_place else None)
