"""Which model is asked for, and the provider behind a model."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from whatsapp_bot.config import Settings
from whatsapp_bot.embeddings.local_provider import (
    LOCAL_DIMENSIONS,
    LOCAL_MODEL,
    LocalProvider,
)
from whatsapp_bot.embeddings.prices import price_of
from whatsapp_bot.embeddings.provider import (
    OPENAI_BASE_URL,
    BatchProvider,
    EmbeddingProvider,
)
from whatsapp_bot.errors import ConfigError, InputError
from whatsapp_bot.records import EmbeddingModel

NO_KEY = "none"  # Ollama and vLLM ask for none, but the client insists on one


def local_model(settings: Settings) -> EmbeddingModel:
    return EmbeddingModel(
        name=LOCAL_MODEL,
        api_model="wordllama",
        base_url=None,
        dimensions=LOCAL_DIMENSIONS,
        template=settings.embedding_template,
        is_live=False,
    )


def wanted_model(settings: Settings) -> EmbeddingModel:
    """The hosted model where a key or an address is set, else the local one."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return local_model(settings)
    base_url = settings.openai_base_url or OPENAI_BASE_URL
    return EmbeddingModel(
        name=f"{place_name(base_url)}/{settings.embedding_model}/{settings.embedding_dimensions}",
        api_model=settings.embedding_model,
        base_url=base_url,
        dimensions=settings.embedding_dimensions,
        template=settings.embedding_template,
        is_live=False,
    )


def chosen_model(
    settings: Settings, name: str | None, dimensions: int | None
) -> EmbeddingModel:
    """The model that a command's options name: `local`, what a provider calls it, or
    None for that of the settings. Raises InputError."""
    if name == "local":
        return local_model(settings)
    model = wanted_model(
        replace(
            settings,
            embedding_model=name or settings.embedding_model,
            embedding_dimensions=dimensions or settings.embedding_dimensions,
        )
    )
    if name and model.base_url is None:
        raise InputError("set OPENAI_API_KEY or OPENAI_BASE_URL for a hosted model")
    return model


def make_provider(
    model: EmbeddingModel, settings: Settings
) -> EmbeddingProvider | None:
    """None when the model needs a key that is not set."""
    if model.base_url is None:
        return LocalProvider()
    if settings.openai_api_key is None and model.base_url == OPENAI_BASE_URL:
        return None
    # Here and not above: importing it takes half a second and 40 MB, which whoever has
    # no key would pay at every start.
    from whatsapp_bot.embeddings.openai_provider import OpenAIProvider, quirks_for

    quirks = quirks_for(model.base_url)
    return OpenAIProvider(
        model=model.name,
        api_model=model.api_model,
        dimensions=model.dimensions,
        api_key=settings.openai_api_key or NO_KEY,
        base_url=model.base_url,
        timeout=settings.embedding_timeout_seconds,
        size=quirks.size,
        encoding=quirks.encoding,
        normalize=quirks.normalize,
    )


def make_batch_provider(
    provider: EmbeddingProvider, settings: Settings
) -> BatchProvider | None:
    """None for a model that runs here."""
    if isinstance(provider, LocalProvider):
        return None
    # As above.
    from whatsapp_bot.embeddings.openai_batch import OpenAIBatch
    from whatsapp_bot.embeddings.openai_provider import OpenAIProvider

    assert isinstance(provider, OpenAIProvider)
    return OpenAIBatch(provider, settings.embedding_timeout_seconds)


def price_for(model: EmbeddingModel, settings: Settings) -> float:
    """Dollars per million tokens. Raises ConfigError when nobody told: a budget could
    not be kept."""
    if model.base_url is None:
        return 0.0
    price = settings.embedding_price_usd
    if price is None:
        price = price_of(model.name)
    if price is not None:
        return price
    if is_local(model.base_url):
        return 0.0
    raise ConfigError(
        f"what {model.api_model} costs is not known: set EMBEDDING_PRICE_USD to its "
        "dollars per million tokens (0 if it is free)"
    )


def is_local(base_url: str) -> bool:
    """Whether it runs on this machine, and so costs nothing."""
    return urlsplit(base_url).hostname in ("localhost", "127.0.0.1", "::1")


def place_name(base_url: str) -> str:
    """What a model's name begins with."""
    host = urlsplit(base_url).netloc
    return "openai" if host == "api.openai.com" else host
