"""Builds what reads in postings what they tell beyond their fields."""

from __future__ import annotations

from whatsapp_bot.bootstrap.chat import build_chat_model, chat_budget, is_ready
from whatsapp_bot.chat.chat_choice import enrichment_choice
from whatsapp_bot.config import Settings
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.enrichments import EnrichmentStore
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.provider_gate import Purse
from whatsapp_bot.enrichment.enrichment_service import EnrichmentService
from whatsapp_bot.enrichment.reader import Reader, RulesReader

CHAT_BATCH, RULES_BATCH = 8, 200  # jobs claimed at once


def build_enrichment(
    settings: Settings, database: DatabaseManager, purse: Purse
) -> EnrichmentService:
    """By the chat model of the settings, or by rules. Raises ConfigError."""
    reader = build_reader(settings, database, purse)
    batch_size = settings.enrichment_batch_size or (
        RULES_BATCH if reader.is_free else CHAT_BATCH
    )
    timeout, delay = (
        settings.enrichment_timeout_seconds,
        settings.enrichment_delay_seconds,
    )
    one_by_one = 0.0 if reader.is_free else batch_size * (timeout + delay)
    is_single = reader.is_free or delay  # the rules only keep the interpreter busy
    return EnrichmentService(
        EnrichmentStore(database),
        reader,
        template_named(settings.embedding_template),
        batch_size=batch_size,
        threads=1 if is_single else settings.enrichment_concurrency,
        lease_seconds=settings.lease_seconds + one_by_one,
        grace_seconds=timeout,
        max_attempts=settings.enrichment_max_attempts,
    )


def build_reader(settings: Settings, database: DatabaseManager, purse: Purse) -> Reader:
    choice = enrichment_choice(settings)
    if not is_ready(choice, "rules read the postings"):
        return RulesReader()
    # Here and not above: it takes half a second, and few need it.
    from whatsapp_bot.enrichment.chat_reader import ChatReader

    model = build_chat_model(
        choice,
        database,
        chat_budget(settings, purse),
        timeout=settings.enrichment_timeout_seconds,
        in_flight=settings.enrichment_concurrency,
        delay_seconds=settings.enrichment_delay_seconds,
    )
    return ChatReader(model)
