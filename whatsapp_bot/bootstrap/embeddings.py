"""Builds what makes vectors, and what keeps its pace and its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whatsapp_bot.config import Settings
from whatsapp_bot.database.batches import BatchStore
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.embeddings import EmbeddingStore
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.embeddings.batch_service import BatchService
from whatsapp_bot.embeddings.embedding_gate import EmbeddingGate
from whatsapp_bot.embeddings.embedding_generator import SPARE_THREADS
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.local_provider import LocalProvider, tokenizer_file
from whatsapp_bot.embeddings.model_choice import (
    make_batch_provider,
    make_provider,
    price_for,
)
from whatsapp_bot.embeddings.provider import EmbeddingProvider
from whatsapp_bot.embeddings.provider_gate import Budget, ProviderGate, Purse
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.records import THINGS, EmbeddingModel, Thing

if TYPE_CHECKING:
    from whatsapp_bot.embeddings.token_count import TokenCounter

DELAYED_REQUESTS = 10  # of a batch, at most, as a rule


def build_service(
    settings: Settings, database: DatabaseManager, model: EmbeddingModel, purse: Purse
) -> EmbeddingService | None:
    """None when the model's provider needs a key that is not set."""
    provider = make_provider(model, settings)
    if provider is None:
        return None
    return EmbeddingService(
        build_stores(database, model),
        build_gate(settings, database, model, provider, purse),
        template_named(settings.embedding_template),
        batch_size=settings.embedding_batch_size,
        lease_seconds=lease_seconds_of(settings),
        max_attempts=settings.embedding_max_attempts,
    )


def build_batch_service(
    settings: Settings, database: DatabaseManager, model: EmbeddingModel, purse: Purse
) -> BatchService | None:
    """None when the model has no Batch API, or needs a key that is not set."""
    provider = make_provider(model, settings)
    if provider is None:
        return None
    batches = make_batch_provider(provider, settings)
    if batches is None:
        return None
    return BatchService(
        BatchStore(database, model.name),
        build_stores(database, model),
        batches,
        build_gate(settings, database, model, provider, purse),
        template_named(settings.embedding_template),
        budget_for(settings, model, purse),
        max_attempts=settings.embedding_max_attempts,
    )


def build_stores(
    database: DatabaseManager, model: EmbeddingModel
) -> dict[Thing, EmbeddingStore]:
    return {thing: EmbeddingStore(database, thing, model.name) for thing in THINGS}


def build_gate(
    settings: Settings,
    database: DatabaseManager,
    model: EmbeddingModel,
    provider: EmbeddingProvider,
    purse: Purse,
) -> EmbeddingGate:
    gate = ProviderGate(
        model.name,
        PaceStore(database, model.name),
        Ledger(database),
        budget_for(settings, model, purse),
        settings.embedding_concurrency,
        settings.embedding_delay_seconds,
    )
    return EmbeddingGate(provider, gate)


def budget_for(settings: Settings, model: EmbeddingModel, purse: Purse) -> Budget:
    return Budget(
        price=price_for(model, settings),
        daily=settings.embedding_daily_budget_usd,
        run=purse,
    )


def threads_of(settings: Settings) -> int:
    """Where requests wait for each other, rows must not be leased meanwhile."""
    if settings.embedding_delay_seconds:
        return 1
    return settings.embedding_concurrency + SPARE_THREADS


def lease_seconds_of(settings: Settings) -> float:
    # A batch of long texts, or one that is halved for a bad one, is several requests.
    return settings.lease_seconds + DELAYED_REQUESTS * settings.embedding_delay_seconds


def build_provider(settings: Settings, model: EmbeddingModel) -> EmbeddingProvider:
    """Raises ConfigError when it needs a key that is not set."""
    provider = make_provider(model, settings)
    if provider is None:
        raise ConfigError(f"set OPENAI_API_KEY for {model.name}")
    return provider


def build_token_counter(provider: EmbeddingProvider) -> TokenCounter | None:
    """None for a model that bills none."""
    if isinstance(provider, LocalProvider):
        return None
    # Here and not above: it is native code that few need.
    from whatsapp_bot.embeddings.token_count import TokenCounter

    return TokenCounter(tokenizer_file())
