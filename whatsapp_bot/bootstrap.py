"""The only place where objects are built and wired together."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from whatsapp_bot.alerts.digests import AlertTemplate, Digests, Reach
from whatsapp_bot.alerts.job_finder import JobFinder
from whatsapp_bot.alerts.times import Calendar, Clock, utc_now
from whatsapp_bot.bot.bot_controller import BotController
from whatsapp_bot.bot.contacts import Contacts
from whatsapp_bot.bot.conversation import Conversation
from whatsapp_bot.bot.understanding.stopping import is_stop
from whatsapp_bot.chat.chat_choice import (
    ChatChoice,
    conversation_choice,
    enrichment_choice,
)
from whatsapp_bot.config import Settings
from whatsapp_bot.corpus.corpus_run import CorpusRun
from whatsapp_bot.corpus.npy_sink import Label, NpySink
from whatsapp_bot.corpus.plan import Corpus, Flags, Plan
from whatsapp_bot.corpus.sink import Sink
from whatsapp_bot.corpus.table_sink import TableSink
from whatsapp_bot.database.admin_jobs import AdminJobStore
from whatsapp_bot.database.alerts import AlertStore
from whatsapp_bot.database.backfill import BackfillStore
from whatsapp_bot.database.batches import BatchList, BatchStore
from whatsapp_bot.database.contacts import ContactStore
from whatsapp_bot.database.conversations import ConversationStore
from whatsapp_bot.database.database_manager import DatabaseManager, DueListener
from whatsapp_bot.database.embedded_postgres import EmbeddedPostgres
from whatsapp_bot.database.embeddings import EmbeddingStore, EmbeddingUpkeep
from whatsapp_bot.database.enrichments import EnrichmentStore
from whatsapp_bot.database.history import HistoryStore
from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.libsql import Libsql, SqliteFile, is_server
from whatsapp_bot.database.migrator import Migrator
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.outbox import OutboxStore, SendingRules
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.database.tasks import TaskStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.database.vector_table import VectorTable
from whatsapp_bot.database.vectors import VectorStore
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.embeddings.backfill_run import BackfillRun, ChosenRows
from whatsapp_bot.embeddings.batch_service import BatchService
from whatsapp_bot.embeddings.embedding_gate import EmbeddingGate
from whatsapp_bot.embeddings.embedding_generator import (
    SPARE_THREADS,
    EmbeddingGenerator,
)
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.embedding_text import template_named
from whatsapp_bot.embeddings.local_gate import LocalGate
from whatsapp_bot.embeddings.local_provider import LocalProvider, tokenizer_file
from whatsapp_bot.embeddings.model_choice import (
    make_batch_provider,
    make_provider,
    price_for,
    wanted_model,
)
from whatsapp_bot.embeddings.provider import EmbeddingProvider
from whatsapp_bot.embeddings.provider_gate import (
    HOLD_SECONDS,
    Budget,
    ProviderGate,
    Purse,
)
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.embeddings.text_embedder import TextEmbedder
from whatsapp_bot.enrichment.enrichment_service import EnrichmentService
from whatsapp_bot.enrichment.reader import Reader, RulesReader
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.intake.ai_enhanced_parser import AIEnhancedParser
from whatsapp_bot.intake.flexible_preference_manager import FlexiblePreferenceManager
from whatsapp_bot.intake.save_hook import SaveHook
from whatsapp_bot.matching.embedding_job_matcher import EmbeddingJobMatcher
from whatsapp_bot.matching.intelligent_job_matcher import IntelligentJobMatcher
from whatsapp_bot.matching.reverse_match import ReverseMatcher
from whatsapp_bot.records import THINGS, EmbeddingModel, Thing
from whatsapp_bot.web.gatekeeper import SIMULATOR_PATH
from whatsapp_bot.whatsapp.messages import Answerer
from whatsapp_bot.whatsapp.outbox import Outbox
from whatsapp_bot.whatsapp.receiver import Receiver
from whatsapp_bot.whatsapp.signature import hash_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from whatsapp_bot.bot.wish_reader import WishReader
    from whatsapp_bot.chat.chat_model import ChatModel
    from whatsapp_bot.embeddings.token_count import TokenCounter
    from whatsapp_bot.web.job_runner import JobRunner
    from whatsapp_bot.whatsapp.fake_graph import Account, FakeGraph
    from whatsapp_bot.whatsapp.worker import WhatsAppWorker

logger = logging.getLogger(__name__)

SIMULATED_DELAYS = (0.1, 0.4, 1.0)  # seconds until sent, delivered and read
CHAT_BATCH, RULES_BATCH = 8, 200  # jobs claimed at once
CHAT_SHARE = 0.8  # of the day's budget: the rest is left for vectors
DELAYED_REQUESTS = 10  # of a batch, at most, as a rule


@dataclass(frozen=True)
class Edge:
    """What the conversation and the alerts need of WhatsApp."""

    contacts: ContactStore
    outbox: Outbox
    outgoing: OutboxStore
    inbox: InboxStore
    number: NumberStore


@dataclass(frozen=True)
class App:
    """Everything a door may need, wired."""

    settings: Settings
    place: str  # which database, in words, without its password
    database: DatabaseManager
    users: UserStore
    jobs: JobStore
    models: ModelStore
    tasks: TaskStore
    upkeep: EmbeddingUpkeep
    ledger: Ledger
    listener: DueListener
    live_model: EmbeddingModel
    wanted_model: EmbeddingModel
    services: ServiceRegistry[EmbeddingService]
    batches: BatchList
    batch_services: ServiceRegistry[BatchService]
    generator: EmbeddingGenerator
    enrichment: EnrichmentService
    wish_reader: WishReader | None
    hook: SaveHook
    preference_manager: FlexiblePreferenceManager
    parser: AIEnhancedParser
    controller: BotController
    reverse_matcher: ReverseMatcher
    alerts: AlertStore
    edge: Edge
    answerer: Answerer | None  # None: the conversation

    def store(self, thing: Thing) -> EmbeddingStore:
        """The embeddings of the live model."""
        return EmbeddingStore(self.database, thing, self.live_model.name)

    def close(self) -> None:
        self.hook.close()
        self.enrichment.close()
        if self.wish_reader:
            self.wish_reader.close()
        for service in self.services.made():
            service.close()
        for batch_service in self.batch_services.made():
            batch_service.close()

    def pace(self, model: EmbeddingModel) -> PaceStore:
        return PaceStore(self.database, model.name)


@contextlib.contextmanager
def open_database(settings: Settings) -> Iterator[tuple[DatabaseManager, str]]:
    """The database and where it is, in words; nothing of its schema is looked at.

    Without a DATABASE_URL, the embedded server: started here if need be.
    """
    if settings.database_url is None:
        server = EmbeddedPostgres(settings.data_folder / "postgres")
        database = DatabaseManager(server.start())
        place = f"embedded PostgreSQL in {settings.data_folder / 'postgres'}"
    else:
        server = None
        database = DatabaseManager(settings.database_url)
        place = "the PostgreSQL of DATABASE_URL"
    try:
        yield database, place
    finally:
        database.close()
        if server is not None:
            server.stop()


@contextlib.contextmanager
def open_app(settings: Settings) -> Iterator[App]:
    """Everything, wired, on a database whose schema is up to date.

    The embedded database is migrated here; another one's owner runs `migrate`. Raises
    ConfigError or DatabaseError.
    """
    template_named(settings.embedding_template)
    with open_database(settings) as (database, place):
        _see_to_schema(settings, database)
        app = build(settings, database, place)
        try:
            yield app
        finally:
            app.close()


def _see_to_schema(settings: Settings, database: DatabaseManager) -> None:
    migrator = Migrator(database)
    if settings.database_url is None:
        migrator.apply()
    else:
        migrator.require()


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
        generator=EmbeddingGenerator(services, _threads(settings)),
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
        alerts=alerts,
        edge=build_edge(settings, database),
        answerer=answerer,
    )


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
        lease_seconds=_lease_seconds(settings),
        max_attempts=settings.embedding_max_attempts,
    )


def _threads(settings: Settings) -> int:
    """Where requests wait for each other, rows must not be leased meanwhile."""
    if settings.embedding_delay_seconds:
        return 1
    return settings.embedding_concurrency + SPARE_THREADS


def _lease_seconds(settings: Settings) -> float:
    # A batch of long texts, or one that is halved for a bad one, is several requests.
    return settings.lease_seconds + DELAYED_REQUESTS * settings.embedding_delay_seconds


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


# --- enrichment: what postings tell beyond their fields


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
    if choice.name is None:
        if choice.model:
            logger.warning(
                "no key is set for %s: rules read the postings",
                choice.model,
                extra={"action": "no_enrichment_key"},
            )
        return RulesReader()
    # As below.
    from whatsapp_bot.enrichment.chat_reader import ChatReader

    model = build_chat_model(
        choice,
        database,
        _chat_budget(settings, purse),
        timeout=settings.enrichment_timeout_seconds,
        in_flight=settings.enrichment_concurrency,
        delay_seconds=settings.enrichment_delay_seconds,
    )
    return ChatReader(model)


def build_chat_model(
    choice: ChatChoice,
    database: DatabaseManager,
    budget: Budget,
    *,
    timeout: float,
    in_flight: int,
    delay_seconds: float = 0.0,
    hold_seconds: float = HOLD_SECONDS,
    is_quiet: bool = False,
) -> ChatModel:
    """choice: of a model that has a name."""
    # Here and not above: it takes half a second, and few need it.
    from whatsapp_bot.chat.chat_model import ChatModel
    from whatsapp_bot.chat.chat_provider import ChatProvider

    name = choice.name or ""
    provider = ChatProvider(
        model=name,
        api_model=choice.model or "",
        api_key=choice.api_key,
        base_url=choice.base_url,
        timeout=timeout,
        is_quiet=is_quiet,
    )
    store, ledger = PaceStore(database, name), Ledger(database)
    gate = ProviderGate(
        name, store, ledger, budget, in_flight, delay_seconds, hold_seconds
    )
    return ChatModel(provider, gate, choice.prices)


def _chat_budget(settings: Settings, purse: Purse) -> Budget:
    daily = settings.embedding_daily_budget_usd
    return Budget(daily=None if daily is None else daily * CHAT_SHARE, run=purse)


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


# --- WhatsApp

INBOX_THREADS = 4
SENDER_THREADS = 16


def build_edge(settings: Settings, database: DatabaseManager) -> Edge:
    number = settings.whatsapp_phone_number_id or ""
    secret = settings.whatsapp_app_secret or ""
    rules = SendingRules(
        phone_number_id=number,
        messages_per_second=settings.whatsapp_messages_per_second,
        resend_seconds=settings.whatsapp_resend_seconds,
        template_dollars=settings.whatsapp_template_usd,
        other_dollars=settings.whatsapp_service_usd,
        daily_budget=settings.whatsapp_daily_budget_usd,
    )
    outgoing = OutboxStore(database, rules)
    return Edge(
        contacts=ContactStore(database, lambda wamid: hash_of(wamid, secret)),
        outbox=Outbox(outgoing),
        outgoing=outgoing,
        inbox=InboxStore(database),
        number=NumberStore(database, number),
    )


def build_receiver(app: App) -> Receiver | None:
    """None where WhatsApp is not set up."""
    settings = app.settings
    if settings.whatsapp_phone_number_id is None:
        return None
    return Receiver(
        app.edge.inbox,
        settings.whatsapp_phone_number_id,
        settings.whatsapp_app_secret,
        settings.whatsapp_verify_token,
    )


def build_whatsapp_worker(app: App) -> WhatsAppWorker | None:
    """None where WhatsApp is not set up. Raises ConfigError."""
    settings, edge, database = app.settings, app.edge, app.database
    if settings.whatsapp_phone_number_id is None:
        return None
    if settings.whatsapp_token is None:
        raise ConfigError("set WHATSAPP_TOKEN, or unset WHATSAPP_PHONE_NUMBER_ID")
    # Here and not above: the HTTP client takes a tenth of a second, and few need it.
    from whatsapp_bot.whatsapp.answering import Answering
    from whatsapp_bot.whatsapp.graph_api import GraphApi
    from whatsapp_bot.whatsapp.read_marks import ReadMarks
    from whatsapp_bot.whatsapp.refusals import Refusals
    from whatsapp_bot.whatsapp.sender import Sender
    from whatsapp_bot.whatsapp.stops import Stops
    from whatsapp_bot.whatsapp.telling import Telling
    from whatsapp_bot.whatsapp.worker import WhatsAppWorker, Work

    api = GraphApi(
        settings.whatsapp_base_url,
        settings.whatsapp_api_version,
        settings.whatsapp_phone_number_id,
        settings.whatsapp_token,
    )
    refusals = Refusals(edge.outgoing, edge.contacts, edge.number)
    sender = Sender(database, edge.outgoing, edge.number, refusals, api)
    telling = Telling(
        database,
        edge.inbox,
        edge.outgoing,
        edge.contacts,
        refusals,
        lambda category: _whatsapp_price(settings, category),
    )
    works = [
        Work("sender", SENDER_THREADS, sender.step),
        Work("events", 1, telling.step),
    ]
    answerer = app.answerer or build_conversation(app, edge.contacts)
    marks = ReadMarks(api)
    answering = Answering(
        database, edge.inbox, edge.outbox, answerer, marks, settings.lease_seconds
    )
    works.append(Work("inbox", INBOX_THREADS, answering.step))
    works.append(Work("marks", 1, marks.step))
    works.append(Work("stops", 1, Stops(edge.inbox, is_stop).step))
    listener = DueListener(database, "whatsapp_due")
    return WhatsAppWorker(works, listener, edge.inbox, edge.number, api)


def _whatsapp_price(settings: Settings, category: str) -> float:
    """Marketing is the dearest; what else there is costs as much as an answer."""
    if category.startswith("marketing"):
        return settings.whatsapp_template_usd
    return settings.whatsapp_service_usd


# --- alerts


def build_job_finder(app: App, clock: Clock = utc_now) -> JobFinder:
    settings = app.settings
    collect = timedelta(minutes=settings.alert_collect_minutes)
    return JobFinder(
        app.alerts, app.reverse_matcher, settings.alert_days, collect, clock
    )


def build_digests(app: App, clock: Clock = utc_now) -> Digests:
    settings, edge = app.settings, app.edge
    name = settings.whatsapp_alert_template
    language = settings.whatsapp_alert_template_language
    template = AlertTemplate(name, language) if name else None
    return Digests(
        app.database,
        app.alerts,
        ConversationStore(app.database),
        app.controller,
        Reach(edge.contacts, edge.outbox, edge.outgoing, template),
        Calendar(
            timedelta(minutes=settings.alert_collect_minutes),
            time.fromisoformat(settings.alert_daily_at),
        ),
        clock,
    )


# --- the conversation


def build_conversation(app: App, contacts: Contacts) -> Conversation:
    """contacts: whoever knows how people are reached, and whether they told us to stop."""
    return Conversation(
        ConversationStore(app.database),
        app.preference_manager,
        app.controller,
        contacts,
        app.settings.human_contact,
        app.wish_reader,
    )


def build_wish_reader(
    settings: Settings, database: DatabaseManager, purse: Purse
) -> WishReader | None:
    """None where no chat model is named, or there is no key for it. Raises ConfigError."""
    choice = conversation_choice(settings)
    if choice.name is None:
        if choice.model:
            logger.warning(
                "no key is set for %s: rules alone read what people write",
                choice.model,
                extra={"action": "no_conversation_key"},
            )
        return None
    # As below.
    from whatsapp_bot.bot.wish_reader import WishReader

    model = build_chat_model(
        choice,
        database,
        _chat_budget(settings, purse),
        timeout=settings.conversation_timeout_seconds,
        in_flight=INBOX_THREADS,
        hold_seconds=0.0,
        is_quiet=True,
    )
    return WishReader(model, settings.conversation_timeout_seconds, INBOX_THREADS)


# --- the admin API


def on_simulator(settings: Settings) -> Settings:
    """Where the simulator is switched on: its number, secrets and address, whatever is
    set for Meta."""
    if not settings.simulator:
        return settings
    account = _simulated_account(settings)
    if settings.whatsapp_phone_number_id not in (None, account.phone_id):
        logger.warning(
            "SIMULATOR is on: the WhatsApp settings are not used, nothing goes to Meta",
            extra={"action": "simulating"},
        )
    return replace(
        settings,
        whatsapp_phone_number_id=account.phone_id,
        whatsapp_token=account.token,
        whatsapp_app_secret=account.app_secret,
        whatsapp_verify_token=account.verify_token,
        whatsapp_alert_template=settings.whatsapp_alert_template or "new_jobs",
        whatsapp_base_url=f"http://127.0.0.1:{settings.site_port}{SIMULATOR_PATH}",
    )


def _simulated_account(settings: Settings) -> Account:
    """What everybody can read here is no secret where others reach the port: there it
    comes from the token, which the daemon needs as well."""
    # As below.
    from whatsapp_bot.whatsapp.fake_graph import Account

    if settings.admin_token is None:
        return Account()
    secret = hash_of("the simulator's secret", settings.admin_token)
    return Account(token=secret, app_secret=secret, verify_token=secret)


def build_simulator(settings: Settings, port: int) -> FakeGraph | None:
    """None unless it is switched on. port: the web service's, whose webhook is told."""
    if not settings.simulator:
        return None
    # As below.
    from whatsapp_bot.whatsapp.fake_graph import (
        ApprovedTemplate,
        FakeGraph,
        TemplateButton,
    )

    template = ApprovedTemplate(
        settings.whatsapp_alert_template or "",
        "{{1}} new jobs fit what you look for, for example {{2}}.",
        settings.whatsapp_alert_template_language,
        buttons=(TemplateButton("Show jobs"),),
    )
    return FakeGraph(
        f"http://127.0.0.1:{port}/webhook",
        account=_simulated_account(settings),
        templates=(template,),
        status_delays=SIMULATED_DELAYS,
        # The database still knows the people of its last life.
        first_phone=secrets.randbelow(900_000),
    )


def build_web(
    app: App, simulator: FakeGraph | None = None
) -> tuple[FastAPI, JobRunner]:
    """The ASGI application, and what runs the work that it is asked for."""
    # Here and not above: the packages take half a second, and no other door needs them.
    from whatsapp_bot.web.application import make_application
    from whatsapp_bot.web.job_runner import JobRunner
    from whatsapp_bot.web.parts import Parts

    database = app.database
    parts = Parts(
        migrator=Migrator(database),
        models=app.models,
        services=app.services,
        generator=app.generator,
        upkeep=app.upkeep,
        ledger=app.ledger,
        tasks=app.tasks,
        jobs=AdminJobStore(database),
        store=lambda thing, model: EmbeddingStore(database, thing, model.name),
        pace=app.pace,
        daily_budget=app.settings.embedding_daily_budget_usd,
        admin_token=app.settings.admin_token,
        receiver=build_receiver(app),
    )
    runner = JobRunner(parts)
    page = simulator.asgi if simulator else None
    return make_application(parts, runner, page), runner


# --- a backfill: rows that were chosen by hand


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
        threads=_threads(settings),
        lease_seconds=_lease_seconds(settings),
        grace_seconds=settings.embedding_timeout_seconds,
    )


# --- a corpus: texts that are no rows of the database


def build_provider(settings: Settings, model: EmbeddingModel) -> EmbeddingProvider:
    """Raises ConfigError when it needs a key that is not set."""
    provider = make_provider(model, settings)
    if provider is None:
        raise ConfigError(f"set OPENAI_API_KEY for {model.name}")
    return provider


@contextlib.contextmanager
def open_text_embedder(
    settings: Settings, model: EmbeddingModel, provider: EmbeddingProvider
) -> Iterator[TextEmbedder]:
    """For a hosted model, at the pace and within the budget that are kept in the
    project's database; a local one needs none. Raises ConfigError or DatabaseError."""
    if isinstance(provider, LocalProvider):
        yield TextEmbedder(LocalGate(provider))
        return
    with open_database(settings) as (database, _):
        _see_to_schema(settings, database)
        # The key and the budget may be others than those of an earlier run.
        EmbeddingUpkeep(database).forget_denials()
        purse = Purse(settings.embedding_run_budget_usd)
        yield TextEmbedder(build_gate(settings, database, model, provider, purse))


def build_npy_sink(
    folder: Path, label: Label, model: EmbeddingModel, *, anew: bool, dry: bool
) -> NpySink:
    return NpySink(folder, label, model.name, model.dimensions, anew=anew, dry=dry)


def build_table_sink(
    settings: Settings,
    place: str,
    table: str,
    model: EmbeddingModel,
    *,
    anew: bool,
    dry: bool,
) -> TableSink:
    """place: the URL of a libSQL server, or the path of an SQLite file."""
    connection: Libsql
    if is_server(place):
        # Here and not above: it takes a quarter of a second, and few need it.
        from whatsapp_bot.database.libsql_server import LibsqlServer

        connection = LibsqlServer(place, settings.turso_auth_token)
    else:
        connection = SqliteFile(Path(place), read_only=dry)
    vectors = VectorTable(connection, table, model.name, model.dimensions)
    return TableSink(vectors, f"the table {table} of {place}", anew=anew)


def build_token_counter(provider: EmbeddingProvider) -> TokenCounter | None:
    """None for a model that bills none."""
    if isinstance(provider, LocalProvider):
        return None
    # As above.
    from whatsapp_bot.embeddings.token_count import TokenCounter

    return TokenCounter(tokenizer_file())


def build_corpus_run(
    settings: Settings,
    corpus: Corpus,
    plan: Plan,
    done: Flags,
    sink: Sink,
    embedder: TextEmbedder,
    chunk_rows: int,
) -> CorpusRun:
    return CorpusRun(
        corpus,
        plan,
        done,
        sink,
        embedder,
        chunk_rows=chunk_rows,
        concurrency=settings.embedding_concurrency,
        grace_seconds=settings.embedding_timeout_seconds,
    )
