"""From the settings to an App: the only file that knows the others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from whatsapp_bot.bootstrap.app import App
from whatsapp_bot.bootstrap.conversation import build_wish_reader
from whatsapp_bot.bootstrap.database import open_database, see_to_schema
from whatsapp_bot.bootstrap.embeddings import (
    build_batch_service,
    build_service,
    threads_of,
)
from whatsapp_bot.bootstrap.enrichment import build_enrichment
from whatsapp_bot.bootstrap.whatsapp import build_edge
from whatsapp_bot.bot.bot_controller import BotController
from whatsapp_bot.config import Settings
from whatsapp_bot.database.alerts import AlertStore
from whatsapp_bot.database.batches import BatchList
from whatsapp_bot.database.conversations import ConversationStore
from whatsapp_bot.database.database_manager import DatabaseManager, DueListener
from whatsapp_bot.database.embeddings import EmbeddingUpkeep
from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.pace import Ledger
from whatsapp_bot.database.tasks import TaskStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.database.vectors import VectorStore
from whatsapp_bot.embeddings.embedding_generator import EmbeddingGenerator
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.model_choice import wanted_model
from whatsapp_bot.embeddings.provider_gate import Purse
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.intake.ai_enhanced_parser import AIEnhancedParser
from whatsapp_bot.intake.flexible_preference_manager import FlexiblePreferenceManager
from whatsapp_bot.intake.save_hook import SaveHook
from whatsapp_bot.matching.embedding_job_matcher import EmbeddingJobMatcher
from whatsapp_bot.matching.intelligent_job_matcher import IntelligentJobMatcher
from whatsapp_bot.matching.reverse_match import ReverseMatcher
from whatsapp_bot.whatsapp.messages import Answerer


@contextlib.contextmanager
def open_app(settings: Settings) -> Iterator[App]:
    """Everything, wired, on a database whose schema is up to date.

    The embedded database is migrated here; another one's owner runs `migrate`. Raises
    ConfigError or DatabaseError.
    """
    template_named(settings.embedding_template)
    with open_database(settings) as (database, place):
        see_to_schema(settings, database)
        app = build(settings, database, place)
        try:
            yield app
        finally:
            app.close()


def build(
    settings: Settings,
    database: DatabaseManager,
    place: str,
    answerer: Answerer | None = None,
) -> App:
    models = ModelStore(database)
    wanted = wanted_model(settings)
    live = models.live() or models.add(wanted)
    purse = Purse(settings.embedding_run_budget_usd)
    services = ServiceRegistry(
        models, lambda model: build_service(settings, database, model, purse)
    )
    users, jobs = UserStore(database), JobStore(database)
    history = HistoryStore(database)
    alerts = AlertStore(database)
    reverse_matcher = ReverseMatcher(
        jobs, users, models, history, VectorStore(database)
    )
    enrichment = build_enrichment(settings, database, purse)
    hook = SaveHook(
        services,
        settings.hook_timeout_seconds,
        enrichment,
        settings.enrichment_hook_seconds,
    )
    return App(
        settings=settings,
        place=place,
        database=database,
        users=users,
        jobs=jobs,
        models=models,
        tasks=TaskStore(database),
        upkeep=EmbeddingUpkeep(database),
        ledger=Ledger(database),
        listener=DueListener(database),
        live_model=live,
        wanted_model=wanted,
        services=services,
        batches=BatchList(database),
        batch_services=ServiceRegistry(
            models, lambda model: build_batch_service(settings, database, model, purse)
        ),
        generator=EmbeddingGenerator(services, threads_of(settings)),
        enrichment=enrichment,
        wish_reader=build_wish_reader(settings, database, purse),
        hook=hook,
        preference_manager=FlexiblePreferenceManager(users, hook),
        parser=AIEnhancedParser(jobs, hook),
        controller=BotController(
            EmbeddingJobMatcher(jobs, users),
            IntelligentJobMatcher(jobs),
            history,
            jobs,
            users,
            alerts,
            reverse_matcher,
        ),
        reverse_matcher=reverse_matcher,
        conversations=ConversationStore(database),
        alerts=alerts,
        edge=build_edge(settings, database),
        answerer=answerer,
    )
