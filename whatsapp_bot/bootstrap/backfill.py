"""Builds a backfill: rows that were chosen by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from whatsapp_bot.bootstrap.app import App
from whatsapp_bot.bootstrap.embeddings import lease_seconds_of, threads_of
from whatsapp_bot.config import Settings
from whatsapp_bot.database.backfill import BackfillStore
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.embeddings.backfill_run import BackfillRun, ChosenRows
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.records import EmbeddingModel, Thing


def build_backfill_stores(
    database: DatabaseManager, model: EmbeddingModel, things: Sequence[Thing]
) -> dict[Thing, BackfillStore]:
    return {thing: BackfillStore(database, thing, model.name) for thing in things}


def build_chosen_rows(
    stores: Mapping[Thing, BackfillStore], ids: Mapping[Thing, Sequence[int]]
) -> ChosenRows:
    return ChosenRows(stores, ids)


def build_backfill_run(
    settings: Settings,
    stores: Mapping[Thing, BackfillStore],
    service: EmbeddingService,
    ids: Mapping[Thing, Sequence[int]],
) -> BackfillRun:
    return BackfillRun(
        stores,
        service,
        service.embed_batch,
        ids,
        threads=threads_of(settings),
        lease_seconds=lease_seconds_of(settings),
        grace_seconds=settings.embedding_timeout_seconds,
    )


def build_enrichment_run(
    app: App, ids: Sequence[int], should_stop: Callable[[], bool]
) -> BackfillRun:
    """Of chosen jobs. After should_stop the posting in hand is the last."""
    service = app.enrichment
    return BackfillRun(
        {"job": service.store},
        service,
        lambda _, queue: service.enrich_batch(queue, should_stop),
        {"job": ids},
        threads=service.threads,
        lease_seconds=service.lease_seconds,
        grace_seconds=service.grace_seconds,
    )
