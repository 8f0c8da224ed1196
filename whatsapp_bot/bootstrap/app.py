"""What a door may need, as built by `wiring`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from whatsapp_bot.bot.bot_controller import BotController
from whatsapp_bot.config import Settings
from whatsapp_bot.database.alerts import AlertStore
from whatsapp_bot.database.batches import BatchList
from whatsapp_bot.database.contacts import ContactStore
from whatsapp_bot.database.conversations import ConversationStore
from whatsapp_bot.database.database_manager import DatabaseManager, DueListener
from whatsapp_bot.database.embeddings import EmbeddingStore, EmbeddingUpkeep
from whatsapp_bot.database.inbox import InboxStore
from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.models import ModelStore
from whatsapp_bot.database.outbox import OutboxStore
from whatsapp_bot.database.pace import Ledger, PaceStore
from whatsapp_bot.database.tasks import TaskStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.database.whatsapp_number import NumberStore
from whatsapp_bot.embeddings.batch_service import BatchService
from whatsapp_bot.embeddings.embedding_generator import EmbeddingGenerator
from whatsapp_bot.embeddings.embedding_service import EmbeddingService
from whatsapp_bot.embeddings.service_registry import ServiceRegistry
from whatsapp_bot.enrichment.enrichment_service import EnrichmentService
from whatsapp_bot.intake.ai_enhanced_parser import AIEnhancedParser
from whatsapp_bot.intake.flexible_preference_manager import FlexiblePreferenceManager
from whatsapp_bot.intake.save_hook import SaveHook
from whatsapp_bot.matching.reverse_match import ReverseMatcher
from whatsapp_bot.records import EmbeddingModel, Thing
from whatsapp_bot.whatsapp.messages import Answerer
from whatsapp_bot.whatsapp.outbox import Outbox

if TYPE_CHECKING:
    from whatsapp_bot.bot.wish_reader import WishReader


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
    conversations: ConversationStore
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
